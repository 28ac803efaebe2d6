package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/step"
)

const (
	crashRuns  = 40
	crashSteps = 6
)

// TestWhatWasAnsweredSurvivesACrashOfTheServer crashes the server again and again
// under workers of two processes, who repeat what was not answered. Nobody opens
// anything anew.
func TestWhatWasAnsweredSurvivesACrashOfTheServer(t *testing.T) {
	server := pgtest.Server(t, pgserver.Options{})
	dsn, err := server.CreateDatabase(t.Context(), "crash")
	must(t, err)
	d := database{dsn: dsn, open: func(ctx context.Context, now func() time.Time) (*Store, error) { return OpenPostgres(ctx, dsn, now) }}
	stores := []*Store{d.store(t, nil), d.store(t, nil)}
	for i := range crashRuns {
		admit(t, stores[0], fmt.Sprint("issue:", i%10), fmt.Sprint("r", i))
	}
	var answered atomic.Int64
	var workers sync.WaitGroup
	for i := range 6 {
		w := &crashWorker{t: t, s: stores[i%len(stores)], owner: fmt.Sprint("worker-", i), answered: &answered}
		workers.Go(w.run)
	}
	for _, after := range []int64{30, 100, 200} {
		eventually(t, func() error {
			if n := answered.Load(); n < after {
				return fmt.Errorf("%d answers, waiting for %d", n, after)
			}
			return nil
		})
		must(t, server.Crash(t.Context()))
		must(t, server.StartAgain(t.Context()))
	}
	workers.Wait()
	for i := range crashRuns {
		whole(t, stores[i%2], fmt.Sprint("r", i))
	}
	changed := stores[1].Changed()
	admit(t, stores[0], "issue:1", "behind the crash")
	within(t, "what another process did behind the crash", changed)
}

// whole fails unless the run was done once, in order.
func whole(t *testing.T, s *Store, id string) {
	t.Helper()
	steps, err := s.Steps(t.Context(), id)
	must(t, err)
	var want, got []string
	for i := range crashSteps {
		want = append(want, fmt.Sprint("tool-", i))
	}
	for _, e := range steps {
		got = append(got, e.Name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps of %s (-want +got):\n%s", id, diff)
	}
	r := get(t, s, id)
	if r.State != StateSucceeded || r.TokensIn != crashSteps || r.InDoubt {
		t.Errorf("run is %+v", r)
	}
	events := map[EventKind]int{}
	for _, k := range kinds(t, s, id) {
		events[k]++
	}
	if diff := cmp.Diff(map[EventKind]int{EventQueued: 1, EventStarted: 1, EventStep: crashSteps, EventFinished: 1}, events); diff != "" {
		t.Errorf("events of %s (-want +got):\n%s", id, diff)
	}
}

type crashWorker struct {
	t        *testing.T
	s        *Store
	owner    string
	answered *atomic.Int64
}

// until repeats a change until it is answered, or reports false.
func (w *crashWorker) until(change func() error) bool {
	deadline := time.Now().Add(2 * time.Minute)
	for {
		err := change()
		if err == nil {
			w.answered.Add(1)
			return true
		}
		if errors.Is(err, ErrRefused) || errors.Is(err, ErrLost) || errors.Is(err, ErrNotFound) || time.Now().After(deadline) {
			w.t.Errorf("%s: %v", w.owner, err)
			return false
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// run works on runs until all are over.
func (w *crashWorker) run() {
	ctx := w.t.Context()
	for {
		var held []Claim
		var left int64
		ok := w.until(func() error {
			// The answer to a claim may have got lost.
			_, err := w.s.Claim(ctx, w.owner, 1, Limits{})
			if err != nil {
				return err
			}
			if held, err = w.s.Held(ctx, w.owner); err != nil {
				return err
			}
			counts, err := w.s.Counts(ctx)
			left = crashRuns - counts[StateSucceeded]
			return err
		})
		if !ok || left == 0 {
			return
		}
		for _, c := range held {
			if !w.do(ctx, c) {
				return
			}
		}
	}
}

func (w *crashWorker) do(ctx context.Context, c Claim) bool {
	for i := range crashSteps {
		id, e := fmt.Sprintf("%s:%d", c.Run, i), step.Entry{Index: i, Kind: step.KindTool, Name: fmt.Sprint("tool-", i), TokensIn: 1}
		ok := w.until(func() error { _, err := w.s.Begin(ctx, id, "comment", "P-1"); return err }) &&
			w.until(func() error { return w.s.Done(ctx, id, "ref-"+id) }) &&
			w.until(func() error { return put(w.s, c, Record{Entry: e, Asked: e.Name}) })
		if !ok {
			return false
		}
		// What was answered is there at once, for everybody.
		if found, err := w.s.HasEffect(ctx, "comment", "ref-"+id); err == nil && !found {
			w.t.Errorf("the write %s was answered and is gone", id)
		}
	}
	return w.until(func() error { return w.s.Finish(ctx, c, Outcome{State: StateSucceeded}) })
}
