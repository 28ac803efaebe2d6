package duty

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/step"
)

func TestRepliesAreReadAsWhatTheyPlainlySay(t *testing.T) {
	type reading struct {
		approve, plain bool
		rest           string
	}
	for words, want := range map[string]reading{
		"approve":                    {true, true, ""},
		" /Approve ":                 {true, true, ""},
		"**approve**":                {true, true, ""},
		"approve k7qx2m":             {true, true, ""},
		"approve K7QX2M 1 and 3":     {true, true, "1 and 3"},
		"Approved.":                  {true, true, ""},
		"approve 1, 2":               {true, true, "1, 2"},
		"approve, but not the first": {true, false, ""},
		"approve all but 2":          {true, false, ""},
		"approve OTHER1":             {true, false, ""},
		"yes":                        {true, true, ""},
		"Yes!":                       {true, true, ""},
		"yes, if it is short":        {true, false, ""},
		"yesterday":                  {false, false, ""},
		"reject":                     {false, true, ""},
		"reject K7QX2M too long":     {false, true, "too long"},
		"No.":                        {false, true, ""},
		"no, it is wrong":            {false, true, "it is wrong"},
		"nobody knows":               {false, false, ""},
		"ok":                         {false, false, ""},
		"":                           {false, false, ""},
		"> approve":                  {false, false, ""},
		"I approve":                  {false, false, ""},
	} {
		a, plain := read(words, "K7QX2M")
		got := reading{a.Approve, plain, a.Reason}
		if a.Approve && plain {
			got.rest = strings.Join(a.Words, " ")
		}
		if got != want {
			t.Errorf("%q: %+v, want %+v", words, got, want)
		}
	}
}

func FuzzReply(f *testing.F) {
	f.Add("approve K7QX2M 1 2")
	f.Add("`yes`")
	f.Fuzz(func(t *testing.T, words string) {
		a, plain := read(words, "K7QX2M")
		lower := strings.ToLower(words)
		if plain && a.Approve && !strings.Contains(lower, "approve") && !strings.Contains(lower, "yes") {
			t.Fatalf("%q approves", words)
		}
	})
}

func TestCallsAreToldInWordsThatFormatNothing(t *testing.T) {
	for _, tt := range []struct{ tool, args, want string }{
		{"jira_get_issue", `{"issue_key":"PROJ-1"}`, "Reading PROJ-1"},
		{"jira_get_issue", `{"issue_key":"x](https://evil.example)"}`, "Reading `x](https://evil.example)`"},
		{"jira_get_issue", `{`, "Reading something"},
		{"jira_search", `{"jql":"text ~ ` + "`" + `a` + "`" + `\n AND project = X"}`, "Searching work items: `text ~ 'a' AND project = X`"},
		{"jira_search", `{}`, "Searching work items"},
		{"jira_create_issue", `{"project_key":"PROJ","summary":"Login fails"}`, "Creating a work item in PROJ: `Login fails`"},
		{"jira_create_issue", `{"summary":"Login fails"}`, "Creating a work item: `Login fails`"},
		{"jira_transition_issue", `{"issue_key":"PROJ-1","transition":"Done"}`, "Moving PROJ-1 to `Done`"},
		{"jira_search", `{"jql":"` + strings.Repeat("x", 500) + `"}`, "Searching work items: `" + strings.Repeat("x", maxCode-1) + "…`"},
		{"confluence_create_page", `{"space_key":"DOC","title":"Test plan","body":"x"}`, "Creating the page `Test plan` in DOC"},
		{"confluence_get_page", `{"page_id":"4711"}`, "Reading the page"},
		{"confluence_update_section", `{"page_id":"1","heading":"Digest mode","reason":"x"}`, "Updating the section `Digest mode` of a page"},
		{"mcp_files__read_file", `{"path":"/etc"}`, "Using mcp files read file"},
		{"*_`", `{}`, "Using a tool"},
	} {
		if got := doing(tt.tool, json.RawMessage(tt.args)); got != tt.want {
			t.Errorf("%s %.40s: %q, want %q", tt.tool, tt.args, got, tt.want)
		}
	}
}

// TestEveryToolOfTheReferenceHasWords looks at the reference of tools, which another
// test keeps complete: users read what is said of a call while it is made.
func TestEveryToolOfTheReferenceHasWords(t *testing.T) {
	text, err := os.ReadFile("../../../docs/tools.md")
	if err != nil {
		t.Fatal(err)
	}
	known := phrases()
	names := regexp.MustCompile("(?m)^### ([a-z_]+)$").FindAllStringSubmatch(string(text), -1)
	if len(names) < 50 {
		t.Fatalf("the reference has %d tools", len(names))
	}
	for _, name := range names {
		if _, ok := known[name[1]]; !ok {
			t.Errorf("nothing says what a call of %s does", name[1])
		}
	}
}

