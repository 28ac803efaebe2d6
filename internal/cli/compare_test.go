package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// wrote is a call that writes, as it stands in a run.
func wrote(name, args, rule string) step.Entry {
	return step.Entry{Kind: step.KindTool, Name: name, Input: json.RawMessage(args), Decision: rule, Write: true}
}

func TestTheActionsOfTwoRunsAreComparedInTheirOrder(t *testing.T) {
	a, b, c := wrote("a", `{"x":1}`, policy.RuleAllowed), wrote("b", `{}`, policy.RuleAllowed), wrote("c", `{}`, policy.RuleAllowed)
	dry := func(e step.Entry) step.Entry { e.Decision = policy.RuleDryRun; return e }
	in := func(branch string, e step.Entry) step.Entry { e.Branch = branch; return e }
	failed := a
	failed.Error = "Jira refuses"
	doubt := a
	doubt.InDoubt, doubt.Error = true, "nobody knows"
	asked, question := wrote("a", `{"x":1}`, policy.RuleApproval), step.Entry{Kind: step.KindApproval, Name: "ask call"}
	notice := wrote("jira_post_comment", `{"body":"may I?"}`, policy.RuleAllowed)
	wait := step.Entry{Kind: step.KindWait, Name: "approval"}
	cases := map[string]struct {
		then, now []step.Entry
		want      string
	}{
		"nothing":               {nil, nil, ""},
		"the same":              {[]step.Entry{a, b}, []step.Entry{dry(a), dry(b)}, `= a {"x":1}; = b {}`},
		"spelled otherwise":     {[]step.Entry{wrote("a", `{"y":2, "x":1}`, policy.RuleAllowed)}, []step.Entry{wrote("a", `{ "x":1,"y":2}`, policy.RuleDryRun)}, `= a {"x":1,"y":2}`},
		"large numbers":         {[]step.Entry{wrote("a", `{"x":12345678901234567890}`, policy.RuleAllowed)}, nil, `- a {"x":12345678901234567890}`},
		"one less":              {[]step.Entry{a, b, c}, []step.Entry{a, c}, `= a {"x":1}; - b {}; = c {}`},
		"one more":              {[]step.Entry{a}, []step.Entry{a, b}, `= a {"x":1}; + b {}`},
		"another":               {[]step.Entry{a}, []step.Entry{b}, `- a {"x":1}; + b {}`},
		"twice":                 {[]step.Entry{a}, []step.Entry{a, a}, `= a {"x":1}; + a {"x":1}`},
		"another order":         {[]step.Entry{a, b}, []step.Entry{b, a}, `- a {"x":1}; = b {}; + a {"x":1}`},
		"reads do not count":    {[]step.Entry{{Kind: step.KindTool, Name: "r"}, {Kind: step.KindModel}}, nil, ""},
		"denied, failed":        {nil, []step.Entry{wrote("a", `{}`, policy.RuleScope), failed}, `+ a {} (scope); + a {"x":1} (failed: Jira refuses)`},
		"in doubt":              {[]step.Entry{doubt}, nil, `- a {"x":1} (in doubt)`},
		"approved then":         {[]step.Entry{asked, question, notice, wait, a}, []step.Entry{dry(a)}, `= a {"x":1}`},
		"turned down then":      {[]step.Entry{asked, question, notice, wait}, nil, `- a {"x":1} (approval)`},
		"approved now":          {nil, []step.Entry{asked, question, notice, wait, a}, `+ a {"x":1} (approved)`},
		"branches that crossed": {[]step.Entry{in("m1", a), in("m2", b), in("m1", c)}, []step.Entry{in("m2", b), in("m1", a), in("m1", c)}, `= a {"x":1}; = c {}; = b {}`},
		"no JSON":               {[]step.Entry{wrote("a", `nonsense`, policy.RuleAllowed)}, nil, `- a nonsense`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, ch := range compare(c.then, c.now) {
				line := ch.Sign + " " + ch.Action
				if ch.Note != "" {
					line += " (" + ch.Note + ")"
				}
				got = append(got, line)
			}
			if text := strings.Join(got, "; "); text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
		})
	}
}

func TestRunsOfTheSameTargetStandSideBySide(t *testing.T) {
	of := func(id, kind, target string) admin.RunDetail {
		return admin.RunDetail{Run: store.Run{ID: id, TargetKind: kind, Target: target}}
	}
	then := []admin.RunDetail{of("1", "agent", "a"), of("2", "agent", "b"), of("3", "agent", "a")}
	now := []admin.RunDetail{of("4", "agent", "b"), of("5", "flow", "a"), of("6", "agent", "a")}
	var got [][2]string
	for _, r := range pair(then, now) {
		got = append(got, [2]string{r.Then.ID, r.Now.ID})
	}
	if diff := cmp.Diff([][2]string{{"2", "4"}, {"", "5"}, {"1", "6"}, {"3", ""}}, got); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
}
