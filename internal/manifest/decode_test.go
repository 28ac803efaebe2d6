package manifest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gopkg.in/yaml.v3"
)

func TestVariablesExpand(t *testing.T) {
	cases := map[string]string{
		"plain":                  "plain",
		"${TEAM}":                "PROJ",
		"a-${TEAM}-${PORT}":      "a-PROJ-4000",
		"${NOT_SET:-x y}":        "x y",
		"${NOT_SET:-}":           "",
		"${EMPTY}":               "",
		"${EMPTY:-other}":        "other",
		"${TEAM:-other}":         "PROJ",
		"$${TEAM}":               "${TEAM}",
		"${node.output}":         "${node.output}",
		"${node-a.output.field}": "${node-a.output.field}",
		"$TEAM {TEAM} ${}":       "$TEAM {TEAM} ${}",
		"${NOT_SET}":             "!",
		"${NOT_SET:-a}${GONE}":   "a!",
	}
	for text, want := range cases {
		r := &report{}
		d := newDecoder(r, 0, testEnv, &shapes{}, nodesOf(nil))
		got := d.expand(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text})
		if want, failed := strings.CutSuffix(want, "!"); got != want || r.failed() != failed {
			t.Errorf("%s: got %q, problems %v, want %q", text, got, r.problems, want)
		}
	}
}

