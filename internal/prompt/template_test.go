package prompt

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sample are variables as events have them.
func sample() map[string]any {
	return map[string]any{
		"metadata": map[string]any{
			"issue_key": "PROJ-1", "issue_summary": "Login <fails> & \"quotes\"", "timestamp": int64(1640000000000),
			"issue_labels": []string{"security", "sso"}, "issue_assignee_name": nil, "done": false, "ratio": 2.5, "whole": 3.0,
			"empty": "", "none_list": []string{}, "number": json.Number("42"),
			"changelog_items": []any{
				map[string]any{"field": "status", "from_string": "To Do", "to_string": "Done"},
				map[string]any{"field": "assignee", "from_string": nil, "to_string": "Alice"},
			},
			"issue_custom": map[string]any{"Story Points": 5.0, "Team": map[string]any{"name": "A"}},
		},
		"params": map[string]any{"action": "full_triage"},
		"now":    time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC),
	}
}

func render(t *testing.T, source string, vars map[string]any) string {
	t.Helper()
	tmpl, err := Compile("test", source)
	if err != nil {
		t.Fatalf("Compile(%q): %v", source, err)
	}
	out, err := tmpl.Render(vars)
	if err != nil {
		t.Fatalf("Render(%q): %v", source, err)
	}
	return out
}

func TestRenderPrintsValuesAsTheyAre(t *testing.T) {
	for source, want := range map[string]string{
		"{{ metadata.issue_key }}":                        "PROJ-1",
		"{{ metadata.issue_summary }}":                    `Login <fails> & "quotes"`,
		"{{ metadata.timestamp }}":                        "1640000000000",
		"{{ metadata.done }} {{ metadata.ratio }}":        "false 2.5",
		"{{ metadata.whole }} {{ metadata.number }}":      "3 42",
		"[{{ metadata.issue_assignee_name }}]":            "[]",
		"[{{ metadata.nothing }}{{ metadata.a.b.c }}]":    "[]",
		"[{{ nothing.at.all[0] }}]":                       "[]",
		"{{ metadata.issue_labels }}":                     `["security","sso"]`,
		"{{ metadata.issue_labels|join(', ') }}":          "security, sso",
		"{{ metadata.issue_labels|tojson }}":              `["security","sso"]`,
		"{{ metadata.issue_custom['Story Points'] }}":     "5",
		"{{ metadata.issue_custom.Team.name }}":           "A",
		"{{ metadata.issue_summary|upper }}":              `LOGIN <FAILS> & "QUOTES"`,
		"{{ metadata.issue_summary|safe }}":               `Login <fails> & "quotes"`,
		"{{ metadata.issue_summary|e }}":                  "Login &lt;fails&gt; &amp; &quot;quotes&quot;",
		"{{ metadata.nothing|default('x') }}":             "x",
		"{{ metadata.issue_assignee_name|default('x') }}": "x",
		"{{ metadata.empty|default('x') }}":               "",
		"{{ metadata.empty|default('x', true) }}":         "x",
		"{{ params.action }} {{ now }}":                   "full_triage 2024-01-15T09:00:00Z",
		"{{ {'a': [1, none, true]}|tojson }}":             `{"a":[1,null,true]}`,
		"{{ metadata.issue_labels|tojson(indent=2) }}":    "[\n  \"security\",\n  \"sso\"\n]",
		"{{ '<>&'|tojson }}":                              `"<>&"`,
	} {
		if got := render(t, source, sample()); got != want {
			t.Errorf("%s\n got %q\nwant %q", source, got, want)
		}
	}
}

func TestFiltersThatTheEngineLacksWork(t *testing.T) {
	for source, want := range map[string]string{
		"{{ 'one two three four'|truncate(9, leeway=0) }}":       "one...",
		"{{ 'one two three four'|truncate(9, true, leeway=0) }}": "one tw...",
		"{{ 'short'|truncate(9) }}":                              "short",
		"{{ 'añ'|truncate(1, true, '', 0) }}":                    "a",
		"{{ nothing|truncate(3) }}":                              "",
		"{{ 'one two  three'|wordcount }}":                       "3",
		"[{{ 'ab'|center(6) }}]":                                 "[  ab  ]",
		"{{ 'a b a'|replace('a', 'x') }}":                        "x b x",
		"{{ 'a b a'|replace('a', 'x', 1) }}":                     "x b a",
		"{{ 'a\nb\n\nc'|indent(2) }}":                            "a\n  b\n\n  c",
		"{{ 'a\nb'|indent(width=2, first=true) }}":               "  a\n  b",
		"{{ [1, none, 'a', true]|join('-') }}":                   "1--a-true",
		"{{ [{'n': 1}, {'n': 2}]|join(',', attribute='n') }}":    "1,2",
		"{{ nothing|join(',') }}":                                "",
		"{{ 'abc'|join(',') }}":                                  "abc",
		"{{ nothing|length }}":                                   "0",
		"{{ '%s-%d'|format('a', 3) }}":                           "a-3",
		"{{ {'b': 1}|items|list|tojson }}":                       `[["b",1]]`,
	} {
		if got := render(t, source, sample()); got != want {
			t.Errorf("%s\n got %q\nwant %q", source, got, want)
		}
	}
}

