package store

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
)

// withClock runs the test on each kind of database by a clock set by hand.
func withClock(t *testing.T, test func(t *testing.T, s *Store, c *clock)) {
	t.Helper()
	onEach(t, func(t *testing.T, d database) {
		c := newClock()
		test(t, d.store(t, c.now), c)
	})
}

func wake(t testing.TB, s *Store, want int) {
	t.Helper()
	n, err := s.Wake(t.Context())
	must(t, err)
	if n != want {
		t.Fatalf("woke %d runs, want %d", n, want)
	}
}

func signal(t testing.TB, s *Store, name string, want bool) {
	t.Helper()
	found, err := s.Signal(t.Context(), name, "approval", json.RawMessage(`{"by":"ann"}`))
	must(t, err)
	if found != want {
		t.Fatalf("somebody waited for %q: %v, want %v", name, found, want)
	}
}

func claims(t testing.TB, s *Store, want ...string) []Claim {
	t.Helper()
	got := claimed(t, s, 100)
	if diff := cmp.Diff(append([]string{}, want...), runsOf(got)); diff != "" {
		t.Fatalf("claimed (-want +got):\n%s", diff)
	}
	return got
}

func TestAWaitingRunTellsWhatItWaitsForAndGoesOnInTime(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		c := claim(t, s, "r")
		record(t, s, c, toolStep(0))
		until := clk.now().Add(time.Minute)
		suspend(t, s, c, Wait{For: "another try", Step: 1, Name: "tool-1", Tries: 3, Worked: 1500 * time.Microsecond, Until: until, Attempt: true})
		r := get(t, s, "r")
		if r.State != StateWaiting || r.WaitsFor != "another try" || !r.WakeAt.Equal(until) || r.Owner != "" || r.Attempt != 2 {
			t.Errorf("waiting run is %+v", r)
		}
		for _, passed := range []time.Duration{0, 59*time.Second + 999*time.Millisecond} {
			clk.add(passed)
			wake(t, s, 0)
			claims(t, s)
			if at, err := s.NextWake(t.Context()); err != nil || !at.Equal(until) {
				t.Errorf("NextWake = %v, %v; want %v", at, err, until)
			}
		}
		clk.add(time.Millisecond)
		wake(t, s, 1)
		wake(t, s, 0)
		if at, err := s.NextWake(t.Context()); err != nil || !at.IsZero() {
			t.Errorf("NextWake = %v, %v; want none", at, err)
		}
		if r := get(t, s, "r"); r.State != StateQueued || r.WaitsFor != "" || !r.WakeAt.IsZero() {
			t.Errorf("woken run is %+v", r)
		}
		again := claims(t, s, "r")[0]
		j, err := s.Journal(t.Context(), again)
		must(t, err)
		want := []Waited{{Wait: Wait{For: "another try", Step: 1, Name: "tool-1", Until: until, Tries: 3, Worked: 1500 * time.Microsecond}, Due: true}}
		if diff := cmp.Diff(want, j.Waits); diff != "" || again.Epoch != 2 || len(j.Records) != 1 {
			t.Errorf("claim %v has %d records; it waited (-want +got):\n%s", again, len(j.Records), diff)
		}
		must(t, put(s, again, Record{Entry: toolStep(1), Waited: true}))
		if j, err = s.Journal(t.Context(), again); err != nil || len(j.Waits) != 0 {
			t.Errorf("behind the step it waited %+v, %v", j.Waits, err)
		}
		want2 := []EventKind{EventQueued, EventStarted, EventStep, EventWaiting, EventResumed, EventStep}
		if diff := cmp.Diff(want2, kinds(t, s, "r")); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestASignalBecomesTheResultOfTheWait(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		c := claim(t, s, "r")
		record(t, s, c, toolStep(0))
		suspend(t, s, c, Wait{For: "an approval", Step: 1, Tries: 1, Signal: "go", Until: clk.now().Add(time.Hour)})
		for _, other := range []string{"", "g", "GO", "go ", "%", "other"} {
			signal(t, s, other, false)
		}
		signal(t, s, "go", true)
		signal(t, s, "go", false) // it waits no longer
		again := claims(t, s, "r")[0]
		j, err := s.Journal(t.Context(), again)
		must(t, err)
		want := Record{Pos: 1, Asked: "approval", Entry: step.Entry{Index: 1, Kind: step.KindWait, Name: "approval", Output: json.RawMessage(`{"by":"ann"}`),
			Started: clk.now(), Finished: clk.now(), Attempts: 1}}
		if len(j.Records) != 2 {
			t.Fatalf("%d records, want the step and the wait", len(j.Records))
		}
		if diff := cmp.Diff(want, j.Records[1]); diff != "" {
			t.Errorf("record of the wait (-want +got):\n%s", diff)
		}
		if len(j.Waits) != 0 {
			t.Errorf("waited %+v, want nothing", j.Waits)
		}
		clk.add(2 * time.Hour)
		wake(t, s, 0)
		record(t, s, again, toolStep(2))
	})
}

