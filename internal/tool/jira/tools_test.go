package jira_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func words(s string) string { return strings.Join(strings.Fields(s), " ") }

func longText(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "word%d ", i)
		if i%50 == 49 {
			b.WriteString("\n\n")
		}
	}
	return b.String()
}

func TestEverySchemaIsSmallAndPlain(t *testing.T) {
	s := newSite(t)
	total := 0
	for _, tl := range s.tools.All() {
		spec := tl.Spec()
		size := len(spec.Parameters) + len(spec.Description) + len(spec.Name)
		if total += size; size/4 > 170 {
			t.Errorf("%s is about %d tokens", spec.Name, size/4)
		}
		for _, banned := range []string{"$ref", "anyOf", "oneOf", "const", "additionalProperties", "\n"} {
			if strings.Contains(string(spec.Parameters), banned) {
				t.Errorf("%s has %q in its schema", spec.Name, banned)
			}
		}
		if strings.Count(spec.Description, ".") != 1 || spec.Toolset != "jira" || (spec.Access != tool.Read && spec.Access != tool.Write) {
			t.Errorf("%+v", spec)
		}
	}
	average := tokens(total) / float64(len(s.tools.All()))
	t.Logf("%d tools, %.0f tokens each on average", len(s.tools.All()), average)
	if average > 120 {
		t.Errorf("a tool costs %.0f tokens on average", average)
	}
}

func TestTargetsTellTheProjectsOfACall(t *testing.T) {
	s := newSite(t)
	tests := []struct {
		name, args string
		want       tool.Targets
		err        bool
	}{
		{"jira_get_issue", `{"issue_key":"proj-7"}`, tool.Targets{Projects: []string{"PROJ"}, Issues: []string{"PROJ-7"}}, false},
		{"jira_link_issues", `{"type":"x","inward_issue":"A-1","outward_issue":"https://h/browse/B-2"}`, tool.Targets{Projects: []string{"A", "B"}, Issues: []string{"A-1", "B-2"}}, false},
		{"jira_search", `{"jql":"project = SECRET"}`, tool.Targets{Confined: true}, false},
		{"jira_create_issue", `{"project_key":"a","issue_type":"Bug","summary":"x","parent":"B-2"}`, tool.Targets{Projects: []string{"B", "A"}, Issues: []string{"B-2"}}, false},
		{"jira_create_issue", `{"project_key":"a","issue_type":"Bug","summary":"x","parent":null}`, tool.Targets{Projects: []string{"A"}}, false},
		{"jira_create_issue", `{"project_key":"A\" OR x","issue_type":"Bug","summary":"x"}`, tool.Targets{}, true},
		{"jira_create_subtask", `{"parent":"B-2","summary":"x"}`, tool.Targets{Projects: []string{"B"}, Issues: []string{"B-2"}}, false},
		{"jira_remove_link", `{"issue_key":"A-1","other_issue":"B-2"}`, tool.Targets{Projects: []string{"A", "B"}, Issues: []string{"A-1", "B-2"}}, false},
		{"jira_remove_link", `{"issue_key":"A-1","other_issue":"x"}`, tool.Targets{}, true},
		{"jira_add_to_sprint", `{"sprint_id":1,"issue_keys":["A-1","B-1"]}`, tool.Targets{Projects: []string{"A", "B"}, Issues: []string{"A-1", "B-1"}}, false},
		{"jira_list_boards", `{}`, tool.Targets{Confined: true}, false},
		{"jira_list_boards", `{"project_key":"b"}`, tool.Targets{Projects: []string{"B"}, Confined: true}, false},
		{"jira_list_sprints", `{"board_id":1}`, tool.Targets{Confined: true}, false},
		{"jira_get_sprint", `{"sprint_id":1}`, tool.Targets{Confined: true}, false},
		{"jira_get_sprint_issues", `{"sprint_id":1}`, tool.Targets{Confined: true}, false},
		{"jira_find_users", `{"query":"x","issue_key":"C-1"}`, tool.Targets{Projects: []string{"C"}, Issues: []string{"C-1"}, Confined: true}, false},
		{"jira_get_field_options", `{"field":"x"}`, tool.Targets{Confined: true}, false},
		{"jira_list_projects", `{}`, tool.Targets{Confined: true}, false},
		{"jira_list_versions", `{"project_key":"V"}`, tool.Targets{Projects: []string{"V"}}, false},
		{"jira_find_fields", `{}`, tool.Targets{}, false},
		{"jira_get_link_types", `{}`, tool.Targets{}, false},
		{"jira_get_issue", `{"issue_key":"10001"}`, tool.Targets{}, true},
		{"jira_post_comment", `{"issue_key":"../../x","body":"b"}`, tool.Targets{}, true},
	}
	for _, tt := range tests {
		tl, _ := s.reg.Lookup(tt.name)
		got, err := tl.Targets(json.RawMessage(tt.args))
		if (err != nil) != tt.err {
			t.Errorf("%s: err %v", tt.args, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" && !tt.err {
			t.Errorf("%s: %s", tt.args, diff)
		}
	}
}

func TestGetIssueIsCompact(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("jira_link_issues", `{"type":"is blocked by","inward_issue":"PROJ-1","outward_issue":"PROJ-2"}`)
		if _, err := s.As("alice").Comment("PROJ-1", "h3. hm", nil); err != nil {
			t.Fatal(err)
		}
		got := s.do("jira_get_issue", `{"issue_key":"PROJ-1","fields":["story points"],"comments":5}`)
		for _, want := range []string{
			"PROJ-1: The login page | is slow\n", "type: Bug\n", "status: To Do\n", "priority: Medium\n",
			"assignee: Alice Developer (" + s.id("alice") + ")\n", "labels: old\n", "link: is blocked by PROJ-2 [To Do] Second\n",
			"Story Points: 5\n", "description:\n### Steps\n# open it\n", "1 of 1 comments, the newest first:\n", "Alice Developer (", "### hm",
		} {
			if !strings.Contains(got.Text, want) {
				t.Errorf("no %q in\n%s", want, got.Text)
			}
		}
		for _, noise := range []string{"self", "avatar", "null", "http"} {
			if strings.Contains(got.Text, noise) {
				t.Errorf("there is %q in\n%s", noise, got.Text)
			}
		}
		if got.Target != "PROJ-1" {
			t.Errorf("target %q", got.Target)
		}
	})
}

