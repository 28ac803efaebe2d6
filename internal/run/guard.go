package run

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/durable"
)

const (
	// firstPause and longestPause bound the pauses between looks at what is not
	// ours to mend.
	firstPause   = 50 * time.Millisecond
	longestPause = 5 * time.Second
	// mostAsked bounds a pause that another side asked for.
	mostAsked = 10 * time.Minute
)

// temporary reports whether the same request may succeed later.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

func askedPause(err error) time.Duration {
	var d interface{ RetryDelay() time.Duration }
	if errors.As(err, &d) {
		return min(d.RetryDelay(), mostAsked)
	}
	return 0
}

// guarded turns a panic into a failure of the one thing that caused it. The
// process would meet it again after each restart.
func guarded(ctx context.Context, fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			zerolog.Ctx(ctx).Error().Bytes("stack", debug.Stack()).Msgf("panic: %v", p)
			err = &durable.HopelessError{Cause: fmt.Errorf("panic: %v", p)}
		}
	}()
	return fn()
}
