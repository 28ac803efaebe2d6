package durable

import (
	"context"
	"errors"

	"github.com/aofctl/aofctl/internal/step"
)

// refused is a journal of which everything that is asked fails.
type refused struct{ err error }

// Branch implements step.Journal.
func (j *journal) Branch(string) step.Journal {
	return refused{errors.New("this engine has no branches")}
}

// Rest implements step.Journal.
func (j *journal) Rest(context.Context) error { return errors.New("this engine has no branches") }

func (r refused) Next() (step.Kind, bool) { return "", false }

func (r refused) Do(context.Context, step.Kind, string, step.Func) (step.Entry, error) {
	return step.Entry{}, r.err
}

func (r refused) Wait(context.Context, string, step.Pause) (step.Entry, error) {
	return step.Entry{}, r.err
}
func (r refused) Branch(string) step.Journal { return r }
func (r refused) Rest(context.Context) error { return r.err }