func TestAddressesOfIssuesAreKeysToo(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		got := s.do("jira_get_issue", `{"issue_key":"`+s.url+`/browse/PROJ-1?focusedCommentId=1"}`)
		if got.Target != "PROJ-1" {
			t.Errorf("target %q", got.Target)
		}
		s.fail("jira_get_issue", `{"issue_key":"https://other.example/browse/PROJ-1"}`, "another site")
		s.fail("jira_get_issue", `{"issue_key":"PROJ-99"}`, "Jira refused", "Issue does not exist")
	})
}

func TestAnIssueOutsideTheScopeIsNotTouched(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		before := len(s.Requests())
		s.fail("jira_get_issue", `{"issue_key":"OTHER-1"}`, "outside the scope")
		s.fail("jira_post_comment", `{"issue_key":"OTHER-1","body":"x"}`, "outside the scope")
		s.fail("jira_link_issues", `{"type":"Blocks","inward_issue":"PROJ-1","outward_issue":"OTHER-1"}`, "outside the scope")
		for _, r := range s.Requests()[before:] {
			if strings.Contains(r.Path+r.Body, "OTHER") {
				t.Errorf("Jira was asked: %s %s %s", r.Method, r.Path, r.Body)
			}
		}
		call := s.newCall(`{"issue_key":"OTHER-1","body":"x"}`)
		call.Projects = nil
		if result, err := s.try("jira_post_comment", call); err != nil || result.Failed {
			t.Errorf("without a scope: %+v, %v", result, err)
		}
	})
}

func TestCommentsComeNewestFirstAndLimited(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		for i := range 7 {
			if _, err := s.As("alice").Comment("PROJ-1", fmt.Sprintf("number %d", i), nil); err != nil {
				t.Fatal(err)
			}
		}
		text := s.do("jira_get_comments", `{"issue_key":"PROJ-1","limit":2}`).Text
		if !strings.HasPrefix(text, "2 of 7 comments") || strings.Index(text, "number 6") > strings.Index(text, "number 5") || strings.Contains(text, "number 4") {
			t.Errorf("got\n%s", text)
		}
		if got := s.do("jira_get_comments", `{"issue_key":"PROJ-2"}`).Text; got != "no comments" {
			t.Errorf("got %q", got)
		}
	})
}

