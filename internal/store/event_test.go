package store

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEventsTellARunsStoryOnceAndInOrder(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := claim(t, s, "r")
		record(t, s, c, toolStep(0), toolStep(0))
		finish(t, s, c)
		finish(t, s, c)
		events, err := s.Events(t.Context(), "r", 0, 100)
		must(t, err)
		if diff := cmp.Diff([]EventKind{EventQueued, EventStarted, EventStep, EventFinished}, kinds(t, s, "r")); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		rest, err := s.Events(t.Context(), "", events[1].Seq, 1)
		if err != nil || len(rest) != 1 || rest[0].Seq != events[2].Seq {
			t.Errorf("Events behind %d = %v, %v; want the third only", events[1].Seq, rest, err)
		}
	})
}

// TestFollowersMissNothing reads the events as a dashboard does, by pages behind
// a sequence number and woken by changes, while runs come and go. Where several
// processes share the database, others make them.
func TestFollowersMissNothing(t *testing.T) {
	const runs = 40
	onEach(t, func(t *testing.T, d database) {
		s := d.store(t, nil)
		makers := []*Store{s}
		if d.shared() {
			makers = []*Store{d.store(t, nil), d.store(t, nil)}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan struct{}, 4)
		for i := range 4 {
			go func() {
				makeRuns(ctx, t, makers[i%len(makers)], i, runs/4)
				ended <- struct{}{}
			}()
		}
		finished := map[string]int{}
		last := int64(0)
		for len(finished) < runs {
			changed := s.Changed()
			page, err := s.Events(ctx, "", last, 7)
			must(t, err)
			for _, e := range page {
				if e.Seq <= last {
					t.Fatalf("event %d after %d", e.Seq, last)
				}
				if last = e.Seq; e.Kind == EventFinished {
					finished[e.Run]++
				}
			}
			if len(page) == 0 {
				within(t, "an event", changed)
			}
		}
		for range 4 {
			<-ended
		}
		for id, n := range finished {
			if n != 1 {
				t.Errorf("%s ended %d times", id, n)
			}
		}
		if seq, err := s.LastEvent(ctx); err != nil || seq < last {
			t.Errorf("last event is %d, %v; saw %d", seq, err, last)
		}
	})
}

// makeRuns takes n runs from their admission to their end.
func makeRuns(ctx context.Context, t *testing.T, s *Store, maker, n int) {
	for k := range n {
		id, owner := fmt.Sprintf("r-%d-%d", maker, k), fmt.Sprint("owner-", maker)
		if err := s.Admit(ctx, Lease{}, []Run{queuedRun(id, "issue:"+id)}, nil); err != nil {
			t.Error(err)
		}
		for done := 0; done == 0; {
			claims, err := s.Claim(ctx, owner, 1, Limits{})
			if err != nil {
				t.Error(err)
				return
			}
			if len(claims) == 0 {
				break // another maker has it
			}
			for _, c := range claims {
				if err := s.Finish(ctx, c, Outcome{State: StateSucceeded}); err != nil {
					t.Error(err)
				}
				done++
			}
		}
	}
}

func TestEventsOfOneRunArePaged(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		a, b := claim(t, s, "a"), claim(t, s, "b")
		for i := range 20 {
			record(t, s, a, toolStep(i))
			record(t, s, b, toolStep(i))
		}
		after, total := int64(0), 0
		for {
			page, err := s.Events(t.Context(), "b", after, 6)
			must(t, err)
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				if e.Run != "b" {
					t.Errorf("event of run %s", e.Run)
				}
			}
			total, after = total+len(page), page[len(page)-1].Seq
		}
		if total != 22 {
			t.Errorf("%d events, want one for the admission, the start and each step", total)
		}
	})
}

// TestProcessesOnOneDatabaseHearOfEachOther changes things in one store and waits
// in another.
func TestProcessesOnOneDatabaseHearOfEachOther(t *testing.T) {
	d := postgresDatabase(t)
	here, there := d.store(t, nil), d.store(t, nil)
	var c Claim
	changes := []struct {
		name string
		do   func()
	}{
		{"an admission", func() { admit(t, here, "issue:1", "r") }},
		{"a claim", func() { c = claims(t, here, "r")[0] }},
		{"a step", func() { record(t, here, c, toolStep(0)) }},
		{"a wait", func() { suspend(t, here, c, Wait{Step: 1, Signal: "go"}) }},
		{"a signal", func() { signal(t, here, "go", true) }},
		{"another claim", func() { c = claims(t, here, "r")[0] }},
		{"a run that was given back", func() { release(t, here) }},
		{"an end", func() { cancel(t, here, "r", "ann", StateCanceled) }},
		{"a retry", func() { must(t, here.Retry(t.Context(), "r", "ann")) }},
	}
	for _, change := range changes {
		before, err := there.LastEvent(t.Context())
		must(t, err)
		changed := there.Changed()
		change.do()
		within(t, change.name, changed)
		if after, err := there.LastEvent(t.Context()); err != nil || (after == before) != (change.name == "a run that was given back") {
			t.Errorf("%s: last event was %d and is %d, %v", change.name, before, after, err)
		}
	}
}