func TestNoticesAreSentences(t *testing.T) {
	d := New(Config{})
	for i, tt := range []struct {
		notice step.Notice
		want   string
	}{
		{step.Notice{Kind: step.KindModel}, ""}, // the first call: the user was just told that the work begins
		{step.Notice{Kind: step.KindModel}, "Thinking"},
		{step.Notice{Kind: step.KindModel, Text: "I look."}, "I look."},
		{step.Notice{Kind: step.KindEnrich}, "Looking at the work item"},
		{step.Notice{Kind: retrying, Name: "jira_get_issue", Text: "tool"}, "Jira is busy or cannot be reached; trying again"},
		{step.Notice{Kind: retrying, Name: "github_comment", Text: "tool"}, "GitHub is busy or cannot be reached; trying again"},
		{step.Notice{Kind: retrying, Name: "m", Text: "model"}, "The language model is busy; trying again"},
		{step.Notice{Kind: step.KindNode}, ""},
	} {
		if got := d.sentence(tt.notice); got != tt.want {
			t.Errorf("%d: %q, want %q", i, got, tt.want)
		}
	}
	if got := labelled("a*b](x)", "Thinking"); got != "**a b (x)**: Thinking" {
		t.Errorf("labelled: %q", got)
	}
	for span, want := range map[time.Duration]string{90 * time.Second: "90 seconds", 10 * time.Minute: "10 minutes", 3 * time.Hour: "3 hours", 72 * time.Hour: "3 days"} {
		if got := about(span); got != want {
			t.Errorf("%s: %q", span, got)
		}
	}
}

func TestTheWorkBeginsWithASentence(t *testing.T) {
	for _, tt := range []struct{ kind, issue, want string }{
		{TypeAssigned, "AW26-11", "Cursor is reviewing AW26-11."},
		{TypeAssigned, "", "Cursor is reviewing the work item."},
		{TypeMentioned, "AW26-11", "Cursor is reviewing your comment."},
		{TypeChatted, "", "Cursor is working on your message."},
	} {
		if got := Opening("Cursor", tt.kind, tt.issue); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestOfALongConversationTheEndIsKept(t *testing.T) {
	d := New(Config{})
	var messages []a2a.Message
	for i := range 50 {
		role := a2a.User
		if i%2 == 1 {
			role = a2a.Agent
		}
		messages = append(messages, a2a.Message{Role: role, Parts: []a2a.Part{a2a.TextOf(fmt.Sprintf("%d %s", i, strings.Repeat("x", 1000)))}})
	}
	text := d.transcript(messages)
	if !strings.HasPrefix(text, "(what was said before is left out)\n\n") || !strings.Contains(text, "Agent: 49 x") || !strings.Contains(text, "User: 48 x") ||
		strings.Contains(text, ": 10 x") || len(text) > 13_000 {
		t.Errorf("%d bytes: %.100s…", len(text), text)
	}
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	if got := indented(json.RawMessage(`{"id":12345678901234567890}`)); !strings.Contains(got, "12345678901234567890") {
		t.Errorf("%s", got)
	}
}

func TestOfAMessageWithManyPartsAModelIsShownABoundedNumber(t *testing.T) {
	var many, large a2a.Message
	for i := range 5000 {
		many.Parts = append(many.Parts, a2a.DataOf(json.RawMessage(fmt.Sprint(i))))
	}
	for range 10 {
		large.Parts = append(large.Parts, a2a.DataOf(json.RawMessage(`"`+strings.Repeat("x", 100_000)+`"`)))
	}
	for name, tt := range map[string]struct {
		msg  a2a.Message
		want int
		last string
	}{
		"many":  {many, maxParts + 1, "(4980 more parts are left out)"},
		"large": {large, 5, "(6 more parts are left out)"},
	} {
		list, size := materialOf(tt.msg), 0
		for _, m := range list {
			size += len(m.Text)
		}
		if len(list) != tt.want || list[len(list)-1].Text != tt.last || size > maxShown+1000 {
			t.Errorf("%s: %d of %d bytes, the last %q", name, len(list), size, list[len(list)-1].Text)
		}
	}
}
