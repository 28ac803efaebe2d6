package run

import (
	"cmp"
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/store"
)

const (
	defaultInterval = time.Second
	defaultLease    = 10 * time.Second
	// marginShare is the part of the lease by which a replica stops its steps
	// before the others may take its runs.
	marginShare = 5
	// everybody is a lease that is over for whoever was heard of, whatever the
	// clock says.
	everybody = time.Duration(math.MinInt64) / 2
	// intake is the lease of the one replica that decides what becomes of
	// deliveries: their order must not depend on who is faster.
	intake = "intake"
)

// ErrSilent is why a replica stops its steps that could not tell the others for
// too long that it is alive: they take its runs over.
var ErrSilent error = silence{}

type silence struct{}

func (silence) Error() string {
	return "this replica could not reach the database in time; its runs go on elsewhere"
}

// Temporary reports that a write that was not permitted may be later: nobody need
// have taken the run.
func (silence) Temporary() bool { return true }

// Supervisor keeps one replica honest with the others: it says that this one is
// alive, takes over the runs of those that are not, wakes what has waited long
// enough, interrupts what somebody canceled, and takes up what was claimed here
// and then forgotten.
type Supervisor struct {
	cfg SupervisorConfig

	mu sync.Mutex
	// heard is when the last heartbeat that arrived was sent, by both clocks: one
	// that was set, and one that stands still while the machine sleeps.
	heard  time.Time
	silent bool
	lease  store.Lease
	leads  bool
	// retired is true once another replica is to decide about deliveries.
	retired bool
	// since is when a claimed run was first seen that is not at work.
	since map[store.Claim]time.Time
}

// SupervisorConfig is what a Supervisor is made of.
type SupervisorConfig struct {
	Store   *store.Store
	Engine  Engine
	Replica store.Replica
	// Wake tells the scheduler that there may be something to start.
	Wake func()
	// Interval is how often this replica says that it is alive, and does what
	// else it has to; 0 for 1 s.
	Interval time.Duration
	// Lease is how long a replica may be silent before others take its runs, by
	// the database's clock; 0 for 10 s. It stops its steps itself when four
	// fifths of that are over. A run may be claimed here for half of it without
	// being at work.
	Lease time.Duration
	// Tend is called from time to time in the one replica that has the lease of
	// intake, for what only one has to do, such as deleting what is old.
	Tend func(ctx context.Context)
	Log  zerolog.Logger
}

// NewSupervisor makes a Supervisor.
func NewSupervisor(cfg SupervisorConfig) *Supervisor {
	cfg.Interval = cmp.Or(cfg.Interval, defaultInterval)
	cfg.Lease = cmp.Or(cfg.Lease, defaultLease)
	return &Supervisor{cfg: cfg, since: map[store.Claim]time.Time{}}
}

// Begin makes this replica known and takes the runs of those that are not there
// any more. On a store that is not shared that is everybody else.
func (s *Supervisor) Begin(ctx context.Context) error {
	lease := s.cfg.Lease
	if !s.cfg.Store.Shared() {
		lease = everybody
	}
	n, err := s.cfg.Store.Revive(ctx, lease)
	if err != nil {
		return err
	}
	if n > 0 {
		s.cfg.Log.Info().Int("runs", n).Msg("continuing runs that were at work")
	}
	return s.beat(ctx)
}

// Run supervises until ctx ends. The heartbeat waits for none of the other
// duties, each of which may have to wait for the writes of all replicas.
func (s *Supervisor) Run(ctx context.Context) {
	ctx = s.cfg.Log.WithContext(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	if s.cfg.Store.Shared() {
		all.Go(func() { s.repeat(ctx, s.beat) })
		all.Go(func() { s.repeat(ctx, s.bounded(s.lead), s.bounded(s.revive)) })
		all.Go(func() { s.watchLease(ctx) })
	}
	all.Go(func() { s.watchCancels(ctx) })
	all.Go(func() { s.repeat(ctx, s.tend) })
	s.repeat(ctx, s.bounded(s.wakeWaiting), s.bounded(s.audit), s.bounded(s.cancel))
}

// bounded gives a duty up that hangs on a connection that nobody answers: the
// heartbeat, on another one, would go on and keep all others from helping.
func (s *Supervisor) bounded(duty func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, s.cfg.Lease)
		defer cancel()
		return duty(ctx)
	}
}

// repeat does what is to be done each second.
func (s *Supervisor) repeat(ctx context.Context, duties ...func(context.Context) error) {
	for ctx.Err() == nil {
		for _, duty := range duties {
			if err := duty(ctx); err != nil {
				if ctx.Err() == nil {
					s.cfg.Log.Warn().Err(err).Msg("the database does not answer the supervisor")
				}
				break
			}
		}
		rest(ctx, s.cfg.Interval)
	}
}

func (s *Supervisor) tend(ctx context.Context) error {
	if s.cfg.Tend != nil && s.Leads() {
		s.cfg.Tend(ctx)
	}
	return nil
}

// beat says that this replica is alive.
func (s *Supervisor) beat(ctx context.Context) error {
	sent := time.Now()
	ctx, cancel := context.WithTimeout(ctx, s.trusted())
	defer cancel()
	known, err := s.cfg.Store.Beat(ctx, s.cfg.Replica)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !known && !s.heard.IsZero() {
		// By the database's clock it was silent for too long, whatever ours says.
		s.cfg.Log.Error().Err(ErrSilent).Msg("steps at work are stopped")
		s.cfg.Engine.Abandon(ErrSilent)
	}
	if s.silent {
		s.cfg.Log.Info().Msg("this replica reaches the database again")
	}
	s.heard, s.silent = sent, false
	return nil
}

