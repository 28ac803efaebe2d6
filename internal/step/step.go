// Package step says what a step is: one journalled piece of a run, such as a
// model call or a tool call. A run is a plain loop over steps; the Journal that
// it is given makes each of them durable, so that after a crash the loop runs
// again and finished steps answer from the journal instead of happening twice.
package step

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Kind says what a step did.
type Kind string

// The kinds of step.
const (
	KindModel  Kind = "model"
	KindTool   Kind = "tool"
	KindEnrich Kind = "enrich"
	KindWait   Kind = "wait"
	// KindNode is the result of a flow's node that is neither a model's nor a
	// tool's: what a condition decided, which branches joined, a value made.
	KindNode Kind = "node"
	// KindApproval is the question to a person whether a call may happen.
	KindApproval Kind = "approval"
	// KindTalk is what passes between a run and the user whose task it works on:
	// what they said meanwhile, a question, the answer.
	KindTalk Kind = "talk"
)

// Entry is the record of one finished step. It is what the journal keeps and
// what an operator sees.
type Entry struct {
	// Index counts the steps of a run from 0, in the order in which they were
	// recorded. Set by the Journal.
	Index int `json:"index"`
	// Branch is the path of the branch that the step belongs to; "" for the run's
	// own sequence. Set by the Journal.
	Branch string `json:"branch,omitempty"`
	// Agent names the member of a fleet, or the agent of a flow's node, that was at
	// work; "" where the run has only one.
	Agent string `json:"agent,omitempty"`
	// Kind and Name identify the work: KindTool and "jira_post_comment".
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
	// Started and Finished bound the work, retries included. Set by the Journal.
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Input and Output are what went in and came out, as JSON.
	Input  json.RawMessage `json:"input,omitempty"`
	Output json.RawMessage `json:"output,omitempty"`
	// Error is a failure that is the step's result: the loop goes on and the
	// model is told of it.
	Error string `json:"error,omitempty"`
	// Preview is what a tool call that was not made yet would change, as JSON; nil
	// where there is nothing to show but the input.
	Preview json.RawMessage `json:"preview,omitempty"`
	// Decision names the policy rule that allowed or denied a tool call.
	Decision string `json:"decision,omitempty"`
	// Target is what the step touched outside, such as an issue key, and Space the key
	// of the space of Confluence that it is in, where that was looked up.
	Target string `json:"target,omitempty"`
	Space  string `json:"space,omitempty"`
	// Write is true for a tool call that changes something outside, or would have.
	Write bool `json:"write,omitempty"`
	// InDoubt is true for a write of which nobody can tell whether it happened.
	InDoubt bool `json:"in_doubt,omitempty"`
	// Audit is what the audit log says of the step; nil for nothing. It is no part
	// of the record.
	Audit json.RawMessage `json:"-"`
	// Model, the token counts and CostMicroUSD describe a model call. A nil cost
	// means that the price is unknown, which is not the same as free.
	Model        string `json:"model,omitempty"`
	TokensIn     int    `json:"tokens_in,omitempty"`
	TokensCached int    `json:"tokens_cached,omitempty"`
	TokensOut    int    `json:"tokens_out,omitempty"`
	CostMicroUSD *int64 `json:"cost_micro_usd,omitempty"`
	// Attempts counts how often the work was tried, from 1. Set by the Journal.
	Attempts int `json:"attempts,omitempty"`
}

// Func does the work of one step. The id is the same every time that this step
// of this run is tried, also after a crash; writes carry it to the outside so
// that a repeated try can find what the one before it did. An error says that
// there is no result: the Journal tries again if the error is transient and
// otherwise the run fails.
type Func func(ctx context.Context, id string) (Entry, error)

// Journal makes steps durable. Do runs fn and records its entry before it
// returns; for a step that is recorded already it returns the record and does
// not call fn. Steps are told apart by their position, so the loop that calls
// Do must take the same way each time that it sees the same entries.
//
// Wait is a step in which nothing happens until a signal or the time comes: the
// run lets go of everything meanwhile, and Wait returns an error that the caller
// hands on. When the run goes on, the loop runs again and Wait returns: with the
// signal's payload as Output, or without Output if the time came first.
//
// Branch returns the journal of a strand of the run that has positions of its
// own: what is done in one branch may happen at the same time as what is done in
// another. A name is given once within its parent. Where nothing waits, a branch
// that fails or ends leaves the others as they are.
//
// A branch that waits lets the others go on: Wait, and Do before a long pause,
// return an error that is ErrWaiting. When no branch can go on, whoever started
// them calls Rest, which lets the run go of everything until the first of the
// waits ends, and hands its error on. A run that ends without Rest drops them.
//
// Next tells what is on record for the step that comes next, for choices that
// depend on more than the entries so far, such as the version of the program:
// where a record is, the way that it tells has to be taken.
type Journal interface {
	Next() (kind Kind, recorded bool)
	Do(ctx context.Context, kind Kind, name string, fn Func) (Entry, error)
	Wait(ctx context.Context, name string, p Pause) (Entry, error)
	Branch(name string) Journal
	Rest(ctx context.Context) error
}

// ErrWaiting says that a branch cannot go on before something that it waits for
// has come. It is not a failure.
var ErrWaiting = errors.New("the branch waits")

// Pause is what a run waits for.
type Pause struct {
	// For says it in words, to an operator.
	For string
	// Within is how long it waits at most; 0 for as long as it takes.
	Within time.Duration
	// Signal ends the waiting; "" for the time alone.
	Signal string
	// Yield lets later runs of the same subject go meanwhile.
	Yield bool
}

// Reason says why a step has no result.
type Reason string

// The reasons.
const (
	// ReasonError is any failure that is not one of the others.
	ReasonError Reason = "error"
	// ReasonTimeout says that the run's working time is used up.
	ReasonTimeout Reason = "timeout"
)

// Failure is the error of a step that has no result, after all tries. It is
// recorded, so a replayed run fails in the same way.
type Failure struct {
	Step    string `json:"step"`
	Reason  Reason `json:"reason"`
	Message string `json:"message"`
}

// Error describes the failure.
func (f *Failure) Error() string { return f.Step + ": " + f.Message }