func TestSoleVariableIsToldFromTextWithOne(t *testing.T) {
	for text, want := range map[string]string{
		"${A_1}": "A_1", " ${A} ": "A", "x${A}": "", "${A:-b}": "", "$${A}": "", "": "", "${A}${B}": "",
	} {
		if got := soleVariable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestTimeSpansAreRead(t *testing.T) {
	cases := map[string]time.Duration{
		"30s": 30 * time.Second, "5m": 5 * time.Minute, "2h": 2 * time.Hour, "30d": 720 * time.Hour, "1w": 168 * time.Hour,
		"1h30m": 90 * time.Minute, "250ms": 250 * time.Millisecond, "1.5h": 90 * time.Minute, "0s": 0,
		"": -1, "30": -1, "s": -1, "-5s": -1, "5 m": -1, "5y": -1, "1e9s": -1, "999999999999999999d": -1, "5m3": -1,
	}
	for text, want := range cases {
		got, err := ParseDuration(text)
		if err != nil {
			got = -1
		}
		if time.Duration(got) != want {
			t.Errorf("%q: got %s, want %s", text, time.Duration(got), want)
		}
	}
}

func TestDocumentsAreSplitAtTheirMarkers(t *testing.T) {
	cases := []struct {
		text string
		want []section
	}{
		{"", []section{{"", 0}}},
		{"a: 1", []section{{"a: 1", 0}}},
		{"a\n---\nb\n", []section{{"a\n", 0}, {"---\nb\n", 1}}},
		{"---\na\n--- # c\r\nb", []section{{"---\na\n", 0}, {"--- # c\r\nb", 2}}},
		{"a\n...\n---\nb", []section{{"a\n", 0}, {"...\n", 1}, {"---\nb", 2}}},
		{"a: |\n  ---\n  x\n----\n", []section{{"a: |\n  ---\n  x\n----\n", 0}}},
	}
	for _, c := range cases {
		got := splitDocuments(c.text)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(section{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.text, diff)
		}
		joined := ""
		for _, s := range got {
			joined += s.text
		}
		if joined != c.text {
			t.Errorf("%q: the parts are %q", c.text, joined)
		}
	}
}

// sample has a field of each kind.
type sample struct {
	at
	Text    str          `yaml:"text" alias:"string,words"`
	Number  opt[int]     `yaml:"number"`
	List    []str        `yaml:"list"`
	Sub     *sample      `yaml:"sub"`
	Free    data         `yaml:"free"`
	Raw     rawData      `yaml:"raw"`
	Named   mapping[str] `yaml:"named"`
	Refused data         `yaml:"refused" refuse:"it is dangerous"`
	Ignored data         `yaml:"ignored" ignore:""`
	Span    span         `yaml:"span"`
}

func decodeSample(text string) (sample, *report) {
	r := &report{path: "f"}
	var s sample
	if root := (section{text: text}).parse(r); root != nil {
		newDecoder(r, 0, testEnv, &shapes{}, nodesOf([]byte(text))).into(root, &s)
	}
	return s, r
}

func TestFieldsAreDecodedWithTheirPositions(t *testing.T) {
	got, r := decodeSample(`
text: &t 2024-01-02
number: 0x10
list: [a, 5, *t, "${TEAM}"]
sub: {words: x, sub: {number: 1_000}}
free: {a: [1, 2.5, true, null, "${TEAM}", 12345678901234567890], b: {c: d}}
raw: "${TEAM}"
named: {z: 1, y: 2}
span: 2h
`)
	if r.problems != nil {
		t.Fatal(r.problems)
	}
	if got.Text.value != "2024-01-02" || got.Text.pos != (pos{2, 7}) || got.Number.value != 16 || got.pos != (pos{2, 1}) {
		t.Errorf("text %+v, number %+v, at %+v", got.Text, got.Number, got.pos)
	}
	if diff := cmp.Diff([]string{"a", "5", "2024-01-02", "PROJ"}, values(got.List)); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	if got.Sub.Text.value != "x" || got.Sub.Sub.Number.value != 1000 || got.Span.or(0) != 2*time.Hour {
		t.Errorf("sub is %+v, span %+v", got.Sub, got.Span)
	}
	want := map[string]any{"a": []any{int64(1), 2.5, true, nil, "PROJ", "12345678901234567890"}, "b": map[string]any{"c": "d"}}
	if diff := cmp.Diff(any(want), got.Free.value, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("free (-want +got):\n%s", diff)
	}
	if got.Raw.value != "${TEAM}" || got.Named.entries[0].key != "z" || got.Named.entries[1].pos != (pos{8, 15}) {
		t.Errorf("raw %v, named %+v", got.Raw.value, got.Named)
	}
}

func TestDecodingGoesOnAfterEveryMistake(t *testing.T) {
	_, r := decodeSample(`
text: a
string: b
text: c
numbr: 1
list: {a: b}
sub: 5
refused: {enabled: true}
ignored: 1
named: [x]
span: 5
number: 1.5
`)
	want := []string{
		`f:3:1: field "string" says the same as "text" at line 2: give one of them`,
		`f:4:1: duplicate field "text" (first at line 2)`,
		`f:5:1: unknown field "numbr" (did you mean "number"?)`,
		`f:6:7: expected a list, found a mapping`,
		`f:7:6: expected a mapping, found "5"`,
		`f:8:1: "refused" is not offered by this version: it is dangerous`,
		`f:9:1: warning: "ignored" is not offered by this version and has no effect`,
		`f:10:8: expected a mapping, found a list`,
		`f:11:7: expected a time span such as 30s, 5m, 2h or 30d, found "5"`,
		`f:12:9: expected a whole number, found "1.5"`,
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), r.problems.sortedCopy().Error()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// sortedCopy keeps the order of the original.
func (ps Problems) sortedCopy() Problems { return append(Problems{}, ps...).sorted() }

func TestWhatIsSwitchedOffIsNotUsed(t *testing.T) {
	for text, used := range map[string]bool{
		"null": false, "false": false, "{}": false, "[]": false, `""`: false, "{enabled: false}": false, "{enabled: false, x: 1}": false,
		"true": true, "{enabled: true}": true, "{x: 1}": true, "[1]": true, "0": true, "x": true,
	} {
		_, r := decodeSample("refused: " + text)
		if r.failed() != used {
			t.Errorf("%s: used %v, want %v", text, r.failed(), used)
		}
		if _, r := decodeSample("a: &a " + text + "\nignored: *a"); (len(r.problems) > 1) != used {
			t.Errorf("alias of %s: problems %v", text, r.problems)
		}
	}
}

func TestDeepAndWideDocumentsAreRefused(t *testing.T) {
	cases := map[string]string{
		"nested":    "free: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"unclosed":  "free: " + strings.Repeat("[", 50000),
		"subs":      strings.Repeat("{sub: ", 200) + strings.Repeat("}", 200),
		"bomb":      "free: [&a [" + strings.Repeat("1,", 500) + "], " + strings.Repeat("*a,", 500) + "]",
		"loop":      "free: &a {b: *a}",
		"merges":    "named: &a {<<: *a}",
		"key alias": "a: &a [1]\n*a : 2",
	}
	for name, text := range cases {
		if _, r := decodeSample(text); !r.failed() {
			t.Errorf("%s: no problem", name)
		} else if len(r.problems) > 5 {
			t.Errorf("%s: %d problems", name, len(r.problems))
		}
	}
}

func TestProblemsAreSortedAndToldApart(t *testing.T) {
	ps := Problems{
		{Path: "b", Line: 1, Column: 1, Severity: Error, Message: "x"},
		{Path: "a", Line: 2, Column: 1, Severity: Warning, Message: "y"},
		{Path: "a", Line: 1, Column: 3, Severity: Error, Message: "z"},
		{Path: "a", Line: 1, Column: 3, Severity: Error, Message: "z"},
		{Path: "c", Severity: Warning, Message: "w"},
	}
	if got, want := ps.sortedCopy().Error(), "a:1:3: z\na:2:1: warning: y\nb:1:1: x\nc: warning: w"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(ps.Errors()) != 3 || len(ps.Warnings()) != 2 || ps.Err() == nil || ps.Warnings().Err() != nil {
		t.Errorf("errors %v, warnings %v", ps.Errors(), ps.Warnings())
	}
}