func TestPostCommentConvertsMarkdownUnlessItIsWiki(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("jira_add_comment", `{"issue_key":"PROJ-1","body":"**a**"}`)
		s.do("jira_post_comment", `{"issue_key":"PROJ-1","body":"**b**","format":"wiki"}`)
		comments := s.issue("PROJ-1").Comments
		if len(comments) != 2 || comments[0].Body != "*a*" || comments[1].Body != "**b**" {
			t.Errorf("%+v", comments)
		}
		s.fail("jira_post_comment", `{"issue_key":"PROJ-1","body":" \n"}`, "empty")
	})
}

func TestUpdateTakesNamesAndCoercesBySchema(t *testing.T) {
	tests := map[string]struct {
		fields string
		id     string
		want   any
	}{
		"summary":                {`{"summary":"one\nline"}`, "summary", "one line"},
		"description":            {`{"Description":"**x**"}`, "description", "*x*"},
		"priority by name":       {`{"priority":"High"}`, "priority.name", "High"},
		"priority as an object":  {`{"priority":{"name":"Low"}}`, "priority.name", "Low"},
		"priority by id":         {`{"priority":1}`, "priority.name", "Highest"},
		"labels":                 {`{"labels":["a","b"]}`, "labels", []any{"a", "b"}},
		"labels cleared":         {`{"labels":null}`, "labels", []any{}},
		"assignee by name":       {`{"assignee":"bob manager"}`, "assignee.displayName", "Bob Manager"},
		"assignee by e-mail":     {`{"assignee":"bob@example.com"}`, "assignee.displayName", "Bob Manager"},
		"assignee as an object":  {`{"assignee":{"accountId":"` + alice + `"}}`, "assignee.displayName", "Alice Developer"},
		"assignee me":            {`{"assignee":"me"}`, "assignee.displayName", "AOF Bot"},
		"assignee cleared":       {`{"assignee":null}`, "assignee", nil},
		"components":             {`{"components":["backend"]}`, "components.0.name", "backend"},
		"one version":            {`{"fix_versions":"1.1"}`, "fixVersions.0.name", "1.1"},
		"due date":               {`{"Due Date":"2026-03-01"}`, "duedate", "2026-03-01"},
		"due date with time":     {`{"duedate":"2026-03-01T10:00:00Z"}`, "duedate", "2026-03-01"},
		"number":                 {`{"Story Points":8}`, "customfield_10016", float64(8)},
		"number in a string":     {`{"story points":"3.5"}`, "customfield_10016", 3.5},
		"number cleared":         {`{"Story Points":null}`, "customfield_10016", nil},
		"option":                 {`{"Severity":"S2"}`, "customfield_10031.value", "S2"},
		"options":                {`{"Platforms":["Linux","macOS"]}`, "customfield_10032.1.value", "macOS"},
		"custom text":            {`{"Acceptance Criteria":"**x**"}`, "customfield_10033", "*x*"},
		"custom user":            {`{"Reviewer":"Alice Developer"}`, "customfield_10034.displayName", "Alice Developer"},
		"custom by id":           {`{"customfield_10035":"2026-01-02"}`, "customfield_10035", "2026-01-02"},
		"several":                {`{"summary":"S","priority":"High","Severity":"S1"}`, "customfield_10031.value", "S1"},
		"nested null in objects": {`{"assignee":null,"summary":"S"}`, "summary", "S"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.do("jira_update_issue", `{"issue_key":"PROJ-1","fields":`+tt.fields+`}`)
			got := lookup(s.issue("PROJ-1").Fields, strings.Split(tt.id, "."))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func lookup(v any, path []string) any {
	for _, part := range path {
		switch c := v.(type) {
		case map[string]any:
			v = c[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(c) {
				return "missing"
			}
			v = c[i]
		default:
			return "missing"
		}
	}
	return v
}

func TestUpdateRefusesWithTheValidChoices(t *testing.T) {
	tests := map[string]struct {
		fields string
		says   []string
	}{
		"nothing":             {`{}`, []string{"empty"}},
		"status":              {`{"status":"Done"}`, []string{"jira_transition_issue"}},
		"comment":             {`{"Comment":"x"}`, []string{"jira_post_comment"}},
		"project":             {`{"project":"OTHER"}`, []string{"another project"}},
		"unknown field":       {`{"Story Point":3}`, []string{"no field", "Story Points (customfield_10016)"}},
		"twice":               {`{"summary":"a","Summary":"b"}`, []string{"twice"}},
		"no such priority":    {`{"priority":"Urgent"}`, []string{"Jira refused", "priority", "Highest, High, Medium, Low, Lowest"}},
		"no such option":      {`{"Severity":"S9"}`, []string{"Jira refused", "S1, S2, S3"}},
		"no such component":   {`{"components":["nope"]}`, []string{"Jira refused", "backend"}},
		"nobody":              {`{"assignee":"Zed"}`, []string{"nobody", "Zed"}},
		"not a number":        {`{"Story Points":"many"}`, []string{"number"}},
		"not a date":          {`{"duedate":"tomorrow"}`, []string{"2024-01-31"}},
		"label with a blank":  {`{"labels":["a b"]}`, []string{"a-b"}},
		"empty name":          {`{"priority":""}`, []string{"null"}},
		"parent out of scope": {`{"parent":"OTHER-1"}`, []string{"outside the scope"}},
		"parent object":       {`{"parent":{"key":"OTHER-1"}}`, []string{"outside the scope"}},
		"text too long":       {`{"description":"` + strings.Repeat("x", 32768) + `"}`, []string{"32768", "32767"}},
	}
	s := newSite(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s.t = t
			s.fail("jira_update_issue", `{"issue_key":"PROJ-1","fields":`+tt.fields+`}`, tt.says...)
			if len(s.ledger.All()) != 0 {
				t.Errorf("ledger %v after a refusal", s.ledger.All())
			}
		})
	}
}

func TestTransitionTakesIdNameOrStatus(t *testing.T) {
	for _, wanted := range []string{"11", "Start work", "start_work", "In Progress", "in progress"} {
		t.Run(wanted, func(t *testing.T) {
			s := newSite(t)
			got := s.do("jira_transition_issue", `{"issue_key":"PROJ-1","transition":`+quote(wanted)+`}`)
			if s.issue("PROJ-1").Status != "In Progress" || got.Text != "Moved PROJ-1 to status In Progress." {
				t.Errorf("%s: %s", s.issue("PROJ-1").Status, got.Text)
			}
		})
	}
}

func TestTransitionToTheStatusThatIsWritesNothing(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		got := s.do("jira_transition_issue", `{"issue_key":"PROJ-1","transition":"to do"}`)
		if s.writes() != 0 || !strings.Contains(got.Text, "already") {
			t.Errorf("%d writes: %s", s.writes(), got.Text)
		}
	})
}

