package prompt

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func FuzzCompileAndRender(f *testing.F) {
	f.Add(instructions)
	for _, p := range printers() {
		f.Add(strings.ReplaceAll(p, "V", "metadata.issue_summary"))
	}
	for _, s := range []string{"{{", "{%", "{#", "{% raw %}{{", "{{ '\\", "{%- for x in y -%}", "{{ a.b['c'](d)|e(f=g) is h }}", "{{ {{ }} }}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if strings.Contains(source, "**") || strings.Count(source, "*") > 2 || strings.Count(source, "range") > 1 {
			t.Skip("an operator's own arithmetic is not bounded in memory")
		}
		tmpl, err := Compile("fuzz", source)
		if err != nil {
			var own *Error
			if !errors.As(err, &own) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		tmpl.Variables()
		if _, err := tmpl.Render(sample()); err != nil {
			var own *Error
			if !errors.As(err, &own) {
				t.Fatalf("%T: %v", err, err)
			}
		}
		if strings.Contains(source, "zqx") {
			return
		}
		// Nothing of a value that a stranger wrote may show.
		m := everywhere("zqxq wzqx")
		p, err := NewBuilder(Config{Random: strings.NewReader("0123456789")}).Build(tmpl, Data{Metadata: m, Args: "zqxq wzqx", Now: time.Unix(0, 0)})
		if err == nil && strings.Contains(strings.ToLower(p.System), "zqx") {
			t.Fatalf("%q leaks: %s", source, p.System)
		}
	})
}

func FuzzExpression(f *testing.F) {
	for _, s := range []string{
		"event.a == 'b' && !c", "${event.a:-b} OR x", "{{ a }}", "a) %}{% if (b", "'%}' in a", "a['b'].c(d)|e is f", "{'a': [1, 2]}", "=", "${", "-%}", "{# x #}", "\\", "'\\", "%", "a ~ b", "not", "a if b else c",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if strings.Contains(source, "*") {
			t.Skip("an operator's own arithmetic is not bounded in memory")
		}
		e, err := CompileExpression(source)
		var own *Error
		if err != nil {
			if !errors.As(err, &own) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		e.Variables()
		if _, err := e.Eval(expressionVars()); err != nil && !errors.As(err, &own) {
			t.Fatalf("%T: %v", err, err)
		}
	})
}

func FuzzFromDollar(f *testing.F) {
	f.Add("${event.a} ${b.output.c:-d} ${HOME}")
	f.Add("${event.a:-${event.b:-${event.c}}}")
	f.Fuzz(func(t *testing.T, source string) {
		out := FromDollar(source)
		if !strings.Contains(source, "${") && out != source {
			t.Fatalf("%q became %q", source, out)
		}
	})
}
