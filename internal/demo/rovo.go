package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// assigned: a person works with the agent in Jira's Rovo. No trigger and no webhook
// has a part in it.
func (s *stage) assigned(ctx context.Context) error {
	s.title("4. Bob assigns a story to the agent, in Jira's Rovo")
	site := s.sandbox.Rovo.Tenant("")
	if err := site.Setup(ctx); err != nil {
		return err
	}
	key, err := s.sandbox.Jira.As("bob").CreateIssue(jira.NewIssue{Project: "FEAT", Type: "Story", Summary: "Show totals on invoices"})
	if err != nil {
		return err
	}
	talk, err := site.User("bob").Assign(ctx, rovo.Agent{Streaming: true}, key)
	if err != nil {
		return err
	}
	done, err := talk.Settle(ctx)
	if err != nil {
		return err
	}
	s.say("  Bob sees, and nobody else does:\n")
	for _, l := range talk.Transcript() {
		if l.Agent && l.Text != "" {
			s.say("    %s: %s\n", l.State, strings.ReplaceAll(strings.TrimSpace(l.Text), "\n", "\n      "))
		}
	}
	if issue := s.show(key); done.State != a2a.Completed || len(issue.Comments) > 0 {
		return fmt.Errorf("the task of %s is %s, and there are %d comments", key, done.State, len(issue.Comments))
	}
	for _, r := range s.sandbox.Rovo.Requests() {
		if r.Kind != "user" {
			return fmt.Errorf("%s %s was not sent with Bob's rights", r.Method, r.Path)
		}
	}
	s.say("  No trigger and no comment: the agent looked at it with Bob's rights, and Bob alone has the answer\n")
	return nil
}
