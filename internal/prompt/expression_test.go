package prompt

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func expressionVars() map[string]any {
	meta := map[string]any{
		"issue_priority": "High", "issue_labels": []string{"vip", "sso"}, "issue_key": "PROJ-1", "n": int64(3), "zero": int64(0),
		"empty": "", "null": nil, "yes": true,
	}
	return map[string]any{
		"event": meta, "metadata": meta,
		"nodes": map[string]any{"triage": map[string]any{"output": map[string]any{"severity": "high"}}, "a-b": map[string]any{"output": "x"}},
	}
}

func TestExpressionsAreEvaluated(t *testing.T) {
	for source, want := range map[string]bool{
		"event.issue_priority == 'High' and 'vip' in event.issue_labels": true,
		"event.issue_priority == 'High' && 'vip' in event.issue_labels":  true,
		"event.issue_priority == 'Low' || event.n > 2":                   true,
		"event.issue_priority == 'Low' OR event.n > 2 AND NOT event.yes": false,
		"!event.yes":                                       false,
		"!event.nothing && !(event.n == 4)":                true,
		"event.n != 3":                                     false,
		"event.nothing":                                    false,
		"event.nothing.deep.er":                            false,
		"event.nothing == 'x'":                             false,
		"event.nothing > 3":                                false,
		"event.empty":                                      false,
		"event.null":                                       false,
		"event.null is none":                               true,
		"event.zero":                                       false,
		"event.issue_labels":                               true,
		"event.issue_key is startingwith 'PROJ'":           true,
		"event.issue_labels|length == 2":                   true,
		"{{ event.yes }}":                                  true,
		"  {{event.n == 3}}\n":                             true,
		"${event.issue_key} == 'PROJ-1'":                   true,
		"${triage.output.severity} == 'high'":              true,
		"${a-b.output} == 'x'":                             true,
		"${event.nothing:-High} == 'High'":                 true,
		"${event.nothing:-${event.issue_key}} == 'PROJ-1'": true,
		"nodes.triage.output.severity == 'high'":           true,
		"'&&' == \"&&\"":                                   true,
		"'AND' == 'AND'":                                   true,
		"event.issue_key\n  == 'PROJ-1'":                   true,
		"{'a': 1}.a == 1":                                  true,
		"true":                                             true,
		"'false'":                                          true,
		"10 % 3 == 1":                                      true,
		"-(event.n) < 0":                                   true,
		"event.issue_priority in ['High', 'Critical']":     true,
		"event.issue_priority not in ['Low']":              true,
		"(event.issue_labels|select('equalto', 'vip')|list|length) > 0": true,
	} {
		e, err := CompileExpression(source)
		if err != nil {
			t.Errorf("CompileExpression(%q): %v", source, err)
			continue
		}
		if got, err := e.Eval(expressionVars()); err != nil || got != want {
			t.Errorf("%s = %v, %v, want %v", source, got, err, want)
		}
		if e.Source() != source {
			t.Errorf("source %q became %q", source, e.Source())
		}
	}
}

func TestWhatIsNoExpressionIsRefused(t *testing.T) {
	for source, want := range map[string]string{
		"":                             "the expression is empty",
		"  ":                           "the expression is empty",
		"{{ }}":                        "the expression is empty",
		"a = b":                        "use == to compare",
		"a === b":                      "use ==",
		"a ? b : c":                    "b if a else c",
		"a) %}x{% if (b":               "closes nothing",
		"a %} x {% if b":               "has no place in it",
		"(a":                           "not closed",
		"a]":                           "closes nothing",
		"a b":                          "line 1",
		"x is definedd":                "unknown test",
		"x|leng":                       "did you mean length",
		"${HOME} == 'x'":               "a variable is written",
		"${event.x":                    "a variable is written",
		"x.startswith('a')":            "use is startingwith",
		"a\n and b ==":                 "line 2",
		strings.Repeat("a and ", 9999): "more than",
		"a %}{% endif %}{% if (b":      "has no place",
		"'a":                           "line 1",
	} {
		_, err := CompileExpression(source)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("CompileExpression(%.40q): %v, want %q", source, err, want)
		}
	}
}

func TestEvalReportsErrors(t *testing.T) {
	e, err := CompileExpression("1 / 0 > 1\n or event.n + 'x'")
	if err != nil {
		t.Fatal(err)
	}
	var own *Error
	if _, err := e.Eval(expressionVars()); !errors.As(err, &own) || own.Line != 1 {
		t.Errorf("error %v", err)
	}
}

func TestExpressionVariables(t *testing.T) {
	e, err := CompileExpression("event.a == 'event.b' and\nmetadata['c'] or ${event.d}")
	if err != nil {
		t.Fatal(err)
	}
	want := []Ref{{"a", 1}, {"c", 2}, {"d", 2}}
	if diff := cmp.Diff(want, e.Variables()); diff != "" {
		t.Error(diff)
	}
}

func TestVariablesFindsEveryRead(t *testing.T) {
	source := `{# metadata.comment #}{{ metadata.a }}
{% if event.b %}{% if false %}{{ metadata["c"]|upper }}{% endif %}{% endif %}
{% for x in metadata.d %}{{ x.metadata.no }}{% endfor %}{% raw %}{{ metadata.raw }}{% endraw %}
text metadata.text {{ "metadata.string" }} {{ metadata|attr("e") }} {{ metadata . f }} {{ f(metadata=1) }}
{{ metadata.g.h }} {{ metadata }} {{ metadata[x] }} {%- set y = event.i -%}`
	want := []Ref{{"a", 1}, {"b", 2}, {"c", 2}, {"d", 3}, {"e", 4}, {"f", 4}, {"g", 5}, {"*", 5}, {"*", 5}, {"i", 5}}
	got, err := Variables(source)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := Variables("{{"); err == nil {
		t.Error("a broken template has variables")
	}
}

func TestVariablesIgnoresNamesThatTheTemplateBinds(t *testing.T) {
	got, err := Variables("{% for event in metadata.events %}{{ event.name }}{% endfor %}")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Ref{{"events", 1}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFromDollarRewritesPaths(t *testing.T) {
	for in, want := range map[string]string{
		"no dollars":                        "no dollars",
		"${HOME} $x ${} ${a b.c} ${x.":      "${HOME} $x ${} ${a b.c} ${x.",
		"${event.x}!":                       `{{ event["x"] }}!`,
		"${event.metadata.x}":               `{{ metadata["x"] }}`,
		"${triage.output.severity}":         `{{ nodes["triage"]["output"]["severity"] }}`,
		"${nodes.triage.output}":            `{{ nodes["triage"]["output"] }}`,
		"${event.x:-none}":                  `{{ (event["x"])|default("none", true) }}`,
		"${event.x:-${event.y}} ${event.z}": `{{ (event["x"])|default(event["y"], true) }} {{ event["z"] }}`,
		`${event.x:-a"b}`:                   `${event.x:-a"b}`,
		"${event.x:-{{ 7 }}}":               "${event.x:-{{ 7 }}}",
	} {
		if got := FromDollar(in); got != want {
			t.Errorf("FromDollar(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}
