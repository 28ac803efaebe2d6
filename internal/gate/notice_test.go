package gate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// TestQuestionsDoNotUseUpWhatTheAgentMayWrite has more calls approved than a run may
// post comments, and a comment of the agent's own behind them.
func TestQuestionsDoNotUseUpWhatTheAgentMayWrite(t *testing.T) {
	h := newHouse(t)
	const calls = policy.DefaultCommentsPerRun + 1
	work := func(ctx context.Context, journal step.Journal) error {
		session := &gate.Session{}
		for i := range calls {
			req := h.req
			req.Args = json.RawMessage(fmt.Sprintf(`{"issue_key":"PROJ-1","to":"%d"}`, i))
			entry, err := h.gate.Call(ctx, journal, session, req)
			if err != nil {
				return err
			}
			if entry.Decision != policy.RuleAllowed {
				t.Errorf("call %d: %s %s", i, entry.Decision, entry.Error)
			}
		}
		said := h.req
		said.Tool, said.Args = "jira_post_comment", json.RawMessage(`{"issue_key":"PROJ-1","body":"done"}`)
		for i := range policy.DefaultCommentsPerRun + 1 {
			entry, err := h.gate.Call(ctx, journal, session, said)
			if err != nil {
				return err
			}
			if denied := entry.Decision == policy.RuleComments; denied != (i == policy.DefaultCommentsPerRun) {
				t.Errorf("comment %d: %s", i, entry.Decision)
			}
		}
		return nil
	}
	for i := range calls {
		h.asks(work)
		code := fmt.Sprintf("CDE%03d", 222+i)
		if _, err := h.desk.Decide(t.Context(), approval.Answer{Code: code, Approve: true, Operator: "olga"}); err != nil {
			t.Fatal(err)
		}
	}
	h.goesOn(work)
	if n := len(h.site.made()); n != calls {
		t.Errorf("%d calls were made", n)
	}
}

func TestACallOfWhichNobodyCanBeToldIsNotMadeAndTheRunGoesOn(t *testing.T) {
	h := newHouse(t)
	h.site.fail["jira_post_comment"] = tool.Result{Text: "Jira refuses: no permission", Failed: true}
	h.goesOn(h.call)
	if len(h.site.made()) != 0 || !strings.Contains(h.result.Error, "nobody could be told of it: Jira refuses: no permission") {
		t.Errorf("made %v, result %+v", h.site.made(), h.result)
	}
}

func TestWhoCannotAnswerIsNotAsked(t *testing.T) {
	cases := map[string]struct {
		change func(h *house)
		want   string
	}{
		"a dry run of the agent's own": {func(h *house) { h.req.Writes = manifest.WritesDryRun }, "Dry run: nobody was asked"},
		"an operator":                  {func(h *house) { h.req.Origin.Actor = tool.Person{DisplayName: "olga"} }, "There is nobody to ask"},
		"an account on GitHub":         {func(h *house) { h.req.Origin.Repository = "acme/shop" }, "There is nobody to ask"},
		"no issue":                     {func(h *house) { h.req.Origin.IssueKey = "" }, "There is nobody to ask"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			c.change(h)
			var text string
			h.goesOn(func(ctx context.Context, journal step.Journal) (err error) {
				text, err = h.gate.Question(ctx, journal, &gate.Session{}, h.req, "Which version?")
				return err
			})
			if !strings.HasPrefix(text, c.want) || len(h.site.done) != 0 {
				t.Errorf("%q, calls %v", text, h.site.done)
			}
		})
	}
}
