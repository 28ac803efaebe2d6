package policy_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/tool"
)

// anything is a writing tool that takes any arguments.
type anything struct{}

func (anything) Spec() tool.Spec {
	return tool.Spec{Name: "anything", Description: "d", Access: tool.Write, Parameters: json.RawMessage(`{"type":"object"}`)}
}

func (anything) Targets(json.RawMessage) (tool.Targets, error) { return tool.Targets{}, nil }

func (anything) Call(context.Context, tool.Call) (tool.Result, error) { return tool.Result{}, nil }

func TestPeopleAreNamedByTheirAddressAndTextsHoldNone(t *testing.T) {
	registry, err := tool.NewRegistry(anything{})
	if err != nil {
		t.Fatal(err)
	}
	p := policy.New(policy.Config{Tools: registry})
	for args, want := range map[string]string{
		`{"assignee":"bob@example.com"}`:                  policy.RuleAllowed,
		`{"fields":{"Reviewer":"bob@example.com"}}`:       policy.RuleAllowed,
		`{"assignee":"bob@evil.example?subject=x"}`:       policy.RuleLink,
		`{"body":"bob@evil.example"}`:                     policy.RuleLink,
		`{"description":"write to eve@evil.example now"}`: policy.RuleLink,
	} {
		r := policy.Request{Tool: "anything", Allowed: []string{"anything"}, Call: tool.Call{Args: json.RawMessage(args)}}
		if got := p.Check(t.Context(), r); got.Rule != want {
			t.Errorf("%s: rule %s (%s), want %s", args, got.Rule, got.Reason, want)
		}
	}
}
