package durable

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/store"
)

// Pauses of Persist.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = 5 * time.Second
	// mostAsked bounds a pause that another side asked for.
	mostAsked = 10 * time.Minute
)

// HopelessError is a failure that no further try can mend.
type HopelessError struct{ Cause error }

// Error is that of the cause.
func (e *HopelessError) Error() string { return e.Cause.Error() }

// Unwrap returns the cause.
func (e *HopelessError) Unwrap() error { return e.Cause }

func hopeless(err error) bool {
	var known *HopelessError
	if errors.As(err, &known) {
		return true
	}
	return slices.ContainsFunc([]error{store.ErrNotFound, store.ErrRefused, store.ErrLost, store.ErrDamaged}, func(sign error) bool { return errors.Is(err, sign) })
}

// Persist repeats what must not be given up until it goes through, cannot ever
// do so, or the process stops. Giving up would leave a run neither at work nor
// over, or a delivery unheard.
func Persist(ctx context.Context, what string, change func() error) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := change()
		if err == nil || hopeless(err) {
			return err
		}
		wait := max(pause, min(delayOf(err), mostAsked))
		if ctx.Err() == nil {
			zerolog.Ctx(ctx).Warn().Err(err).Dur("again_in", wait).Msg("could not " + what)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}
