package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// request writes if its arguments say so.
type request struct{ fake }

func (request) AccessOf(raw json.RawMessage) tool.Access {
	if strings.Contains(string(raw), "GET") {
		return tool.Read
	}
	return tool.Write
}

func kindsPolicy(t *testing.T) *policy.Policy {
	t.Helper()
	spec := func(name string, internal bool) fake {
		return fake{spec: tool.Spec{Name: name, Access: tool.Write, Internal: internal, Parameters: json.RawMessage(schema)}}
	}
	r, err := tool.NewRegistry(spec("note", true), spec("write", false), request{spec("request", false)})
	if err != nil {
		t.Fatal(err)
	}
	return policy.New(policy.Config{Tools: r, Limits: policy.Limits{WritesPerRun: 2}, Secrets: []string{token}})
}

func TestWhatStaysWithinTheDaemonDoesNotCountAsAWrite(t *testing.T) {
	p := kindsPolicy(t)
	req := func(name string, args string, prior ...step.Entry) policy.Request {
		return policy.Request{Tool: name, Call: tool.Call{Args: json.RawMessage(args), Origin: tool.Origin{Project: "P"}},
			Allowed: []string{"note", "write", "request"}, Prior: prior}
	}
	made := func(name, args string) step.Entry {
		return step.Entry{Kind: step.KindTool, Name: name, Input: json.RawMessage(args), Decision: policy.RuleAllowed}
	}
	notes := times(9, made("note", `{}`))
	writes := times(2, made("write", `{}`))
	gets := times(9, made("request", `{"text":"GET"}`))
	posts := times(2, made("request", `{"text":"POST"}`))
	for name, tt := range map[string]struct {
		req  policy.Request
		want string
	}{
		"notes after all writes":          {req("note", `{}`, writes...), policy.RuleAllowed},
		"a write after many notes":        {req("write", `{}`, notes...), policy.RuleAllowed},
		"a write after many readings":     {req("write", `{}`, gets...), policy.RuleAllowed},
		"a write after requests to write": {req("write", `{}`, posts...), policy.RuleWrites},
		"reading after all writes":        {req("request", `{"text":"GET"}`, writes...), policy.RuleAllowed},
		"a request to write after those":  {req("request", `{"text":"POST"}`, writes...), policy.RuleWrites},
		"a secret in a note":              {req("note", `{"text":"`+token+`"}`), policy.RuleSecret},
	} {
		if got := p.Check(t.Context(), tt.req); got.Rule != tt.want {
			t.Errorf("%s: rule %s, want %s", name, got.Rule, tt.want)
		}
	}
	for args, want := range map[string]string{`{"text":"GET"}`: policy.RuleAllowed, `{"text":"PUT"}`: policy.RuleDryRun} {
		r := req("request", args)
		r.Mode = policy.ModeDryRun
		if got := p.Check(t.Context(), r); got.Rule != want {
			t.Errorf("dry run of %s: rule %s, want %s", args, got.Rule, want)
		}
	}
	r := req("note", `{}`)
	r.Mode = policy.ModeDryRun
	if got := p.Check(t.Context(), r); got.Rule != policy.RuleDryRun {
		t.Errorf("dry run of a note: rule %s", got.Rule)
	}
}
