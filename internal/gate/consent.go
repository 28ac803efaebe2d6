package gate

import (
	"context"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/step"
)

// Consent asks people a question of a flow's, as steps of the journal, and returns
// their decision. Request.Approval says who may decide and until when. The error
// may say that the run waits; it is handed on. Where nobody can be asked, the
// answer is no. A dry run asks nobody: nothing happens that could need consent, and
// what comes behind is to be seen.
func (g *Gate) Consent(ctx context.Context, journal step.Journal, session *Session, req Request, text string) (approval.Decision, error) {
	if session.DryRun {
		return approval.Decision{Approved: true, By: "dry run"}, nil
	}
	if g.asker == nil {
		return approval.Decision{Reason: "there is nobody to ask for approval here"}, nil
	}
	q := req.question(approval.KindFlow)
	q.Text = text
	return g.ask(ctx, journal, session, req, q, g.post(session, req))
}
