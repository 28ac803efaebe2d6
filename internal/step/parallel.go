package step

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/rs/zerolog"
)

// Strand is work that may happen at the same time as that of other strands.
type Strand struct {
	// Name is that of its branch. It is given once within a journal.
	Name string
	// Run does the work through the journal of the branch. It hands on the error
	// of a step or a wait that is ErrWaiting.
	Run func(ctx context.Context, journal Journal) error
}

// Parallel runs each strand in a branch of its own of the journal, at most so
// many at a time; most below 1 is for all at once. A strand that waits takes
// nobody's place. It returns when no strand is at work any more, with the error
// of each: one that fails leaves the others alone, and a panic is an error.
//
// The second result is why the caller cannot go on, and is handed on by it: the
// run was interrupted, or a strand waits, for which Parallel has called Rest.
func Parallel(ctx context.Context, journal Journal, most int, strands ...Strand) ([]error, error) {
	if most < 1 {
		most = max(len(strands), 1)
	}
	errs, places := make([]error, len(strands)), make(chan struct{}, most)
	var all sync.WaitGroup
	for i, s := range strands {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if errs[i] = context.Cause(ctx); errs[i] != nil {
			continue
		}
		branch := journal.Branch(s.Name)
		all.Go(func() {
			defer func() { <-places }()
			errs[i] = s.guarded(ctx, branch)
		})
	}
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return errs, err
	}
	for _, err := range errs {
		if errors.Is(err, ErrWaiting) {
			return errs, journal.Rest(ctx)
		}
	}
	return errs, nil
}

// guarded turns a panic into an error: nobody above it in this goroutine would
// stop it from ending the process.
func (s Strand) guarded(ctx context.Context, journal Journal) (err error) {
	defer func() {
		if p := recover(); p != nil {
			zerolog.Ctx(ctx).Error().Str("branch", s.Name).Bytes("stack", debug.Stack()).Msgf("branch panicked: %v", p)
			err = fmt.Errorf("panic in %s: %v", s.Name, p)
		}
	}()
	return s.Run(ctx, journal)
}
