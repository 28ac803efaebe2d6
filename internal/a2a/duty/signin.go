package duty

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/step"
)

const (
	// signInDecision marks the step that could not be done without the user's
	// sign-in. It counts as no call.
	signInDecision = "sign-in"
	signInStep     = "ask to sign in"
	// signInAgain is how long a run waits at first before it looks itself, and each
	// time twice as long until signInSeldom: whoever learns of the sign-in tells it
	// before.
	signInAgain, signInSeldom = 10 * time.Second, 5 * time.Minute
)

// lacksSignIn returns what the user has to be told if that is why a step failed.
func lacksSignIn(err error) (text string, lacking bool) {
	var lack interface{ AuthRequired() string }
	if !errors.As(err, &lack) {
		return "", false
	}
	return lack.AuthRequired(), true
}

func signInEntry(text string) step.Entry {
	return step.Entry{Decision: signInDecision, Error: text}
}

// asking is what the steps that ask have on record.
type asking struct {
	// Key and Signal are those of the question.
	Key    string `json:"key,omitempty"`
	Signal string `json:"signal,omitempty"`
	// Answer is what the user had said already, or Refused why they were not asked.
	Answer  *a2a.Message `json:"answer,omitempty"`
	Refused string       `json:"refused,omitempty"`
}

// awaitSignIn asks the user to sign in and waits, as steps of the journal. It
// returns once they may have. Tries counts how often that was so before.
func (d *Duty) awaitSignIn(ctx context.Context, journal step.Journal, text string, tries int) error {
	a, err := d.ask(ctx, journal, signInStep, func(string) string { return "" }, status(a2a.AuthRequired, text))
	if err != nil {
		return err
	}
	if a.Answer == nil {
		told, err := journal.Wait(ctx, "sign-in", step.Pause{For: "the user's sign-in", Within: min(signInAgain<<min(tries, 10), signInSeldom), Signal: a.Signal, Yield: true})
		if err != nil {
			return err
		}
		a.Answer = messageOf(told.Output)
	}
	if a.Answer != nil {
		d.setAside(*a.Answer) // whatever it says, it is no sign-in
		return nil
	}
	answered, err := d.withdraw(ctx, journal, a.Key)
	if answered != nil {
		d.setAside(*answered)
	}
	return err
}

// ask asks the user, as a step of that name; whatever vet objects to is not asked.
// A question with a signal of its own is one whether something may be done: what the
// user said before they saw it is no answer to that.
func (d *Duty) ask(ctx context.Context, journal step.Journal, name string, vet func(id string) string, s a2a.Status, signal ...string) (asking, error) {
	var a asking
	err := d.record(ctx, journal, name, &a, func(ctx context.Context, id string) error {
		a = asking{Key: id, Signal: "task:" + id}
		put := d.cfg.Tasks.AskTask
		if len(signal) > 0 {
			a.Signal, put = signal[0], d.cfg.Tasks.AskTaskAnew
		}
		if a.Refused = vet(id); a.Refused != "" {
			return nil
		}
		return durable.Persist(ctx, "ask the user", func() error {
			answer, err := put(ctx, d.cfg.Task, a.Key, a.Signal, s)
			if ended(err) {
				return nil // the run is being canceled
			}
			a.Answer = answer
			return err
		})
	})
	return a, err
}

// withdraw takes a question back, as a step, and returns what the user answered
// before it was.
func (d *Duty) withdraw(ctx context.Context, journal step.Journal, key string) (*a2a.Message, error) {
	var a asking
	err := d.record(ctx, journal, "take the question back", &a, func(ctx context.Context, _ string) error {
		return durable.Persist(ctx, "take a question back", func() error {
			answer, err := d.cfg.Tasks.WithdrawAsk(ctx, d.cfg.Task, key)
			a.Answer = answer
			return unless(err)
		})
	})
	return a.Answer, err
}

// messageOf reads the message that a signal brought; nil if it brought none.
func messageOf(payload json.RawMessage) *a2a.Message {
	var m a2a.Message
	if len(payload) == 0 || json.Unmarshal(payload, &m) != nil || len(m.Parts) == 0 {
		return nil
	}
	return &m
}
