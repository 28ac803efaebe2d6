package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// journal is the step.Journal of a branch, or of the run's own sequence, in one
// turn. One goroutine at a time uses it, but for Branch.
type journal struct {
	engine *Engine
	turn   *turn
	// parent is the journal of the branch around it; nil for the run's own.
	parent *journal
	path   string
	// records are those of this branch, next the position of the next step.
	records []store.Record
	next    int

	// What follows is guarded by the turn.

	// names are the branches that were asked for.
	names map[string]bool
	// worked is the working time that was used until here, limit how much may be;
	// 0 for no limit.
	worked, limit time.Duration
	// late is true once a step ran out of time here or around it; cause is true
	// where it was here, or in a branch.
	late, cause bool
}

// Next implements step.Journal.
func (j *journal) Next() (step.Kind, bool) {
	if j.next >= len(j.records) {
		return "", false
	}
	return j.records[j.next].Entry.Kind, true
}

// Do implements step.Journal.
func (j *journal) Do(ctx context.Context, kind step.Kind, name string, fn step.Func) (step.Entry, error) {
	name = readable(name)
	rec, err := j.begin(ctx, kind, name)
	if err != nil {
		return step.Entry{}, err
	}
	if rec == nil {
		if rec, err = j.perform(ctx, kind, name, fn); err != nil {
			return step.Entry{}, fmt.Errorf("step %s %s %s: %w", j.at(), kind, name, err)
		}
	}
	j.next++
	j.count(rec)
	if rec.Failure != nil {
		return rec.Entry, rec.Failure
	}
	return rec.Entry, nil
}

// readable is a name as it will be read back from any database.
func readable(name string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(name, "\uFFFD"), "\x00", "\uFFFD")
}

// at names the position of the next step to people.
func (j *journal) at() string {
	if j.path == "" {
		return strconv.Itoa(j.next)
	}
	return fmt.Sprintf("%s:%d", j.path, j.next)
}

// begin returns the record of the next step. Without one the step is at work from
// then on, until turn.leave.
func (j *journal) begin(ctx context.Context, kind step.Kind, name string) (*store.Record, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if j.next >= len(j.records) {
		return nil, j.turn.enter(j.path, j.engine.drains())
	}
	rec := &j.records[j.next]
	if rec.Asked != name || rec.Entry.Kind != kind {
		return nil, fmt.Errorf("step %s is recorded as %s %s and now is %s %s: the run does not take the way that it took before",
			j.at(), rec.Entry.Kind, rec.Asked, kind, name)
	}
	return rec, nil
}

// interrupt stops the turn.
func (j *journal) interrupt(cause error) error {
	j.turn.interrupt(cause)
	return cause
}

// perform does a step and records it.
func (j *journal) perform(ctx context.Context, kind step.Kind, name string, fn step.Func) (*store.Record, error) {
	defer j.turn.leave()
	before, waited := j.turn.waitedIn(j.path, j.next)
	if waited && !before.Due {
		return j.pause(before.Wait, false)
	}
	rec, err := j.attempt(ctx, before, kind, name, fn)
	if err != nil {
		return nil, err
	}
	rec.Waited = waited
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
	rec.Pos, rec.Entry.Branch = j.next, j.path
	record := func() error {
		return Persist(e.base, "record a step", func() (err error) {
			rec.Entry.Index, err = e.storage.Record(e.base, j.turn.claim, *rec)
			return err
		})
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

// attempt does the work, with retries, and describes how it went. It returns an
// error only if there is nothing to record: the run was interrupted, the caller
// wants no result any more, or the branch is to wait.
func (j *journal) attempt(ctx context.Context, before store.Waited, kind step.Kind, name string, fn step.Func) (*store.Record, error) {
	began, started := time.Now(), j.engine.opts.Now()
	bound, cancel := j.bound(ctx, before.Worked)
	defer cancel()
	tried := j.try(bound, before.Tries, fn)
	worked := before.Worked + time.Since(began)
	if tried.err != nil && j.unwanted(ctx) {
		return nil, context.Cause(ctx)
	}
	if tried.pause > 0 {
		return j.pause(store.Wait{For: "another try of " + name + " after: " + tried.err.Error(), Branch: j.path, Step: j.next, Name: name,
			Tries: tried.tries, Worked: worked, Until: j.engine.opts.Now().Add(tried.pause), Attempt: tried.round}, true)
	}
	entry := tried.entry
	entry.Kind, entry.Attempts = kind, tried.tries
	if entry.Name == "" {
		entry.Name = name
	}
	entry.Input, entry.Output = storable(entry.Input), storable(entry.Output)
	entry.Started, entry.Finished = started, j.engine.opts.Now()
	rec := &store.Record{Asked: name, Worked: worked, Clock: j.clock() + worked}
	if tried.err != nil {
		entry.Error = tried.err.Error()
		rec.Failure = failure(bound, entry, tried.err)
	}
	rec.Entry = entry
	return rec, nil
}

// unwanted reports whether a step that failed is not to be recorded, since it may
// have failed for that: the run was interrupted, or the caller gave it up. A time
// limit of the caller's is a failure like others: a run that is replayed has to
// meet it again.
func (j *journal) unwanted(ctx context.Context) bool {
	return ctx.Err() != nil && (j.turn.ctx.Err() != nil || !errors.Is(ctx.Err(), context.DeadlineExceeded))
}

// id names the next step to the outside. It is the same in every try of the step,
// and another one for what stands in its place after the run was rewound to an
// earlier step.
func (j *journal) id() string {
	id := j.turn.claim.Run + ":" + j.at()
	rewound := 0
	for _, from := range j.turn.rewinds[j.path] {
		if from < j.next {
			rewound++
		}
	}
	if rewound == 0 {
		return id
	}
	return fmt.Sprintf("%s.%d", id, rewound)
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
