package run_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// onEach runs a test with the runs on each database.
func onEach(t *testing.T, s settings, test func(t *testing.T, h *house)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newHouse(t, s)) })
	t.Run("postgres", func(t *testing.T) {
		s.dsn = pgtest.Database(t)
		test(t, newHouse(t, s))
	})
}

// gathering is a trigger that gathers events, beside commands that do not wait.
func gathering(wait time.Duration) *manifest.Trigger {
	return trigger("gathering", func(tr *manifest.Trigger) {
		tr.Debounce = wait
		tr.Commands = []manifest.Command{{Name: "now", Target: manifest.Target{Kind: manifest.TargetAgent, Name: "quick"}}}
	})
}

// update is a change of an issue's status.
func update(issue, who, status string) event.Event {
	ev := created(issue)
	ev.Type, ev.Actor = "issue_updated", event.Actor{DisplayName: who}
	ev.Vars = map[string]any{"event_type": "issue_updated", "user_display_name": who, "issue_status": status,
		"changelog_items": []any{map[string]any{"field": "status", "to_string": status}}}
	return ev
}

// waiting is the one run that waits.
func (h *house) waiting() store.Run {
	h.t.Helper()
	runs, err := h.store.Runs(context.Background(), store.RunFilter{State: store.StateWaiting})
	if err != nil || len(runs) != 1 {
		h.t.Fatalf("%d runs wait, %v", len(runs), err)
	}
	return runs[0]
}

// goOn lets everything that waits go on now.
func (h *house) goOn() {
	h.t.Helper()
	h.sql(`UPDATE runs SET wake_at = 0 WHERE state = 'waiting'`)
}

func TestEventsWithinTheDebounceBecomeOneRunThatSeesAllChanges(t *testing.T) {
	onEach(t, settings{triggers: []*manifest.Trigger{gathering(time.Hour)}}, func(t *testing.T, h *house) {
		tasks := make(chan run.Task, 10)
		h.exec.do = func(_ context.Context, task run.Task, _ step.Journal) (run.Result, error) {
			tasks <- task
			return run.Result{}, nil
		}
		first := h.send(update("1", "Alice", "To Do"))
		h.settled(first)
		r := h.waiting()
		if r.WaitsFor != "more events" || r.WakeAt.Before(r.Created.Add(time.Hour-time.Minute)) {
			t.Errorf("created at %s, it waits for %q until %s", r.Created, r.WaitsFor, r.WakeAt)
		}
		var later []string
		for i := range 4 {
			later = append(later, h.send(update("1", "Bob", fmt.Sprint("status ", i))))
		}
		for _, id := range later {
			if d := h.settled(id); d.State != inbox.StateRouted || d.Reason != "merged into run "+r.ID {
				t.Errorf("delivery %+v", d.Summary)
			}
		}
		if held := h.waiting(); !held.WakeAt.Equal(r.WakeAt) || held.Actor != "Bob" {
			t.Errorf("with company it waits until %s and is of %s; before until %s", held.WakeAt, held.Actor, r.WakeAt)
		}
		h.goOn()
		h.over(first, 1)
		seesAll(t, (<-tasks).Work.Event)
		second := h.send(update("1", "Carol", "Done"))
		if h.settled(second); h.waiting().Delivery != second {
			t.Error("what comes after the run starts none of its own")
		}
	})
}

func TestARunThatNothingJoinsGoesOnByItself(t *testing.T) {
	onEach(t, settings{triggers: []*manifest.Trigger{gathering(10 * time.Millisecond)}}, func(t *testing.T, h *house) {
		if r := h.over(h.send(update("1", "Alice", "To Do")), 1); r.State != store.StateSucceeded {
			t.Errorf("run is %s: %s", r.State, r.Error)
		}
	})
}

// seesAll checks the event of five updates.
func seesAll(t *testing.T, ev event.Event) {
	t.Helper()
	changes, _ := ev.Vars["changelog_items"].([]any)
	var seen []string
	for _, c := range changes {
		seen = append(seen, fmt.Sprint(c.(map[string]any)["to_string"]))
	}
	if diff := cmp.Diff([]string{"To Do", "status 0", "status 1", "status 2", "status 3"}, seen); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	parts, _ := ev.Vars["merged_events"].([]any)
	if len(parts) != 5 || ev.Vars["merged_count"] != int64(5) || ev.Vars["issue_status"] != "status 3" || ev.Actor.DisplayName != "Bob" {
		t.Errorf("event %+v", ev)
	}
}

