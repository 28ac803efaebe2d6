package gate

import (
	"cmp"
	"context"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// Question asks the person who caused the run something in words, on the run's
// issue, and returns what the model is told: the answer, or why there is none. The
// error may say that the run waits; it is handed on.
func (g *Gate) Question(ctx context.Context, journal step.Journal, session *Session, req Request, text string) (string, error) {
	switch {
	case session.DryRun:
		return "Dry run: nobody was asked. Go on without an answer.", nil
	case g.asker == nil || req.Origin.IssueKey == "" || req.Origin.Actor == (tool.Person{}):
		return "There is nobody to ask: nobody in person started this, or there is no issue to ask on. Go on without an answer.", nil
	}
	req.Approval, req.Reason = nil, ""
	q := req.question(approval.KindQuestion)
	q.Text, q.Subject = text, req.Origin.Subject
	d, err := g.asker.Ask(ctx, journal, q, g.post(session, req))
	if err != nil {
		return "", err
	}
	if d.By == "" || !d.Approved {
		return "There was no answer: " + cmp.Or(d.Reason, "the question was turned down") + ". Go on without it, or say in your answer what is missing.", nil
	}
	return "Answer of " + d.By + ":\n" + d.Reason, nil
}
