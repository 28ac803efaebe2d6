package jira

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

func TestRowsKeepTheirColumns(t *testing.T) {
	for want, cells := range map[string][]string{
		"a | b":      {"a", "b"},
		"a":          {"a", "", ""},
		"a |  | c":   {"a", "", "c"},
		"a/b | c d":  {"a|b", "c\n d"},
		"":           {""},
		"x | y z":    {" x ", "y\t z"},
		" | only it": {"", "only it"},
	} {
		if got := row(cells...); got != want {
			t.Errorf("%q: %q, want %q", cells, got, want)
		}
	}
}

func TestEntriesSayWhereToGoOn(t *testing.T) {
	long := strings.Repeat("x", 9000)
	for name, tt := range map[string]struct {
		items       []string
		start, next int
		ends        string
	}{
		"the whole list":      {[]string{"a", "b"}, 0, 0, "things (a | b):\na\nb"},
		"a page":              {[]string{"a", "b"}, 4, 6, "\nb\nnext: page_token 6"},
		"nothing":             {nil, 0, 0, "no things"},
		"more than fits":      {[]string{long, long, long}, 10, 0, "\ntruncated: 1 more of this page; use page_token 12"},
		"fits less than next": {[]string{long, long, long, "d"}, 10, 14, "\ntruncated: 2 more of this page; use page_token 12"},
		"one too long":        {[]string{long + long + long, "b"}, 0, 0, "\ntruncated: 1 more of this page; use page_token 1"},
		"only one too long":   {[]string{long + long + long}, 0, 0, " more bytes of this entry"},
	} {
		t.Run(name, func(t *testing.T) {
			got := entries("things (a | b)", tt.items, tt.start, tt.next)
			if !strings.HasSuffix(got, tt.ends) || len(got) > tool.MaxResult {
				t.Errorf("%d bytes end %q", len(got), got[max(0, len(got)-120):])
			}
		})
	}
}

func TestSlicesCoverTheList(t *testing.T) {
	items := make([]string, 23)
	for i := range items {
		items[i] = fmt.Sprint("item", i)
	}
	if got := slice("things", items, 10, 10); !strings.HasPrefix(got, "10 of 23 things:\nitem10\n") || !strings.HasSuffix(got, "item19\nnext: page_token 20") {
		t.Error(got)
	}
	if got := slice("things", items, 20, 10); got != "3 of 23 things:\nitem20\nitem21\nitem22" {
		t.Error(got)
	}
	if got := slice("things (a | b)", items, 50, 10); got != "no things" {
		t.Error(got)
	}
	if got := slice("things", items[:2], 0, 10); got != "things:\nitem0\nitem1" {
		t.Error(got)
	}
}

func TestExcerptsOfATextAddUp(t *testing.T) {
	text := []byte(strings.Repeat("aüé😀\n", 9000))
	var all strings.Builder
	for start := 0; start < len(text); {
		part := excerpt(text, start)
		body, rest, cutOff := strings.Cut(part, "\ntruncated: ")
		if !utf8.ValidString(part) || len(part) > tool.MaxResult {
			t.Fatalf("a part of %d bytes", len(part))
		}
		all.WriteString(body)
		if !cutOff {
			break
		}
		if _, err := fmt.Sscanf(rest[strings.Index(rest, "page_token"):], "page_token %d", &start); err != nil {
			t.Fatal(err)
		}
	}
	if all.String() != string(text) {
		t.Errorf("%d of %d bytes", all.Len(), len(text))
	}
	if got := excerpt([]byte("ü"), 1); got != "ü" {
		t.Errorf("from the middle of a letter: %q", got)
	}
	if got := excerpt([]byte("abc"), 99); got != "" {
		t.Errorf("past the end: %q", got)
	}
}

