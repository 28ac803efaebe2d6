// Package steptest has a run in memory, for tests of what works through a
// step.Journal: it records and replays, has branches and waits, and can be made
// to crash. It keeps to the promises of step.Journal and to nothing beyond them.
package steptest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/step"
)

// ErrCrash is why a turn ends that was made to crash.
var ErrCrash = errors.New("the process crashed")

// Run is a run in memory. The zero value is a run without a name that has
// nothing on record. It is safe for concurrent use.
type Run struct {
	// Name is the run's id, with which the ids of steps begin.
	Name string
	// Now tells the time of waits; nil for one that begins with Unix time 0 and
	// passes by Pass.
	Now func() time.Time

	mu      sync.Mutex
	entries []step.Entry
	records map[string][]record // by path
	waits   map[string]*wait    // by path
	signals map[string]json.RawMessage
	passed  time.Duration
	left    int // steps until it crashes
	armed   bool
}

type record struct {
	entry   step.Entry
	asked   string
	failure *step.Failure
}

type wait struct {
	Waiting
	pos int
}

// Waiting is what a branch waits for.
type Waiting struct {
	// Branch is its path, Name that of the wait.
	Branch, Name string
	// For and Signal are those of the step.Pause.
	For, Signal string
	// Until is when it ends by itself; zero for never.
	Until time.Time
}

// turn is one stretch of work on a Run.
type turn struct {
	run    *Run
	cancel context.CancelCauseFunc
	// waiting are those of this turn who wait, by path.
	waiting map[string]*wait
}

// resting is why a turn ends whose run waits.
type resting struct{}

func (resting) Error() string        { return "the run waits" }
func (resting) Is(target error) bool { return target == step.ErrWaiting }

// Play does one turn: the work as it is done, or gone on with, from the
// beginning. The error is the work's; step.ErrWaiting if the run waits now, and
// ErrCrash if it was made to crash, whatever the work made of that.
func (r *Run) Play(ctx context.Context, work func(ctx context.Context, journal step.Journal) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := &turn{run: r, cancel: cancel, waiting: map[string]*wait{}}
	err := work(ctx, &journal{turn: t})
	if cause := context.Cause(ctx); errors.Is(cause, ErrCrash) || errors.Is(cause, resting{}) {
		return cause
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waits = nil // a run that has ended waits for nothing
	return err
}

// Crash lets the run crash right before the step behind the next n steps is
// recorded: that one has happened, and nobody knows.
func (r *Run) Crash(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left, r.armed = n, true
}

// Signal ends the wait for the signal with the payload, also if it begins later.
// The first of several counts. It reports whether somebody waits for it.
func (r *Run) Signal(signal string, payload json.RawMessage) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.signals == nil {
		r.signals = map[string]json.RawMessage{}
	}
	if _, told := r.signals[signal]; !told {
		r.signals[signal] = payload
	}
	for _, w := range r.waits {
		if w.Signal == signal && signal != "" {
			return true
		}
	}
	return false
}

// Pass lets time pass.
func (r *Run) Pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passed += d
}

// Waits are the waits that are not over, by branch.
func (r *Run) Waits() []Waiting {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []Waiting
	for _, w := range r.waits {
		list = append(list, w.Waiting)
	}
	slices.SortFunc(list, func(a, b Waiting) int { return strings.Compare(a.Branch, b.Branch) })
	return list
}

// Entries are the finished steps in the order in which they were recorded.
func (r *Run) Entries() []step.Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.entries)
}

// now is called with the lock held.
func (r *Run) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Unix(0, 0).UTC().Add(r.passed)
}

// at returns the record at a position, if there is one.
func (r *Run) at(path string, pos int) (record, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if list := r.records[path]; pos < len(list) {
		return list[pos], true
	}
	return record{}, false
}

// add records a step, unless the run crashes before.
func (r *Run) add(path string, rec *record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.armed && r.left == 0 {
		r.armed = false
		return ErrCrash
	}
	r.left--
	r.keep(path, rec)
	return nil
}

func (r *Run) keep(path string, rec *record) {
	rec.entry.Index, rec.entry.Branch = len(r.entries), path
	rec.entry.Started, rec.entry.Finished = r.now(), r.now()
	r.entries = append(r.entries, rec.entry)
	if r.records == nil {
		r.records = map[string][]record{}
	}
	r.records[path] = append(r.records[path], *rec)
	delete(r.waits, path)
}

// id names a step to the outside.
func (r *Run) id(path string, pos int) string {
	if path == "" {
		return fmt.Sprintf("%s:%d", r.Name, pos)
	}
	return fmt.Sprintf("%s:%s:%d", r.Name, path, pos)
}
