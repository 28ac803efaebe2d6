// Package approval asks people whether something may happen and takes their
// decisions. A question has a short code; whoever answers names it, in a comment,
// on the command line or by the admin API. The run that asks holds nothing while
// it waits, be it for days and across restarts.
package approval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/tool"
)

// DefaultTimeout is how long a question stays open if nothing else is said.
const DefaultTimeout = 24 * time.Hour

// Kind says what is asked.
type Kind string

// The kinds of questions.
const (
	// KindCall asks for one call of a tool.
	KindCall Kind = "call"
	// KindProposals asks for some of several calls.
	KindProposals Kind = "proposals"
	// KindFlow asks whether a flow may go on.
	KindFlow Kind = "flow"
	// KindQuestion asks a person for an answer in words.
	KindQuestion Kind = "question"
)

// Item is one call that is asked for.
type Item struct {
	Tool string          `json:"tool"`
	Args json.RawMessage `json:"args"`
	// Digest is the hash of exactly this call.
	Digest string `json:"digest"`
	// Preview is what the call would change, as it was when it was asked for; nil for
	// calls whose arguments tell that.
	Preview *tool.Preview `json:"preview,omitempty"`
}

// Question is what people are asked.
type Question struct {
	Kind Kind `json:"kind"`
	// Text is the question in Markdown, in an operator's or a model's words.
	Text string `json:"text,omitempty"`
	// Reason is why the model wants it, in its words.
	Reason string `json:"reason,omitempty"`
	Items  []Item `json:"items,omitempty"`
	// Agent, Trigger and Target say who asks and what for.
	Agent   string `json:"agent,omitempty"`
	Trigger string `json:"trigger,omitempty"`
	// Approvers are account ids, user names, user keys or e-mail addresses of those
	// who may decide; empty for the daemon's.
	Approvers []string `json:"approvers,omitempty"`
	// AllowSelf lets the one who caused the run decide, if an approver.
	AllowSelf bool `json:"allow_self,omitempty"`
	// Requester is who caused the run.
	Requester tool.Person `json:"requester,omitzero"`
	// Subject is what the run is about, by which an answer is known.
	Subject string `json:"subject,omitempty"`
	// Timeout is how long the question stays open; 0 for DefaultTimeout.
	Timeout time.Duration `json:"-"`

	Site string `json:"-"`
	Run  string `json:"-"`
	// Place is where it is asked: the key of an issue, or a page as page:123; "" for
	// neither.
	Place string `json:"-"`
}

// Decision is what came of a question.
type Decision struct {
	Approved bool `json:"approved"`
	// By is who decided; "" for nobody, when the time was up.
	By string `json:"by,omitempty"`
	// Reason is what they said with it, in a person's words.
	Reason string `json:"reason,omitempty"`
	// Items are the numbers, from 1, of the items that were approved; none for all.
	Items []int `json:"items,omitempty"`
}

// Store keeps questions; its methods are described at store.Store.
type Store interface {
	Ask(ctx context.Context, a store.Approval) (store.Approval, error)
	Approval(ctx context.Context, code string) (store.Approval, error)
	Questions(ctx context.Context, kind, site string) ([]store.Approval, error)
	Decide(ctx context.Context, code string, d store.Decision) (store.Approval, bool, error)
}

// Desk asks and takes decisions. It is safe for concurrent use.
type Desk struct {
	store     Store
	code      func() string
	now       func() time.Time
	approvers []string
}

// Config is what a Desk is made of.
type Config struct {
	Store Store
	// Code returns a new random code; nil for one of six letters and digits.
	Code func() string
	Now  func() time.Time
	// Approvers may decide questions that name nobody.
	Approvers []string
}