func TestCellsAreShort(t *testing.T) {
	for raw, want := range map[string]string{
		`{"displayName":"Al","accountId":"1"}`:                 "Al",
		`"2026-03-02T10:00:59.000+0100"`:                       "2026-03-02 09:00",
		`"2026-03-02"`:                                         "2026-03-02",
		`"The T-shirt"`:                                        "The T-shirt",
		`[{"id":7,"name":"S 7","state":"active"}]`:             "S 7 (7, active)",
		`["com.x.Sprint@1[id=7,state=CLOSED,name=S 7,goal=]"]`: "S 7 (7, closed)",
		`[{"name":"1.0"},{"name":"1.1"}]`:                      "1.0, 1.1",
		`null`:                                                 "",
		`"a | b\nc"`:                                           "a / b c",
		`{"value":"A","child":{"value":"B"},"self":"https://h/rest/api/2"}`: "A > B",
	} {
		if got := cell(json.RawMessage(raw)); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
	if got := cell(json.RawMessage(`"` + strings.Repeat("ü", 400) + `"`)); utf8.RuneCountInString(got) != 301 {
		t.Errorf("%d characters", utf8.RuneCountInString(got))
	}
}

func TestChoicesLeaveOutWhatIsClosed(t *testing.T) {
	values := []jira.Choice{
		{ID: "1", Text: "A", Children: []jira.Choice{{ID: "2", Text: "B"}, {ID: "3", Text: "C", Closed: true}}}, {ID: "4", Text: "Old", Closed: true}, {ID: "5", Text: "D"},
	}
	if got := choices(values, 50); got != "A, A > B, D" {
		t.Errorf("got %q", got)
	}
	if got := choices(values, 1); got != "A, … and 2 more" {
		t.Errorf("got %q", got)
	}
	if diff := cmp.Diff([]string{"A | 1", "A > B | 2", "D | 5"}, flatten(values, "")); diff != "" {
		t.Error(diff)
	}
}

func TestTransitionsSayWhatTheyNeed(t *testing.T) {
	list := []jira.Transition{{ID: "5", Name: "Close", To: jira.Named{Name: "Done"}, Fields: map[string]jira.EditField{
		"resolution": {Name: "Resolution", Required: true, AllowedValues: []jira.Choice{{Text: "Fixed"}, {Text: "Won't Fix"}}},
		"assignee":   {Name: "Assignee"}, "priority": {Name: "Priority", Required: true, HasDefault: true}, "x": {Name: "Reason", Required: true},
	}}}
	if got := transitionChoices(list); got != "Close → Done (id 5, needs Resolution: Fixed, Won't Fix; Reason)" {
		t.Errorf("got %q", got)
	}
}

func TestProjectKeysOfArguments(t *testing.T) {
	for raw, want := range map[string]ProjectKey{`"proj"`: "PROJ", `" A_1 "`: "A_1", `null`: "", `""`: ""} {
		var got ProjectKey
		if err := json.Unmarshal([]byte(raw), &got); err != nil || got != want {
			t.Errorf("%s: %q, %v", raw, got, err)
		}
	}
	for _, raw := range []string{`"A B"`, `"1A"`, `"A\") OR (x"`, `"PROJ-1"`, `3`, `["A"]`, `"` + strings.Repeat("A", 300) + `"`} {
		var got ProjectKey
		if err := json.Unmarshal([]byte(raw), &got); err == nil {
			t.Errorf("%s is taken for %q", raw, got)
		}
	}
}

func TestKeysThatMayBeLeftOut(t *testing.T) {
	for raw, want := range map[string]string{`"a-1"`: "A-1", `null`: "-", `""`: "-", `" "`: "-"} {
		var got MaybeKey
		if err := json.Unmarshal([]byte(raw), &got); err != nil || got.String() != want || got.given() != (want != "-") {
			t.Errorf("%s: %v, %v", raw, got, err)
		}
	}
	var required Key
	if json.Unmarshal([]byte(`null`), &required) == nil || json.Unmarshal([]byte(`""`), &required) == nil {
		t.Error("a key that is required may be left out")
	}
	var maybe MaybeKey
	if json.Unmarshal([]byte(`"x"`), &maybe) == nil {
		t.Error("no error for a key that is none")
	}
}

func TestRemoteLinksAreNamedByTheirAddress(t *testing.T) {
	long := "https://h/" + strings.Repeat("a", 300)
	names := map[string]bool{}
	for _, address := range []string{"https://h/1", "https://h/2", long, long + "b"} {
		name := globalID(address)
		if len(name) > 255 || names[name] || name != globalID(address) {
			t.Errorf("%s is named %q", address, name)
		}
		names[name] = true
	}
}
