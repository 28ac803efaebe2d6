package policy_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// fake is a tool whose argument "project" is what it touches.
type fake struct {
	spec     tool.Spec
	confined bool
}

func (f fake) Spec() tool.Spec { return f.spec }

func (f fake) Targets(raw json.RawMessage) (tool.Targets, error) {
	var args struct {
		Project string `json:"project"`
	}
	if err := json.Unmarshal(raw, &args); err != nil {
		return tool.Targets{}, err
	}
	if args.Project == "!" {
		return tool.Targets{}, errors.New(`"!" is not an issue key`)
	}
	targets := tool.Targets{Confined: f.confined}
	if args.Project != "" {
		targets.Projects = []string{args.Project}
	}
	return targets, nil
}

func (f fake) Call(context.Context, tool.Call) (tool.Result, error) {
	return tool.Result{Text: "done"}, nil
}

const schema = `{"type":"object","properties":{"project":{"type":"string"},"text":{"type":"string"},"list":{"type":"array"},"more":{"type":"object"}}}`

func tools(t *testing.T) *tool.Registry {
	t.Helper()
	r, err := tool.NewRegistry(
		fake{spec: tool.Spec{Name: "get", Access: tool.Read, Parameters: json.RawMessage(schema)}},
		fake{spec: tool.Spec{Name: "search", Access: tool.Read, Parameters: json.RawMessage(schema)}, confined: true},
		fake{spec: tool.Spec{Name: "update", Access: tool.Write, Parameters: json.RawMessage(schema)}},
		fake{spec: tool.Spec{Name: "comment", Aliases: []string{"say"}, Access: tool.Write, Comments: true, Parameters: json.RawMessage(schema)}},
		fake{spec: tool.Spec{Name: "hidden", Access: tool.Read, Parameters: json.RawMessage(schema)}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const token = "s3cr3t-Token/with+signs"

func rules(t *testing.T) *policy.Policy {
	t.Helper()
	return policy.New(policy.Config{
		Tools:   tools(t),
		Limits:  policy.Limits{WritesPerRun: 4, CommentsPerRun: 2, MaxBytes: 2000},
		Secrets: []string{token, "short", "", "  another secret value\n"},
	})
}

func ask(name, args string) policy.Request {
	return policy.Request{
		Tool:    name,
		Allowed: []string{"comment", "get", "search", "update"},
		Call:    tool.Call{ID: "run:1", Args: json.RawMessage(args), Origin: tool.Origin{Project: "PROJ", IssueKey: "PROJ-1"}},
	}
}

func did(name, decision string) step.Entry {
	return step.Entry{Kind: step.KindTool, Name: name, Decision: decision}
}

func times(n int, e step.Entry) []step.Entry {
	list := make([]step.Entry, n)
	for i := range list {
		list[i] = e
	}
	return list
}

func TestCheckDecidesByTheFirstRuleThatObjects(t *testing.T) {
	with := func(r policy.Request, change func(*policy.Request)) policy.Request {
		change(&r)
		return r
	}
	long := `{"text":"` + strings.Repeat("x", 2000) + `"}`
	tests := map[string]struct {
		req  policy.Request
		want string
		says string
	}{
		"own project":               {ask("get", `{"project":"PROJ"}`), policy.RuleAllowed, ""},
		"no project at all":         {ask("get", `{}`), policy.RuleAllowed, ""},
		"alias of a listed tool":    {ask("say", `{}`), policy.RuleAllowed, ""},
		"tool of another agent":     {ask("hidden", `{}`), policy.RuleToolList, "comment, get, search, update"},
		"tool that does not exist":  {ask("rm", `{}`), policy.RuleToolList, "rm"},
		"agent without tools":       {with(ask("get", `{}`), func(r *policy.Request) { r.Allowed = nil }), policy.RuleToolList, "no tools at all"},
		"wrong type":                {ask("get", `{"project":1}`), policy.RuleSchema, "project"},
		"not JSON":                  {ask("get", `no`), policy.RuleSchema, "JSON"},
		"arguments make no sense":   {ask("get", `{"project":"!"}`), policy.RuleSchema, "not an issue key"},
		"another project, reading":  {ask("get", `{"project":"OTHER"}`), policy.RuleScope, "OTHER is outside"},
		"another project, writing":  {ask("update", `{"project":"OTHER"}`), policy.RuleScope, "which is PROJ"},
		"case does not matter":      {ask("get", `{"project":"proj"}`), policy.RuleAllowed, ""},
		"scope of the agent":        {with(ask("get", `{"project":"OTHER"}`), func(r *policy.Request) { r.Scope = []string{"OTH*"} }), policy.RuleAllowed, ""},
		"scope without the event's": {with(ask("get", `{"project":"PROJ"}`), func(r *policy.Request) { r.Scope = []string{"OTH*"} }), policy.RuleScope, "OTH*"},
		"event without a project":   {with(ask("get", `{"project":"PROJ"}`), func(r *policy.Request) { r.Call.Origin.Project = "" }), policy.RuleScope, "no project"},
		"search without a project":  {with(ask("search", `{}`), func(r *policy.Request) { r.Call.Origin.Project = "" }), policy.RuleScope, "no project"},
		"writes used up":            {with(ask("update", `{}`), func(r *policy.Request) { r.Prior = times(4, did("update", policy.RuleAllowed)) }), policy.RuleWrites, "4 writes"},
		"comments are writes":       {with(ask("comment", `{}`), func(r *policy.Request) { r.Prior = times(4, did("update", policy.RuleAllowed)) }), policy.RuleWrites, "4 writes"},
		"comments used up":          {with(ask("comment", `{}`), func(r *policy.Request) { r.Prior = times(2, did("comment", policy.RuleAllowed)) }), policy.RuleComments, "2 comments"},
		"comments used up, update":  {with(ask("update", `{}`), func(r *policy.Request) { r.Prior = times(2, did("comment", policy.RuleAllowed)) }), policy.RuleAllowed, ""},
		"dry writes count":          {with(ask("update", `{}`), func(r *policy.Request) { r.Prior = times(4, did("update", policy.RuleDryRun)) }), policy.RuleWrites, ""},
		"reads do not count":        {with(ask("update", `{}`), func(r *policy.Request) { r.Prior = times(9, did("get", policy.RuleAllowed)) }), policy.RuleAllowed, ""},
		"denials do not count":      {with(ask("update", `{}`), func(r *policy.Request) { r.Prior = times(9, did("update", policy.RuleScope)) }), policy.RuleAllowed, ""},
		"model calls do not count": {with(ask("update", `{}`), func(r *policy.Request) {
			r.Prior = times(9, step.Entry{Kind: step.KindModel, Name: "update", Decision: policy.RuleAllowed})
		}), policy.RuleAllowed, ""},
		"reading after all writes":   {with(ask("get", `{}`), func(r *policy.Request) { r.Prior = times(9, did("update", policy.RuleAllowed)) }), policy.RuleAllowed, ""},
		"too long":                   {ask("update", long), policy.RuleSize, "2000"},
		"secret":                     {ask("comment", `{"text":"look: `+token+`!"}`), policy.RuleSecret, "secret"},
		"secret in a read":           {ask("search", `{"text":"`+token+`"}`), policy.RuleSecret, "secret"},
		"dry run of a write":         {with(ask("update", `{"text":"hi"}`), func(r *policy.Request) { r.Mode = policy.ModeDryRun }), policy.RuleDryRun, `{"text":"hi"}`},
		"dry run of a read":          {with(ask("get", `{}`), func(r *policy.Request) { r.Mode = policy.ModeDryRun }), policy.RuleAllowed, ""},
		"scope comes before dry run": {with(ask("update", `{"project":"OTHER"}`), func(r *policy.Request) { r.Mode = policy.ModeDryRun }), policy.RuleScope, ""},
		"secret before dry run":      {with(ask("update", `{"text":"`+token+`"}`), func(r *policy.Request) { r.Mode = policy.ModeDryRun }), policy.RuleSecret, ""},
		"list comes before schema":   {ask("hidden", `no`), policy.RuleToolList, ""},
	}
	p := rules(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := p.Check(t.Context(), tt.req)
			if got.Rule != tt.want || got.Allowed != (tt.want == policy.RuleAllowed) {
				t.Fatalf("rule %s, allowed %v (%s); want %s", got.Rule, got.Allowed, got.Reason, tt.want)
			}
			if !strings.Contains(got.Reason, tt.says) {
				t.Errorf("the reason %q does not say %q", got.Reason, tt.says)
			}
			if strings.Contains(got.Reason+got.Result().Text, token) {
				t.Error("the verdict tells the secret")
			}
			if again := p.Check(t.Context(), tt.req); again.Rule != got.Rule || again.Reason != got.Reason {
				t.Errorf("asked again it decided %s: %s", again.Rule, again.Reason)
			}
		})
	}
}

func TestCheckConfinesTheCallToTheScope(t *testing.T) {
	p := rules(t)
	req := ask("search", `{}`)
	if diff := cmp.Diff([]string{"PROJ"}, p.Check(t.Context(), req).Call.Projects); diff != "" {
		t.Error(diff)
	}
	req.Call.Projects = []string{"SNEAKED"}
	req.Scope = []string{"A", "B*"}
	if diff := cmp.Diff([]string{"A", "B*"}, p.Check(t.Context(), req).Call.Projects); diff != "" {
		t.Error(diff)
	}
	req = ask("get", `{}`)
	req.Call.Origin.Project = ""
	if got := p.Check(t.Context(), req).Call.Projects; got == nil || len(got) != 0 {
		t.Errorf("without a scope the call may touch %v; nil would be every project", got)
	}
}

func TestCheckKeepsTheCallAsItIsOtherwise(t *testing.T) {
	req := ask("say", `{"text":"hi"}`)
	v := rules(t).Check(t.Context(), req)
	if v.Tool == nil || v.Tool.Spec().Name != "comment" {
		t.Fatalf("tool %v", v.Tool)
	}
	want := req.Call
	want.Projects, want.Repositories, want.Spaces = []string{"PROJ"}, []string{}, []string{}
	if diff := cmp.Diff(want, v.Call); diff != "" {
		t.Error(diff)
	}
}

func TestSecretsAreFoundInEveryForm(t *testing.T) {
	quoted := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	spaced := strings.Join(strings.Split(token, ""), " ")
	invisible := strings.Join(strings.Split(token, ""), "\u200b")
	forms := map[string]string{
		"as it is":           token,
		"in a sentence":      "the token is " + token + ".",
		"base64":             base64.StdEncoding.EncodeToString([]byte(token)),
		"base64, shifted":    base64.StdEncoding.EncodeToString([]byte("x" + token + "yz")),
		"base64, shifted 2":  base64.StdEncoding.EncodeToString([]byte("ab" + token)),
		"basic auth":         base64.StdEncoding.EncodeToString([]byte("bot@example.com:" + token)),
		"base64 URL":         base64.URLEncoding.EncodeToString([]byte(token)),
		"hex":                hex.EncodeToString([]byte(token)),
		"HEX":                strings.ToUpper(hex.EncodeToString([]byte(token))),
		"query escaped":      url.QueryEscape(token),
		"percent throughout": percent(token),
		"path escaped":       url.PathEscape(token),
		"reversed":           reverse(token),
		"with blanks":        spaced,
		"invisible in it":    invisible,
		"other, with spaces": "Another one: another secret value",
	}
	p := rules(t)
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			for _, args := range []string{
				`{"text":` + quoted(form) + `}`,
				`{"list":["x",{"deep":` + quoted(form) + `}]}`,
				`{"more":{` + quoted(form) + `:1}}`,
			} {
				if got := p.Check(t.Context(), ask("comment", args)); got.Rule != policy.RuleSecret {
					t.Errorf("%s passed with rule %s", args, got.Rule)
				}
			}
		})
	}
}

