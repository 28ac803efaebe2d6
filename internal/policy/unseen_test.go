package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

func TestWhatNobodySeesIsWrittenByWhoeverOnlyProposes(t *testing.T) {
	r, err := tool.NewRegistry(fake{spec: tool.Spec{Name: "register", Access: tool.Write, Unseen: true, Parameters: json.RawMessage(schema)}})
	if err != nil {
		t.Fatal(err)
	}
	p := policy.New(policy.Config{Tools: r, Limits: policy.Limits{WritesPerRun: 2}})
	req := func(change func(*policy.Request)) policy.Request {
		out := policy.Request{Tool: "register", Call: tool.Call{Args: json.RawMessage(`{}`), Origin: tool.Origin{Project: "P"}}, Allowed: []string{"register"}}
		change(&out)
		return out
	}
	for name, tt := range map[string]struct {
		change func(*policy.Request)
		want   string
	}{
		"proposing": {func(r *policy.Request) { r.Mode = policy.ModePropose }, policy.RuleAllowed},
		"drafting":  {func(r *policy.Request) { r.Mode = policy.ModeDraft }, policy.RuleAllowed},
		"a dry run": {func(r *policy.Request) { r.Mode = policy.ModeDryRun }, policy.RuleDryRun},
		"approval":  {func(r *policy.Request) { r.Mode, r.Approval = policy.ModePropose, []string{"register"} }, policy.RuleApproval},
		"too often": {func(r *policy.Request) {
			r.Prior = times(2, step.Entry{Kind: step.KindTool, Name: "register", Input: json.RawMessage(`{}`), Decision: policy.RuleAllowed})
		}, policy.RuleWrites},
	} {
		if got := p.Check(t.Context(), req(tt.change)); got.Rule != tt.want {
			t.Errorf("%s: rule %s, want %s", name, got.Rule, tt.want)
		}
	}
}