func TestTransitionRefusesWithTheValidChoices(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.fail("jira_transition_issue", `{"issue_key":"PROJ-1","transition":"Finish"}`, "in status To Do", "Start work → In Progress (id 11)")
		if s.writes() != 0 || len(s.ledger.All()) != 0 {
			t.Errorf("%d writes, ledger %v", s.writes(), s.ledger.All())
		}
		if got := s.do("jira_get_transitions", `{"issue_key":"PROJ-1"}`).Text; got != "status: To Do\ntransitions: Start work → In Progress (id 11)" {
			t.Errorf("got %q", got)
		}
	})
}

func TestLabelsAreAddedAndRemovedBesideOthers(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("jira_add_labels", `{"issue_key":"PROJ-1","labels":["new","old"]}`)
		s.do("jira_remove_label", `{"issue_key":"PROJ-1","label":"absent"}`)
		if got := s.issue("PROJ-1").Labels; !slices.Contains(got, "new") || !slices.Contains(got, "old") || len(got) != 2 {
			t.Errorf("labels %v", got)
		}
		s.fail("jira_add_labels", `{"issue_key":"PROJ-1","labels":["two words"]}`, "two-words")
		s.fail("jira_add_labels", `{"issue_key":"PROJ-1","labels":[]}`, "empty")
		s.fail("jira_add_labels", `{"issue_key":"PROJ-1","labels":["`+strings.Repeat("x", 256)+`"]}`, "255")
	})
}

// id is what this kind of Jira calls a person.
func (s *site) id(handle string) string {
	if s.server {
		return handle
	}
	user, _ := s.User(handle)
	return user.AccountID
}

