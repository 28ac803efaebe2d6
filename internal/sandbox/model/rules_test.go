package model_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/sandbox/model"
)

func TestFaultyRulesAreToldByName(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", ``, "there are none"},
		{"no rules", `let: {}`, "there are none"},
		{"no YAML", `rules: [`, "parse rules: yaml"},
		{"a list", `- a`, "parse rules: yaml"},
		{"an unknown field", `rules: [{name: a, say: x, wehn: {}}]`, "field wehn not found"},
		{"an unknown condition", `rules: [{name: a, say: x, when: {moon: full}}]`, "field moon not found"},
		{"silence", `rules: [{name: a}]`, "rule 1 (a): it neither calls nor says anything"},
		{"an empty text", `rules: [{name: a, say: ""}]`, "neither calls nor says"},
		{"no tool", `rules: [{name: a, call: [{args: {}}]}]`, "rule 1 (a): a call has no tool"},
		{"a bad pattern", `rules: [{name: a, say: x, when: {user_matches: '('}}]`, `rule 1 (a): pattern "("`},
		{"a missing let", `rules: [{name: a, say: "${x}"}]`, "rule 1 (a): no let defines ${x}"},
		{"a missing let in a call", `rules: [{name: a, call: [{tool: t, args: {b: ["${x}"]}}]}]`, "no let defines ${x}"},
		{"keys that are no texts", `rules: [{name: a, call: [{tool: t, args: {b: {1: 2}}}]}]`, "keys must be texts"},
		{"two forms", `{let: {x: {match: a, first: [{if: a, then: b}]}}, rules: [{name: a, say: x}]}`, "let x: want exactly one of match, first and every"},
		{"no form", `{let: {x: {else: b}}, rules: [{name: a, say: x}]}`, "let x: want exactly one"},
		{"an unknown scope", `{let: {x: {in: moon, match: a}}, rules: [{name: a, say: x}]}`, `let x: unknown scope "moon": want user, system`},
		{"a taken name", `{let: {system: {match: a}}, rules: [{name: a, say: x}]}`, "let system: a name is letters"},
		{"an odd name", `{let: {a-b: {match: a}}, rules: [{name: a, say: x}]}`, "let a-b: a name is letters"},
		{"a bad pattern in let", `{let: {x: {match: '['}}, rules: [{name: a, say: x}]}`, `let x: pattern "["`},
		{"a bad pattern in a case", `{let: {x: {first: [{if: '[', then: a}]}}, rules: [{name: a, say: x}]}`, `let x: pattern "["`},
		{"a case of nothing", `{let: {x: {first: [{then: a}]}}, rules: [{name: a, say: x}]}`, "a case wants either if or has"},
		{"a case of both", `{let: {x: {first: [{if: a, has: b, then: a}]}}, rules: [{name: a, say: x}]}`, "a case wants either if or has"},
		{"a case of an empty word", `{let: {x: {first: [{has: [''], then: a}]}}, rules: [{name: a, say: x}]}`, "a word of has is empty"},
		{"a case without value", `{let: {x: {every: [{if: a}]}}, rules: [{name: a, say: x}]}`, `the case "a" gives no value`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := model.Parse([]byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want …%s…", err, tt.want)
			}
		})
	}
	_, err := model.Parse([]byte("{let: {x: {match: '['}}, rules: [{name: a}, {name: b, say: '${y}'}]}"))
	if err == nil || strings.Count(err.Error(), "parse rules:") != 3 {
		t.Errorf("not every problem is told: %v", err)
	}
}