func TestASignalOfNoJSONIsRefusedAndTheRunWaitsOn(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		suspend(t, s, claim(t, s, "r"), Wait{Signal: "go"})
		_, err := s.Signal(t.Context(), "go", "approval", json.RawMessage("{{"))
		is(t, "Signal", err, ErrRefused)
		isState(t, s, "r", StateWaiting)
		if found, err := s.Signal(t.Context(), "go", "approval", nil); err != nil || !found {
			t.Errorf("Signal without a payload = %v, %v", found, err)
		}
	})
}

func TestASignalReachesOneRunThatWaits(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		for _, id := range []string{"a", "b"} {
			suspend(t, s, claim(t, s, id), Wait{Signal: "go"})
		}
		signal(t, s, "go", true)
		claims(t, s, "a")
		signal(t, s, "go", true)
		claims(t, s, "b")
		signal(t, s, "go", false)
	})
}

// TestARunThatWaitsKeepsItsSubjectOrYields has runs a, b and c of one subject, of
// which a waits.
func TestARunThatWaitsKeepsItsSubjectOrYields(t *testing.T) {
	hold, yield := Wait{Signal: "go"}, Wait{Signal: "go", Yield: true}
	type test func(t *testing.T, s *Store, a Claim)
	tests := map[string]test{
		"one that keeps it comes first when it goes on": func(t *testing.T, s *Store, a Claim) {
			suspend(t, s, a, hold)
			claims(t, s)
			admit(t, s, "issue:1", "d")
			claims(t, s)
			signal(t, s, "go", true)
			finish(t, s, claims(t, s, "a")[0])
			claims(t, s, "b")
		},
		"one that keeps it and is canceled lets the next go": func(t *testing.T, s *Store, a Claim) {
			suspend(t, s, a, hold)
			_, err := s.Cancel(t.Context(), "a", "ann")
			must(t, err)
			claims(t, s, "b")
		},
		"behind one that yields the next goes at once": func(t *testing.T, s *Store, a Claim) {
			suspend(t, s, a, yield)
			b := claims(t, s, "b")[0]
			claims(t, s)
			finish(t, s, b)
			finish(t, s, claims(t, s, "c")[0])
			claims(t, s)
			signal(t, s, "go", true)
			claims(t, s, "a")
		},
		"one that yielded waits for the one at work, and comes before later ones": func(t *testing.T, s *Store, a Claim) {
			suspend(t, s, a, yield)
			b := claims(t, s, "b")[0]
			signal(t, s, "go", true)
			claims(t, s)
			finish(t, s, b)
			finish(t, s, claims(t, s, "a")[0])
			claims(t, s, "c")
		},
		"one that yielded waits for the one whose turn it is": func(t *testing.T, s *Store, a Claim) {
			suspend(t, s, a, yield)
			signal(t, s, "go", true)
			finish(t, s, claims(t, s, "b")[0])
			finish(t, s, claims(t, s, "a")[0])
			claims(t, s, "c")
		},
		"one that yielded does not go beside one that keeps the subject": func(t *testing.T, s *Store, a Claim) {
			suspend(t, s, a, yield)
			suspend(t, s, claims(t, s, "b")[0], Wait{Signal: "b"})
			signal(t, s, "go", true)
			claims(t, s)
			signal(t, s, "b", true)
			finish(t, s, claims(t, s, "b")[0])
			claims(t, s, "a")
		},
		"an end elsewhere in the line gives nobody the turn of one that keeps it": func(t *testing.T, s *Store, a Claim) {
			suspend(t, s, a, yield)
			suspend(t, s, claims(t, s, "b")[0], Wait{Signal: "b"})
			signal(t, s, "go", true)
			_, err := s.Cancel(t.Context(), "c", "ann")
			must(t, err)
			claims(t, s)
			signal(t, s, "b", true)
			claims(t, s, "b")
		},
		"one that is tried again does not go beside one that keeps the subject": func(t *testing.T, s *Store, a Claim) {
			end(t, s, a, StateFailed)
			suspend(t, s, claims(t, s, "b")[0], hold)
			must(t, s.Retry(t.Context(), "a", "ann"))
			claims(t, s)
			signal(t, s, "go", true)
			finish(t, s, claims(t, s, "b")[0])
			finish(t, s, claims(t, s, "a")[0])
			claims(t, s, "c")
		},
		"all yield, and go on in the order in which they were told": func(t *testing.T, s *Store, a Claim) {
			suspend(t, s, a, yield)
			suspend(t, s, claims(t, s, "b")[0], Wait{Signal: "b", Yield: true})
			suspend(t, s, claims(t, s, "c")[0], Wait{Signal: "c", Yield: true})
			for _, next := range []string{"c", "go", "b"} {
				signal(t, s, next, true)
			}
			for _, id := range []string{"c", "a", "b"} {
				finish(t, s, claims(t, s, id)[0])
			}
		},
	}
	cases(t, tests, func(t *testing.T, s *Store, test test) {
		admit(t, s, "issue:1", "a", "b", "c")
		test(t, s, claimOf(t, s, "a"))
	})
}

