package run_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// commands is a trigger of commands alone, for new and edited comments.
func commands(names ...string) *manifest.Trigger {
	return trigger("commands", func(tr *manifest.Trigger) {
		tr.Default, tr.Events = manifest.Target{}, []string{"comment_created", "comment_updated"}
		for _, name := range names {
			tr.Commands = append(tr.Commands, manifest.Command{Name: name, Target: manifest.Target{Kind: manifest.TargetAgent, Name: name}})
		}
	})
}

func edited(issue, id, text string) event.Event {
	ev := comment(issue, id, text)
	ev.Type = "comment_updated"
	return ev
}

// runsOf tells the targets of a delivery's runs, in order.
func (h *house) runsOf(delivery string) []string {
	h.t.Helper()
	runs, err := h.store.Runs(h.t.Context(), store.RunFilter{Delivery: delivery})
	if err != nil {
		h.t.Fatal(err)
	}
	list := []string{}
	for i := len(runs) - 1; i >= 0; i-- {
		list = append(list, runs[i].Target)
	}
	return list
}

func TestAnEditedCommentRunsOnlyWhatIsNewInIt(t *testing.T) {
	type version struct {
		ev     event.Event
		want   []string
		reason string
	}
	tests := map[string][]version{
		"a command is added": {
			{comment("1", "c", "/triage"), []string{"triage"}, "trigger commands"},
			{edited("1", "c", "please\n/triage\n/estimate"), []string{"estimate"}, "trigger commands"},
			{edited("1", "c", "/estimate\n/triage\nthank you"), []string{}, route.ReasonOldCommands},
		},
		"other arguments": {
			{comment("1", "c", "/estimate 1"), []string{"estimate"}, "trigger commands"},
			{edited("1", "c", "/estimate  2"), []string{"estimate"}, "trigger commands"},
			{edited("1", "c", "/estimate 1"), []string{}, route.ReasonOldCommands},
		},
		"the edit comes first": {
			{edited("1", "c", "/triage\n/estimate"), []string{"triage", "estimate"}, "trigger commands"},
			{comment("1", "c", "/triage"), []string{}, route.ReasonOldCommands},
		},
		"another comment says the same": {
			{comment("1", "c", "/triage"), []string{"triage"}, "trigger commands"},
			{comment("1", "d", "/triage"), []string{"triage"}, "trigger commands"},
		},
		"an unknown command is told once": {
			{comment("1", "c", "/triag"), []string{"unknown-command"}, "trigger commands"},
			{edited("1", "c", "/triagy"), []string{}, route.ReasonOldCommands},
			{edited("1", "c", "/triage"), []string{"triage"}, "trigger commands"},
		},
		"help is given once": {
			{comment("1", "c", "/help"), []string{"help"}, "trigger commands"},
			{edited("1", "c", "Oh, /help\n/help"), []string{}, route.ReasonOldCommands},
		},
	}
	for name, versions := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, settings{triggers: []*manifest.Trigger{commands("triage", "estimate")}})
			for i, v := range versions {
				id := h.send(v.ev)
				if d := h.settled(id); d.Reason != v.reason {
					t.Errorf("version %d is %s because of %q, want %q", i, d.State, d.Reason, v.reason)
				}
				if diff := cmp.Diff(v.want, h.runsOf(id)); diff != "" {
					t.Errorf("version %d runs (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

// TestACommandThatWasRefusedStaysRefused edits a comment whose command a filter
// said no to: it was in it before.
func TestACommandThatWasRefusedStaysRefused(t *testing.T) {
	tr := commands("triage")
	tr.AllowedUsers = []string{"bob"}
	h := newHouse(t, settings{triggers: []*manifest.Trigger{tr}})
	if d := h.settled(h.send(comment("1", "c", "/triage"))); d.Reason != route.ReasonFiltered {
		t.Errorf("delivery %+v", d.Summary)
	}
	ev := edited("1", "c", "/triage")
	ev.Actor.AccountID = "bob"
	if d := h.settled(h.send(ev)); d.Reason != route.ReasonOldCommands {
		t.Errorf("after the edit %+v", d.Summary)
	}
}

// TestCommandsThatWereClaimedBeforeACrashRunAfterIt hands a delivery over again
// whose claims are taken and whose runs are not admitted.
func TestCommandsThatWereClaimedBeforeACrashRunAfterIt(t *testing.T) {
	s := settings{triggers: []*manifest.Trigger{commands("triage")}}
	h := newHouse(t, s)
	h.sql(`ALTER TABLE revisions RENAME TO away`) // without it no run can be admitted
	id := h.send(comment("1", "c", "/triage"))
	edit := h.send(edited("1", "c", "/triage"))
	h.await("the claim", func() bool { return h.claims() == 1 })
	h.again(s)
	h.sql(`ALTER TABLE away RENAME TO revisions`)
	if r := h.over(id, 1); r.State != store.StateSucceeded {
		t.Errorf("run %+v", r)
	}
	if d := h.settled(edit); d.Reason != route.ReasonOldCommands {
		t.Errorf("the edit %+v", d.Summary)
	}
}

// claims counts what was claimed.
func (h *house) claims() int {
	h.t.Helper()
	db, err := sqlite.Open(filepath.Join(h.dir, inbox.FileName), sqlite.Options{MaxConns: 1, ReadOnly: true})
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow(`SELECT count(*) FROM claims`).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestPeopleAreToldOfCommandsInTheirOwnWords(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{commands("triage", "estimate")}})
	help, unknown := h.send(comment("1", "c1", "/help")), h.send(comment("1", "c2", "/estimat 3"))
	for id, want := range map[string]string{help: "/estimate", unknown: "Did you mean `/estimate`?"} {
		r := h.over(id, 1)
		if r.TargetKind != "reply" || r.Revision != "rev-"+r.Target || !strings.Contains(r.Result, want) {
			t.Errorf("run %+v", r)
		}
	}
}

func TestAMarkedCommentOfAnotherDaemonStartsNothing(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
	h.plat.set(func(p *platform) { p.marks = map[string]int{"theirs": 2} })
	if d := h.settled(h.send(comment("1", "theirs", "/triage"))); d.Reason != route.ReasonOwnComment {
		t.Errorf("delivery %+v", d.Summary)
	}
	h.over(h.send(comment("1", "mine", "hello")), 1)
}

func TestAConditionInJQLDecides(t *testing.T) {
	tr := trigger("any", func(tr *manifest.Trigger) { tr.Filters.JQL = "labels = vip" })
	for answer, want := range map[route.Answer]inbox.State{
		route.AnswerYes: inbox.StateRouted, route.AnswerNo: inbox.StateIgnored, route.AnswerUnknown: inbox.StateIgnored} {
		h := newHouse(t, settings{triggers: []*manifest.Trigger{tr}})
		h.plat.set(func(p *platform) { p.answers, p.busy = map[string]route.Answer{"labels = vip": answer}, "away" })
		waits := h.send(created("away"))
		if d := h.settled(h.send(created("1"))); d.State != want || (want == inbox.StateIgnored) != strings.Contains(string(d.Detail), "jql_filter") {
			t.Errorf("answer %d: %s because of %s %s", answer, d.State, d.Reason, d.Detail)
		}
		if d, err := h.inbox.Get(t.Context(), waits); err != nil || d.State != inbox.StateReceived {
			t.Errorf("while Jira is away, the delivery is %s, %v", d.State, err)
		}
		h.plat.set(func(p *platform) { p.busy = "" })
		if d := h.settled(waits); d.State != want {
			t.Errorf("once Jira is back, answer %d gives %s", answer, d.State)
		}
	}
}

// TestAutomationsThatAnswerEachOtherComeToAnEnd lets an app answer each of our runs.
func TestAutomationsThatAnswerEachOtherComeToAnEnd(t *testing.T) {
	app, nobody := event.Actor{AccountID: "a robot", Type: "app"}, event.Actor{}
	tests := map[string]struct {
		actor  event.Actor
		writes bool
		want   []int // the depth of each run, -1 for none
	}{
		"an app":                           {app, true, []int{0, 1, 2, 3, -1, -1}},
		"nobody says who":                  {nobody, true, []int{0, 1, 2, 3, -1, -1}},
		"a person":                         {event.Actor{AccountID: "alice"}, true, []int{0, 0, 0, 0, 0, 0}},
		"nobody, and there is nothing new": {nobody, false, []int{0, 0, 0, 0, 0, 0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", func(tr *manifest.Trigger) { tr.IgnoreBots = false })}})
			for i, want := range tt.want {
				ev := created("1")
				ev.Actor = tt.actor
				id := h.send(ev)
				if want < 0 {
					if d := h.settled(id); d.Reason != route.ReasonTooDeep {
						t.Errorf("answer %d is %s because of %s", i, d.State, d.Reason)
					}
					continue
				}
				r := h.over(id, 1)
				if got := depthOf(t, r); got != want {
					t.Errorf("answer %d has depth %d, want %d", i, got, want)
				}
				if tt.writes {
					h.wrote(r.ID)
				}
			}
			other := created("2")
			other.Actor = tt.actor
			h.over(h.send(other), 1) // another issue is another story
		})
	}
}

func TestAnAnswerAfterALongTimeIsNone(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", func(tr *manifest.Trigger) { tr.IgnoreBots = false })}})
	ev := created("1")
	ev.Actor = event.Actor{AccountID: "a robot", Type: "app"}
	h.wrote(h.over(h.send(ev), 1).ID)
	h.sql(`UPDATE runs SET finished_at = finished_at - 601000`)
	if got := depthOf(t, h.over(h.send(ev), 1)); got != 0 {
		t.Errorf("depth %d", got)
	}
}

// wrote puts a write of the run into the ledger.
func (h *house) wrote(id string) {
	h.t.Helper()
	if _, err := h.store.Begin(h.t.Context(), id+":0", "transition", "PROJ-1"); err != nil {
		h.t.Fatal(err)
	}
}

func depthOf(t *testing.T, r store.Run) int {
	t.Helper()
	var depth int
	if _, rest, found := strings.Cut(string(r.Work), `"seed":"seed","depth":`); found {
		if _, err := fmt.Sscan(strings.TrimSuffix(rest, "}"), &depth); err != nil {
			t.Fatal(err)
		}
	}
	return depth
}
