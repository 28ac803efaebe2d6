package flow

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/step"
)

// seal ends what a part of a flow may still begin. What is on record stays and is
// played back; a step that is at work is finished, but for a model's whose time is
// up.
type seal struct {
	mu     sync.Mutex
	reason error
	calls  map[int]context.CancelCauseFunc // model calls at work
	next   int
	// kept is true if something was kept from being done.
	kept bool
}

// close ends it for the first reason that is given.
func (s *seal) close(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason != nil {
		return
	}
	s.reason = reason
	if errors.Is(reason, errTimedOut) {
		for _, cancel := range s.calls {
			cancel(reason)
		}
	}
}

// why is the reason for which it is closed; nil while it is open.
func (s *seal) why() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}

// refuse returns the reason if it is closed, and notes that it was of consequence.
func (s *seal) refuse() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = s.kept || s.reason != nil
	return s.reason
}

// late reports whether the time was up before the work was done.
func (s *seal) late() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept && errors.Is(s.reason, errTimedOut)
}

// call lets a model's call be ended by a time-out.
func (s *seal) call(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls == nil {
		s.calls = map[int]context.CancelCauseFunc{}
	}
	id := s.next
	s.next++
	s.calls[id] = cancel
	return ctx, func() {
		s.mu.Lock()
		delete(s.calls, id)
		s.mu.Unlock()
		cancel(nil)
	}
}

// strand is the journal of a part of a flow that can be sealed and is watched.
type strand struct {
	inner step.Journal
	seal  *seal
	watch *watch
}

// Next implements step.Journal.
func (s *strand) Next() (step.Kind, bool) { return s.inner.Next() }

// Do implements step.Journal.
func (s *strand) Do(ctx context.Context, kind step.Kind, name string, fn step.Func) (step.Entry, error) {
	_, known := s.inner.Next()
	if !known {
		if err := s.seal.refuse(); err != nil {
			return step.Entry{}, err
		}
		s.watch.begin(s.seal)
	}
	if kind == step.KindModel {
		var done func()
		ctx, done = s.seal.call(ctx)
		defer done()
	}
	entry, err := s.inner.Do(ctx, kind, name, fn)
	var failure *step.Failure
	if err == nil || errors.As(err, &failure) {
		s.watch.saw(entry, failure != nil)
		return entry, err
	}
	if why := s.seal.refuse(); why != nil && ctx.Err() != nil {
		return entry, why // the call was ended
	}
	return entry, err
}

// Wait implements step.Journal.
func (s *strand) Wait(ctx context.Context, name string, p step.Pause) (step.Entry, error) {
	if _, known := s.inner.Next(); !known {
		if err := s.seal.refuse(); err != nil {
			return step.Entry{}, err
		}
	}
	return s.inner.Wait(ctx, name, p)
}

// Branch implements step.Journal.
func (s *strand) Branch(name string) step.Journal {
	return &strand{inner: s.inner.Branch(name), seal: s.seal, watch: s.watch}
}

// Rest implements step.Journal.
func (s *strand) Rest(ctx context.Context) error {
	if err := s.seal.refuse(); err != nil {
		return err
	}
	return s.inner.Rest(ctx)
}

// watch sees the steps of one attempt, and how long it is at work.
type watch struct {
	// limit bounds its working time, that of earlier turns included; 0 for no bound.
	limit time.Duration

	mu    sync.Mutex
	steps []seen
	timer *time.Timer
}

// seen is a finished step; failed if it has no result.
type seen struct {
	entry  step.Entry
	failed bool
}

func (w *watch) saw(entry step.Entry, failed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps = append(w.steps, seen{entry, failed})
}

// begin starts the clock when a step begins that is not on record.
func (w *watch) begin(s *seal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.limit <= 0 || w.timer != nil {
		return
	}
	w.timer = time.AfterFunc(max(w.limit-worked(w.steps), 0), func() { s.close(errTimedOut) })
}

func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
}

func (w *watch) done() []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.steps)
}

// worked is for how long at least one of the steps was at work.
func worked(steps []seen) time.Duration {
	sorted := slices.Clone(steps)
	slices.SortFunc(sorted, func(a, b seen) int { return a.entry.Started.Compare(b.entry.Started) })
	var total time.Duration
	var until time.Time
	for _, s := range sorted {
		from := s.entry.Started
		if from.Before(until) {
			from = until
		}
		if d := s.entry.Finished.Sub(from); d > 0 {
			total, until = total+d, s.entry.Finished
		}
	}
	return total
}
