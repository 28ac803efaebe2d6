package durable

import (
	"context"

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
	if j.known.Waited.Step != index {
		w := store.Wait{For: p.For, Step: index, Signal: p.Signal, Yield: p.Yield}
		if p.Within > 0 {
			w.Until = now.Add(p.Within)
		}
		return step.Entry{}, j.interrupt(&suspension{w})
	}
	// A run that waited in this step is taken up when its time has come: a signal
	// would have recorded the step. Clocks of replicas need not agree about it.
	rec = &store.Record{Asked: name, Entry: step.Entry{Index: index, Kind: step.KindWait, Name: name, Started: now, Finished: now, Attempts: 1}}
	if err := j.save(rec); err != nil {
		return step.Entry{}, err
	}
	return rec.Entry, nil
}