func TestRenderTakesBranchesAndLoops(t *testing.T) {
	for source, want := range map[string]string{
		"{% if metadata.issue_assignee_name %}a{% else %}b{% endif %}":                                     "b",
		"{% if metadata.nothing.deep %}a{% else %}b{% endif %}":                                            "b",
		"{% if metadata.none_list %}a{% else %}b{% endif %}":                                               "b",
		"{% if metadata.changelog_items %}a{% endif %}":                                                    "a",
		"{% for l in metadata.issue_labels %}{{ loop.index }}{{ l }} {% endfor %}":                         "1security 2sso ",
		"{% for i in metadata.changelog_items %}{{ i.field }}:{{ i.from_string }};{% endfor %}":            "status:To Do;assignee:;",
		"{% for x in metadata.nothing %}{{ x }}{% else %}none{% endfor %}":                                 "none",
		"{% for x in metadata.issue_assignee_name %}{{ x }}{% else %}none{% endfor %}":                     "none",
		"{% for k, v in metadata.issue_custom|items %}{{ k }} {% endfor %}":                                "Story Points Team ",
		"{% if 'sso' in metadata.issue_labels %}yes{% endif %}":                                            "yes",
		"{% if metadata.issue_assignee_name is none %}none{% endif %}":                                     "none",
		"{% set ns = namespace(n=0) %}{% for x in [1,2] %}{% set ns.n = ns.n + x %}{% endfor %}{{ ns.n }}": "3",
		"{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m('a') }}":                                              "<a>",
		"{% raw %}{{ not a template }}{% endraw %}":                                                        "{{ not a template }}",
		"{# comment #}x{{- ' y' -}} z":                                                                     "x yz",
	} {
		if got := render(t, source, sample()); got != want {
			t.Errorf("%s\n got %q\nwant %q", source, got, want)
		}
	}
}

func TestDataIsNeverParsedAsTemplate(t *testing.T) {
	hostile := "{{ 7*7 }}{% for x in range(9) %}{{ x }}{% endfor %}{{ metadata }}"
	got := render(t, "{{ a }}|{{ a|upper|lower }}|{{ a ~ '' }}", map[string]any{"a": hostile})
	if want := hostile + "|" + strings.ToLower(hostile) + "|" + hostile; got != want {
		t.Errorf("got %q", got)
	}
}