func TestConditionsDecideWhichRuleAnswers(t *testing.T) {
	const file = `
let: {n: {match: 'N=(\d+)'}}
rules:
  - {name: system, when: {system_contains: [ALPHA, beta]}, say: by system}
  - {name: system pattern, when: {system_matches: '^gamma \d$'}, say: by system pattern}
  - {name: user, when: {user_contains: Delta}, say: by user}
  - {name: user pattern, when: {user_matches: ['eps', 'ilon$']}, say: by user pattern}
  - {name: missing, when: {user_contains: zeta}, say: "n is ${n}"}
  - {name: tool, when: {tool_available: [one, two]}, say: by tools}
  - {name: turn, when: {turn: 2}, say: second}
  - {name: rest, say: rest}
`
	_, url := start(t, model.Options{Rules: rules(t, file)})
	second := []llm.Message{{Role: llm.User, Text: "x"}, {Role: llm.Assistant, Text: "y"}, {Role: llm.User, Text: "z"}}
	user := func(text string) []llm.Message { return []llm.Message{{Role: llm.User, Text: text}} }
	tests := []struct {
		req  llm.Request
		want string
	}{
		{llm.Request{System: "Beta then alpha", Messages: user("x")}, "by system"},
		{llm.Request{System: "alpha only", Messages: user("beta")}, "rest"},
		{llm.Request{System: "gamma 1", Messages: user("x")}, "by system pattern"},
		{llm.Request{System: "gamma", Messages: user("gamma 1")}, "rest"},
		{llm.Request{System: "delta", Messages: user("x")}, "rest"},
		{llm.Request{Messages: user("a DELTA b")}, "by user"},
		{llm.Request{Messages: user("epsilon")}, "by user pattern"},
		{llm.Request{Messages: user("zeta N=5")}, "n is 5"},
		{llm.Request{Messages: user("zeta")}, "rest"},
		{llm.Request{Messages: user("x"), Tools: specs("two", "three", "one")}, "by tools"},
		{llm.Request{Messages: user("x"), Tools: specs("two")}, "rest"},
		{llm.Request{Messages: second}, "second"},
	}
	for i, tt := range tests {
		resp, err := client(t, url, "").Complete(t.Context(), tt.req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Message.Text != tt.want {
			t.Errorf("%d: %q, want %q", i, resp.Message.Text, tt.want)
		}
	}
}

func TestRulesFollowWhatWasCalled(t *testing.T) {
	const file = `
rules:
  - {name: 1 look, when: {not_called: look}, call: [{tool: look}]}
  - {name: 2 write, when: {after_tool: look}, call: [{tool: write, args: {a: 1}}, {tool: write, args: {a: 2}}], say: writing}
  - {name: 3 check, when: {called: [look, write], not_called: check, data_matches: 'written 2'}, call: [{tool: check}]}
  - {name: 4 end, say: end}
`
	s, url := start(t, model.Options{Rules: rules(t, file)})
	calls, final := converse(t, client(t, url, ""), llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "x"}}}, func(c llm.ToolCall) string {
		return strings.ReplaceAll(strings.ReplaceAll(string(c.Args), `{"a":`, "written "), "}", "")
	})
	want := []string{`look {}`, `write {"a":1}`, `write {"a":2}`, `check {}`}
	if diff := cmp.Diff(want, calls); diff != "" || final != "end" {
		t.Errorf("%s, final %q", diff, final)
	}
	var names []string
	for _, r := range s.Requests() {
		names = append(names, r.Rule)
	}
	if diff := cmp.Diff([]string{"1 look", "2 write", "3 check", "4 end"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestAfterToolMeansTheLastAnswersOnly(t *testing.T) {
	const file = `
rules:
  - {name: once, when: {not_called: look}, call: [{tool: look}, {tool: list}]}
  - {name: wrong, when: {after_tool: [look, write]}, say: both at once}
  - {name: next, when: {after_tool: [look, list], not_called: write}, call: [{tool: write}]}
  - {name: still, when: {after_tool: look}, say: look is long ago}
  - {name: end, when: {after_tool: write}, say: end}
  - {name: rest, say: rest}
`
	_, url := start(t, model.Options{Rules: rules(t, file)})
	m := client(t, url, "")
	calls, final := converse(t, m, llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "x"}}}, done)
	if diff := cmp.Diff([]string{"look {}", "list {}", "write {}"}, calls); diff != "" || final != "end" {
		t.Errorf("%s, final %q", diff, final)
	}
	over := []llm.Message{
		{Role: llm.User, Text: "x"},
		{Role: llm.Assistant, ToolCalls: []llm.ToolCall{{ID: "a", Name: "look", Args: []byte(`{}`)}}},
		{Role: llm.ToolRole, ToolCallID: "a", ToolName: "look", Text: "r"},
		{Role: llm.User, Text: "and now?"},
	}
	if resp, err := m.Complete(t.Context(), llm.Request{Messages: over}); err != nil || resp.Message.Text != "rest" {
		t.Errorf("after the user spoke: %q, %v", resp.Message.Text, err)
	}
}

