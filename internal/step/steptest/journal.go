package steptest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aofctl/aofctl/internal/step"
)

// journal is the step.Journal of a strand in one turn.
type journal struct {
	turn   *turn
	path   string
	next   int
	broken error

	mu    sync.Mutex
	names map[string]bool
}

// Next implements step.Journal.
func (j *journal) Next() (step.Kind, bool) {
	rec, ok := j.turn.run.at(j.path, j.next)
	return rec.entry.Kind, ok && j.broken == nil
}

// Do implements step.Journal. What fails is not tried again.
func (j *journal) Do(ctx context.Context, kind step.Kind, name string, fn step.Func) (step.Entry, error) {
	rec, known, err := j.begin(ctx, kind, name)
	if err != nil {
		return step.Entry{}, err
	}
	if known {
		return rec.entry, failed(rec)
	}
	pos := j.next
	rec = record{asked: name}
	var trouble error
	if rec.entry, trouble = fn(ctx, j.turn.run.id(j.path, pos)); trouble != nil {
		if cause := context.Cause(ctx); cause != nil {
			return step.Entry{}, cause
		}
		rec.failure = &step.Failure{Step: name, Reason: step.ReasonError, Message: trouble.Error()}
		rec.entry.Error = trouble.Error()
	}
	rec.entry.Kind, rec.entry.Attempts = kind, 1
	if rec.entry.Name == "" {
		rec.entry.Name = name
	}
	if err := j.record(&rec); err != nil {
		return step.Entry{}, err
	}
	return rec.entry, failed(rec)
}

func failed(rec record) error {
	if rec.failure == nil {
		return nil
	}
	return rec.failure
}

// begin finds what is on record of the next step, if anything is.
func (j *journal) begin(ctx context.Context, kind step.Kind, name string) (record, bool, error) {
	if err := errors.Join(j.broken, context.Cause(ctx)); err != nil {
		return record{}, false, err
	}
	rec, known := j.turn.run.at(j.path, j.next)
	if !known {
		return record{}, false, nil
	}
	if rec.asked != name || rec.entry.Kind != kind {
		return record{}, false, fmt.Errorf("step %d of branch %q is recorded as %s %s and now is %s %s", j.next, j.path, rec.entry.Kind, rec.asked, kind, name)
	}
	j.next++
	return rec, true, nil
}

func (j *journal) record(rec *record) error {
	if err := j.turn.run.add(j.path, rec); err != nil {
		j.turn.cancel(err)
		return err
	}
	j.next++
	return nil
}

// Wait implements step.Journal.
func (j *journal) Wait(ctx context.Context, name string, p step.Pause) (step.Entry, error) {
	rec, known, err := j.begin(ctx, step.KindWait, name)
	if err != nil || known {
		return rec.entry, err
	}
	rec = record{asked: name, entry: step.Entry{Kind: step.KindWait, Name: name, Attempts: 1}}
	if !j.over(name, p, &rec) {
		if j.path == "" {
			return step.Entry{}, j.Rest(ctx)
		}
		return step.Entry{}, fmt.Errorf("%s: %w", name, step.ErrWaiting)
	}
	if err := j.record(&rec); err != nil {
		return step.Entry{}, err
	}
	if len(rec.entry.Output) > 0 {
		j.turn.run.consume(p.Signal)
	}
	return rec.entry, nil
}

// consume forgets a signal that is on record: a crash before would have lost it.
func (r *Run) consume(signal string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.signals, signal)
}

// over reports whether a wait is over, and with what; otherwise the branch is
// among those who wait.
func (j *journal) over(name string, p step.Pause, rec *record) bool {
	r := j.turn.run
	r.mu.Lock()
	defer r.mu.Unlock()
	if payload, told := r.signals[p.Signal]; told && p.Signal != "" {
		rec.entry.Output = payload
		return true
	}
	w := r.waits[j.path]
	if w == nil || w.pos != j.next {
		w = &wait{Waiting: Waiting{Branch: j.path, Name: name, For: p.For, Signal: p.Signal}, pos: j.next}
		if p.Within > 0 {
			w.Until = r.now().Add(p.Within)
		}
		if r.waits == nil {
			r.waits = map[string]*wait{}
		}
		r.waits[j.path] = w
	}
	if !w.Until.IsZero() && !r.now().Before(w.Until) {
		return true
	}
	j.turn.waiting[j.path] = w
	return false
}

// Branch implements step.Journal.
func (j *journal) Branch(name string) step.Journal {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := &journal{turn: j.turn, broken: j.broken}
	if b.broken != nil {
		return b
	}
	b.path, b.broken = step.Path(j.path, name)
	if j.names[b.path] && b.broken == nil {
		b.broken = fmt.Errorf("branch %q was asked for twice", b.path)
	}
	if j.names == nil {
		j.names = map[string]bool{}
	}
	j.names[b.path] = true
	return b
}

// Rest implements step.Journal.
func (j *journal) Rest(ctx context.Context) error {
	if err := errors.Join(j.broken, context.Cause(ctx)); err != nil {
		return err
	}
	if j.waiting() == 0 {
		return errors.New("nothing waits that the run could rest for")
	}
	if j.path != "" {
		return fmt.Errorf("branch %q: %w", j.path, step.ErrWaiting)
	}
	j.turn.cancel(resting{})
	return resting{}
}

// waiting counts who waits within this branch.
func (j *journal) waiting() int {
	r, n := j.turn.run, 0
	r.mu.Lock()
	defer r.mu.Unlock()
	for path := range j.turn.waiting {
		if step.Within(path, j.path) {
			n++
		}
	}
	return n
}
