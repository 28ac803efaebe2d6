package keeper

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

const (
	// readBatch is how many events a follower reads at once that is behind.
	readBatch = 200
	// doubtInterval is after what silence a follower looks whether its task is
	// still there.
	doubtInterval = 30 * time.Second
)

// Follow implements a2a.Tasks.
func (k *Keeper) Follow(ctx context.Context, call a2a.Call, taskID string, after int64) (a2a.Stream, error) {
	f, err := k.hub.join(ctx, taskID)
	if err != nil {
		return nil, err
	}
	s := &stream{hub: k.hub, feed: f, owner: owner(call), at: after, behind: true}
	task, err := k.store.Task(ctx, s.owner, taskID, store.TaskView{})
	if err != nil {
		s.Close()
		return nil, err
	}
	s.at = min(max(after, 0), task.Seq)
	s.ended = task.Status.State.Terminal() && s.at == task.Seq
	return s, nil
}

// stream follows one task for one caller. It has a place of its own in the feed
// that all followers of the task share, and reads from the store what the feed does
// not have any more.
type stream struct {
	hub   *hub
	feed  *feed
	owner store.TaskOwner
	// at is the number of the last event that was given, next what comes then.
	at   int64
	next []a2a.Event
	// behind says that the store may have more than the feed.
	behind bool
	ended  bool
	closed sync.Once
}

// Close implements a2a.Stream.
func (s *stream) Close() { s.closed.Do(func() { s.hub.leave(s.feed) }) }

// Next implements a2a.Stream.
func (s *stream) Next(ctx context.Context) (a2a.Event, error) {
	for {
		switch {
		case len(s.next) > 0:
			return s.take(), nil
		case s.ended:
			return a2a.Event{}, io.EOF
		}
		events, gap, changed := s.hub.since(s.feed, s.at)
		if len(events) > 0 && !s.behind {
			s.next = events
			continue
		}
		if gap || s.behind {
			if err := s.read(ctx); err != nil {
				return a2a.Event{}, err
			}
			continue
		}
		if err := s.wait(ctx, changed); err != nil {
			return a2a.Event{}, err
		}
	}
}

func (s *stream) take() a2a.Event {
	e := s.next[0]
	s.next, s.at = s.next[1:], e.Seq
	s.ended = e.Status != nil && e.Status.Status.State.Terminal()
	return e
}

// read gets what the store has. The feed was joined before, so what is not there
// yet will come to it.
func (s *stream) read(ctx context.Context) error {
	events, err := s.hub.store.TaskEvents(ctx, s.feed.task, s.at, readBatch)
	if err != nil {
		return err
	}
	s.next, s.behind = events, len(events) == readBatch
	return nil
}

// wait lasts until something happens to the task, or nothing does for so long that
// it may be gone.
func (s *stream) wait(ctx context.Context, changed <-chan struct{}) error {
	timer := time.NewTimer(doubtInterval)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
		return nil
	case <-timer.C:
	}
	task, err := s.hub.store.Task(ctx, s.owner, s.feed.task, store.TaskView{})
	if err != nil {
		return err
	}
	s.behind = task.Seq > s.at
	return nil
}
