package keeper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

func newContext(r *rig) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Context(), 2*time.Minute)
}

// all reads a stream to its end and returns the events' numbers.
func (r *rig) all(s a2a.Stream) (events []a2a.Event) {
	ctx, cancel := newContext(r)
	defer cancel()
	for {
		e, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			return events
		}
		if err != nil {
			r.Error(err)
			return events
		}
		events = append(events, e)
	}
}

func (r *rig) follow(k *Keeper, id string, after int64) a2a.Stream {
	r.Helper()
	s, err := k.Follow(r.Context(), ann, id, after)
	r.must(err)
	r.Cleanup(s.Close)
	return s
}

// numbers checks that events are those behind a number, in order.
func (r *rig) numbers(events []a2a.Event, after, last int64) {
	r.Helper()
	for i, e := range events {
		if e.Seq != after+int64(i)+1 {
			r.Errorf("event %d has the number %d", i, e.Seq)
			return
		}
	}
	if after+int64(len(events)) != last {
		r.Errorf("%d events behind %d, want the last to be %d", len(events), after, last)
	}
}

func chunk(n int) a2a.ArtifactUpdate {
	return a2a.ArtifactUpdate{Append: n > 0, Artifact: a2a.Artifact{ID: "a", Parts: []a2a.Part{a2a.TextOf(fmt.Sprint(n, " "))}}}
}

func TestAllFollowersSeeTheSameOnEveryReplica(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		const chunks = 60
		var all sync.WaitGroup
		stories := make([][]a2a.Event, 12)
		for i := range stories {
			s := r.follow(r.keepers[i%len(r.keepers)], task.ID, int64(i%3))
			all.Go(func() { stories[i] = r.all(s) })
		}
		for n := range chunks {
			r.must(r.stores[n%len(r.stores)].AddArtifact(r.Context(), task.ID, key(n), chunk(n)))
		}
		late := r.follow(r.keepers[0], task.ID, 30)
		r.conclude(task.ID)
		all.Wait()
		for i, events := range stories {
			r.numbers(events, min(int64(i%3), task.Seq), chunks+2)
			if d := cmp.Diff(stories[0][len(stories[0])-chunks-1:], events[len(events)-chunks-1:]); d != "" {
				r.Error(d)
			}
		}
		r.numbers(r.all(late), 30, chunks+2)
		r.numbers(r.all(r.follow(r.keepers[0], task.ID, 0)), 0, chunks+2)
		r.numbers(r.all(r.follow(r.keepers[0], task.ID, chunks+2)), chunks+2, chunks+2)
		r.numbers(r.all(r.follow(r.keepers[0], task.ID, 9999)), chunks+2, chunks+2)
	})
}

func TestAFollowerWhoComesAndGoesMissesAndRepeatsNothing(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		const chunks = 100
		var writing sync.WaitGroup
		writing.Go(func() {
			for n := range chunks {
				if err := r.stores[0].AddArtifact(r.Context(), task.ID, key(n), chunk(n)); err != nil {
					r.Error(err)
				}
			}
			_, s := r.other()
			if _, _, err := s.ConcludeTask(r.Context(), task.ID, "end", 9, said(a2a.Completed, "")); err != nil {
				r.Error(err)
			}
		})
		var seen []a2a.Event
		for i, ended := 0, false; !ended; i++ {
			s := r.follow(r.keepers[i%len(r.keepers)], task.ID, int64(len(seen)))
			for range 7 {
				ctx, cancel := newContext(r)
				e, err := s.Next(ctx)
				cancel()
				if ended = errors.Is(err, io.EOF); ended {
					break
				}
				r.must(err)
				seen = append(seen, e)
			}
			s.Close()
			s.Close()
		}
		writing.Wait()
		r.numbers(seen, 0, chunks+2)
	})
}

func TestASlowFollowerHoldsNobodyUp(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		slow, quick := r.follow(r.keepers[0], task.ID, 0), r.follow(r.keepers[0], task.ID, 0)
		ctx, cancel := newContext(r)
		defer cancel()
		_, err := slow.Next(ctx)
		r.must(err)
		const chunks = keptEvents + 200 // more than is remembered for it
		var reading sync.WaitGroup
		var seen []a2a.Event
		reading.Go(func() { seen = r.all(quick) })
		for n := range chunks {
			r.must(r.stores[0].AddArtifact(r.Context(), task.ID, key(n), chunk(n)))
		}
		r.conclude(task.ID)
		reading.Wait()
		r.numbers(seen, 0, chunks+2)
		r.numbers(r.all(slow), 1, chunks+2)
	})
}

func TestWaitingForAnEventEndsWithItsContextAndLosesNone(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		s := r.follow(r.keepers[0], task.ID, 1)
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
			r.Errorf("got %v", err)
		}
		r.conclude(task.ID)
		r.numbers(r.all(s), 1, 2)
	})
}

func TestNobodyReadsWhereNobodyFollows(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		h := r.keepers[0].hub
		for range 3 {
			a, b := r.follow(r.keepers[0], task.ID, 0), r.follow(r.keepers[0], task.ID, 0)
			a.Close()
			h.mu.Lock()
			if h.stop == nil || len(h.feeds) != 1 {
				r.Errorf("there are %d feeds", len(h.feeds))
			}
			h.mu.Unlock()
			b.Close()
			h.mu.Lock()
			if h.stop != nil || len(h.feeds) != 0 {
				r.Errorf("%d feeds are left", len(h.feeds))
			}
			h.mu.Unlock()
		}
	})
}

// BenchmarkKeeperGet polls a task that is open.
func BenchmarkKeeperGet(b *testing.B) {
	s, k, task := benchTask(b)
	_ = s
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := k.Get(b.Context(), ann, a2a.GetRequest{ID: task.ID, History: a2a.AllHistory}); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkKeeperStream2000 follows a task of 2,000 chunks from its beginning.
func BenchmarkKeeperStream2000(b *testing.B) {
	s, k, task := benchTask(b)
	for n := range 2000 {
		if err := s.AddArtifact(b.Context(), task.ID, key(n), chunk(n)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		stream, err := k.Follow(b.Context(), ann, task.ID, 0)
		if err != nil {
			b.Fatal(err)
		}
		for range 2001 {
			if _, err := stream.Next(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		stream.Close()
		if got, err := k.Get(b.Context(), ann, a2a.GetRequest{ID: task.ID}); err != nil || len(got.Artifacts[0].Parts) != 2000 {
			b.Fatal(err)
		}
	}
}

func benchTask(b *testing.B) (*store.Store, *Keeper, a2a.Task) {
	s, err := store.Open(b.Context(), b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	r := &rig{}
	k := New(Config{Store: s, Prepare: r.prepare, Limits: store.TaskLimits{PerOwner: -1, PerInstallation: -1}})
	reply, err := k.Send(b.Context(), ann, message("m1", "Do"))
	if err != nil {
		b.Fatal(err)
	}
	return s, k, *reply.Task
}
