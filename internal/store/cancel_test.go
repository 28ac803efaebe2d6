package store

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
)

func cancel(t testing.TB, s *Store, id, by string, want State) {
	t.Helper()
	got, err := s.Cancel(t.Context(), id, by)
	must(t, err)
	if got != want {
		t.Errorf("Cancel = %s, want %s", got, want)
	}
}

func release(t testing.TB, s *Store) {
	t.Helper()
	_, err := s.Release(t.Context(), me)
	must(t, err)
}

// TestACanceledRunEnds cancels a run in every state. Behind it another run of its
// subject is queued, whose turn must come.
func TestACanceledRunEnds(t *testing.T) {
	type test func(t *testing.T, s *Store)
	tests := map[string]test{
		"queued": func(t *testing.T, s *Store) { cancel(t, s, "r", "ann", StateCanceled) },
		"given back": func(t *testing.T, s *Store) {
			claimOf(t, s, "r")
			release(t, s)
			cancel(t, s, "r", "ann", StateCanceled)
		},
		"waiting": func(t *testing.T, s *Store) {
			suspend(t, s, claimOf(t, s, "r"), Wait{Signal: "go"})
			cancel(t, s, "r", "ann", StateCanceled)
			signal(t, s, "go", false)
		},
		"waiting and yielding": func(t *testing.T, s *Store) {
			suspend(t, s, claimOf(t, s, "r"), Wait{Signal: "go", Yield: true})
			cancel(t, s, "r", "ann", StateCanceled)
			signal(t, s, "go", false)
		},
		"tried again": func(t *testing.T, s *Store) {
			c := claimOf(t, s, "r")
			end(t, s, c, StateFailed)
			must(t, s.Retry(t.Context(), "r", "bob"))
			cancel(t, s, "r", "ann", StateCanceled)
		},
		"at work, and ended by its holder": func(t *testing.T, s *Store) {
			c := claimOf(t, s, "r")
			cancel(t, s, "r", "ann", StateRunning)
			must(t, s.Finish(t.Context(), c, Outcome{State: StateCanceled, Error: "canceled by ann"}))
		},
		"at work, and then it would have waited": func(t *testing.T, s *Store) {
			c := claimOf(t, s, "r")
			cancel(t, s, "r", "ann", StateRunning)
			record(t, s, c, toolStep(0)) // what happened is on record
			suspend(t, s, c, Wait{Signal: "go", Yield: true})
			suspend(t, s, c, Wait{Signal: "go", Yield: true})
			signal(t, s, "go", false)
		},
		"at work, and given back": func(t *testing.T, s *Store) {
			claimOf(t, s, "r")
			cancel(t, s, "r", "ann", StateRunning)
			release(t, s)
		},
		"at work with somebody who died": func(t *testing.T, s *Store) {
			claimOf(t, s, "r")
			cancel(t, s, "r", "ann", StateRunning)
			_, err := s.Revive(t.Context(), 0)
			must(t, err)
		},
		"at work, by several": func(t *testing.T, s *Store) {
			claimOf(t, s, "r")
			cancel(t, s, "r", "ann", StateRunning)
			cancel(t, s, "r", "bob", StateRunning)
			release(t, s)
		},
	}
	cases(t, tests, func(t *testing.T, s *Store, test test) {
		admit(t, s, "issue:1", "r", "next")
		test(t, s)
		r := get(t, s, "r")
		if r.State != StateCanceled || r.Error != "canceled by ann" || r.CanceledBy != "ann" || r.Finished.IsZero() || r.Owner != "" {
			t.Errorf("canceled run is %+v", r)
		}
		_, err := s.Cancel(t.Context(), "r", "bob")
		is(t, "Cancel of what is over", err, ErrOver)
		if diff := cmp.Diff(r, get(t, s, "r")); diff != "" {
			t.Errorf("the second time changed (-once +twice):\n%s", diff)
		}
		events := kinds(t, s, "r")
		if last := events[len(events)-1]; last != EventFinished {
			t.Errorf("events are %v, want finished last", events)
		}
		claimOf(t, s, "next")
	})
}

func TestARunMayEndOtherwiseBeforeItsHolderHearsOfTheCancel(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := claim(t, s, "r")
		cancel(t, s, "r", "ann", StateRunning)
		finish(t, s, c)
		isState(t, s, "r", StateSucceeded)
		_, err := s.Cancel(t.Context(), "r", "ann")
		is(t, "Cancel", err, ErrOver)
	})
}

