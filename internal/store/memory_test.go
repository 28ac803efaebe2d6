package store

import (
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/memory"
	"github.com/aofctl/aofctl/internal/memory/memorytest"
)

func TestAMemoryInTheStore(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s := d.store(t, nil)
		memorytest.Run(t, func(t *testing.T, now func() time.Time) memory.Memory {
			reset(t, s)
			s.now = now
			return s.Memory()
		})
	})
}

func TestAMemoryIsTheSameForAllReplicasAndAfterARestart(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		scope := memorytest.Scope(t, "", "PROJ", "a")
		first := d.store(t, nil)
		memorytest.Set(t, first.Memory(), scope, memory.Change{ID: "r:1", Key: "k", Value: "v"})
		if d.shared() {
			memorytest.Set(t, d.store(t, nil).Memory(), scope, memory.Change{ID: "s:1", Key: "l", Value: "w"})
		} else {
			memorytest.Set(t, first.Memory(), scope, memory.Change{ID: "s:1", Key: "l", Value: "w"})
		}
		must(t, first.Close())
		again := d.store(t, nil).Memory()
		if k, l := memorytest.Value(t, again, scope, "k"), memorytest.Value(t, again, scope, "l"); k != "v" || l != "w" {
			t.Errorf("kept %q and %q", k, l)
		}
		memorytest.Set(t, again, scope, memory.Change{ID: "t:1", Key: "k", Value: "newer"})
		memorytest.Set(t, again, scope, memory.Change{ID: "r:1", Key: "k", Value: "v"})
		if k := memorytest.Value(t, again, scope, "k"); k != "newer" {
			t.Errorf("a change of before the restart was repeated: %q", k)
		}
	})
}

func TestWhatHasExpiredIsDeleted(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		clock := newClock()
		s := d.store(t, clock.now)
		for i, project := range []string{"P", "Q"} {
			scope := memorytest.Scope(t, "", project, "a")
			memorytest.Set(t, s.Memory(), scope, memory.Change{ID: project + ":1", Key: "k", Value: "v", TTL: time.Duration(i+1) * time.Hour})
			memorytest.Set(t, s.Memory(), scope, memory.Change{ID: project + ":2", Key: "ever", Value: "v"})
		}
		clock.add(90 * time.Minute)
		if n, err := s.ForgetExpired(t.Context()); err != nil || n != 1 {
			t.Errorf("forgot %d, %v", n, err)
		}
		var left int
		must(t, s.row(t.Context(), `SELECT COUNT(*) FROM memory`).Scan(&left))
		if left != 3 {
			t.Errorf("%d entries are left, want 3", left)
		}
	})
}

func TestAMemoryOutlivesTheRunThatWroteIt(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		clock := newClock()
		s := d.store(t, clock.now)
		scope := memorytest.Scope(t, "", "P", "a")
		c := claim(t, s, "r")
		memorytest.Set(t, s.Memory(), scope, memory.Change{ID: "r:0", Key: "k", Value: "v"})
		finish(t, s, c)
		clock.add(1000 * time.Hour)
		for range 2 {
			if _, err := s.Wipe(t.Context(), clock.now()); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Prune(t.Context(), clock.now()); err != nil {
				t.Fatal(err)
			}
		}
		if v := memorytest.Value(t, s.Memory(), scope, "k"); v != "v" {
			t.Errorf("kept %q", v)
		}
	})
}
