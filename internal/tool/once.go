package tool

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrInDoubt says that a write may or may not have happened and that nobody can
// tell. It is never repeated.
var ErrInDoubt = errors.New("it cannot be known whether this write happened")

// Effect is what the ledger knows of one write.
type Effect struct {
	// ID is the Call's id.
	ID string
	// Begun is when the write was first about to be sent, by the clock of whoever
	// did so.
	Begun time.Time
	// Age is how long ago it was sent, or about to be, for the last time, by the
	// clock of the ledger alone.
	Age time.Duration
	// Fresh is true if this is the first try: nothing can have happened yet.
	Fresh bool
	// Done is true if the write is known to have happened; Ref then names its
	// result, such as a comment's id.
	Done bool
	Ref  string
}

// Ledger remembers, durably, which writes were about to be sent and which of
// them happened.
type Ledger interface {
	// Begin records that the write is about to be sent, before it is. If it was
	// recorded before, it returns what is known of it.
	Begin(ctx context.Context, id, kind, target string) (Effect, error)
	// Sent records that the write was just sent and nobody knows what became of it.
	Sent(ctx context.Context, id string) error
	// Done records that the write happened.
	Done(ctx context.Context, id, ref string) error
	// Abandon forgets a write of which it is certain that it did not happen.
	Abandon(ctx context.Context, id string) error
}

// Writer sends writes at most once, by looking before it repeats one.
type Writer struct {
	// Ledger remembers the writes.
	Ledger Ledger
	// Settle is how long an interrupted write may still take to show up. Within
	// it, "not there" is not believed yet.
	Settle time.Duration
	// Patience is the longest pause between two looks that is slept here; a
	// longer one is a *SettlingError, so that the caller's run need not hold its
	// place meanwhile. 0 for any.
	Patience time.Duration
}

// SettlingError says that it is not known yet whether a write happened, and when
// to ask again.
type SettlingError struct {
	// Kind and Target are the write's.
	Kind, Target string
	// After is how long to wait.
	After time.Duration
}

// Error says what is waited for.
func (e *SettlingError) Error() string {
	return fmt.Sprintf("it is not known yet whether the %s of %s went through", e.Kind, e.Target)
}

// Temporary reports that asking again helps.
func (*SettlingError) Temporary() bool { return true }

// RetryDelay is how long to wait before.
func (e *SettlingError) RetryDelay() time.Duration { return e.After }

// Action is one write.
type Action struct {
	// Kind and Target describe the write in the ledger.
	Kind   string
	Target string
	// Find looks whether the write happened already and returns its reference.
	// It cannot have happened before the given time, which is by our clock, not
	// by the server's. nil means that there is no way to tell.
	Find func(ctx context.Context, since time.Time) (ref string, found bool, err error)
	// Send does the write and returns its reference.
	Send func(ctx context.Context) (ref string, err error)
	// NotSent tells whether an error of Send proves that nothing happened, as a
	// refusal by the server does and a time-out does not.
	NotSent func(error) bool
	// Repeatable is true if sending twice does no more than sending once, as
	// setting a field does. Nothing is waited for then before it is sent again.
	Repeatable bool
}

// Once performs the action under the given id if it did not happen yet. It
// returns the reference of the write that did happen, be it now or earlier.
//
// An error after which the write may have happened leaves the intent in the
// ledger, so that the next call under this id looks first.
func (w Writer) Once(ctx context.Context, id string, a Action) (string, error) {
	effect, err := w.begin(ctx, id, a)
	if err != nil {
		return "", err
	}
	if effect.Done {
		return effect.Ref, nil
	}
	if !effect.Fresh {
		ref, found, err := w.lookUp(ctx, effect, a)
		if err != nil {
			return "", err
		}
		if found {
			return ref, w.done(ctx, id, ref)
		}
		if err := w.again(ctx, id, a); err != nil {
			return "", err
		}
	}
	ref, err := a.Send(ctx)
	if err != nil {
		return "", w.failed(ctx, id, a, err)
	}
	return ref, w.done(ctx, id, ref)
}

func (w Writer) begin(ctx context.Context, id string, a Action) (Effect, error) {
	effect, err := w.Ledger.Begin(ctx, id, a.Kind, a.Target)
	if err != nil {
		return Effect{}, fmt.Errorf("record intent of %s: %w", a.Kind, err)
	}
	return effect, nil
}

// again records a new intent in place of one that is known to have come to
// nothing. The time in the ledger must be that of the last sending: the next
// look-up waits for the write to settle from there.
func (w Writer) again(ctx context.Context, id string, a Action) error {
	if err := w.Ledger.Abandon(ctx, id); err != nil {
		return fmt.Errorf("forget intent %s: %w", id, err)
	}
	_, err := w.begin(ctx, id, a)
	return err
}

// lookUp finds out whether an earlier try went through.
func (w Writer) lookUp(ctx context.Context, effect Effect, a Action) (string, bool, error) {
	if a.Find == nil {
		return "", false, fmt.Errorf("%s of %s: %w", a.Kind, a.Target, ErrInDoubt)
	}
	wait := w.unsettled(effect, a)
	for {
		ref, found, err := a.Find(ctx, effect.Begun)
		if err != nil || found || wait <= 0 {
			return ref, found, err
		}
		pause := min(wait, max(w.Settle/looks, time.Millisecond))
		if w.Patience > 0 && pause > w.Patience {
			return "", false, &SettlingError{Kind: a.Kind, Target: a.Target, After: pause}
		}
		if err := sleep(ctx, pause); err != nil {
			return "", false, fmt.Errorf("wait for %s of %s to settle: %w", a.Kind, a.Target, err)
		}
		wait -= pause
	}
}

// looks is how often a write that may still show up is looked for while it
// settles.
const looks = 3

// unsettled is how much longer the write may take to show up. A clock that was
// set back must not make it more than Settle.
func (w Writer) unsettled(effect Effect, a Action) time.Duration {
	if a.Repeatable {
		return 0
	}
	return min(w.Settle, w.Settle-effect.Age)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// done records what happened even if the run was canceled meanwhile: the write
// is a fact.
func (w Writer) done(ctx context.Context, id, ref string) error {
	if err := w.Ledger.Done(context.WithoutCancel(ctx), id, ref); err != nil {
		return fmt.Errorf("record effect %s: %w", id, err)
	}
	return nil
}

func (w Writer) failed(ctx context.Context, id string, a Action, cause error) error {
	if a.NotSent == nil || !a.NotSent(cause) {
		// It may have taken long to learn that there is no answer. What is on its
		// way gets the whole time to show up from here.
		if err := w.Ledger.Sent(context.WithoutCancel(ctx), id); err != nil {
			return errors.Join(cause, fmt.Errorf("renew intent %s: %w", id, err))
		}
		return cause
	}
	if err := w.Ledger.Abandon(context.WithoutCancel(ctx), id); err != nil {
		return errors.Join(cause, fmt.Errorf("forget intent %s: %w", id, err))
	}
	return cause
}