func TestSecretsAreFoundBehindJSONEscapes(t *testing.T) {
	var b strings.Builder
	for _, r := range token {
		b.WriteString(`\u00` + hex.EncodeToString([]byte{byte(r)}))
	}
	got := rules(t).Check(t.Context(), ask("comment", `{"text":"`+b.String()+`"}`))
	if got.Rule != policy.RuleSecret {
		t.Errorf("rule %s", got.Rule)
	}
}

func TestHarmlessTextIsNotTakenForASecret(t *testing.T) {
	p := rules(t)
	for _, text := range []string{"short", "s3cr3t", "another", "Fixed in 1.2.3, see PROJ-7", strings.Repeat("A", 500), ""} {
		b, _ := json.Marshal(map[string]string{"text": text})
		if got := p.Check(t.Context(), ask("comment", string(b))); !got.Allowed {
			t.Errorf("%q is refused: %s", text, got.Reason)
		}
	}
}

func TestResultTellsADenialFromADryRun(t *testing.T) {
	p := rules(t)
	denied := p.Check(t.Context(), ask("hidden", `{}`)).Result()
	if !denied.Failed || !strings.Contains(denied.Text, policy.RuleToolList) {
		t.Errorf("denial: %+v", denied)
	}
	req := ask("update", `{"text":"`+strings.Repeat("ü", 400)+`"}`)
	req.Mode = policy.ModeDryRun
	v := p.Check(t.Context(), req)
	if dry := v.Result(); dry.Failed || !v.DryRun() || !strings.Contains(dry.Text, "Dry run") || strings.ContainsRune(dry.Text, '\uFFFD') {
		t.Errorf("dry run: %+v", dry)
	}
}

