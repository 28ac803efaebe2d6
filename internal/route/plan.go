package route

import (
	"maps"

	"github.com/aofctl/aofctl/internal/manifest"
)

// how says by what a trigger finds its target.
type how int

const (
	// byNothing is a trigger that only takes commands and was given one that it
	// does not know.
	byNothing how = iota
	byCommand
	byEvent
	byProject
	byDefault
)

// plan is what a trigger would start. It costs nothing to make, since most
// triggers that are asked refuse.
type plan struct {
	how    how
	event  *manifest.Command
	target manifest.Target
}

// plan finds a trigger's target for the event: that of a command in the text,
// else of the event, else of the project, else the default. One that has none of
// these refuses.
func (q *query) plan(e *entry) (plan, verdict) {
	if q.commanded(e) {
		return plan{how: byCommand}, yes
	}
	if q.taken || q.helping() {
		// Commands are being dealt with; further triggers only add theirs.
		return plan{how: byNothing}, verdictOf(len(e.commands.order) > 0)
	}
	if c := q.eventTarget(e); c != nil {
		return plan{how: byEvent, event: c}, yes
	}
	if target := e.trigger.ProjectTargets[q.project]; !target.IsZero() {
		return plan{how: byProject, target: target}, yes
	}
	if len(e.trigger.ProjectTargets) > 0 && q.project == "" && q.asks("project_key") {
		return plan{}, ask
	}
	if target := e.trigger.Default; !target.IsZero() {
		return plan{how: byDefault, target: target}, yes
	}
	switch {
	case len(e.commands.order) == 0:
		return plan{}, q.miss(e, ClauseTarget, []string{"a target for this event"}, q.ev.Type)
	case q.slashed():
		return plan{how: byNothing}, yes
	default:
		q.wordless++
		return plan{}, q.miss(e, ClauseCommands, e.commands.order, q.noCommand())
	}
}

// noCommand says where a command was looked for.
func (q *query) noCommand() string {
	switch {
	case q.ev.CommandText == "":
		return "an event without a text for commands"
	case q.ev.CommentID != "":
		return "no command in the comment"
	default:
		return "no command in the description"
	}
}

func verdictOf(ok bool) verdict {
	if ok {
		return yes
	}
	return no
}

// commanded reports whether the text has a command that the trigger knows and
// none before it took.
func (q *query) commanded(e *entry) bool {
	if len(e.commands.order) == 0 {
		return false
	}
	for i, c := range q.commands() {
		if known, _ := e.commands.find(c.Words); known != nil && q.slots[i].Trigger == nil {
			return true
		}
	}
	return false
}

// take gives the trigger the commands that it knows and none before it took.
func (q *query) take(e *entry) {
	for i, c := range q.commands() {
		if known, words := e.commands.find(c.Words); known != nil && q.slots[i].Trigger == nil {
			q.slots[i] = c.match(e.trigger, known, words)
			q.slots[i].Claim = q.claim(i)
			q.taken = true
		}
	}
}

// withhold remembers commands that a trigger knows but does not take from this
// event: whoever gave them need not be told that they do not exist.
func (q *query) withhold(e *entry, p plan) {
	if p.how != byCommand {
		return
	}
	for i, c := range q.commands() {
		if known, _ := e.commands.find(c.Words); known != nil {
			q.withheld[i] = true
		}
	}
}

// untaken reports whether a command is left that a later trigger may have.
func (q *query) untaken() bool {
	for i, c := range q.commands() {
		if q.slots[i].Trigger == nil && (!q.plain || !c.asksForHelp()) {
			return true
		}
	}
	return false
}

// eventTarget returns the target for the first of the event's names that the
// trigger asks for and has a target for.
func (q *query) eventTarget(e *entry) *manifest.Command {
	if len(e.targets) == 0 {
		return nil
	}
	var found *manifest.Command
	q.names(e, func(name string) bool {
		if c := e.targets[name]; c != nil && !c.Target.IsZero() {
			found = c
		}
		return found == nil
	})
	return found
}

// matches makes the runs that were planned.
func (p plan) matches(e *entry) []Match {
	switch p.how {
	case byEvent:
		return []Match{{
			Trigger: e.trigger, Target: p.event.Target, Params: maps.Clone(p.event.Params), Response: p.event.Response,
		}}
	default:
		return []Match{{Trigger: e.trigger, Target: p.target}}
	}
}
