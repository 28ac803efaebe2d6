package prompt

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValuesAreWrittenForAModel(t *testing.T) {
	d := dataBlock{boundary: "b", limit: 100}
	for name, c := range map[string]struct {
		in   any
		want string
	}{
		"text":         {" a\n", "a"},
		"lines":        {"a\r\nb", "a\nb"},
		"nothing":      {nil, ""},
		"empty":        {"  ", ""},
		"number":       {int64(5), "5"},
		"truth":        {true, "true"},
		"strings":      {[]string{"a", "b c"}, "a, b c"},
		"list":         {[]any{"a", 1, nil, true}, "a, 1, , true"},
		"list of maps": {[]any{map[string]any{"a": "b"}}, `{"a":"b"}`},
		"typed":        {[]map[string]any{{"a": "b"}}, `{"a":"b"}`},
		"map":          {map[string]any{"a": []any{"b"}}, `{"a":["b"]}`},
		"long":         {strings.Repeat("x", 200), strings.Repeat("x", 100) + "… 100 characters more"},
		"line in list": {[]string{"a\nb"}, "a b"},
		"invisible":    {"a\u200bb\u202e", "ab"},
		"empty list":   {[]string{}, ""},
		"many":         {strings.Split(strings.Repeat("a ", 150), " ")[:150], strings.Repeat("a, ", 33) + "a… 215 characters more"},
	} {
		if got := d.text("v", c.in); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestChangelogsAreNumberedLines(t *testing.T) {
	d := dataBlock{boundary: "b", limit: 1000}
	items := []any{
		map[string]any{"field": "status", "from_string": "To Do", "to_string": "Done"},
		map[string]any{"field": "assignee", "from_string": nil, "to_string": "Alice"},
		map[string]any{"field": "description", "from_string": "a -> b", "to_string": "two\nlines"},
		map[string]any{"field": "labels"},
		"no map",
	}
	want := `1. status: To Do -> Done
2. assignee: "" -> Alice
3. description: "a -> b" -> two lines
4. labels: "" -> ""
5. no map`
	if diff := cmp.Diff(want, d.text("changelog_items", items)); diff != "" {
		t.Error(diff)
	}
	if got := d.text("changelog_items", []any{}); got != "" {
		t.Errorf("no changes are %q", got)
	}
	typed := []map[string]any{{"field": "status", "from_string": "a", "to_string": "b"}}
	if got := d.text("changelog", typed); got != "1. status: a -> b" {
		t.Errorf("a list of another type gives %q", got)
	}
	var many []any
	for i := range 120 {
		many = append(many, map[string]any{"field": fmt.Sprintf("f%d", i)})
	}
	if got := d.text("changelog_items", many); !strings.HasSuffix(got, "\n… 20 changes more") || strings.Count(got, "\n") != 100 {
		t.Errorf("many changes end %q", got[len(got)-60:])
	}
}

func TestChosenVariablesComeInAStableOrder(t *testing.T) {
	metadata := map[string]any{"z": 1, "a": 2, "issue_key": "A-1", "raw": "x"}
	refs := []Ref{{"z", 1}, {"issue_key", 2}, {"a", 3}, {"z", 4}, {"missing", 5}}
	got := chosen(metadata, refs)
	want := append(defaultNames(), "a", "missing", "z")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	all := chosen(metadata, []Ref{{"*", 1}})
	if diff := cmp.Diff(append(defaultNames(), "a", "z"), all); diff != "" {
		t.Error(diff)
	}
}

func TestLongSingleLinesGetABlockOfTheirOwn(t *testing.T) {
	d := dataBlock{boundary: "bbbb", limit: 10_000}
	got := d.write(Data{Metadata: map[string]any{"issue_key": "A-1", "issue_summary": strings.Repeat("word ", 400)}}, nil)
	if !strings.Contains(got, "<untrusted-bbbb origin=\"issue_summary\">\nword ") {
		t.Errorf("got %.300s", got)
	}
	if !strings.HasPrefix(got, "Data of the event:\n<untrusted-bbbb origin=\"event\">\nissue_key: A-1\n</untrusted-bbbb>\n") {
		t.Errorf("got %.300s", got)
	}
}

func TestEveryBlockIsClosed(t *testing.T) {
	for _, text := range hostile() {
		got := build(t, instructions, Data{Metadata: everywhere(text), Args: text, ArgsBody: text, Command: text}).User
		open, closed := strings.Count(got, "<untrusted-"), strings.Count(got, "</untrusted-")
		if open != closed || open == 0 {
			t.Errorf("%.30q: %d opened, %d closed", text, open, closed)
		}
	}
}