func TestARuleDoesNotRepeatItsCalls(t *testing.T) {
	const file = `
let: {who: {in: results, match: 'now (\w+)', else: nobody}}
rules:
  - {name: greet, call: [{tool: greet, args: {b: "${who}", a: [1, {c: null}]}}]}
  - {name: end, say: "greeted ${who}"}
`
	_, url := start(t, model.Options{Rules: rules(t, file)})
	answers := []string{"now alice", "now bob", "thanks"} // the first match stays alice
	i := 0
	calls, final := converse(t, client(t, url, ""), llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "x"}}}, func(llm.ToolCall) string {
		i++
		return answers[i-1]
	})
	want := []string{`greet {"a":[1,{"c":null}],"b":"nobody"}`, `greet {"a":[1,{"c":null}],"b":"alice"}`}
	if diff := cmp.Diff(want, calls); diff != "" || final != "greeted alice" {
		t.Errorf("%s, final %q", diff, final)
	}
}

func TestValuesKeepTheirKindAndAreNeverTemplates(t *testing.T) {
	const file = `
let:
  text: {match: 'T=(.*)'}
  whole: {match: 'T=.'}
  list: {every: [{if: a, then: x}, {if: b, then: 2}, {if: c, then: {k: [1]}}]}
  number: {first: [{if: zzz, then: 1}, {if: '^', then: 2.5}]}
  other: {match: zzz, else: {deep: [true]}}
rules:
  - name: r
    call: [{tool: t, args: {text: "${text}", whole: "${whole}", list: "${list}", number: "${number}", other: "${other}", mixed: "n=${number} l=${list} o=${other}", plain: "$${text} ${} $x ${not-a-name} ${text", five: 5}}]
`
	_, url := start(t, model.Options{Rules: rules(t, file)})
	req := llm.Request{System: "sys", Messages: []llm.Message{{Role: llm.User, Text: "abc\nT=${number}"}}}
	resp, err := client(t, url, "").Complete(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"five":5,"list":["x",2,{"k":[1]}],"mixed":"n=2.5 l=x, 2, {\"k\":[1]} o={\"deep\":[true]}","number":2.5,"other":{"deep":[true]},"plain":"${text} ${} $x ${not-a-name} ${text","text":"${number}","whole":"T=$"}`
	if diff := cmp.Diff(want, string(resp.Message.ToolCalls[0].Args)); diff != "" {
		t.Error(diff)
	}
}

func TestWordsAreFoundWhereTheyBegin(t *testing.T) {
	const file = `
let: {found: {every: [{has: [api, Über], then: 1}, {has: fail, then: 2}], else: none}}
rules: [{say: "${found}"}]
`
	_, url := start(t, model.Options{Rules: rules(t, file)})
	for text, want := range map[string]string{
		"capital": "none", "the API": "1", "capital api-docs": "1", "it FAILS": "2", "unfail failing apis": "1, 2", "ÜBERALL": "1", "äapi 1fail": "none", "": "none",
	} {
		resp, err := client(t, url, "").Complete(t.Context(), llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "x:" + text}}})
		if err != nil || resp.Message.Text != want {
			t.Errorf("%q: %q, %v, want %q", text, resp.Message.Text, err, want)
		}
	}
}

func TestRulesCanBeReplacedWhileServing(t *testing.T) {
	s, url := start(t, model.Options{Rules: rules(t, `rules: [{say: one}]`)})
	m := client(t, url, "")
	for _, want := range []string{"one", "two"} {
		s.SetRules(rules(t, `rules: [{say: `+want+`}]`))
		resp, err := m.Complete(t.Context(), llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "x"}}})
		if err != nil || resp.Message.Text != want {
			t.Errorf("%q, %v, want %q", resp.Message.Text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("rules: [{say: x}]"), "hello")
	f.Add([]byte("let: {a: {match: '(x)|(y)'}}\nrules: [{say: '${a}$${${'}]"), "y")
	f.Add([]byte("let: {a: {every: [{if: '^', then: [1]}, {has: [ä], then: 2}]}}\nrules: [{call: [{tool: t, args: {x: '${a}'}}]}]"), "")
	f.Fuzz(func(t *testing.T, file []byte, text string) {
		r, err := model.Parse(file)
		if err != nil {
			return
		}
		s, err := model.New(model.Options{Rules: r})
		if err != nil {
			t.Fatal(err)
		}
		if status, body := ask(s, `{"model":"m","messages":[{"role":"user","content":`+quote(text)+`}]}`); status != 200 {
			t.Errorf("status %d: %s", status, body)
		}
	})
}
