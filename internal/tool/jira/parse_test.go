package jira

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/tool"
)

func TestParseKeyReadsKeysAndAddresses(t *testing.T) {
	good := map[string]string{
		"PROJ-123":                      "PROJ-123",
		" proj-1\n":                     "PROJ-1",
		"A1_B-7":                        "A1_B-7",
		"X-1":                           "X-1",
		"https://h/browse/PROJ-1":       "PROJ-1",
		"https://h/jira/browse/PROJ-1/": "PROJ-1",
		"http://h:8080/browse/PROJ-1?focusedCommentId=10#c":                         "PROJ-1",
		"https://h/projects/PROJ/issues/PROJ-5":                                     "PROJ-5",
		"https://h/jira/software/projects/P/boards/1?selectedIssue=P-9":             "P-9",
		"https://h/jira/software/c/projects/P/boards/1/backlog?selectedIssue=P-2&x": "P-2",
	}
	for s, want := range good {
		if got, err := ParseKey(s); err != nil || got.String() != want {
			t.Errorf("ParseKey(%q) = %v, %v", s, got, err)
		}
	}
	bad := []string{
		"", "PROJ", "PROJ-", "PROJ-0", "PROJ-01x", "-1", "1-1", "PROJ-1 OR 1=1", "../PROJ-1", "PROJ-1/comment", "PROJ–1", "10001",
		"https://h/", "https://h/browse/", "ftp://h/browse/PROJ-1", "/browse/PROJ-1", "PROJ-99999999999999999999",
		strings.Repeat("A", 300) + "-1", "PROJ-1\x00",
	}
	for _, s := range bad {
		if got, err := ParseKey(s); err == nil {
			t.Errorf("ParseKey(%q) = %v", s, got)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	for _, s := range []string{"PROJ-1", "https://h/browse/A-1", "https://h/?selectedIssue=A-1", "a-0", "%", "https://h/browse/A-1/../B-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key, err := ParseKey(s)
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			return
		}
		if !keyPattern.MatchString(key.String()) || url.PathEscape(key.String()) != key.String() {
			t.Errorf("ParseKey(%q) = %q, which is not safe in a path", s, key)
		}
		if again, err := ParseKey(key.String()); err != nil || again.String() != key.String() {
			t.Errorf("%q is not read as itself: %v, %v", key, again, err)
		}
	})
}

func TestNarrowConfinesAQuery(t *testing.T) {
	own := []string{"PROJ", "x_1"}
	in := `project in ("PROJ", "X_1")`
	tests := map[string]string{
		``:                      in,
		`status = Open`:         in + ` AND (status = Open)`,
		`a = 1 OR b = 2`:        in + ` AND (a = 1 OR b = 2)`,
		`order by created`:      in + ` order by created`,
		` a = 1 ORDER  BY x `:   in + ` AND (a = 1) ORDER  BY x`,
		"a = 1\nOrder\nBy x":    in + " AND (a = 1) Order\nBy x",
		`(a = 1)order by b`:     in + ` AND ((a = 1)) order by b`,
		`text ~ "order by x"`:   in + ` AND (text ~ "order by x")`,
		`text ~ ") OR (a = 1"`:  in + ` AND (text ~ ") OR (a = 1")`,
		`text ~ 'a "quoted" b'`: in + ` AND (text ~ 'a "quoted" b')`,
		`text ~ "say \"hi\" )"`: in + ` AND (text ~ "say \"hi\" )")`,
		`reorder by = 1`:        in + ` AND (reorder by = 1)`,
		`x = "y"order by z`:     in + ` AND (x = "y") order by z`,
		`border = 1`:            in + ` AND (border = 1)`,
		`a in (1, (2), 3)`:      in + ` AND (a in (1, (2), 3))`,
	}
	for jql, want := range tests {
		got, err := narrow(jql, own)
		if err != nil || got != want {
			t.Errorf("narrow(%q)\n got %s, %v\nwant %s", jql, got, err, want)
		}
	}
	if got, err := narrow(" a = 1 ", nil); err != nil || got != "a = 1" {
		t.Errorf("without a scope: %q, %v", got, err)
	}
}

