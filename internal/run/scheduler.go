package run

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/store"
)

// Engine takes claimed runs up; see durable.Engine.
type Engine interface {
	// Start takes a run up. One that is at work already is left alone.
	Start(c store.Claim) error
	// Cancel interrupts a run at work, Abandon all of them.
	Cancel(run string) bool
	Abandon(cause error)
	// Has and Active tell which runs are at work, and how many.
	Has(run string) bool
	Active() int
}

const (
	// lookInterval is how often the scheduler looks without having been told to.
	lookInterval = time.Second
	// settleInterval is how long it waits after others have changed something: who
	// has something to do there comes first.
	settleInterval = 5 * time.Millisecond
	// limitedInterval is how long it waits when runs are ready that the limits of
	// all replicas do not let start: to try costs a write.
	limitedInterval = 100 * time.Millisecond
	// claimTimeout bounds how long looking may take: a connection that nobody
	// answers must not keep this replica idle for ever.
	claimTimeout = 10 * time.Second
)

// Scheduler claims each run when its turn has come and a place is free.
type Scheduler struct {
	store  *store.Store
	engine Engine
	cfg    SchedulerConfig
	wake   chan struct{}
}

// SchedulerConfig is what a Scheduler is made of.
type SchedulerConfig struct {
	// Owner is this replica.
	Owner string
	// Limit is how many runs this replica works on at a time.
	Limit int
	// Limits bound the runs of all replicas together.
	Limits store.Limits
	// May reports whether this replica may take up runs; nil for always.
	May func() bool
	Log zerolog.Logger
}

// NewScheduler makes a Scheduler.
func NewScheduler(s *store.Store, engine Engine, cfg SchedulerConfig) *Scheduler {
	if cfg.May == nil {
		cfg.May = func() bool { return true }
	}
	return &Scheduler{store: s, engine: engine, cfg: cfg, wake: make(chan struct{}, 1)}
}

// Run starts runs until ctx ends.
func (s *Scheduler) Run(ctx context.Context) {
	for ctx.Err() == nil {
		changed := s.store.Changed()
		started, limited := s.fill(ctx)
		if started {
			continue
		}
		if limited {
			rest(ctx, limitedInterval)
		}
		if !s.store.Shared() {
			changed = nil // nobody else changes anything
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-changed:
			rest(ctx, settleInterval)
		case <-time.After(lookInterval):
		}
	}
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Wake tells that there may be something to start.
func (s *Scheduler) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// fill claims as many runs as there are free places and reports whether it
// started any, and whether some were ready that could not start.
func (s *Scheduler) fill(ctx context.Context) (started, limited bool) {
	free := s.cfg.Limit - s.engine.Active()
	if free <= 0 || !s.cfg.May() {
		return false, false
	}
	claims, ready, err := s.claim(ctx, free)
	if err != nil && ctx.Err() == nil {
		s.cfg.Log.Error().Err(err).Msg("could not claim runs")
	}
	for _, c := range claims {
		// An engine that stops takes nothing; the run is given back with all others.
		_ = s.engine.Start(c)
	}
	return len(claims) > 0, ready && len(claims) == 0
}

func (s *Scheduler) claim(ctx context.Context, n int) (claims []store.Claim, ready bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	ready, err = s.store.Claimable(ctx)
	if err != nil || !ready {
		return nil, false, err
	}
	claims, err = s.store.Claim(ctx, s.cfg.Owner, n, s.cfg.Limits)
	return claims, true, err
}
