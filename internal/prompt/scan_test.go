package prompt

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kinds is a readable form of tokens: T text, O open, C close, N name, S string,
// D number, P operator.
func kinds(tokens []token) []string {
	var out []string
	for _, t := range tokens {
		out = append(out, string("TOCNSDP"[t.kind])+t.text)
	}
	return out
}

func TestScanSplitsTemplates(t *testing.T) {
	for source, want := range map[string][]string{
		"":                                 nil,
		"only text":                        {"Tonly text"},
		"a{{ b }}c":                        {"Ta", "O{{", "Nb", "C}}", "Tc"},
		"{{b}}":                            {"O{{", "Nb", "C}}"},
		"{{- b -}}":                        {"O{{", "Nb", "C}}"},
		"{%+ if x +%}":                     {"O{%", "Nif", "Nx", "C%}"},
		"{# a {{ b }} #}c":                 {"Tc"},
		"{# never closed":                  nil,
		"a { b } c":                        {"Ta { b } c"},
		"a {":                              {"Ta {"},
		"{{ 'a' }}":                        {"O{{", "Sa", "C}}"},
		`{{ "a\"b\n\t\r\\" }}`:             {"O{{", "Sa\"b\n\t\r\\", "C}}"},
		`{{ '\é' }}`:                       {"O{{", "Sé", "C}}"},
		"{{ '}}' }}x":                      {"O{{", "S}}", "C}}", "Tx"},
		"{% if '%}' %}x":                   {"O{%", "Nif", "S%}", "C%}", "Tx"},
		"{{ {'a': {'b': 1}} }}":            {"O{{", "P{", "Sa", "P:", "P{", "Sb", "P:", "D1", "P}", "P}", "C}}"},
		"{{ {'a': 1}}}":                    {"O{{", "P{", "Sa", "P:", "D1", "P}", "C}}"},
		"{{ a.b[0]|c(d=1) }}":              {"O{{", "Na", "P.", "Nb", "P[", "D0", "P]", "P|", "Nc", "P(", "Nd", "P=", "D1", "P)", "C}}"},
		"{{ a==b!=c<=d>=e }}":              {"O{{", "Na", "P==", "Nb", "P!=", "Nc", "P<=", "Nd", "P>=", "Ne", "C}}"},
		"{{ a//b**c&&d||e }}":              {"O{{", "Na", "P//", "Nb", "P**", "Nc", "P&&", "Nd", "P||", "Ne", "C}}"},
		"{{ ünï_1 }}":                      {"O{{", "Nünï_1", "C}}"},
		"{{ 'open":                         {"O{{", "Sopen"},
		"{{ a":                             {"O{{", "Na"},
		"{% raw %}{{ a }}{% endraw %}b":    {"O{%", "Nraw", "C%}", "T{{ a }}", "O{%", "Nendraw", "C%}", "Tb"},
		"{%- raw -%}{% x %}{%- endraw -%}": {"O{%", "Nraw", "C%}", "T{% x %}", "O{%", "Nendraw", "C%}"},
		"{% raw %}never {% closed":         {"O{%", "Nraw", "C%}", "Tnever {% closed"},
		"{% raw %}never closed":            {"O{%", "Nraw", "C%}", "Tnever closed"},
		"{% raw %}{% endraw %}":            {"O{%", "Nraw", "C%}", "O{%", "Nendraw", "C%}"},
		"{{ raw }}{{ b }}":                 {"O{{", "Nraw", "C}}", "O{{", "Nb", "C}}"},
	} {
		if diff := cmp.Diff(want, kinds(scan(source))); diff != "" {
			t.Errorf("scan(%q) (-want +got):\n%s", source, diff)
		}
	}
}

func TestScanCountsLines(t *testing.T) {
	source := "one\ntwo {{ a }}\n{% if\n  b %}\n{# c\nd #}{{ 'x\ny' }}{{ e }}"
	got := map[string]int{}
	for _, tok := range scan(source) {
		if tok.kind == nameToken || tok.kind == stringToken {
			got[tok.text] = tok.line
		}
	}
	want := map[string]int{"a": 2, "if": 3, "b": 4, "x\ny": 6, "e": 7}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLiteralsWithEscapesAreTrusted(t *testing.T) {
	for source, want := range map[string]string{
		`{{ "a\tb\n" }}|`:                           "a\tb\n|",
		`{{ 'it\'s' }}`:                             "it's",
		`{{ "x" ~ "\\" ~ "y" }}`:                    `x\y`,
		`{{ ["a", "b"]|join("\n") }}`:               "a\nb",
		`{{ 'a' if true else 'b' }}`:                "a",
		`{{ 'a'|upper ~ 1 ~ 'b' }}`:                 "A1b",
		"{% set j = joiner() %}{{ j() }}{{ j() }}x": ", x",
		"{{ cycler('x', 'y').next() }}":             "x",
		"{{ 'long'|center(8) }}|":                   "  long  |",
		"{{ dict(a='b') }}":                         `{"a":"b"}`,
		"{{ {'a': [1, 'b', none]} }}":               `{"a":[1,"b",null]}`,
	} {
		if got := system(t, source+"{# #}", Data{Metadata: event()}); got != strings.TrimSpace(want) {
			t.Errorf("%s\n got %q\nwant %q", source, got, want)
		}
	}
}
