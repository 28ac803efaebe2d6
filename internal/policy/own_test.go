package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// lent is a registry of an MCP server's tools.
func lent(t *testing.T) *tool.Registry {
	t.Helper()
	r, err := tool.NewRegistry(
		foreign{name: "mcp_srv_write", alias: "mcp:srv/write/it", access: tool.Write},
		foreign{name: "mcp_srv_read", alias: "mcp:srv/read", access: tool.Read})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type foreign struct {
	tool.Tool

	name, alias string
	access      tool.Access
}

func (f foreign) Spec() tool.Spec {
	return tool.Spec{Name: f.name, Aliases: []string{f.alias}, Toolset: "mcp", Access: f.access, Parameters: []byte(`{"type":"object","properties":{"text":{"type":"string"}}}`)}
}

func (foreign) Targets(json.RawMessage) (tool.Targets, error) { return tool.Targets{}, nil }

func TestToolsOfItsOwnPassTheSamePolicy(t *testing.T) {
	own := lent(t)
	made := step.Entry{Kind: step.KindTool, Name: "mcp_other_thing", Decision: policy.RuleAllowed, Write: true}
	read := made
	read.Write = false
	tests := map[string]struct {
		tool, args string
		change     func(*policy.Request)
		want       string
	}{
		"lent":                    {"mcp_srv_write", `{}`, func(*policy.Request) {}, policy.RuleAllowed},
		"not lent":                {"mcp_srv_write", `{}`, func(r *policy.Request) { r.Own = nil }, policy.RuleToolList},
		"unknown":                 {"mcp_srv_nothing", `{}`, func(*policy.Request) {}, policy.RuleToolList},
		"schema":                  {"mcp_srv_write", `{"text":1}`, func(*policy.Request) {}, policy.RuleSchema},
		"secret":                  {"mcp_srv_read", `{"text":"` + token + `"}`, func(*policy.Request) {}, policy.RuleSecret},
		"dry run of a write":      {"mcp_srv_write", `{}`, func(r *policy.Request) { r.Mode = policy.ModeDryRun }, policy.RuleDryRun},
		"dry run of a read":       {"mcp_srv_read", `{}`, func(r *policy.Request) { r.Mode = policy.ModeDryRun }, policy.RuleAllowed},
		"proposed":                {"mcp_srv_write", `{}`, func(r *policy.Request) { r.Mode = policy.ModePropose }, policy.RulePropose},
		"approval by name":        {"mcp_srv_read", `{}`, func(r *policy.Request) { r.Approval = []string{"mcp_srv_*"} }, policy.RuleApproval},
		"approval as in the list": {"mcp_srv_write", `{}`, func(r *policy.Request) { r.Approval = []string{"mcp:srv/*"} }, policy.RuleApproval},
		"approval of writes":      {"mcp_srv_write", `{}`, func(r *policy.Request) { r.Approval = []string{"mcp:write"} }, policy.RuleApproval},
		"no approval of reads":    {"mcp_srv_read", `{}`, func(r *policy.Request) { r.Approval = []string{"mcp:write"} }, policy.RuleAllowed},
		"writes count":            {"mcp_srv_write", `{}`, func(r *policy.Request) { r.Prior = times(40, made) }, policy.RuleWrites},
		"reads do not":            {"mcp_srv_write", `{}`, func(r *policy.Request) { r.Prior = times(40, read) }, policy.RuleAllowed},
		"they count for others":   {"update", `{}`, func(r *policy.Request) { r.Prior = times(40, made) }, policy.RuleWrites},
	}
	p := rules(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			req := ask(tt.tool, tt.args)
			req.Own = own
			tt.change(&req)
			if got := p.Check(t.Context(), req); got.Rule != tt.want {
				t.Errorf("rule %s (%s), want %s", got.Rule, got.Reason, tt.want)
			}
		})
	}
	if p.Knows("mcp_srv_read") || !p.Knows("update") {
		t.Error("the program's tools are mixed up with others")
	}
	req := ask("hidden", `{}`)
	req.Own = own
	if got := p.Check(t.Context(), req); !strings.Contains(got.Reason, "mcp_srv_read") {
		t.Errorf("the reason leaves out a tool: %s", got.Reason)
	}
}

func TestASecretThatIsLearnedLaterDoesNotLeave(t *testing.T) {
	p := rules(t)
	const late = "a-secret-of-a-manifest"
	req := ask("comment", `{"text":"`+late+`"}`)
	if got := p.Check(t.Context(), req); !got.Allowed {
		t.Fatalf("rule %s", got.Rule)
	}
	p.Learn(late, "", late)
	if got := p.Check(t.Context(), req); got.Rule != policy.RuleSecret {
		t.Errorf("rule %s", got.Rule)
	}
	if got := p.Check(t.Context(), ask("comment", `{"text":"`+token+`"}`)); got.Rule != policy.RuleSecret {
		t.Errorf("what was known before is forgotten: %s", got.Rule)
	}
}
