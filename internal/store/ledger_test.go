package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// intent is what the ledger has to know of a write.
type intent struct {
	begun time.Time
	done  bool
	ref   string
}

// TestTheLedgerHoldsAgainstAModel begins, ends and abandons writes at random,
// with restarts in between. What the ledger forgot would be sent twice.
func TestTheLedgerHoldsAgainstAModel(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		for seed := range uint64(3) {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { playLedger(t, d, seed) })
		}
	})
}

func playLedger(t *testing.T, d database, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 3))
	known, clk := map[string]*intent{}, newClock()
	s := d.store(t, clk.now)
	for range 150 {
		clk.add(time.Duration(rnd.IntN(2000)-500) * time.Millisecond) // also backwards
		id := fmt.Sprintf("run-%d:%d", seed, rnd.IntN(12))
		switch rnd.IntN(8) {
		case 0, 1, 2:
			begin(t, s, known, id, clk.now())
		case 3, 4:
			if known[id] == nil {
				continue // only what was begun is done
			}
			known[id].done, known[id].ref = true, "ref-"+id
			must(t, s.Done(t.Context(), id, known[id].ref))
		case 5, 6:
			if known[id] != nil && !known[id].done {
				delete(known, id)
			}
			must(t, s.Abandon(t.Context(), id))
		default:
			must(t, s.Close())
			s = d.store(t, clk.now)
		}
	}
	for id, want := range known {
		if found, err := s.HasEffect(t.Context(), "comment", "ref-"+id); err != nil || found != want.done {
			t.Errorf("%s is found by its reference: %v, %v; want %v", id, found, err, want.done)
		}
	}
}

func begin(t *testing.T, s *Store, known map[string]*intent, id string, now time.Time) {
	t.Helper()
	effect, err := s.Begin(t.Context(), id, "comment", "PROJ-1")
	must(t, err)
	before := known[id]
	if before == nil {
		known[id] = &intent{begun: now}
		if !effect.Fresh || effect.Done || !effect.Begun.Equal(now) {
			t.Fatalf("first %s is %+v, want it fresh", id, effect)
		}
		return
	}
	if effect.Fresh || effect.Done != before.done || effect.Ref != before.ref || !effect.Begun.Equal(before.begun) {
		t.Fatalf("again %s is %+v, want %+v", id, effect, *before)
	}
}

func TestAnAbandonedEffectIsFreshAgainButADoneOneStays(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		for _, id := range []string{"open", "done"} {
			_, err := s.Begin(t.Context(), id, "comment", "PROJ-1")
			must(t, err)
		}
		must(t, s.Done(t.Context(), "done", "1"))
		for id, fresh := range map[string]bool{"open": true, "done": false} {
			must(t, s.Abandon(t.Context(), id))
			if e, err := s.Begin(t.Context(), id, "comment", "PROJ-1"); err != nil || e.Fresh != fresh {
				t.Errorf("after Abandon(%s) Begin = %+v, %v; want fresh %v", id, e, err, fresh)
			}
		}
	})
}

func TestOfManyWhoBeginAWriteOneIsTheFirst(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		stores := []*Store{d.store(t, nil)}
		if d.shared() {
			stores = append(stores, d.store(t, nil))
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		fresh := 0
		for i := range 32 {
			wg.Go(func() {
				effect, err := stores[i%len(stores)].Begin(t.Context(), "run:1", "comment", "PROJ-1")
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if effect.Fresh {
					fresh++
				}
			})
		}
		wg.Wait()
		if fresh != 1 {
			t.Errorf("%d were told to be the first", fresh)
		}
	})
}

func TestAReferenceAtASiteThatSendsNoWebhooksIsNotFound(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		ours, foreign := queuedRun("ours", "context:1"), queuedRun("foreign", "context:2")
		ours.Site, foreign.Site = "main", "forge:11111111-1111-4111-8111-111111111111"
		admitRuns(t, s, ours, foreign)
		for id, ref := range map[string]string{"ours:1": "7", "foreign:1": "8", "pruned:1": "9"} {
			_, err := s.Begin(t.Context(), id, "comment", "PROJ-1")
			must(t, err)
			must(t, s.Done(t.Context(), id, ref))
		}
		for ref, want := range map[string]bool{"7": true, "8": false, "9": true} {
			if found, err := s.HasEffect(t.Context(), "comment", ref); err != nil || found != want {
				t.Errorf("comment %s: %v, %v; want %v", ref, found, err, want)
			}
		}
	})
}

func TestAReferenceIsOfItsKindAlone(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		for id, kind := range map[string]string{"r:1": "comment", "r:2": "worklog"} {
			_, err := s.Begin(t.Context(), id, kind, "PROJ-1")
			must(t, err)
			must(t, s.Done(t.Context(), id, kind+"-7"))
		}
		got := map[string]bool{}
		for _, kind := range []string{"comment", "worklog"} {
			for _, ref := range []string{"comment-7", "worklog-7", ""} {
				found, err := s.HasEffect(t.Context(), kind, ref)
				must(t, err)
				got[kind+" "+ref] = found
			}
		}
		want := map[string]bool{"comment comment-7": true, "comment worklog-7": false, "comment ": false,
			"worklog comment-7": false, "worklog worklog-7": true, "worklog ": false}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
	})
}

// TestALedgerOutOfReachIsWaitedFor lets the disk be full: a step whose intent
// cannot be recorded has to be tried again, not to fail.
func TestALedgerOutOfReachIsWaitedFor(t *testing.T) {
	s, limit := bounded(t)
	limit("1") // which is taken for the size that the file has
	changes := map[string]func(id string) error{
		"begin": func(id string) error {
			_, err := s.Begin(t.Context(), id, strings.Repeat("x", 1<<20), "PROJ-1")
			return err
		},
		"done": func(string) error { return s.Done(t.Context(), "run:1", strings.Repeat("x", 1<<20)) },
	}
	limit("100000")
	_, err := s.Begin(t.Context(), "run:1", "comment", "PROJ-1")
	must(t, err)
	limit("1")
	for name, change := range changes {
		var passing interface{ Temporary() bool }
		if err := change("run:2"); !errors.As(err, &passing) || !passing.Temporary() {
			t.Errorf("%s on a full disk: %v, want an error that passes", name, err)
		}
	}
	limit("100000")
	for name, change := range changes {
		if err := change("run:2"); err != nil {
			t.Errorf("%s once there is room: %v", name, err)
		}
	}
	must(t, s.Close())
	var passing interface{ Temporary() bool }
	if err := changes["begin"]("run:3"); !errors.Is(err, ErrClosed) || errors.As(err, &passing) {
		t.Errorf("begin in a closed store: %v", err)
	}
}
