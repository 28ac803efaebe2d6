package flow_test

import (
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/flow"
	"github.com/aofctl/aofctl/internal/manifest"
)

func FuzzTexts(f *testing.F) {
	for _, text := range []string{
		"plain", "{{ nodes.a.output }}", "${a.output.x:-none}", "a-b.output.x == 1 AND ${event.y}", "{% for i in nodes['a-b'].output %}{{ i }}{% endfor %}",
		"${nodes.a.output.${x}}", "{{ a-b.output }}{{", "nodes.a-b.status", "'a-b.output'", "{{ {'a': a.output} }}",
	} {
		f.Add(text, true)
		f.Add(text, false)
	}
	nodes := []string{"a", "a-b", "x.y", "é"}
	f.Fuzz(func(t *testing.T, text string, expression bool) {
		form := manifest.FormTemplate
		if expression {
			form = manifest.FormExpression
		}
		reads, err := flow.Inspect(text, form, nodes)
		if err != nil {
			return
		}
		for _, r := range reads {
			if len(r.Path) == 0 || r.Path[0] == "" {
				t.Errorf("%q reads %v", text, reads)
			}
		}
		if again, err := flow.Inspect(text, form, nodes); err != nil || len(again) != len(reads) {
			t.Errorf("%q: %v, then %v, %v", text, reads, again, err)
		}
	})
}

func FuzzFlows(f *testing.F) {
	for _, spec := range []string{
		"nodes: [{id: n, type: Agent, config: {agent: a, input: hi}}]",
		"nodes: [{id: n, type: ForEach, config: {items: [1, {a: b}], body: {tool: jira_write, args: {n: 1}}}, retry: {max_attempts: 2, delay: 1}}]",
		"nodes: [{id: c, type: Conditional, config: {condition: x, then: [d], else: d}}, {id: d, type: End, config: {message: '{{ nodes.c.result }}'}}]",
		"nodes: [{id: t, type: Transform, config: {script: 'export A=${event.x}'}}, {id: u, type: Response, config: {message: '${A}'}, depends_on: t}]",
		"nodes: [{id: w, type: Wait, config: {duration: 1h}}, {id: j, type: Join, config: {strategy: any}, depends_on: [w]}]",
		"nodes: [{id: &x n, type: HTTP, config: {url: x, method: POST, body: &b {c: 1}, headers: {Accept: *x}}, on_error: continue}]",
	} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		if strings.Contains(spec, "---") {
			return
		}
		cat, err := load(t, "kind: Flow\nmetadata: {name: f}\nspec:\n  "+strings.ReplaceAll(spec, "\n", "\n  "))
		if err != nil || cat.Flows["f"] == nil {
			return
		}
		if _, err := flow.Needs(cat.Flows["f"], cat, nil); err != nil {
			t.Errorf("%s loads, but cannot be read: %v", spec, err)
		}
	})
}
