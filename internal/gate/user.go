package gate

import (
	"context"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// User is the person for whom a run works and who talks with it while it does, such
// as the user of a task of A2A. What is asked passes between the two alone: nothing
// of it is posted on an issue.
type User interface {
	// Ask asks a question in words, as steps of the journal, and returns what the
	// model is told of the answer. The error may say that the run waits; it is
	// handed on. The label names the member that asks; "" where there is one only.
	// Vet says why the question must not be asked, or ""; it is called within the
	// step that asks, since another branch may have changed what is known.
	Ask(ctx context.Context, journal step.Journal, label, question string, vet func() string) (string, error)
	// Decide has a question about calls decided, by the user if they may. Otherwise
	// the others are asked by post, and the user is told so.
	Decide(ctx context.Context, journal step.Journal, q approval.Question, post approval.Post) (approval.Decision, error)
	// Note has a text in Markdown told to the user with the answer. It is called
	// again with the same when the run is replayed.
	Note(markdown string)
}

// ask asks the user of the run's task, else by a comment.
func (g *Gate) ask(ctx context.Context, journal step.Journal, session *Session, req Request, q approval.Question, post approval.Post) (approval.Decision, error) {
	if session.User != nil {
		q.Text, q.Reason = g.Speakable(session, req, q.Text), g.Speakable(session, req, q.Reason)
		return session.User.Decide(ctx, journal, q, post)
	}
	return g.asker.Ask(ctx, journal, q, post)
}

// inquire asks the user of the run's task in words. What must not leave is not
// asked: the model is told why.
func (g *Gate) inquire(ctx context.Context, journal step.Journal, session *Session, req Request, text string) (string, error) {
	return session.User.Ask(ctx, journal, req.Agent, text, func() string {
		_, reason := g.Vet(session, req, text)
		return reason
	})
}

// Vet tells whether a text in Markdown may be told to people, by the rules for the
// content of what tools write; "" if none objects. Within one branch it decides the
// same when the run is replayed.
func (g *Gate) Vet(session *Session, req Request, markdown string) (rule, reason string) {
	return g.policy.Vet(policy.Request{
		Call: tool.Call{Origin: req.Origin}, Trusted: session.texts(req.Trusted), Prior: session.Entries(),
	}, markdown)
}

// Speakable is the text as it may be told to people: as it is, with all that could
// lead or reach elsewhere taken from it, or "" if it holds a secret.
func (g *Gate) Speakable(session *Session, req Request, markdown string) string {
	rule, _ := g.Vet(session, req, markdown)
	switch rule {
	case "":
		return markdown
	case policy.RuleSecret, policy.RuleSize:
		return ""
	}
	return policy.Defuse(markdown)
}
