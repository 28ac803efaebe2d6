package run_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// oneStep is a target of one step.
func oneStep(ctx context.Context, _ run.Task, j step.Journal) (run.Result, error) {
	_, err := j.Do(ctx, step.KindModel, "m", func(context.Context, string) (step.Entry, error) {
		return step.Entry{TokensIn: 7}, nil
	})
	return run.Result{Text: "done"}, err
}

// TestATargetThatPanicsEndsItsRunAndFreesItsSubject lets each piece of a target
// panic once. A run that stayed at work would block its issue for ever.
func TestATargetThatPanicsEndsItsRunAndFreesItsSubject(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", func(tr *manifest.Trigger) {
		tr.Commands = []manifest.Command{{Name: "triage", Target: tr.Default}}
	})}})
	for where, says := range map[string]string{"needs": "panic: boom", "execute": "panic: boom", "explain": "failed"} {
		t.Run(where, func(t *testing.T) {
			h.exec.set(func(e *executor) {
				e.panics = where
				e.do = func(context.Context, run.Task, step.Journal) (run.Result, error) {
					return run.Result{}, errors.New("failed")
				}
			})
			bad := h.send(comment("1", where, "/triage"))
			if r := h.over(bad, 1); r.State != store.StateFailed || r.Error != says {
				t.Errorf("run is %s: %s", r.State, r.Error)
			}
			h.exec.set(func(e *executor) { e.panics, e.do = "", nil })
			if r := h.over(h.send(created("1")), 1); r.State != store.StateSucceeded {
				t.Errorf("the next run is %s: %s", r.State, r.Error)
			}
		})
	}
}

// TestStepsReachTheJournalHoweverLateTheDiskTakesThem takes the table of steps
// away while a run is at work.
func TestStepsReachTheJournalHoweverLateTheDiskTakesThem(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
	h.exec.do = oneStep
	h.sql(`ALTER TABLE run_steps RENAME TO away`)
	id := h.send(created("1"))
	h.await("the run to start", func() bool {
		r, err := h.store.Run(context.Background(), id+"-1")
		return err == nil && r.State == store.StateRunning
	})
	h.sql(`ALTER TABLE away RENAME TO run_steps`)
	r := h.over(id, 1)
	if r.State != store.StateSucceeded || r.Steps != 1 || r.TokensIn != 7 {
		t.Errorf("run is %s with %d steps and %d tokens: %s", r.State, r.Steps, r.TokensIn, r.Error)
	}
	events, err := h.store.Events(t.Context(), r.ID, 0, 10)
	if err != nil || len(events) != 4 || events[2].Kind != store.EventStep {
		t.Errorf("events %v, %v; want the step before the end", events, err)
	}
}

func TestAStepThatCannotBeRecordedFailsItsRunAndHoldsUpNoOther(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
	h.exec.do = oneStep
	h.sql(`CREATE TRIGGER no_steps BEFORE INSERT ON run_steps WHEN new.failure IS NULL BEGIN SELECT RAISE(ABORT, 'no'); END`)
	if r := h.over(h.send(created("1")), 1); r.State != store.StateFailed || !strings.Contains(r.Error, "cannot be recorded") {
		t.Errorf("run is %s with %d steps: %s", r.State, r.Steps, r.Error)
	}
	h.sql(`DROP TRIGGER no_steps`)
	if r := h.over(h.send(created("1")), 1); r.State != store.StateSucceeded {
		t.Errorf("the next run is %s: %s", r.State, r.Error)
	}
}

func TestAnOutcomeThatTheDatabaseRefusesIsReplaced(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
	h.sql(`CREATE TRIGGER no_end BEFORE UPDATE ON runs WHEN new.result = 'done' BEGIN SELECT RAISE(ABORT, 'too odd'); END`)
	if r := h.over(h.send(created("1")), 1); r.State != store.StateFailed || !strings.Contains(r.Error, "too odd") {
		t.Errorf("run is %s: %s", r.State, r.Error)
	}
}

func TestAManifestThatCannotBeReadNowIsReadLater(t *testing.T) {
	s := settings{triggers: []*manifest.Trigger{trigger("any", nil)}}
	h := newHouse(t, s)
	release := make(chan struct{})
	h.exec.do = func(context.Context, run.Task, step.Journal) (run.Result, error) {
		<-release
		return run.Result{}, nil
	}
	first, second := h.send(created("1")), h.send(created("1"))
	h.settled(second)
	h.await("the first run", func() bool { return len(h.exec.done()) == 1 })
	h.sql(`ALTER TABLE revisions RENAME TO away`)
	close(release)
	h.over(first, 1)
	h.await("the second run to start", func() bool {
		r, err := h.store.Run(context.Background(), second+"-1")
		return err == nil && r.State == store.StateRunning
	})
	h.sql(`ALTER TABLE away RENAME TO revisions`)
	if r := h.over(second, 1); r.State != store.StateSucceeded {
		t.Errorf("run is %s: %s", r.State, r.Error)
	}
}