func TestTheTemplatesNameChangesNothing(t *testing.T) {
	for _, name := range []string{"x.html", "x.yaml", "x.json", "x.js", "x.j2", "x", ""} {
		tmpl, err := Compile(name, "{{ a }}")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tmpl.Render(map[string]any{"a": `<b>"&'/`}); err != nil || got != `<b>"&'/` {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
}

// spy has a method that a template must not be able to call.
type spy struct{ Name string }

func (s *spy) Delete() string { panic("called") }

func TestNoGoMethodCanBeCalled(t *testing.T) {
	vars := map[string]any{"s": &spy{Name: "n"}, "f": func() string { panic("called") }, "e": errors.New("x"), "d": time.Second}
	if got := render(t, "{{ s.Name }}{{ f }}{{ e }}{{ d }}{{ s.Delete }}", vars); !strings.HasPrefix(got, "n") {
		t.Errorf("got %q", got)
	}
	for _, source := range []string{"{{ s.Delete() }}", "{{ f() }}", "{{ e.Error() }}", "{{ d.String() }}"} {
		tmpl, err := Compile("t", source)
		if err != nil {
			continue
		}
		if out, err := tmpl.Render(vars); err == nil {
			t.Errorf("%s rendered %q", source, out)
		}
	}
}

func TestCompileTellsWhatIsWrongAndWhere(t *testing.T) {
	for source, want := range map[string]string{
		"a\nb {{ x":                             "t: line 2: ",
		"\n{{ 'x":                               "t: line 2: ",
		"{% if x %}":                            "t: line 1: unexpected end",
		"\n\n{% endfor %}":                      "t: line 3: ",
		"a\n{{ x|truncat(3) }}":                 `t: line 2: unknown filter "truncat" (did you mean truncate?)`,
		"{{ x|qqqqqqqq }}":                      `t: line 1: unknown filter "qqqqqqqq"`,
		"{% if x is definedd %}{% endif %}":     `t: line 1: unknown test "definedd" (did you mean defined?)`,
		"{% if x is not nonee %}{% endif %}":    `t: line 1: unknown test "nonee" (did you mean none?)`,
		"{% filter uper %}x{% endfilter %}":     `t: line 1: unknown filter "uper" (did you mean upper?)`,
		"{% include '/etc/passwd' %}":           "t: line 1: include is not available",
		"{% extends 'x' %}":                     "t: line 1: extends is not available",
		"{% import 'x' as y %}":                 "t: line 1: import is not available",
		"{% from 'x' import y %}":               "t: line 1: from is not available",
		"{{ x.items() }}":                       "t: line 1: there is no method .items(), use |items",
		"{{ 'a' * 1000000000 }}":                "t: line 1: strings and lists cannot be repeated with *",
		"{{ [1] * 1000000000 }}":                "t: line 1: strings and lists cannot be repeated with *",
		strings.Repeat("x", MaxSource+1):        "t: the template has 65537 bytes, more than 65536",
		"{{ " + strings.Repeat("(", 5000) + "1": "t: line 1: ",
	} {
		_, err := Compile("t", source)
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Compile(%.40q): %v, want %q", source, err, want)
		}
	}
}

func TestRenderIsBounded(t *testing.T) {
	for name, source := range map[string]string{
		"steps":     "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}x{% endfor %}{% endfor %}{% endfor %}",
		"recursion": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
		"join":      "{{ range(90000)|join('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') }}",
		"replace":   "{{ big|replace('a', big) }}",
		"indent":    "{{ lines|indent(9999) }}",
		"width":     "{{ 'x'|center(99999999) }}",
		"format":    "{{ '%99999999d'|format(1) }}",
		"batch":     "{{ [1]|batch(999999999)|list }}",
		"slice":     "{{ [1]|slice(999999999)|list }}",
		"output":    "{% for a in range(2000) %}{{ big }}{% endfor %}",
	} {
		tmpl, err := Compile(name, source)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out, err := tmpl.Render(map[string]any{"big": strings.Repeat("a", 10_000), "lines": strings.Repeat("a\n", 10_000)})
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: no *Error: %v, %d bytes", name, err, len(out))
		}
	}
}

func TestNamespacesStayPlainAndSmall(t *testing.T) {
	source := "{% set ns = namespace(x='ab') %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x|length }}"
	if got := render(t, source, nil); len(got) > 7 {
		t.Errorf("a string grew to %s", got)
	}
	if got := render(t, "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}{{ ns.me }}", nil); got != "nullnull" && got != "null" {
		t.Errorf("a knot renders %q", got)
	}
}

func TestErrorsDoNotTellValues(t *testing.T) {
	tmpl, err := Compile("t", "{{ secret + 1 }}")
	if err != nil {
		t.Fatal(err)
	}
	_, err = tmpl.Render(map[string]any{"secret": "hunter2"})
	if text := fmt.Sprintf("%v %+v %#v", err, err, err); err == nil || strings.Contains(text, "hunter2") {
		t.Errorf("error %q", text)
	}
}

func TestDeepAndCyclicLookingValuesRender(t *testing.T) {
	var deep any = "leaf"
	for range 5000 {
		deep = []any{deep}
	}
	render(t, "{{ a|tojson }}{% for x in a %}{{ x }}{% endfor %}", map[string]any{"a": deep})
	if got := render(t, "{{ a }}", map[string]any{"a": struct {
		X int `json:"x"`
	}{3}}); got != `{"x":3}` {
		t.Errorf("a struct renders %q", got)
	}
	if got := render(t, "{{ a }}", map[string]any{"a": make(chan int)}); got != "" {
		t.Errorf("a channel renders %q", got)
	}
}

func TestRenderIsSafeForManyGoroutines(t *testing.T) {
	tmpl, err := Compile("t", "{% for i in metadata.changelog_items %}{{ i.field|upper }} {% endfor %}")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				got, err := tmpl.Render(sample())
				if diff := cmp.Diff("STATUS ASSIGNEE ", got); diff != "" || err != nil {
					t.Errorf("%v %s", err, diff)
				}
			}
		})
	}
	wg.Wait()
}