func TestLimitsHaveDefaults(t *testing.T) {
	p := policy.New(policy.Config{Tools: tools(t)})
	req := ask("comment", `{}`)
	req.Prior = times(policy.DefaultCommentsPerRun-1, did("comment", policy.RuleAllowed))
	if got := p.Check(t.Context(), req); !got.Allowed {
		t.Errorf("refused: %s", got.Reason)
	}
	req.Prior = times(policy.DefaultCommentsPerRun, did("comment", policy.RuleAllowed))
	if got := p.Check(t.Context(), req); got.Rule != policy.RuleComments {
		t.Errorf("rule %s", got.Rule)
	}
	req = ask("update", `{}`)
	req.Prior = times(policy.DefaultWritesPerRun, did("update", policy.RuleAllowed))
	if got := p.Check(t.Context(), req); got.Rule != policy.RuleWrites {
		t.Errorf("rule %s", got.Rule)
	}
}

func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteString("%" + hex.EncodeToString([]byte{c}))
	}
	return b.String()
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

func FuzzCheckNeverLetsASecretPass(f *testing.F) {
	for _, seed := range []string{"", "hello", "\u200b", "a b", `\`, "\x00"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		p := policy.New(policy.Config{Tools: tools(t), Secrets: []string{token}})
		args, err := json.Marshal(map[string]string{"text": before + token + after})
		if err != nil {
			t.Skip()
		}
		if len(args) > policy.DefaultMaxBytes {
			t.Skip()
		}
		if got := p.Check(t.Context(), ask("comment", string(args))); got.Rule != policy.RuleSecret {
			t.Errorf("%q passed with rule %s", args, got.Rule)
		}
	})
}
