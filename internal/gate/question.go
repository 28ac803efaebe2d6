package gate

import (
	"cmp"
	"context"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// Question asks the person who caused the run something in words, on the run's
// issue, and returns what the model is told: the answer, or why there is none. The
// error may say that the run waits; it is handed on.
func (g *Gate) Question(ctx context.Context, journal step.Journal, session *Session, req Request, text string) (string, error) {
	switch {
	case session.DryRun, req.Writes == manifest.WritesDryRun:
		return "Dry run: nobody was asked. Go on without an answer.", nil
	case session.User != nil:
		return g.inquire(ctx, journal, session, req, text)
	case g.asker == nil || placeOf(req.Origin).tool == "" || !answers(req.Origin):
		return "There is nobody to ask: nobody in person started this, or there is no issue or page to ask on. Go on without an answer.", nil
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

// answers reports whether whoever caused the run has an account by which their
// comment on the issue would be known: an operator has none, and one on GitHub is
// not one in Jira.
func answers(o tool.Origin) bool {
	p := o.Actor
	return o.Repository == "" && (p.AccountID != "" || p.Name != "" || p.Key != "")
}
