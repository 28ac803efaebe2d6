package run

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/store"
)

// Pauses of persist.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = 5 * time.Second
	// longestAsked bounds a pause that another side asked for.
	longestAsked = 10 * time.Minute
)

// hopelessError is a failure that no further try can mend.
type hopelessError struct{ cause error }

func (e *hopelessError) Error() string { return e.cause.Error() }
func (e *hopelessError) Unwrap() error { return e.cause }

func hopeless(err error) bool {
	var known *hopelessError
	return errors.As(err, &known) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrRefused)
}

// temporary reports whether the same request may succeed later.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

func askedPause(err error) time.Duration {
	var d interface{ RetryDelay() time.Duration }
	if errors.As(err, &d) {
		return min(d.RetryDelay(), longestAsked)
	}
	return 0
}

// persist repeats what must not be given up until it goes through, cannot ever
// do so, or the process stops. Giving up would leave a run neither at work nor
// over, or a delivery unheard.
func persist(ctx context.Context, what string, change func() error) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := change()
		if err == nil || hopeless(err) {
			return err
		}
		wait := max(pause, askedPause(err))
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

// guarded turns a panic into a failure of the one thing that caused it. The
// process would meet it again after each restart.
func guarded(ctx context.Context, fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			zerolog.Ctx(ctx).Error().Bytes("stack", debug.Stack()).Msgf("panic: %v", p)
			err = &hopelessError{fmt.Errorf("panic: %v", p)}
		}
	}()
	return fn()
}
