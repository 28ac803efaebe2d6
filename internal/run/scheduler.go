package run

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/store"
)

// Engine starts runs durably; see durable.Engine.
type Engine interface {
	// Start begins a run. A run that was started before is left alone.
	Start(ctx context.Context, id string) error
	// Resume is Start for a run that may have been at work when the process
	// ended. It returns durable.ErrOver if nothing will continue the run.
	Resume(ctx context.Context, id string) error
}

// lookInterval is how often the scheduler looks without having been told to. It
// only matters if a wake-up got lost.
const lookInterval = time.Second

// Scheduler starts each run when its turn has come and a place is free.
type Scheduler struct {
	store  *store.Store
	engine Engine
	worker *Worker
	limit  int
	log    zerolog.Logger

	mu     sync.Mutex
	active map[string]struct{}
	wake   chan struct{}
	// starting are the runs that the engine could not take at once.
	starting sync.WaitGroup
}

// NewScheduler makes a Scheduler that keeps at most limit runs at work, and
// tells the worker to report the end of runs to it.
func NewScheduler(s *store.Store, engine Engine, worker *Worker, limit int, log zerolog.Logger) *Scheduler {
	sch := &Scheduler{store: s, engine: engine, worker: worker, limit: limit, log: log,
		active: map[string]struct{}{}, wake: make(chan struct{}, 1)}
	worker.ended = sch.ended
	return sch
}

// Recover counts the runs that were at work when the process ended, before the
// engine continues them. Call it before the engine is launched.
func (s *Scheduler) Recover(ctx context.Context) ([]string, error) {
	ids, err := s.store.Running(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.active[id] = struct{}{}
	}
	return ids, nil
}

// Resume starts those of the recovered runs that were claimed but never handed
// to the engine, and ends those that the engine has given up. The engine leaves
// the others alone.
func (s *Scheduler) Resume(ctx context.Context, ids []string) error {
	for _, id := range ids {
		err := s.engine.Resume(ctx, id)
		if errors.Is(err, durable.ErrOver) {
			err = s.worker.abandon(ctx, id, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Run starts runs until ctx ends.
func (s *Scheduler) Run(ctx context.Context) {
	ctx = s.log.WithContext(ctx)
	defer s.starting.Wait()
	for ctx.Err() == nil {
		if s.fill(ctx) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-time.After(lookInterval):
		}
	}
}

// Wake tells that there may be something to start.
func (s *Scheduler) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Active returns how many runs are at work.
func (s *Scheduler) Active() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.active)
}

// fill claims as many runs as there are free places and reports whether it
// started any.
func (s *Scheduler) fill(ctx context.Context) bool {
	free := s.limit - s.Active()
	if free <= 0 {
		return false
	}
	ids, err := s.store.Claim(ctx, free)
	if err != nil {
		if ctx.Err() == nil {
			s.log.Error().Err(err).Msg("could not claim runs")
		}
		return false
	}
	s.mu.Lock()
	for _, id := range ids {
		s.active[id] = struct{}{}
	}
	s.mu.Unlock()
	for _, id := range ids {
		s.start(ctx, id)
	}
	return len(ids) > 0
}

// start hands a claimed run to the engine. If the engine cannot take it now, it
// is tried beside the others until it does or the process stops; the next start
// of the process then resumes it.
func (s *Scheduler) start(ctx context.Context, id string) {
	if s.engine.Start(ctx, id) == nil {
		return
	}
	s.starting.Go(func() {
		_ = persist(ctx, "start run", func() error { return s.engine.Start(ctx, id) })
	})
}

func (s *Scheduler) ended(id string) {
	s.mu.Lock()
	delete(s.active, id)
	s.mu.Unlock()
	s.Wake()
}
