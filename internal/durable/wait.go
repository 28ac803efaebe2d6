package durable

import (
	"context"
	"time"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// Wait implements step.Journal.
func (j *journal) Wait(ctx context.Context, name string, p step.Pause) (step.Entry, error) {
	name = readable(name)
	index, rec, err := j.begin(ctx, step.KindWait, name)
	if err != nil {
		return step.Entry{}, err
	}
	if rec != nil {
		return rec.Entry, nil
	}
	now := j.engine.opts.Now()
	until := j.until(index, now, p)
	if until.IsZero() || now.Before(until) {
		return step.Entry{}, j.interrupt(&suspension{store.Wait{For: p.For, Step: index, Until: until, Signal: p.Signal, Yield: p.Yield}})
	}
	rec = &store.Record{Asked: name, Entry: step.Entry{Index: index, Kind: step.KindWait, Name: name, Started: until, Finished: now, Attempts: 1}}
	if err := j.save(rec); err != nil {
		return step.Entry{}, err
	}
	return rec.Entry, nil
}

// until is when the waiting ends at the latest: what was said when it began.
func (j *journal) until(index int, now time.Time, p step.Pause) time.Time {
	if known := j.known.Waited; known.Step == index {
		return known.Until
	}
	if p.Within <= 0 {
		return time.Time{}
	}
	return now.Add(p.Within)
}