// lead takes or renews the lease of intake, or gives it back.
func (s *Supervisor) lead(ctx context.Context) error {
	if !s.Alive() {
		return nil
	}
	if resigned, err := s.resign(ctx); resigned || err != nil {
		return err
	}
	lease, ours, err := s.cfg.Store.Lead(ctx, intake, s.cfg.Replica.ID, s.cfg.Lease)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ours && !s.leads {
		s.cfg.Log.Info().Msg("this replica decides about deliveries")
	}
	s.lease, s.leads = lease, ours
	return nil
}

// Retire lets another replica decide about deliveries from the next round on. It
// is called once this one has stopped to.
func (s *Supervisor) Retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retired = true
}

// resign gives the lease of intake back if this replica has retired, which it
// reports.
func (s *Supervisor) resign(ctx context.Context) (bool, error) {
	s.mu.Lock()
	lease, leads, retired := s.lease, s.leads, s.retired
	s.mu.Unlock()
	if !retired || !leads {
		return retired, nil
	}
	if err := s.cfg.Store.Resign(ctx, lease); err != nil {
		return true, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leads = false
	return true, nil
}

// revive takes the runs of replicas that are gone. One that was silent itself is
// heard first.
func (s *Supervisor) revive(ctx context.Context) error {
	if !s.Alive() {
		return nil
	}
	n, err := s.cfg.Store.Revive(ctx, s.cfg.Lease)
	if n > 0 {
		s.cfg.Log.Warn().Int("runs", n).Msg("a replica is gone; its runs go on")
		s.cfg.Wake()
	}
	return err
}

func (s *Supervisor) wakeWaiting(ctx context.Context) error {
	n, err := s.cfg.Store.Wake(ctx)
	if n > 0 {
		s.cfg.Wake()
	}
	return err
}

// audit takes up runs that are claimed for this replica and not at work: the
// answer to the claim got lost, or the run was abandoned and nobody took it.
func (s *Supervisor) audit(ctx context.Context) error {
	if !s.Alive() {
		return nil
	}
	held, err := s.cfg.Store.Held(ctx, s.cfg.Replica.ID)
	if err != nil {
		return err
	}
	now, idle := time.Now(), map[store.Claim]time.Time{}
	for _, c := range held {
		if s.cfg.Engine.Has(c.Run) {
			continue
		}
		first, known := s.since[c]
		if !known {
			first = now
		}
		idle[c] = first
		if now.Sub(first) < s.cfg.Lease/2 {
			continue
		}
		s.cfg.Log.Warn().Str("run", c.Run).Msg("run was claimed and not at work; it is taken up")
		delete(idle, c)
		_ = s.cfg.Engine.Start(c) // an engine that stops takes nothing
	}
	s.since = idle
	return nil
}

// watchCancels interrupts canceled runs as soon as something tells of them.
func (s *Supervisor) watchCancels(ctx context.Context) {
	for ctx.Err() == nil {
		changed := s.cfg.Store.Canceled()
		if err := s.bounded(s.cancel)(ctx); err != nil {
			rest(ctx, s.cfg.Interval)
			continue
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

func (s *Supervisor) cancel(ctx context.Context) error {
	ids, err := s.cfg.Store.Canceling(ctx, s.cfg.Replica.ID)
	for _, id := range ids {
		s.cfg.Engine.Cancel(id)
	}
	return err
}

// watchLease stops the steps at work in time when this replica cannot say that
// it is alive.
func (s *Supervisor) watchLease(ctx context.Context) {
	for ctx.Err() == nil {
		rest(ctx, s.cfg.Interval/4)
		if s.Alive() {
			continue
		}
		s.mu.Lock()
		told := s.silent
		s.silent, s.leads = true, false
		s.mu.Unlock()
		if !told && ctx.Err() == nil {
			s.cfg.Log.Error().Err(ErrSilent).Msg("steps at work are stopped")
		}
		s.cfg.Engine.Abandon(ErrSilent)
	}
}

// trusted is how long this replica may trust its last heartbeat.
func (s *Supervisor) trusted() time.Duration { return s.cfg.Lease - s.cfg.Lease/marginShare }

// Alive reports whether the others still take this replica for alive.
func (s *Supervisor) Alive() bool {
	if !s.cfg.Store.Shared() {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now, limit := time.Now(), s.trusted()
	return now.Sub(s.heard) < limit && now.Round(0).Sub(s.heard.Round(0)) < limit
}

// Permit refuses what a replica may not do any more that the others take for
// dead. It is asked right before each write.
func (s *Supervisor) Permit(context.Context) error {
	if s.Alive() {
		return nil
	}
	return ErrSilent
}

// Leads reports whether this replica decides about deliveries.
func (s *Supervisor) Leads() bool {
	if !s.cfg.Store.Shared() {
		return true
	}
	if !s.Alive() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leads
}

// Lease is the lease of intake, of which Leads tells whether it is ours.
func (s *Supervisor) Lease() store.Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lease
}

// End gives everything back, so that others need not wait.
func (s *Supervisor) End(ctx context.Context) error {
	n, err := s.cfg.Store.Release(ctx, s.cfg.Replica.ID)
	if n > 0 {
		s.cfg.Log.Info().Int("runs", n).Msg("runs that are not finished are given back")
	}
	if s.Leads() && s.cfg.Store.Shared() {
		err = errors.Join(err, s.cfg.Store.Resign(ctx, s.Lease()))
	}
	return err
}
