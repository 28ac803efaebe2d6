package durable

import (
	"context"
	"errors"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// Wait implements step.Journal.
func (j *journal) Wait(ctx context.Context, name string, p step.Pause) (step.Entry, error) {
	name = readable(name)
	rec, err := j.begin(ctx, step.KindWait, name)
	if err != nil {
		return step.Entry{}, err
	}
	if rec == nil {
		if rec, err = j.await(name, p); err != nil {
			return step.Entry{}, err
		}
	}
	j.next++
	return rec.Entry, nil
}

// await returns the record of a wait that is over.
func (j *journal) await(name string, p step.Pause) (*store.Record, error) {
	defer j.turn.leave()
	now := j.engine.opts.Now()
	before, waited := j.turn.waitedIn(j.path, j.next)
	switch {
	case !waited:
		w := store.Wait{For: p.For, Branch: j.path, Step: j.next, Name: name, Signal: p.Signal, Yield: p.Yield}
		if p.Within > 0 {
			w.Until = now.Add(p.Within)
		}
		return j.pause(w, true)
	case !before.Due:
		before.Yield = p.Yield
		return j.pause(before.Wait, false)
	}
	rec := &store.Record{Asked: name, Waited: true, Entry: step.Entry{Kind: step.KindWait, Name: name, Started: now, Finished: now, Attempts: 1}}
	return rec, j.save(rec)
}

// pause lets go of everything until the wait is over: the run's own sequence takes
// the run with it, a branch leaves the others at work. What is new is recorded at
// once, so that the time counts from now whatever happens. A wait that is over
// already, since its signal came before, is returned as its record.
func (j *journal) pause(w store.Wait, fresh bool) (*store.Record, error) {
	j.turn.hold(w)
	if j.path == "" {
		waits, err := j.turn.resting("")
		if err == nil {
			err = j.interrupt(&suspension{waits})
		}
		return nil, err
	}
	if !fresh {
		return nil, waiting(w)
	}
	var over *store.Record
	e := j.engine
	err := Persist(e.base, "record that a branch waits", func() (err error) {
		over, err = e.storage.Await(e.base, j.turn.claim, w)
		return err
	})
	if err == nil && over == nil {
		return nil, waiting(w)
	}
	j.turn.release(j.path)
	if err != nil && !errors.Is(err, store.ErrRefused) {
		return nil, j.interrupt(err)
	}
	return over, err
}