func TestWhatIsGatheredApart(t *testing.T) {
	other := gathering(time.Hour)
	other.Name, other.Events = "other", []string{"issue_created"}
	gather := gathering(time.Hour)
	gather.Events = []string{"issue_updated", "comment_created"}
	h := newHouse(t, settings{triggers: []*manifest.Trigger{gather, other}})
	for _, ev := range []event.Event{update("1", "A", "x"), update("2", "A", "x"), created("1"), update("1", "A", "y"), created("1")} {
		h.settled(h.send(ev))
	}
	h.settled(h.sendTo("elsewhere", encode(t, update("1", "A", "x"))))
	runs, err := h.store.Runs(t.Context(), store.RunFilter{State: store.StateWaiting})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, r := range slices.Backward(runs) {
		got = append(got, strings.Join([]string{r.Site, r.IssueKey, r.Trigger}, "/"))
	}
	want := []string{"/PROJ-1/gathering", "/PROJ-2/gathering", "/PROJ-1/other", "elsewhere/PROJ-1/gathering"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("waiting (-want +got):\n%s", diff)
	}
}

func TestCommandsDoNotWaitForWhatIsGathered(t *testing.T) {
	onEach(t, settings{triggers: []*manifest.Trigger{gathering(time.Hour)}}, func(t *testing.T, h *house) {
		h.settled(h.send(update("1", "A", "x")))
		if r := h.over(h.send(comment("1", "c", "/now")), 1); r.Target != "quick" {
			t.Errorf("ran %s", r.Target)
		}
		if r := h.waiting(); r.Target != "helper" {
			t.Errorf("%s waits", r.Target)
		}
	})
}

// TestARunThatWaitedKeepsTheOrderOfItsIssue lets a run's time come while another
// of its issue is at work and a third is queued.
func TestARunThatWaitedKeepsTheOrderOfItsIssue(t *testing.T) {
	h := newHouse(t, settings{limit: 4, triggers: []*manifest.Trigger{gathering(time.Hour)}})
	release := make(chan struct{})
	h.exec.do = func(_ context.Context, task run.Task, _ step.Journal) (run.Result, error) {
		if task.Work.Event.CommentID == "c1" {
			<-release
		}
		return run.Result{}, nil
	}
	held := h.send(update("1", "A", "x"))
	h.settled(held)
	busy := h.send(comment("1", "c1", "/now"))
	h.await("the command to run", func() bool { return len(h.exec.done()) == 1 })
	queued := h.send(comment("1", "c2", "/now"))
	h.settled(queued)
	h.goOn()
	h.await("its time to come", func() bool {
		r, err := h.store.Run(context.Background(), held+"-1")
		return err == nil && r.State == store.StateQueued
	})
	late := h.send(update("1", "A", "y"))
	if d := h.settled(late); d.Reason != "trigger gathering" {
		t.Errorf("what comes after its time: %+v", d.Summary)
	}
	close(release)
	h.over(queued, 1)
	if diff := cmp.Diff([]string{busy, held, queued}, h.exec.done()); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if h.exec.most != 1 {
		t.Errorf("%d runs of one issue at a time", h.exec.most)
	}
}

