package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// lastWord is the time that a run gets beyond its limit, once, to say that it
// reached it.
const lastWord = 30 * time.Second

// journal is the step.Journal of one turn.
type journal struct {
	engine *Engine
	turn   *turn
	known  store.Journal
	next   int
	// worked is the time that the steps took so far, limit how much they may
	// take; 0 for no limit.
	worked, limit time.Duration
	// late is true once a step ran out of time.
	late bool
}

func newJournal(e *Engine, t *turn, known store.Journal) *journal {
	return &journal{engine: e, turn: t, known: known, limit: e.opts.StepTimeout}
}

// suspension is why a run stops that has to wait.
type suspension struct{ wait store.Wait }

func (s *suspension) Error() string { return "the run waits for " + s.wait.For }

// Next implements step.Journal.
func (j *journal) Next() (step.Kind, bool) {
	if j.next >= len(j.known.Records) {
		return "", false
	}
	return j.known.Records[j.next].Entry.Kind, true
}

// Do implements step.Journal.
func (j *journal) Do(ctx context.Context, kind step.Kind, name string, fn step.Func) (step.Entry, error) {
	name = readable(name)
	index, rec, err := j.begin(ctx, kind, name)
	if err != nil {
		return step.Entry{}, err
	}
	if rec == nil {
		if rec, err = j.perform(ctx, index, kind, name, fn); err != nil {
			return step.Entry{}, fmt.Errorf("step %d %s %s: %w", index, kind, name, err)
		}
	}
	j.count(index, rec)
	if rec.Failure != nil {
		return rec.Entry, rec.Failure
	}
	return rec.Entry, nil
}

// readable is a name as it will be read back from any database.
func readable(name string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(name, "\uFFFD"), "\x00", "\uFFFD")
}

// begin counts a step and returns its record, if it has one.
func (j *journal) begin(ctx context.Context, kind step.Kind, name string) (int, *store.Record, error) {
	if err := context.Cause(ctx); err != nil {
		return 0, nil, err
	}
	index := j.next
	j.next++
	if index >= len(j.known.Records) {
		if j.engine.drains() {
			return 0, nil, j.interrupt(ErrStopping)
		}
		return index, nil, nil
	}
	rec := &j.known.Records[index]
	if rec.Asked != name || rec.Entry.Kind != kind {
		return 0, nil, fmt.Errorf("step %d is recorded as %s %s and now is %s %s: the run does not take the way that it took before",
			index, rec.Entry.Kind, rec.Asked, kind, name)
	}
	return index, rec, nil
}

// interrupt stops the turn.
func (j *journal) interrupt(cause error) error {
	j.turn.interrupt(cause)
	return cause
}

// perform does a step and records it.
func (j *journal) perform(ctx context.Context, index int, kind step.Kind, name string, fn step.Func) (*store.Record, error) {
	rec, err := j.attempt(ctx, index, kind, name, fn)
	if err != nil {
		return nil, err
	}
	if err := j.save(rec); err != nil {
		return nil, err
	}
	j.engine.opts.Recorded(rec.Entry)
	return rec, nil
}

// save records a step that happened, also if the run was interrupted meanwhile.
// A run whose journal cannot be kept does not go on.
func (j *journal) save(rec *store.Record) error {
	e := j.engine
	record := func() error {
		return Persist(e.base, "record a step", func() error { return e.storage.Record(e.base, j.turn.claim, *rec) })
	}
	err := record()
	if errors.Is(err, store.ErrRefused) {
		rec.Entry.Output = nil
		rec.Failure = &step.Failure{Step: rec.Entry.Name, Reason: step.ReasonError, Message: "its result cannot be recorded: " + err.Error()}
		rec.Entry.Error = rec.Failure.Message
		err = record()
	}
	if err != nil {
		return j.interrupt(err)
	}
	return nil
}

// count adds a step to the working time. The same records give the same sums, so
// a replayed run has as much time left as the first.
func (j *journal) count(index int, rec *store.Record) {
	if index < j.known.TimedFrom {
		return
	}
	j.worked += rec.Worked
	if rec.Failure != nil && rec.Failure.Reason == step.ReasonTimeout && !j.late {
		j.late, j.limit = true, j.worked+lastWord
	}
}

// attempt does the work, with retries, and describes how it went. It returns an
// error only if the run was interrupted, or is to wait, when there is nothing to
// record.
func (j *journal) attempt(ctx context.Context, index int, kind step.Kind, name string, fn step.Func) (*store.Record, error) {
	before := j.waited(index)
	began, started := time.Now(), j.engine.opts.Now()
	bound, cancel := j.bound(ctx, before.Worked)
	defer cancel()
	tried := j.try(bound, index, before.Tries, fn)
	worked := before.Worked + time.Since(began)
	if interrupted := context.Cause(ctx); interrupted != nil && tried.err != nil {
		return nil, interrupted
	}
	if tried.pause > 0 {
		return nil, j.interrupt(&suspension{store.Wait{For: "another try of " + name + " after: " + tried.err.Error(), Step: index,
			Tries: tried.tries, Worked: worked, Until: j.engine.opts.Now().Add(tried.pause), Attempt: tried.round}})
	}
	entry := tried.entry
	entry.Index, entry.Kind, entry.Attempts = index, kind, tried.tries
	if entry.Name == "" {
		entry.Name = name
	}
	entry.Input, entry.Output = storable(entry.Input), storable(entry.Output)
	entry.Started, entry.Finished = started, j.engine.opts.Now()
	rec := &store.Record{Asked: name, Worked: worked}
	if tried.err != nil {
		entry.Error = tried.err.Error()
		rec.Failure = failure(bound, entry, tried.err)
	}
	rec.Entry = entry
	return rec, nil
}

// waited is what earlier turns know of a step.
func (j *journal) waited(index int) store.Waited {
	if j.known.Waited.Step == index {
		return j.known.Waited
	}
	return store.Waited{Step: index}
}

// id names a step to the outside. It is the same in every try of the step, and
// another one for what stands in its place after the run was rewound to an
// earlier step.
func (j *journal) id(index int) string {
	rewound := 0
	for _, from := range j.known.Rewinds {
		if from < index {
			rewound++
		}
	}
	if rewound == 0 {
		return fmt.Sprintf("%s:%d", j.turn.claim.Run, index)
	}
	return fmt.Sprintf("%s:%d.%d", j.turn.claim.Run, index, rewound)
}

// bound gives the step what is left of the run's working time.
func (j *journal) bound(ctx context.Context, used time.Duration) (context.Context, context.CancelFunc) {
	if j.limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, max(j.limit-j.worked-used, 0), errOutOfTime)
}

var errOutOfTime = errors.New("the run's working time is used up")

func failure(ctx context.Context, entry step.Entry, err error) *step.Failure {
	f := &step.Failure{Step: entry.Name, Reason: step.ReasonError, Message: err.Error()}
	if errors.Is(context.Cause(ctx), errOutOfTime) {
		f.Reason, f.Message = step.ReasonTimeout, errOutOfTime.Error()
	}
	return f
}

// storable returns JSON that can be recorded: what is none becomes a string. A
// step that happened must not fail for what it looks like.
func storable(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || json.Valid(raw) {
		return raw
	}
	text, err := json.Marshal(strings.ToValidUTF8(string(raw), "\uFFFD"))
	if err != nil {
		return nil // a string can always be encoded
	}
	return text
}
