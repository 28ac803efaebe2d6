package event

import (
	"maps"
	"slices"
	"strings"
)

// Bounds of what is kept of merged events.
const (
	maxMerged  = 100  // events that are listed one by one
	maxChanges = 1000 // entries of the common changelog
)

// Merge makes one event of two that tell of one subject, the earlier one first:
// an event of the first one's type, with the latest value of each variable and
// the changes of both in changelog_items. The variable merged_events lists what
// was merged, each with its event_type, timestamp and user_display_name, and
// merged_count counts it; both are absent from an event that stands for itself.
// If the later event deleted the subject itself, the whole is that deletion. Of two
// events that tell of different subjects the later one stands for both.
// Neither argument is changed.
func Merge(first, later *Event) *Event {
	if later.Subject != first.Subject {
		return mergeOthers(first, later)
	}
	out := *first
	out.Raw = nil
	if later.deletesSubject() {
		out.Type, out.Also = later.Type, later.Also
	}
	out.Actor, out.Time = later.Actor, later.Time
	out.Project = firstSet(later.Project, first.Project)
	out.IssueKey = firstSet(later.IssueKey, first.IssueKey)
	out.IssueID = firstSet(later.IssueID, first.IssueID)
	out.CommentID = firstSet(later.CommentID, first.CommentID)
	out.Depth = max(first.Depth, later.Depth)
	out.Vars = mergeVars(first, later)
	out.Vars["event_type"] = out.Type
	return &out
}

// mergeOthers makes one event of two of different subjects: the later one, with what
// merged_events and merged_count tell of both.
func mergeOthers(first, later *Event) *Event {
	out := *later
	out.Raw = nil
	out.Depth = max(first.Depth, later.Depth)
	out.Vars = mergeVars(&Event{Type: first.Type, Vars: gathered(first)}, later)
	delete(out.Vars, "changelog_items")
	return &out
}

// gathered are the variables that tell what an event was merged from.
func gathered(e *Event) map[string]any {
	return map[string]any{"merged_events": e.parts(), "merged_count": e.count()}
}

func mergeVars(first, later *Event) map[string]any {
	vars := maps.Clone(first.Vars)
	if vars == nil {
		vars = map[string]any{}
	}
	maps.Copy(vars, later.Vars)
	changes := slices.Concat(list(first.Vars["changelog_items"]), list(later.Vars["changelog_items"]))
	if len(changes) > 0 {
		vars["changelog_items"] = changes[max(0, len(changes)-maxChanges):]
	}
	merged := append(first.parts(), later.parts()...)
	vars["merged_events"] = merged[max(0, len(merged)-maxMerged):]
	vars["merged_count"] = first.count() + later.count()
	return vars
}

// parts lists the events that this one stands for.
func (e *Event) parts() []any {
	if parts := list(e.Vars["merged_events"]); len(parts) > 0 {
		return slices.Clone(parts)
	}
	part := map[string]any{"event_type": e.Type}
	for _, name := range []string{"timestamp", "user_display_name"} {
		if value, ok := e.Vars[name]; ok {
			part[name] = value
		}
	}
	return []any{part}
}

// count returns how many events this one stands for.
func (e *Event) count() int64 {
	if n, ok := e.Vars["merged_count"].(int64); ok {
		return n
	}
	return 1
}

// deletesSubject reports whether the event's subject is what was deleted: an
// issue_deleted of "issue:10001", but not a comment_deleted of it; a page is trashed
// first, and removed then.
func (e *Event) deletesSubject() bool {
	kind, _, _ := strings.Cut(e.Subject, ":")
	switch {
	case kind == "":
		return false
	case kind == "page" && (e.Type == "page_trashed" || e.Type == "page_removed"):
		return true
	}
	return e.Type == kind+"_deleted"
}

func list(value any) []any {
	l, _ := value.([]any)
	return l
}

func firstSet(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
