package duty

import (
	"context"
	"errors"
	"time"

	"github.com/aofctl/aofctl/internal/step"
)

// journal is the journal of a run, or of a branch of it, whose user is told what is
// done while it is.
type journal struct {
	step.Journal
	duty *Duty
}

// Journal returns the journal that the run is to work with.
func (d *Duty) Journal(inner step.Journal) step.Journal { return journal{inner, d} }

// Branch implements step.Journal.
func (j journal) Branch(name string) step.Journal { return journal{j.Journal.Branch(name), j.duty} }

// Do implements step.Journal. A step that lacks the user's sign-in is done once they
// have signed in, in the position behind the step that tells so.
func (j journal) Do(ctx context.Context, kind step.Kind, name string, fn step.Func) (step.Entry, error) {
	for tries := 0; ; tries++ {
		entry, err := j.Journal.Do(ctx, kind, name, j.watched(kind, name, fn))
		if err != nil {
			j.duty.failed(kind, name, err)
			return entry, err
		}
		if entry.Decision != signInDecision {
			return entry, nil
		}
		if err := j.duty.awaitSignIn(ctx, j.Journal, entry.Error, tries); err != nil {
			return entry, err
		}
	}
}

// watched tells of the work when it begins, and when it has to be tried again.
func (j journal) watched(kind step.Kind, name string, fn step.Func) step.Func {
	return func(ctx context.Context, id string) (step.Entry, error) {
		ctx = step.WithTeller(ctx, func(ctx context.Context, n step.Notice) { j.duty.notice(ctx, id, n) })
		if kind == step.KindEnrich {
			step.Tell(ctx, step.Notice{Kind: kind, Name: name})
		}
		entry, err := fn(ctx, id)
		if err == nil || ctx.Err() != nil {
			return entry, err
		}
		if link, lacking := lacksSignIn(err); lacking {
			return signInEntry(link), nil
		}
		if again(err) {
			j.duty.notice(ctx, id+":again", step.Notice{Kind: retrying, Name: name, Agent: entry.Agent, Text: string(kind)})
		}
		return entry, err
	}
}

// again reports whether a failure passes by itself.
func again(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// Wait implements step.Journal. What is waited for is told by those who ask; time
// that passes by itself is told here.
func (j journal) Wait(ctx context.Context, name string, p step.Pause) (step.Entry, error) {
	if _, recorded := j.Next(); !recorded && p.Signal == "" && p.Within >= time.Second {
		j.duty.pause(ctx, p)
	}
	return j.Journal.Wait(ctx, name, p)
}