func TestTheHolderIsToldOfACancel(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s, other := d.store(t, nil), (*Store)(nil)
		if other = s; d.shared() {
			other = d.store(t, nil)
		}
		claim(t, s, "r")
		claim(t, s, "not-canceled")
		told := s.Canceled()
		cancel(t, other, "r", "", StateRunning) // nobody in particular
		within(t, "the cancel", told)
		for owner, want := range map[string][]string{me: {"r"}, "somebody else": {}} {
			ids, err := s.Canceling(t.Context(), owner)
			must(t, err)
			if diff := cmp.Diff(want, ids); diff != "" {
				t.Errorf("to be canceled by %s (-want +got):\n%s", owner, diff)
			}
		}
		want := []EventKind{EventQueued, EventStarted, EventCanceling}
		if diff := cmp.Diff(want, kinds(t, s, "r")); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		release(t, s)
		if ids, err := s.Canceling(t.Context(), me); err != nil || len(ids) != 0 {
			t.Errorf("still to be canceled: %v, %v", ids, err)
		}
	})
}

func failing(index int) Record {
	e := toolStep(index)
	return Record{Entry: e, Asked: e.Name, Failure: &step.Failure{Step: e.Name, Reason: step.ReasonError, Message: "broken"}}
}

func TestARunTriedAgainGoesOnBehindItsLastGoodStep(t *testing.T) {
	type test struct {
		steps   []Record
		as      State
		from    int
		inDoubt bool
	}
	good := func(i int) Record { e := toolStep(i); return Record{Entry: e, Asked: e.Name} }
	doubtful := func(i int) Record { r := good(i); r.Entry.InDoubt = true; return r }
	tests := map[string]test{
		"no step":                         {nil, StateFailed, 0, false},
		"the first step failed":           {[]Record{failing(0)}, StateFailed, 0, false},
		"the last step failed":            {[]Record{good(0), good(1), failing(2)}, StateFailed, 2, false},
		"it went on behind a failed step": {[]Record{good(0), failing(1), good(2), failing(3)}, StateFailed, 1, false},
		"every step is good":              {[]Record{good(0), good(1)}, StateFailed, 2, false},
		"canceled":                        {[]Record{good(0)}, StateCanceled, 1, false},
		"a step that stays is in doubt":   {[]Record{doubtful(0), failing(1)}, StateFailed, 1, true},
		"a step that goes was in doubt":   {[]Record{good(0), failing(1), doubtful(2)}, StateFailed, 1, false},
	}
	cases(t, tests, func(t *testing.T, s *Store, tt test) {
		c := claim(t, s, "r")
		for _, r := range tt.steps {
			must(t, put(s, c, r))
		}
		must(t, s.Finish(t.Context(), c, Outcome{State: tt.as, Result: "half", Error: "broken"}))
		must(t, s.Retry(t.Context(), "r", "ann"))
		r := get(t, s, "r")
		if r.State != StateQueued || r.Retries != 1 || r.Attempt != 2 || r.Steps != tt.from || r.Error != "" || r.Result != "" ||
			r.InDoubt != tt.inDoubt || !r.Finished.IsZero() || r.CanceledBy != "" {
			t.Errorf("run is %+v", r)
		}
		c = claims(t, s, "r")[0]
		if c.Epoch != 2 {
			t.Errorf("epoch is %d, want 2", c.Epoch)
		}
		j, err := s.Journal(t.Context(), c)
		must(t, err)
		if len(j.Records) != tt.from || j.TimedFrom != tt.from || !cmp.Equal(j.Rewinds, []Rewind{{Pos: tt.from}}) {
			t.Errorf("journal has %d records, is timed from %d, rewinds %v; want all of %d", len(j.Records), j.TimedFrom, j.Rewinds, tt.from)
		}
		record(t, s, c, toolStep(tt.from))
		events := kinds(t, s, "r")
		tail := []EventKind{EventFinished, EventRetried, EventResumed, EventStep}
		if diff := cmp.Diff(tail, events[len(events)-len(tail):]); diff != "" {
			t.Errorf("events end in (-want +got):\n%s", diff)
		}
	})
}

func TestEachRetryIsRemembered(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := claim(t, s, "r")
		record(t, s, c, toolStep(0), toolStep(1))
		for _, failsAt := range []int{2, 2, 3} {
			for i := get(t, s, "r").Steps; i < failsAt; i++ {
				record(t, s, c, toolStep(i))
			}
			must(t, put(s, c, failing(failsAt)))
			end(t, s, c, StateFailed)
			must(t, s.Retry(t.Context(), "r", "ann"))
			c = claims(t, s, "r")[0]
		}
		j, err := s.Journal(t.Context(), c)
		must(t, err)
		if !cmp.Equal(j.Rewinds, []Rewind{{Pos: 2}, {Pos: 2}, {Pos: 3}}) || j.TimedFrom != 3 {
			t.Errorf("rewinds %v, timed from %d; want 2, 2, 3 and 3", j.Rewinds, j.TimedFrom)
		}
		if r := get(t, s, "r"); r.Retries != 3 || r.Attempt != 4 {
			t.Errorf("%d retries in %d attempts, want 3 in 4", r.Retries, r.Attempt)
		}
	})
}

