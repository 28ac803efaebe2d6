package durable

import (
	"context"
	"errors"
	"fmt"

	"github.com/aofctl/aofctl/internal/step"
)

// Branch implements step.Journal. It may be called by several goroutines.
func (j *journal) Branch(name string) step.Journal {
	path, err := step.Path(j.path, name)
	if err != nil {
		return refused{err}
	}
	j.turn.mu.Lock()
	defer j.turn.mu.Unlock()
	if j.names[path] {
		return refused{fmt.Errorf("branch %s was asked for twice in one turn: what happens in it could not be told apart", path)}
	}
	if j.names == nil {
		j.names = map[string]bool{}
	}
	j.names[path] = true
	return &journal{engine: j.engine, turn: j.turn, parent: j, path: path, records: j.turn.records[path],
		worked: j.worked, limit: j.limit, late: j.late}
}

// Rest implements step.Journal.
func (j *journal) Rest(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	waits, err := j.turn.resting(j.path)
	switch {
	case err != nil:
		return err
	case len(waits) == 0:
		return errors.New("nobody waits: there is nothing that the run could rest for")
	case j.path != "":
		return fmt.Errorf("branch %s: %w", j.path, step.ErrWaiting)
	}
	return j.interrupt(&suspension{waits})
}

// refused is a journal of which everything that is asked fails.
type refused struct{ err error }

func (r refused) Next() (step.Kind, bool) { return "", false }

func (r refused) Do(context.Context, step.Kind, string, step.Func) (step.Entry, error) {
	return step.Entry{}, r.err
}

func (r refused) Wait(context.Context, string, step.Pause) (step.Entry, error) {
	return step.Entry{}, r.err
}
func (r refused) Branch(string) step.Journal { return r }
func (r refused) Rest(context.Context) error { return r.err }
