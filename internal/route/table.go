package route

import (
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
)

// Table holds the triggers of one Catalog, indexed by platform, event and
// project. It never changes and may be used by many goroutines.
type Table struct {
	entries []entry
	sources map[string]*index
}

// entry is a trigger, prepared for matching.
type entry struct {
	trigger *manifest.Trigger
	events  []string
	// users are the allowed users in lower case; mail says that an e-mail address
	// is among them.
	users    map[string]struct{}
	mail     bool
	boards   []string // in lower case
	titles   []string // in lower case
	commands commandSet
	// targets are the event targets by canonical name.
	targets map[string]*manifest.Command
	// exprVars are the event's variables that the expression mentions.
	exprVars []string
}

// New prepares a catalogue's triggers.
func New(cat *manifest.Catalog) *Table {
	t := &Table{sources: map[string]*index{}}
	if cat == nil {
		return t
	}
	t.entries = make([]entry, 0, len(cat.Triggers))
	for _, trigger := range cat.Triggers {
		if trigger == nil {
			continue
		}
		t.entries = append(t.entries, newEntry(trigger))
		t.source(trigger.Type).add(int32(len(t.entries)-1), &t.entries[len(t.entries)-1])
	}
	return t
}

// source returns the index of a platform and makes it if there is none.
func (t *Table) source(name string) *index {
	name = strings.ToLower(name)
	if t.sources[name] == nil {
		t.sources[name] = newIndex()
	}
	return t.sources[name]
}

func newEntry(trigger *manifest.Trigger) entry {
	e := entry{trigger: trigger, commands: newCommandSet(trigger.Commands)}
	for _, name := range trigger.Events {
		e.events = append(e.events, canonicalEvent(name))
	}
	if trigger.Type == manifest.TypeHTTP || trigger.Type == manifest.TypeSchedule {
		e.events = []string{event.OfTrigger(trigger.Name)}
	}
	if len(e.events) == 0 {
		e.events = []string{"*"}
	}
	if len(trigger.AllowedUsers) > 0 {
		e.users = make(map[string]struct{}, len(trigger.AllowedUsers))
	}
	for _, user := range trigger.AllowedUsers {
		user = foldUser(user)
		e.users[user] = struct{}{}
		e.mail = e.mail || strings.Contains(user, "@")
	}
	if len(trigger.EventTargets) > 0 {
		e.targets = make(map[string]*manifest.Command, len(trigger.EventTargets))
	}
	for name, command := range trigger.EventTargets {
		e.targets[canonicalEvent(name)] = &command
	}
	for _, board := range trigger.Filters.Boards {
		e.boards = append(e.boards, strings.ToLower(board))
	}
	for _, title := range trigger.Filters.Titles {
		e.titles = append(e.titles, strings.ToLower(title))
	}
	if trigger.Filters.Expression != "" {
		e.exprVars = mentioned(trigger.Filters.Expression)
	}
	return e
}

// covers reports whether the trigger asks for an event of that name. Whoever asks
// for one of GitHub's by its plain name asks for all of its actions.
func (e *entry) covers(name string) bool {
	plain, _, _ := strings.Cut(name, ".")
	return slices.ContainsFunc(e.events, func(pattern string) bool { return glob(pattern, name) || glob(pattern, plain) })
}
