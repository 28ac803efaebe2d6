package store

import (
	"fmt"
	"math/rand/v2"
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
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 3))
			dir, known := t.TempDir(), map[string]*intent{}
			clock := time.UnixMilli(1_800_000_000_000)
			reopen := func() *Store {
				s, err := Open(t.Context(), dir, func() time.Time { return clock })
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			s := reopen()
			defer func() { _ = s.Close() }()
			for range 200 {
				clock = clock.Add(time.Duration(rnd.IntN(2000)-500) * time.Millisecond) // also backwards
				id := fmt.Sprint("run:", rnd.IntN(12))
				switch rnd.IntN(8) {
				case 0, 1, 2:
					begin(t, s, known, id, clock)
				case 3, 4:
					if known[id] == nil {
						continue // only what was begun is done
					}
					known[id].done, known[id].ref = true, fmt.Sprint("ref-", id)
					if err := s.Done(t.Context(), id, known[id].ref); err != nil {
						t.Fatal(err)
					}
				case 5, 6:
					if known[id] != nil && !known[id].done {
						delete(known, id)
					}
					if err := s.Abandon(t.Context(), id); err != nil {
						t.Fatal(err)
					}
				default:
					if err := s.Close(); err != nil {
						t.Fatal(err)
					}
					s = reopen()
				}
			}
			for id, want := range known {
				if found, err := s.HasEffect(t.Context(), "comment", fmt.Sprint("ref-", id)); err != nil || found != want.done {
					t.Errorf("%s is found by its reference: %v, %v; want %v", id, found, err, want.done)
				}
			}
		})
	}
}

func begin(t *testing.T, s *Store, known map[string]*intent, id string, now time.Time) {
	t.Helper()
	effect, err := s.Begin(t.Context(), id, "comment", "PROJ-1")
	if err != nil {
		t.Fatal(err)
	}
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

func TestOfManyWhoBeginAWriteOneIsTheFirst(t *testing.T) {
	s := open(t, t.TempDir())
	var mu sync.Mutex
	var wg sync.WaitGroup
	fresh := 0
	for range 32 {
		wg.Go(func() {
			effect, err := s.Begin(t.Context(), "run:1", "comment", "PROJ-1")
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
}

func TestAReferenceIsOfItsKindAlone(t *testing.T) {
	s := open(t, t.TempDir())
	for id, kind := range map[string]string{"r:1": "comment", "r:2": "worklog"} {
		if _, err := s.Begin(t.Context(), id, kind, "PROJ-1"); err != nil {
			t.Fatal(err)
		}
		if err := s.Done(t.Context(), id, kind+"-7"); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]bool{}
	for _, kind := range []string{"comment", "worklog"} {
		for _, ref := range []string{"comment-7", "worklog-7", ""} {
			found, err := s.HasEffect(t.Context(), kind, ref)
			if err != nil {
				t.Fatal(err)
			}
			got[kind+" "+ref] = found
		}
	}
	want := map[string]bool{"comment comment-7": true, "comment worklog-7": false, "comment ": false,
		"worklog comment-7": false, "worklog worklog-7": true, "worklog ": false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}
