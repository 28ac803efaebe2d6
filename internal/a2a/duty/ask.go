package duty

import (
	"context"
	"strings"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/step"
)

// Ask implements gate.User: the question is the task's status until the user says
// something. What they said before that nobody heard yet is taken for the answer.
func (d *Duty) Ask(ctx context.Context, journal step.Journal, label, question string, vet func() string) (string, error) {
	a, err := d.ask(ctx, journal, askStep, func(string) string { return vet() }, status(a2a.InputRequired, labelled(label, question)))
	switch {
	case err != nil:
		return "", err
	case a.Refused != "":
		return "The question was not asked: " + a.Refused + ".", nil
	case a.Answer != nil:
		return d.answer(*a.Answer), nil
	}
	told, err := journal.Wait(ctx, "answer", step.Pause{For: "the user's answer", Within: d.cfg.Answering, Signal: a.Signal, Yield: true})
	if err != nil {
		return "", err
	}
	if m := messageOf(told.Output); m != nil {
		return d.answer(*m), nil
	}
	late, err := d.withdraw(ctx, journal, a.Key)
	if err != nil {
		return "", err
	}
	if late != nil {
		return d.answer(*late), nil
	}
	return "There was no answer. Go on without it, or say in your answer what is missing.", nil
}

// answer is what the model is told of the user's words. What tools return is
// cleaned where it is heard.
func (d *Duty) answer(m a2a.Message) string {
	blocks := []string{"The user answers:"}
	if words := wordsOf(d.cfg.Caller, m); words != "" {
		blocks = append(blocks, words)
	}
	for _, data := range d.besides(m) {
		blocks = append(blocks, data.Origin+":\n"+data.Text)
	}
	if len(blocks) == 1 {
		return "The user answers with an empty message."
	}
	return strings.Join(blocks, "\n")
}