func TestAssignFindsPeopleByTheNamesOfEachKind(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		bob, _ := s.User("bob")
		for _, who := range []string{"bob@example.com", "Bob Manager", "@bob manager", "[~accountid:" + s.id("bob") + "]", s.id("bob")} {
			s.do("jira_assign_issue", `{"issue_key":"PROJ-1","assignee":null}`)
			got := s.do("jira_assign_issue", `{"issue_key":"PROJ-1","assignee":`+quote(who)+`}`).Text
			if s.issue("PROJ-1").Assignee != bob.AccountID || !strings.Contains(got, s.id("bob")) {
				t.Errorf("%s: %s", who, got)
			}
		}
		s.fail("jira_assign_issue", `{"issue_key":"PROJ-1","assignee":"Zed"}`, "nobody who can be assigned PROJ-1")
	})
}

func TestAssignFindsPeople(t *testing.T) {
	bob := "712020:8b6b268b-17b3-407b-8974-bed4042fa709"
	tests := map[string]string{
		`"bob@example.com"`: bob, `"Bob Manager"`: bob, `"@bob manager"`: bob, `"Bob"`: bob, `"` + bob + `"`: bob, `"[~accountid:` + bob + `]"`: bob,
		`"me"`: "712020:b07b07b0-7b07-4b07-8b07-b07b07b07b07", `null`: "", `"nobody"`: "", `"none"`: "",
	}
	for who, want := range tests {
		t.Run(who, func(t *testing.T) {
			s := newSite(t)
			s.do("jira_assign_issue", `{"issue_key":"PROJ-1","assignee":`+who+`}`)
			if got := s.issue("PROJ-1").Assignee; got != want {
				t.Errorf("assignee %q, want %q", got, want)
			}
		})
	}
	s := newSite(t)
	s.fail("jira_assign_issue", `{"issue_key":"PROJ-1"}`, "missing")
	s.fail("jira_assign_issue", `{"issue_key":"PROJ-1","assignee":"Zed"}`, "nobody who can be assigned PROJ-1")
	s.fail("jira_assign_issue", `{"issue_key":"PROJ-1","assignee":"5b10a2844c20165700ede999"}`, "Jira refused")
	if got := s.issue("PROJ-1").Assignee; got != alice {
		t.Errorf("assignee %q after refusals", got)
	}
}

func TestLogWorkChecksTheTime(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("jira_add_worklog", `{"issue_key":"PROJ-1","time_spent":"1d 2h","started":"2026-01-15T09:00:00.000+0000"}`)
		s.fail("jira_log_work", `{"issue_key":"PROJ-1","time_spent":"a while"}`, "2h 30m")
		s.fail("jira_log_work", `{"issue_key":"PROJ-1","time_spent":"1h","started":"yesterday"}`, "2024-01-31T09:00:00Z")
		s.fail("jira_log_work", `{"issue_key":"PROJ-1","time_spent":"1h","comment":"`+strings.Repeat("x", 40000)+`"}`, "32767")
		logs := s.issue("PROJ-1").Worklogs
		if len(logs) != 1 || logs[0].Seconds != 36000 || logs[0].Started.UTC().Format("2006-01-02 15:04") != "2026-01-15 09:00" {
			t.Errorf("%+v", logs)
		}
	})
}

func TestLinkReadsTheTypeFromBothSides(t *testing.T) {
	tests := map[string]sandbox.Link{
		"Blocks":        {Type: "Blocks", Inward: "PROJ-1", Outward: "PROJ-2"},
		"blocks":        {Type: "Blocks", Inward: "PROJ-1", Outward: "PROJ-2"},
		"is blocked by": {Type: "Blocks", Inward: "PROJ-2", Outward: "PROJ-1"},
		"relates to":    {Type: "Relates", Inward: "PROJ-1", Outward: "PROJ-2"},
		"duplicate":     {Type: "Duplicate", Inward: "PROJ-1", Outward: "PROJ-2"},
	}
	for kind, want := range tests {
		t.Run(kind, func(t *testing.T) {
			s := newSite(t)
			args := `{"type":` + quote(kind) + `,"inward_issue":"PROJ-1","outward_issue":"PROJ-2"}`
			s.do("jira_link_issues", args)
			links := s.issue("PROJ-1").Links
			if len(links) != 1 {
				t.Fatalf("links %+v", links)
			}
			links[0].ID = ""
			if diff := cmp.Diff(want, links[0]); diff != "" {
				t.Error(diff)
			}
			again := s.do("jira_link_issues", args)
			if len(s.issue("PROJ-1").Links) != 1 || s.writes() != 1 || !strings.Contains(again.Text, "already") {
				t.Errorf("%d writes: %s", s.writes(), again.Text)
			}
		})
	}
	s := newSite(t)
	s.fail("jira_link_issues", `{"type":"hates","inward_issue":"PROJ-1","outward_issue":"PROJ-2"}`, "Blocks (blocks / is blocked by)")
	s.fail("jira_link_issues", `{"type":"Blocks","inward_issue":"PROJ-1","outward_issue":"PROJ-1"}`, "itself")
}