// New makes a Desk.
func New(cfg Config) *Desk {
	if cfg.Code == nil {
		cfg.Code = newCode
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Desk{store: cfg.Store, code: cfg.Code, now: cfg.Now, approvers: cfg.Approvers}
}

// waiting is the name of the step in which a run waits for a decision.
const waiting = "approval"

// signal is what ends the waiting for a decision.
func signal(code string) string { return "approval:" + code }

// Post tells people of a question, as steps of the journal; the text is Markdown.
// The error is ErrUntold if nobody could be told.
type Post func(ctx context.Context, journal step.Journal, text string) error

// Ask asks the question and waits for the decision, as steps of the journal. The
// error may be step.ErrWaiting, or say that the run waits; it is handed on. When
// the time is up, the answer is no.
func (d *Desk) Ask(ctx context.Context, journal step.Journal, q Question, post Post) (Decision, error) {
	return d.AskBy(ctx, journal, q, post, func(ctx context.Context, journal step.Journal, asked Asked) (json.RawMessage, error) {
		answer, err := journal.Wait(ctx, waiting, asked.Pause)
		return answer.Output, err
	})
}

// Asked is a question that is open.
type Asked struct {
	Question
	Code    string
	Expires time.Time
	// Pause is how the run waits for the decision: its signal brings that as JSON.
	Pause step.Pause
}

// Await waits for the decision of a question as steps of the journal, the first
// wait under the name "approval", and returns it as its signal brought it; nothing
// if the time came first.
type Await func(ctx context.Context, journal step.Journal, asked Asked) (json.RawMessage, error)

// AskBy is Ask with another way of waiting for the decision.
func (d *Desk) AskBy(ctx context.Context, journal step.Journal, q Question, post Post, await Await) (Decision, error) {
	if len(q.Approvers) == 0 {
		q.Approvers = d.approvers
	}
	asked, err := d.ask(ctx, journal, q)
	if err != nil {
		return Decision{}, err
	}
	if post != nil {
		err := post(ctx, journal, q.Announce(asked.Code, asked.Expires))
		if errors.Is(err, ErrUntold) {
			return d.end(ctx, journal, asked.Code, "nobody told", err.Error())
		}
		if err != nil {
			return Decision{}, fmt.Errorf("tell of question %s: %w", asked.Code, err)
		}
	}
	answer, err := await(ctx, journal, Asked{Question: q, Code: asked.Code, Expires: asked.Expires, Pause: step.Pause{
		For: "approval " + asked.Code, Within: q.timeout(), Signal: signal(asked.Code), Yield: true}})
	if err != nil {
		return Decision{}, err
	}
	if len(answer) == 0 {
		return d.end(ctx, journal, asked.Code, "time is up", "nobody decided in time")
	}
	return decode(answer)
}

func (q Question) timeout() time.Duration {
	if q.Timeout <= 0 {
		return DefaultTimeout
	}
	return q.Timeout
}

// record is what the step that asks has on record.
type record struct {
	Code    string    `json:"code"`
	Expires time.Time `json:"expires"`
}

func (d *Desk) ask(ctx context.Context, journal step.Journal, q Question) (record, error) {
	var asked record
	entry, err := journal.Do(ctx, step.KindApproval, "ask "+string(q.Kind), func(ctx context.Context, id string) (step.Entry, error) {
		body, err := json.Marshal(q)
		if err != nil {
			return step.Entry{}, fmt.Errorf("encode question: %w", err)
		}
		a, err := d.store.Ask(ctx, store.Approval{Code: d.code(), Step: id, Run: q.Run, Kind: string(q.Kind), Site: q.Site,
			IssueKey: q.Place, Asks: body, Expires: d.now().Add(q.timeout())})
		if err != nil {
			return step.Entry{}, err
		}
		output, err := json.Marshal(record{Code: a.Code, Expires: a.Expires})
		return step.Entry{Input: body, Output: output, Target: q.Place, Agent: q.Agent}, err
	})
	if err != nil {
		return asked, err
	}
	if err := json.Unmarshal(entry.Output, &asked); err != nil {
		return asked, fmt.Errorf("decode question: %w", err)
	}
	return asked, nil
}

// end closes a question that nobody decided, as a step of that name. If somebody
// decided at the last moment, that counts.
func (d *Desk) end(ctx context.Context, journal step.Journal, code, name, reason string) (Decision, error) {
	entry, err := journal.Do(ctx, step.KindApproval, name, func(ctx context.Context, _ string) (step.Entry, error) {
		body, err := json.Marshal(Decision{Reason: reason})
		if err != nil {
			return step.Entry{}, fmt.Errorf("encode decision: %w", err)
		}
		a, _, err := d.store.Decide(ctx, code, store.Decision{State: store.ApprovalExpired, Body: body})
		return step.Entry{Output: a.Decision, Target: a.IssueKey}, err
	})
	if err != nil {
		return Decision{}, err
	}
	return decode(entry.Output)
}

func decode(raw json.RawMessage) (Decision, error) {
	var out Decision
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, fmt.Errorf("decode decision: %w", err)
	}
	return out, nil
}

// Errors of decisions.
var (
	// ErrUnknown says that there is no question of that code.
	ErrUnknown = errors.New("there is no question with this code")
	// ErrClosed says that the question was decided before, or its time is up.
	ErrClosed = errors.New("this question is closed")
	// ErrNotAllowed says that this person may not decide it.
	ErrNotAllowed = errors.New("this person may not decide it")
	// ErrUnclear says that the answer does not tell which of several proposals it
	// means.
	ErrUnclear = errors.New("it is not clear what is approved")
	// ErrUntold says that nobody could be told of a question.
	ErrUntold = errors.New("nobody could be told of it")
)