// TestADeliveryIsMergedOnceHoweverOftenItIsHandedOver takes a merged delivery back,
// as a crash between the two stores does, before and after the run went on.
func TestADeliveryIsMergedOnceHoweverOftenItIsHandedOver(t *testing.T) {
	s := settings{triggers: []*manifest.Trigger{gathering(time.Hour)}}
	onEach(t, s, func(t *testing.T, h *house) {
		first, second := h.send(update("1", "A", "x")), h.send(update("1", "A", "y"))
		h.settled(first)
		d := h.settled(second)
		again := func() {
			t.Helper()
			if err := h.inbox.Finish(t.Context(), []inbox.Outcome{{Seq: d.Seq, State: inbox.StateReceived}}); err != nil {
				t.Fatal(err)
			}
			h.reader()
			if got := h.settled(second); got.Reason != "merged into run "+first+"-1" {
				t.Errorf("handed over again it is %+v", got.Summary)
			}
		}
		again()
		r, err := h.store.Run(t.Context(), first+"-1")
		if err != nil || !strings.Contains(string(r.Work), `"merged_count":2`) {
			t.Errorf("work %s, %v", r.Work, err)
		}
		into, err := h.store.Join(t.Context(), store.Lease{}, "another", second, nil)
		if err != nil || into != r.ID {
			t.Errorf("joined to %q, %v", into, err)
		}
		if _, err := h.store.Cancel(t.Context(), r.ID, "somebody"); err != nil {
			t.Fatal(err)
		}
		// Nor is it decided anew by manifests that changed meanwhile.
		h.cfg.Router = router{&manifest.Catalog{Triggers: []*manifest.Trigger{trigger("any", nil)}}}
		again()
		if runs := h.runsOf(second); len(runs) != 0 {
			t.Errorf("it started %v", runs)
		}
	})
}

// reader lets a dispatcher begin anew, as after a crash, and nothing beside it.
func (h *house) reader() {
	h.t.Helper()
	h.stop()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		run.NewDispatcher(h.cfg).Run(ctx)
	}()
	h.stop = func() { cancel(); <-done }
}

// TestGatheredEventsSurviveARestart stops everything while a run waits.
func TestGatheredEventsSurviveARestart(t *testing.T) {
	s := settings{triggers: []*manifest.Trigger{gathering(time.Hour)}}
	h := newHouse(t, s)
	first := h.send(update("1", "A", "x"))
	h.settled(first)
	h.again(s)
	h.settled(h.send(update("1", "A", "y")))
	h.again(s)
	h.goOn()
	r := h.over(first, 1)
	if !strings.Contains(string(r.Work), `"merged_count":2`) || r.State != store.StateSucceeded {
		t.Errorf("run %s with %s", r.State, r.Work)
	}
}

func TestARunThatWaitsCanBeCanceled(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{gathering(time.Hour)}})
	first := h.send(update("1", "A", "x"))
	h.settled(first)
	if state, err := h.store.Cancel(t.Context(), first+"-1", "alice"); err != nil || state != store.StateCanceled {
		t.Fatalf("%s, %v", state, err)
	}
	second := h.send(update("1", "A", "y"))
	if h.settled(second); h.waiting().Delivery != second {
		t.Error("what comes after it joins a run that is over")
	}
}

func TestWhatCannotRunWaitsForNothing(t *testing.T) {
	gone := gathering(time.Hour)
	gone.Default.Name = "gone"
	h := newHouse(t, settings{triggers: []*manifest.Trigger{gone}})
	if r := h.over(h.send(update("1", "A", "x")), 1); r.State != store.StateRejected {
		t.Errorf("run %+v", r)
	}
}

func TestAnIssueThatIsDeletedMeanwhileIsToldSo(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{gathering(time.Hour)}})
	h.settled(h.send(update("1", "A", "x")))
	gone := created("1")
	gone.Type = "issue_deleted"
	h.settled(h.send(gone))
	if r := h.waiting(); r.EventType != "issue_deleted" {
		t.Errorf("the run is for %s", r.EventType)
	}
}

// TestCompanyDoesNotMakeAnAnswerOriginal lets a person's change join the run that
// an app's answer started.
func TestCompanyDoesNotMakeAnAnswerOriginal(t *testing.T) {
	gather := gathering(time.Hour)
	gather.IgnoreBots = false
	h := newHouse(t, settings{triggers: []*manifest.Trigger{gather}})
	h.wrote(h.over(h.send(comment("1", "c", "/now")), 1).ID)
	answer := update("1", "Robot", "x")
	answer.Actor.Type = "app"
	first := h.send(answer)
	h.settled(first)
	h.settled(h.send(update("1", "Alice", "y")))
	r, err := h.store.Run(t.Context(), first+"-1")
	if err != nil || depthOf(t, r) != 1 || !strings.Contains(string(r.Work), `"merged_count":2`) {
		t.Errorf("work %s, %v", r.Work, err)
	}
}