func TestSearchIsConfinedAndCompact(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		text := s.do("jira_search", `{"jql":"project = OTHER OR issuetype = Bug ORDER BY key ASC","fields":["Story Points"]}`).Text
		want := "2 issues:\nkey | type | status | priority | assignee | updated UTC | Story Points | summary\nPROJ-1 | Bug | To Do | Medium | Alice Developer | "
		if !strings.HasPrefix(text, want) || !strings.Contains(text, " | 5 | The login page / is slow\nPROJ-2 | ") || strings.Contains(text, "OTHER") {
			t.Errorf("got\n%s", text)
		}
		call := s.newCall(`{"jql":"issuetype = Bug"}`)
		call.Projects = []string{"F*", "OTH*"}
		result, err := s.try("jira_search", call)
		if err != nil || !strings.HasPrefix(result.Text, "2 issues") || !strings.Contains(result.Text, "FEAT-1") || !strings.Contains(result.Text, "OTHER-1") {
			t.Errorf("globs: %+v, %v", result, err)
		}
		call.Projects = []string{"*"}
		if result, err = s.try("jira_search", call); err != nil || !strings.HasPrefix(result.Text, "4 issues") {
			t.Errorf("everything: %+v, %v", result, err)
		}
		call.Projects = []string{"NONE*"}
		if result, err = s.try("jira_search", call); err != nil || !result.Failed {
			t.Errorf("globs that meet nothing: %+v, %v", result, err)
		}
	})
}

func TestSearchPages(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		first := s.do("jira_search", `{"jql":"order by key asc","limit":1}`).Text
		_, token, ok := strings.Cut(first, "next: page_token ")
		if !ok || !strings.Contains(first, "PROJ-1 |") {
			t.Fatalf("got\n%s", first)
		}
		second := s.do("jira_search", `{"jql":"order by key asc","limit":1,"page_token":`+quote(token)+`}`).Text
		if !strings.Contains(second, "PROJ-2 |") {
			t.Errorf("got\n%s", second)
		}
		s.fail("jira_search", `{"jql":"colour = red"}`, "Jira refused", "colour")
		s.fail("jira_search", `{"jql":"summary ~ \"x"}`, "quote")
		if got := s.do("jira_search", `{"jql":"labels = nowhere"}`).Text; got != "no issues found" {
			t.Errorf("got %q", got)
		}
	})
}

func TestResultsAreCappedAndSaySo(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		long := strings.Repeat("ü", 30_000)
		if err := s.As("alice").Update("PROJ-1", map[string]any{"description": long}); err != nil {
			t.Fatal(err)
		}
		got := s.do("jira_get_issue", `{"issue_key":"PROJ-1"}`).Text
		if len(got) > 24_000 || !strings.Contains(got, "truncated: ") || strings.ContainsRune(got, '\uFFFD') {
			t.Errorf("%d bytes, ends %q", len(got), got[len(got)-100:])
		}
	})
}

func TestReadIssueHasTheShapeOfAWebhooksIssue(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		raw, err := s.tools.ReadIssue(t.Context(), tool.Origin{}, s.issue("PROJ-1").ID, []string{"summary", "project"})
		if err != nil {
			t.Fatal(err)
		}
		var issue struct {
			ID, Key string
			Fields  map[string]any
		}
		if err := json.Unmarshal(raw, &issue); err != nil || issue.Key != "PROJ-1" || issue.Fields["summary"] == nil || issue.Fields["description"] != nil {
			t.Errorf("%s, %v", raw, err)
		}
		if _, err := s.tools.ReadIssue(t.Context(), tool.Origin{}, "99999", nil); err == nil {
			t.Error("no error for an issue that does not exist")
		}
		if _, err := s.tools.ReadIssue(t.Context(), tool.Origin{Site: "elsewhere"}, "PROJ-1", nil); err == nil {
			t.Error("no error for an unknown site")
		}
	})
}