func TestNarrowRefusesWhatCouldLeadOut(t *testing.T) {
	for _, jql := range []string{
		`status = Open) OR (project = SECRET`, `)`, `(`, `a = 1) OR project = SECRET ORDER BY (b`, `text ~ "x`, `text ~ 'x`, `text ~ "x\`,
		`text ~ "a\q"`, `a = \" ) OR (b = \"`, `a\) = 1`, "text ~ \"a\nb\"", "a = 1\x00", "a\x1b = 1", `a = ")`, `a = '"' OR b = '`,
		`order by a) OR (project = SECRET`,
		`a = x\y`, `a = \" ) OR (b = x"`,
	} {
		if got, err := narrow(jql, []string{"PROJ"}); err == nil {
			t.Errorf("narrow(%q) = %s", jql, got)
		}
	}
	for _, projects := range [][]string{{}, {`A") OR ("`}, {"A B"}, {""}, {"1A"}} {
		if got, err := narrow("a = 1", projects); err == nil {
			t.Errorf("projects %q: %s", projects, got)
		}
	}
}

// leaves follows parentheses and quotes by a reading of its own, character by
// character. It reports whether the text ever leaves its first parenthesis.
func leaves(s string) bool {
	depth, quote := 0, rune(0)
	escaped := false
	for _, r := range s {
		switch {
		case escaped:
			escaped = false
		case quote != 0 && r == '\\':
			escaped = true
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '(':
			depth++
		case r == ')':
			if depth--; depth < 0 {
				return true
			}
		}
	}
	return depth != 0 || quote != 0
}

func FuzzNarrow(f *testing.F) {
	for _, s := range []string{`a = 1 OR b = 2`, `x) OR (y`, `"a" order by b`, `\") OR (`, `'"'`, "order by", `a = "\u0022) OR ("`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, jql string) {
		got, err := narrow(jql, []string{"PROJ"})
		if err != nil {
			return
		}
		rest, ok := strings.CutPrefix(got, `project in ("PROJ")`)
		if !ok {
			t.Fatalf("%q is not confined", got)
		}
		if leaves(rest) {
			t.Errorf("%q leaves its parentheses", got)
		}
		inner, ok := strings.CutPrefix(rest, " AND (")
		if !ok {
			if trimmed := strings.TrimSpace(rest); trimmed != "" && !strings.HasPrefix(strings.ToLower(trimmed), "order") {
				t.Errorf("%q has more than an order behind the projects", got)
			}
			return
		}
		// What follows the parenthesis that was opened for the query is its order.
		end := closing(inner)
		if tail := strings.TrimSpace(inner[end+1:]); tail != "" && !strings.HasPrefix(strings.ToLower(tail), "order") {
			t.Errorf("%q: %q stands outside", got, tail)
		}
	})
}

// closing is where the parenthesis that was open before s is closed.
func closing(s string) int {
	depth := 1
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"', '\'':
			quote := s[i]
			for i++; i < len(s) && s[i] != quote; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s) - 1
}

func TestParseSpentReadsJirasNotationAndWhatPeopleWrite(t *testing.T) {
	tests := map[string]struct {
		text    string
		seconds int64
	}{
		"2h 30m":           {"2h 30m", 9000},
		"2h30m":            {"2h 30m", 9000},
		"30m 2h":           {"2h 30m", 9000},
		"1d":               {"1d", 8 * 3600},
		"1w":               {"1w", 40 * 3600},
		"1w 2d 3h 4m":      {"1w 2d 3h 4m", 40*3600 + 16*3600 + 3*3600 + 240},
		"90m":              {"90m", 5400},
		"1.5h":             {"1h 30m", 5400},
		"0.25h":            {"15m", 900},
		" 2 Hours, 5 min ": {"2h 5m", 7500},
		"1 week":           {"1w", 40 * 3600},
		"2 days 1 hr":      {"2d 1h", 17 * 3600},
		"0h 5m":            {"5m", 300},
		"45 MINUTES":       {"45m", 2700},
	}
	for s, want := range tests {
		got, err := ParseSpent(s)
		if err != nil || got.String() != want.text || got.Seconds() != want.seconds {
			t.Errorf("ParseSpent(%q) = %s (%d s), %v", s, got, got.Seconds(), err)
		}
	}
	for _, s := range []string{
		"", "2", "h", "two hours", "-1h", "1h -5m", "1x", "2h 2h", "1.5d", "0m", "0h 0m", "1h;rm", "99999999999h", "53w", "1e3h", "1..5h", "1h 30",
		strings.Repeat("1h ", 100),
	} {
		if got, err := ParseSpent(s); err == nil {
			t.Errorf("ParseSpent(%q) = %s", s, got)
		}
	}
}

func FuzzParseSpent(f *testing.F) {
	for _, s := range []string{"2h 30m", "1w", "1.5h", "0m", "9999999999999999999h", "1h1h", "٣h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseSpent(s)
		if err != nil {
			return
		}
		if got.Seconds() <= 0 || got.String() == "" {
			t.Fatalf("ParseSpent(%q) = %+v", s, got)
		}
		if again, err := ParseSpent(got.String()); err != nil || again != got {
			t.Errorf("%q is read as %q and that as %+v, %v", s, got, again, err)
		}
	})
}

