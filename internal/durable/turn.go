package durable

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// turn is one stretch of work on a run, which the journals of all its branches
// share.
type turn struct {
	claim store.Claim
	// ctx ends when the turn is interrupted.
	ctx       context.Context //nolint:containedctx // it is the turn's life
	interrupt context.CancelCauseFunc
	// again is a later claim of the run, which is taken up behind this one; the
	// engine guards it.
	again *store.Claim

	// What is on record, by branch.
	records   map[string][]store.Record
	rewinds   map[string][]int
	waited    map[string]store.Waited
	timedFrom int

	// mu guards what follows, and the working times of all branches.
	mu sync.Mutex
	// waits are those of the branches that have begun to wait, or go on waiting, in
	// this turn.
	waits map[string]store.Wait
	// atWork counts the steps that are at work.
	atWork int
	// stopping is why no step begins any more; the turn ends with the last one that
	// is at work.
	stopping error
}

// load takes in what is on record.
func (t *turn) load(known store.Journal) {
	t.records, t.rewinds = map[string][]store.Record{}, map[string][]int{}
	t.waited, t.waits = map[string]store.Waited{}, map[string]store.Wait{}
	t.timedFrom = known.TimedFrom
	for _, r := range known.Records {
		t.records[r.Entry.Branch] = append(t.records[r.Entry.Branch], r)
	}
	for _, r := range known.Rewinds {
		t.rewinds[r.Branch] = append(t.rewinds[r.Branch], r.Pos)
	}
	for _, w := range known.Waits {
		t.waited[w.Branch] = w
	}
}

// enter counts a step that begins in a branch, unless the branch waits or the
// process stops. Steps of other branches that are at work then finish before the
// turn ends.
func (t *turn) enter(path string, drains bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w, waits := t.waits[path]; waits {
		return waiting(w)
	}
	if drains {
		t.stopping = ErrStopping
		t.stop()
		return ErrStopping
	}
	t.atWork++
	return nil
}

// leave counts a step that has ended.
func (t *turn) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.atWork--
	t.stop()
}

// stop ends the turn if it is to end and nothing is at work. The caller holds the
// lock.
func (t *turn) stop() {
	if t.stopping != nil && t.atWork == 0 {
		t.interrupt(t.stopping)
	}
}

// stopped is why the turn has ended or is about to; nil while it goes on.
func (t *turn) stopped() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopping != nil {
		t.interrupt(t.stopping)
	}
	return context.Cause(t.ctx)
}

// waitedIn is what earlier turns know of a step.
func (t *turn) waitedIn(path string, pos int) (store.Waited, bool) {
	w, ok := t.waited[path]
	if !ok || w.Step != pos {
		return store.Waited{}, false
	}
	return w, true
}

// hold lets a branch be one of those who wait.
func (t *turn) hold(w store.Wait) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waits[w.Branch] = w
}

// release takes it from among them.
func (t *turn) release(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.waits, path)
}

// resting are the waits within a branch, in the order of their paths. The error is
// why the turn ends otherwise: a branch that was stopped could go on.
func (t *turn) resting(path string) ([]store.Wait, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopping != nil {
		return nil, t.stopping
	}
	waits := slices.Collect(maps.Values(t.waits))
	waits = slices.DeleteFunc(waits, func(w store.Wait) bool { return !step.Within(w.Branch, path) })
	slices.SortFunc(waits, func(a, b store.Wait) int { return cmp.Compare(a.Branch, b.Branch) })
	return waits, nil
}

// suspension is why a run stops that has to wait.
type suspension struct{ waits []store.Wait }

func (s *suspension) Error() string { return "the run waits for " + s.waits[0].For }

// Is makes it step.ErrWaiting.
func (s *suspension) Is(target error) bool { return target == step.ErrWaiting }

func waiting(w store.Wait) error {
	return fmt.Errorf("branch %s waits for %s: %w", w.Branch, w.For, step.ErrWaiting)
}
