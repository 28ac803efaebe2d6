package manifest

import (
	"fmt"
	"slices"
)

// textNames are the variables that texts of agents, fleets and triggers can read.
func textNames() []string {
	return []string{"metadata", "event", "command", "args", "args_list", "args_body", "params", "agent", "now"}
}

// checkReads warns of variables that are never there: they render empty and
// nothing else would tell.
func (b *builder) checkReads(s str, form TextForm) {
	if b.known.Reads == nil {
		return
	}
	var told []string
	for _, r := range b.known.Reads(s.value, form) {
		message := b.known.never(r)
		if message == "" || slices.Contains(told, message) {
			continue
		}
		told = append(told, message)
		b.warnf(s.pos, "%s", message)
	}
}

// never says why what a text reads is always empty, or "".
func (k Known) never(r Read) string {
	root := r.Path[0]
	switch {
	case slices.Contains(k.Variables, root) && !slices.Contains(textNames(), root):
		return fmt.Sprintf("%s is always empty: write metadata.%s", shorten(root), shorten(root))
	case !slices.Contains(textNames(), root):
		return fmt.Sprintf("%s is always empty: there is no variable of this name%s", shorten(root), meant(root, textNames()))
	}
	return k.neverTold(r)
}

// neverTold says that no event has a context variable, or "".
func (k Known) neverTold(r Read) string {
	if len(r.Path) < 2 || r.Path[0] != "metadata" && r.Path[0] != "event" || k.Variables == nil || slices.Contains(k.Variables, r.Path[1]) {
		return ""
	}
	return fmt.Sprintf("%s.%s is always empty: no event has this variable%s", r.Path[0], shorten(r.Path[1]), meant(r.Path[1], k.Variables))
}