func TestDisplayMakesShortTextOfEveryShape(t *testing.T) {
	tests := map[string]string{
		`null`:                                  "",
		`"  x "`:                                "x",
		`3`:                                     "3",
		`10000000000000001`:                     "10000000000000001",
		`true`:                                  "true",
		`["a",null,"b"]`:                        "a, b",
		`{"name":"High","id":"2","self":"u"}`:   "High",
		`{"value":"A","child":{"value":"B"}}`:   "A > B",
		`{"displayName":"Al","accountId":"5b"}`: "Al (5b)",
		`{"displayName":"Al","name":"al"}`:      "Al (al)",
		`{"key":"PROJ-1","fields":{}}`:          "PROJ-1",
		`{"self":"http://x"}`:                   "",
		`{"self":"http://x","progress":3}`:      `{"progress":3}`,
		`[{"name":"a"},{"name":"b"}]`:           "a, b",
		``:                                      "",
		`{broken`:                               "",
	}
	for raw, want := range tests {
		if got := value([]byte(raw)); got != want {
			t.Errorf("%s shows as %q, want %q", raw, got, want)
		}
	}
}

func TestCoversComparesWhatJiraTellsWithWhatWasWanted(t *testing.T) {
	type m = map[string]any
	tests := []struct {
		actual, wanted any
		want           bool
	}{
		{nil, nil, true},
		{[]any{}, nil, true},
		{"x", nil, false},
		{"a\r\nb ", "a\nb", true},
		{nil, "", true},
		{"a", "b", false},
		{float64(3), float64(3), true},
		{m{"name": "High", "id": "2"}, m{"name": "High"}, true},
		{m{"name": "Low"}, m{"name": "High"}, false},
		{nil, m{"name": "High"}, false},
		{[]any{"b", "a"}, []any{"a", "b"}, true},
		{[]any{"a", "b", "c"}, []any{"a", "b"}, false},
		{nil, []any{}, true},
		{m{"value": "A", "child": m{"value": "B", "id": "1"}}, m{"value": "A", "child": m{"value": "B"}}, true},
	}
	for _, tt := range tests {
		if got := covers(tt.actual, tt.wanted); got != tt.want {
			t.Errorf("covers(%v, %v) = %v", tt.actual, tt.wanted, got)
		}
	}
}

func TestCappedNeverReturnsAnEmptyOrLongText(t *testing.T) {
	for _, s := range []string{"", " \n", "x", strings.Repeat("😀", 10_000), strings.Repeat("x", tool.MaxResult), strings.Repeat("x", tool.MaxResult+1)} {
		got := capped(s)
		if strings.TrimSpace(got) == "" || len(got) > tool.MaxResult {
			t.Errorf("capped gives %d bytes", len(got))
		}
	}
}

func TestFitLeavesOutWholeRows(t *testing.T) {
	rows := make([]string, 100)
	for i := range rows {
		rows[i] = fmt.Sprintf("PROJ-%d | %s", i, strings.Repeat("x", 500))
	}
	got := fit(rows)
	if len(got) > tool.MaxResult || !strings.Contains(got, "truncated: ") {
		t.Errorf("%d bytes", len(got))
	}
	if shown := strings.Count(got, "PROJ-"); !strings.Contains(got, fmt.Sprintf("truncated: %d more rows", 100-shown)) {
		t.Errorf("%d rows are shown: %s", shown, got[len(got)-80:])
	}
}

func FuzzTargetsOfEveryTool(f *testing.F) {
	for _, seed := range []string{
		`{"issue_key":"PROJ-1"}`, `{"project_key":"a","parent":null}`, `{"issue_keys":["A-1","https://h/browse/B-2"],"sprint_id":1}`,
		`{"inward_issue":"A-1","outward_issue":"B-1","other_issue":""}`, `{"project_key":"A\" OR 1"}`, `{"issue_key":null}`, `[]`, `null`,
	} {
		f.Add([]byte(seed))
	}
	tools := New(nil, tool.Writer{}, Converters{}).All()
	f.Fuzz(func(t *testing.T, args []byte) {
		for _, tl := range tools {
			targets, err := tl.Targets(args)
			if err != nil {
				continue
			}
			for _, key := range targets.Projects {
				if !projectKey.MatchString(key) || key != strings.ToUpper(key) {
					t.Errorf("%s touches the project %q", tl.Spec().Name, key)
				}
			}
		}
	})
}