func TestARunWithoutItsManifestFailsWithThatReason(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
	h.sql(`CREATE TRIGGER lost AFTER INSERT ON revisions BEGIN DELETE FROM revisions; END`)
	if r := h.over(h.send(created("1")), 1); r.State != store.StateFailed || !strings.Contains(r.Error, "not found") {
		t.Errorf("run is %s: %s", r.State, r.Error)
	}
}

// TestAnIssueKnownByItsIDAloneGetsItsKey is what Data Center's comment events
// are like: nothing could be written to the issue without asking for its key.
func TestAnIssueKnownByItsIDAloneGetsItsKey(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
	h.plat.set(func(p *platform) { p.vars = map[string]any{"issue_key": "PROJ-7", "project_key": "PROJ"} })
	vars := make(chan map[string]any, 1)
	h.exec.do = func(_ context.Context, task run.Task, _ step.Journal) (run.Result, error) {
		vars <- task.Work.Event.Vars
		return run.Result{}, nil
	}
	ev := created("7")
	ev.IssueKey, ev.Project = "", ""
	delete(ev.Vars, "issue_key")
	r := h.over(h.send(ev), 1)
	if got := <-vars; got["issue_key"] != "PROJ-7" || got["project_key"] != "PROJ" {
		t.Errorf("variables %v", got)
	}
	if r.IssueKey != "PROJ-7" || r.Project != "PROJ" {
		t.Errorf("the run is of issue %q in project %q", r.IssueKey, r.Project)
	}
}

func TestTroubleOfEnrichment(t *testing.T) {
	tests := map[string]struct {
		trouble func(*platform)
		state   store.State
		says    string
	}{
		"refused: the variable stays empty": {func(p *platform) { p.err = errors.New("403") }, store.StateSucceeded, ""},
		"busy for longer than the tries":    {func(p *platform) { p.busy = "1" }, store.StateFailed, "503"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
			h.exec.needs = []string{"issue_description"}
			h.plat.set(tt.trouble)
			r := h.over(h.send(created("1")), 1)
			if r.State != tt.state || !strings.Contains(r.Error, tt.says) || r.Steps != 1 {
				t.Errorf("run is %s with %d steps: %s", r.State, r.Steps, r.Error)
			}
			steps, err := h.store.Steps(t.Context(), r.ID)
			if err != nil || len(steps) != 1 || steps[0].Error == "" {
				t.Errorf("steps %+v, %v; want one that says what went wrong", steps, err)
			}
		})
	}
}

// TestARunThatCannotBeExplainedFailsForItsOwnReason lets the notice fail too.
func TestARunThatCannotBeExplainedFailsForItsOwnReason(t *testing.T) {
	tr := trigger("commands", func(tr *manifest.Trigger) { tr.Commands = []manifest.Command{{Name: "triage", Target: tr.Default}} })
	h := newHouse(t, settings{triggers: []*manifest.Trigger{tr}})
	h.exec.do = func(context.Context, run.Task, step.Journal) (run.Result, error) {
		return run.Result{Text: "half of it"}, fmt.Errorf("first trouble")
	}
	h.exec.mute = errors.New("second trouble")
	r := h.over(h.send(comment("1", "c", "/triage")), 1)
	if r.State != store.StateFailed || r.Error != "first trouble" || r.Result != "half of it" {
		t.Errorf("run is %s: %s, result %q", r.State, r.Error, r.Result)
	}
}

// TestWhetherSomethingWasAskedForIsOnRecord stops a run in its second step and goes
// on with a program that can ask for more, or for less.
func TestWhetherSomethingWasAskedForIsOnRecord(t *testing.T) {
	tests := map[string]struct{ before, after []string }{
		"it can ask for more": {nil, []string{"issue_description"}},
		"it can ask for less": {[]string{"issue_description"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := settings{triggers: []*manifest.Trigger{trigger("any", nil)}}
			h := newHouse(t, s)
			h.plat.vars = map[string]any{"issue_description": "long story"}
			reached, again := make(chan struct{}, 1), false
			h.exec.set(func(e *executor) {
				e.needs = tt.before
				e.do = func(ctx context.Context, _ run.Task, j step.Journal) (run.Result, error) {
					if _, err := oneStep(ctx, run.Task{}, j); err != nil {
						return run.Result{}, err
					}
					_, err := j.Do(ctx, step.KindTool, "t", func(ctx context.Context, _ string) (step.Entry, error) {
						if again {
							return step.Entry{}, nil
						}
						reached <- struct{}{}
						<-ctx.Done()
						return step.Entry{}, ctx.Err()
					})
					return run.Result{}, err
				}
			})
			id := h.send(created("1"))
			<-reached
			h.stop()
			again = true
			h.exec.set(func(e *executor) { e.needs = tt.after })
			h.start(s)
			t.Cleanup(h.stop)
			if r := h.over(id, 1); r.State != store.StateSucceeded || r.Steps != 2+len(tt.before) {
				t.Errorf("the run is %s with %d steps: %s", r.State, r.Steps, r.Error)
			}
		})
	}
}