// TestTheDoubtOfAStepThatIsDoneAgainIsGoneOnceItIsKnown leaves a write open, and
// finds out in the next try what became of it.
func TestTheDoubtOfAStepThatIsDoneAgainIsGoneOnceItIsKnown(t *testing.T) {
	tests := map[string]bool{"found out": true, "left open again": false}
	cases(t, tests, func(t *testing.T, s *Store, known bool) {
		c := claim(t, s, "r")
		_, err := s.Begin(t.Context(), "r:0", "comment", "PROJ-1")
		must(t, err)
		must(t, put(s, c, failing(0)))
		end(t, s, c, StateFailed)
		if !get(t, s, "r").InDoubt {
			t.Error("a run with an open write is not in doubt")
		}
		must(t, s.Retry(t.Context(), "r", "ann"))
		c = claims(t, s, "r")[0]
		if known {
			must(t, s.Done(t.Context(), "r:0", "10500"))
		}
		record(t, s, c, toolStep(0))
		finish(t, s, c)
		if got := get(t, s, "r").InDoubt; got == known {
			t.Errorf("in doubt: %v", got)
		}
	})
}

func TestWhatCannotBeTriedAgain(t *testing.T) {
	type test struct {
		bring func(t *testing.T, s *Store)
		want  error
	}
	ended := func(as State) func(t *testing.T, s *Store) {
		return func(t *testing.T, s *Store) { end(t, s, claim(t, s, "r"), as) }
	}
	tests := map[string]test{
		"queued":  {func(t *testing.T, s *Store) { admit(t, s, "issue:r", "r") }, ErrNotOver},
		"running": {func(t *testing.T, s *Store) { claim(t, s, "r") }, ErrNotOver},
		"waiting": {func(t *testing.T, s *Store) { suspend(t, s, claim(t, s, "r"), Wait{Signal: "go"}) }, ErrNotOver},
		"to be canceled": {func(t *testing.T, s *Store) {
			claim(t, s, "r")
			cancel(t, s, "r", "ann", StateRunning)
		}, ErrNotOver},
		"succeeded": {ended(StateSucceeded), ErrOver},
		"rejected": {func(t *testing.T, s *Store) {
			r := queuedRun("r", "issue:r")
			r.State = StateRejected
			admitRuns(t, s, r)
		}, ErrOver},
		"deleted but for its row": {func(t *testing.T, s *Store) {
			ended(StateFailed)(t, s)
			_, err := s.Wipe(t.Context(), get(t, s, "r").Finished.Add(1e9))
			must(t, err)
		}, ErrOver},
		"being tried again": {func(t *testing.T, s *Store) {
			ended(StateFailed)(t, s)
			must(t, s.Retry(t.Context(), "r", "ann"))
		}, ErrNotOver},
	}
	cases(t, tests, func(t *testing.T, s *Store, tt test) {
		tt.bring(t, s)
		before := get(t, s, "r")
		is(t, "Retry", s.Retry(t.Context(), "r", "ann"), tt.want)
		if diff := cmp.Diff(before, get(t, s, "r")); diff != "" {
			t.Errorf("the run changed (-before +after):\n%s", diff)
		}
	})
}

func TestARunTriedAgainWaitsForTheOneAtWork(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		admit(t, s, "issue:1", "a", "b", "c")
		end(t, s, claimOf(t, s, "a"), StateFailed)
		b := claimOf(t, s, "b")
		must(t, s.Retry(t.Context(), "a", "ann"))
		claims(t, s)
		finish(t, s, b)
		finish(t, s, claims(t, s, "a")[0]) // it came first
		claims(t, s, "c")
	})
}

// TestWhatEventsToldOfForgottenStepsStays tries a run again twice from the same
// step, which has another result each time.
func TestWhatEventsToldOfForgottenStepsStays(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := claim(t, s, "r")
		record(t, s, c, toolStep(0))
		results := []string{"first", "second", "third"}
		for i, result := range results {
			r := failing(1)
			r.Entry.Error = result
			must(t, put(s, c, r))
			if end(t, s, c, StateFailed); i < len(results)-1 {
				must(t, s.Retry(t.Context(), "r", "ann"))
				c = claims(t, s, "r")[0]
			}
		}
		for _, run := range []string{"r", ""} {
			events, err := s.Events(t.Context(), run, 0, 100)
			must(t, err)
			var told []string
			for _, ev := range events {
				var e step.Entry
				if ev.Kind == EventStep {
					must(t, json.Unmarshal(ev.Payload, &e))
					told = append(told, fmt.Sprintf("%d %s %s", e.Index, e.Name, e.Error))
				}
			}
			if diff := cmp.Diff([]string{"0 tool-0 ", "1 tool-1 first", "1 tool-1 second", "1 tool-1 third"}, told); diff != "" {
				t.Errorf("steps that the events tell of (-want +got):\n%s", diff)
			}
		}
	})
}
