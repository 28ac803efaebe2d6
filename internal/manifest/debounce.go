package manifest

import (
	"context"
	"time"
)

// How long a burst of changes is waited out.
const (
	quietTime = 100 * time.Millisecond
	mostTime  = 2 * time.Second
)

// debounce calls fire once nothing has happened for quietTime, but mostTime after
// the first event at the latest. It returns when the context is done.
func debounce(ctx context.Context, events <-chan struct{}, fire func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-events:
		}
		if !calmDown(ctx, events) {
			return
		}
		fire()
	}
}

// calmDown waits for the end of a burst. It returns false if the context is done.
func calmDown(ctx context.Context, events <-chan struct{}) bool {
	quiet := time.NewTimer(quietTime)
	defer quiet.Stop()
	most := time.NewTimer(mostTime)
	defer most.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-events:
			quiet.Reset(quietTime)
		case <-quiet.C:
			return true
		case <-most.C:
			return true
		}
	}
}