func TestARunThatWaitsForTimeAloneHearsNoSignal(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		suspend(t, s, claim(t, s, "r"), Wait{Until: clk.now().Add(time.Minute)})
		signal(t, s, "", false)
		isState(t, s, "r", StateWaiting)
	})
}

func TestAThousandRunsWaitAndGoOn(t *testing.T) {
	const n = 1000
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		var runs []Run
		for i := range n {
			runs = append(runs, queuedRun(fmt.Sprintf("r%03d", i), fmt.Sprint("issue:", i)))
		}
		admitRuns(t, s, runs...)
		var wg sync.WaitGroup
		for i, c := range claimed(t, s, n) {
			wg.Go(func() {
				w := Wait{Signal: "s" + c.Run, Until: clk.now().Add(time.Duration(1+i%2) * time.Minute)}
				if err := s.Suspend(t.Context(), c, w); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		claims(t, s)
		clk.add(time.Minute)
		wake(t, s, n/2)
		if got := len(claimed(t, s, n)); got != n/2 {
			t.Fatalf("claimed %d, want the half whose time has come", got)
		}
		for i := 1; i < 100; i += 2 {
			signal(t, s, fmt.Sprintf("sr%03d", i), true)
		}
		clk.add(time.Hour)
		for left := n/2 - 50; left > 0; left -= wakeBatch {
			wake(t, s, min(left, wakeBatch))
		}
		if got := len(claimed(t, s, n)); got != n/2 {
			t.Fatalf("claimed %d, want all the others", got)
		}
	})
}

// TestAWakeThatComesLateLeavesTheNextWaitAlone lets a run go on and wait again
// between the moment that somebody saw it due and the moment that he wakes it.
func TestAWakeThatComesLateLeavesTheNextWaitAlone(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		suspend(t, s, claim(t, s, "r"), Wait{Until: clk.now().Add(time.Minute)})
		clk.add(time.Minute)
		now := millis(clk.now())
		due, err := s.due(t.Context(), now)
		must(t, err)
		wake(t, s, 1)
		suspend(t, s, claims(t, s, "r")[0], Wait{Until: clk.now().Add(time.Hour)})
		must(t, s.writer.do(t.Context(), func(tx tx) error {
			n, err := tx.change(wakeSQL, due[0], now)
			if n != 0 {
				t.Error("the run was woken an hour early")
			}
			return err
		}))
	})
}
