package reconcile

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// lookInterval is how often a replica looks whether it leads.
const lookInterval = time.Second

// Status is how the looking goes.
type Status struct {
	// Leads is true on the replica that looks.
	Leads bool
	// Success is when Jira was asked last with success, by our clock, since this
	// process began; zero for never.
	Success time.Time
	// Err is why the last try failed; nil if it did not.
	Err error
	// Found and Told count changes since this process began: those whose webhooks
	// had not come, and the others.
	Found, Told int
}

type status struct {
	mu  sync.Mutex
	now Status
}

// Status tells how it goes.
func (r *Reconciler) Status() Status {
	r.status.mu.Lock()
	defer r.status.mu.Unlock()
	return r.status.now
}

func (r *Reconciler) set(change func(*Status)) {
	r.status.mu.Lock()
	defer r.status.mu.Unlock()
	change(&r.status.now)
}

// note counts changes.
func (r *Reconciler) note(found, told int) {
	r.set(func(s *Status) { s.Found += found; s.Told += told })
	r.cfg.Observer.Reconciled(r.cfg.Site, found, told)
}

// Run looks again and again while leads says so, until ctx ends.
func (r *Reconciler) Run(ctx context.Context, leads func() bool) {
	var next time.Time
	for ctx.Err() == nil {
		leading := leads()
		r.set(func(s *Status) { s.Leads = leading })
		if !leading || r.cfg.Now().Before(next) {
			rest(ctx, min(lookInterval, r.cfg.Interval))
			continue
		}
		more, err := r.Sweep(ctx)
		if ctx.Err() != nil {
			return
		}
		r.tell(ctx, err)
		if next = r.cfg.Now().Add(r.cfg.Interval); more {
			next = time.Time{}
		}
	}
}

// tell remembers how a sweep went, and logs what is new.
func (r *Reconciler) tell(ctx context.Context, err error) {
	before := r.Status().Err
	log := zerolog.Ctx(ctx).With().Str("jira", r.cfg.Title).Logger()
	switch {
	case err != nil && before == nil:
		log.Warn().Err(err).Msg("could not ask for changes whose webhooks did not come; it is tried again, and reaches further back then")
	case err == nil && before != nil:
		log.Info().Msg("changes whose webhooks did not come are asked for again")
	}
	now := r.cfg.Now()
	r.set(func(s *Status) {
		if s.Err = err; err == nil {
			s.Success = now
		}
	})
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
