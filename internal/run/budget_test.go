package run_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

func TestTheBreakerWarnsOnceAndCountsNoReplies(t *testing.T) {
	onEach(t, settings{maxPerHour: 2, triggers: []*manifest.Trigger{trigger("any", nil)}}, func(t *testing.T, h *house) {
		for range 2 {
			h.over(h.send(created("1")), 1)
		}
		var stopped []string
		for range 4 {
			stopped = append(stopped, h.send(created("1")))
		}
		for _, id := range stopped {
			if d := h.settled(id); d.State != inbox.StateIgnored || d.Reason != "breaker: issue:1 had 2 runs within the last hour" {
				t.Errorf("delivery %+v", d.Summary)
			}
		}
		r := h.over(stopped[0], 1)
		if r.TargetKind != "reply" || r.Target != "breaker" || !strings.Contains(r.Result, "There were 2 runs") {
			t.Errorf("run %+v", r)
		}
		if got := h.replies.all(); len(got) != 1 {
			t.Errorf("posted %q", got)
		}
		// After a crash it is the same story.
		if err := h.inbox.Finish(t.Context(), []inbox.Outcome{{Seq: h.settled(stopped[0]).Seq, State: inbox.StateReceived}}); err != nil {
			t.Fatal(err)
		}
		h.reader()
		if d := h.settled(stopped[0]); d.State != inbox.StateIgnored || !strings.Contains(d.Reason, "breaker") {
			t.Errorf("handed over again it is %+v", d.Summary)
		}
	})
}

func TestWhereTheBreakerHasNoIssueItSaysNothing(t *testing.T) {
	for name, change := range map[string]func(*event.Event){
		"a sprint":                 func(ev *event.Event) { ev.Subject, ev.IssueID, ev.IssueKey = "sprint:1", "", "" },
		"an issue that is deleted": func(ev *event.Event) { ev.Type = "issue_deleted" },
	} {
		h := newHouse(t, settings{maxPerHour: 1, triggers: []*manifest.Trigger{trigger("any", nil)}})
		ev := created("1")
		change(&ev)
		h.over(h.send(ev), 1)
		id := h.send(ev)
		if d := h.settled(id); !strings.Contains(d.Reason, "breaker") || len(h.runsOf(id)) != 0 {
			t.Errorf("%s: %+v with runs %v", name, d.Summary, h.runsOf(id))
		}
	}
}

func TestCommandsOfOneCommentDoNotPassTheLimitTogether(t *testing.T) {
	h := newHouse(t, settings{maxPerHour: 3, triggers: []*manifest.Trigger{commands("a", "b", "c", "d", "e")}})
	id := h.send(comment("1", "c1", "/a\n/b"))
	h.over(id, 2)
	more := h.send(comment("1", "c2", "/c\n/d\n/e"))
	d := h.settled(more)
	if d.State != inbox.StateRouted || d.Reason != "trigger commands; the breaker stopped the rest" {
		t.Errorf("delivery %+v", d.Summary)
	}
	if diff := cmp.Diff([]string{"c", "breaker"}, h.runsOf(more)); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
}

// TestRepliesAreCountedApart asks for help until that ends as well, and runs what
// it has to run all the same.
func TestRepliesAreCountedApart(t *testing.T) {
	h := newHouse(t, settings{maxPerHour: 2, triggers: []*manifest.Trigger{commands("a")}})
	for i, want := range [][]string{{"help"}, {"help"}, {}, {}} {
		id := h.send(comment("1", fmt.Sprint("c", i), "/help"))
		h.settled(id)
		if diff := cmp.Diff(want, h.runsOf(id)); diff != "" {
			t.Errorf("asked %d times (-want +got):\n%s", i, diff)
		}
	}
	if r := h.over(h.send(comment("1", "d", "/a")), 1); r.State != store.StateSucceeded {
		t.Errorf("run %+v", r)
	}
}

func TestWhatJoinsARunNeedsNoBudget(t *testing.T) {
	h := newHouse(t, settings{maxPerHour: 1, triggers: []*manifest.Trigger{gathering(time.Hour)}})
	h.settled(h.send(update("1", "A", "x")))
	if d := h.settled(h.send(update("1", "A", "y"))); !strings.HasPrefix(d.Reason, "merged into run ") {
		t.Errorf("delivery %+v", d.Summary)
	}
	id := h.send(comment("1", "c", "/now"))
	if d := h.settled(id); d.State != inbox.StateIgnored || len(h.runsOf(id)) != 1 {
		t.Errorf("the next run: %+v, %v", d.Summary, h.runsOf(id))
	}
	if r := h.over(id, 1); r.Target != "breaker" {
		t.Errorf("ran %+v", r)
	}
}

// TestRepliesOutliveTheirRuns deletes the runs of replies, and with them what
// stands for the manifest that replies do not have.
func TestRepliesOutliveTheirRuns(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{commands("a")}})
	for _, id := range []string{"c1", "c2"} {
		r := h.over(h.send(comment("1", id, "/help")), 1)
		if r.State != store.StateSucceeded {
			t.Errorf("run %+v", r)
		}
		later := time.Now().Add(time.Hour)
		if n, err := h.store.Wipe(t.Context(), later); err != nil || n != 1 {
			t.Errorf("wiped %d, %v", n, err)
		}
		if n, err := h.store.Prune(t.Context(), later); err != nil || n != 1 {
			t.Errorf("deleted %d, %v", n, err)
		}
		if _, err := h.store.RevisionText(t.Context(), r.Revision); err == nil {
			t.Error("its revision is kept")
		}
	}
}
