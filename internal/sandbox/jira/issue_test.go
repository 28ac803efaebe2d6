package jira

import (
	"strings"
	"testing"

	gojira "github.com/andygrunwald/go-jira"
	"github.com/google/go-cmp/cmp"
)

func (s *site) client(who string) *gojira.Client {
	s.t.Helper()
	u, _ := s.User(who)
	auth := gojira.BasicAuthTransport{Username: u.Email, Password: u.Token}
	c, err := gojira.NewClient(auth.Client(), s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func TestLibraryClientWorksAnIssue(t *testing.T) {
	s := newSite(t, Options{})
	c := s.client("bot")
	made, _, err := c.Issue.Create(&gojira.Issue{Fields: &gojira.IssueFields{
		Project: gojira.Project{Key: "PROJ"}, Type: gojira.IssueType{Name: "Bug"}, Summary: "It breaks", Labels: []string{"a"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Issue.AddComment(made.Key, &gojira.Comment{Body: "hello"}); err != nil {
		t.Fatal(err)
	}
	transitions, _, err := c.Issue.GetTransitions(made.Key)
	if err != nil || len(transitions) != 1 || transitions[0].To.Name != "In Progress" {
		t.Fatalf("transitions %+v, %v", transitions, err)
	}
	if _, err := c.Issue.DoTransition(made.Key, transitions[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Issue.AddWorklogRecord(made.Key, &gojira.WorklogRecord{TimeSpent: "2h 30m"}); err != nil {
		t.Fatal(err)
	}
	got, _, err := c.Issue.Get(made.Key, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := got.Fields
	if f.Status.Name != "In Progress" || f.Comments.Comments[0].Body != "hello" || f.TimeSpent != 9000 || f.Type.Name != "Bug" {
		t.Errorf("got status %s, comments %v, time %d, type %s", f.Status.Name, f.Comments, f.TimeSpent, f.Type.Name)
	}
	found, _, err := c.Issue.SearchV2JQL("project = PROJ", &gojira.SearchOptionsV2{Fields: []string{"summary"}})
	if err != nil || len(found) != 1 || found[0].Fields.Summary != "It breaks" {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestCreateIssueRefusesWhatJiraRefuses(t *testing.T) {
	s := newSite(t, Options{})
	parent := s.issue(NewIssue{Project: "FEAT"})
	base := `"project":{"key":"PROJ"},"issuetype":{"name":"Bug"},"summary":"s"`
	for name, c := range map[string]struct{ fields, field, text string }{
		"no project":         {`"issuetype":{"name":"Bug"},"summary":"s"`, "project", "Specify a valid project ID or key"},
		"unknown project":    {`"project":{"key":"NOPE"},"issuetype":{"name":"Bug"},"summary":"s"`, "project", "Specify a valid project ID or key"},
		"no type":            {`"project":{"key":"PROJ"},"summary":"s"`, "issuetype", "Specify an issue type"},
		"unknown type":       {`"project":{"key":"PROJ"},"issuetype":{"name":"Nope"},"summary":"s"`, "issuetype", "Specify a valid issue type"},
		"no summary":         {`"project":{"key":"PROJ"},"issuetype":{"name":"Bug"}`, "summary", "You must specify a summary of the issue."},
		"blank summary":      {`"project":{"key":"PROJ"},"issuetype":{"name":"Bug"},"summary":"  "`, "summary", "You must specify a summary of the issue."},
		"two lines":          {`"project":{"key":"PROJ"},"issuetype":{"name":"Bug"},"summary":"a\nb"`, "summary", "The summary is invalid because it contains newline characters."},
		"long summary":       {`"project":{"key":"PROJ"},"issuetype":{"name":"Bug"},"summary":"` + strings.Repeat("x", 256) + `"`, "summary", "Summary must be less than 255 characters."},
		"unknown field":      {base + `,"colour":"red"`, "colour", "Field 'colour' cannot be set. It is not on the appropriate screen, or unknown."},
		"status":             {base + `,"status":{"name":"Done"}`, "status", "Field 'status' cannot be set. It is not on the appropriate screen, or unknown."},
		"label with space":   {base + `,"labels":["a b"]`, "labels", "The label 'a b' contains spaces which is invalid."},
		"labels as string":   {base + `,"labels":"a"`, "labels", "data was not an array"},
		"unknown priority":   {base + `,"priority":{"name":"Urgent"}`, "priority", "Priority name 'Urgent' is not valid"},
		"number as text":     {base + `,"customfield_10016":"3"`, "customfield_10016", "Operation value must be a number"},
		"unknown option":     {base + `,"customfield_10031":{"value":"S9"}`, "customfield_10031", "Option value 'S9' is not valid"},
		"option as text":     {base + `,"customfield_10031":"S1"`, "customfield_10031", "data was not an object"},
		"id as number":       {base + `,"priority":{"id":3}`, "priority", "expected 'id' property to be a string"},
		"unknown user":       {base + `,"assignee":{"accountId":"nobody"}`, "assignee", "User 'nobody' does not exist."},
		"user with avatars":  {base + `,"assignee":{"accountId":"x","avatarUrls":{}}`, "assignee", "'avatarUrls' cannot be set."},
		"user by name":       {base + `,"assignee":{"name":"alice"}`, "assignee", "'accountId' must be the only user identifying query parameter in GDPR strict mode."},
		"description object": {base + `,"description":{"type":"doc"}`, "description", "Operation value must be a string"},
		"long description":   {base + `,"description":"` + strings.Repeat("é", MaxText+1) + `"`, "description", tooLong},
		"bad date":           {base + `,"duedate":"tomorrow"`, "duedate", "Error parsing date string: tomorrow"},
		"unknown component":  {base + `,"components":[{"name":"core"}]`, "components", "Component name 'core' is not valid"},
		"unknown version":    {base + `,"fixVersions":[{"id":"7"}]`, "fixVersions", "Version id '7' is not valid"},
		"sprint as list":     {base + `,"customfield_10020":[1]`, "customfield_10020", "Number value expected as the Sprint id."},
		"orphaned sub-task":  {`"project":{"key":"PROJ"},"issuetype":{"name":"Sub-task"},"summary":"s"`, "parent", "Issue type is a sub-task but parent issue key or id not specified."},
		"far parent":         {`"project":{"key":"PROJ"},"issuetype":{"name":"Sub-task"},"summary":"s","parent":{"key":"` + parent + `"}`, "parent", "Sub-tasks must be in the same project as the parent."},
		"bad estimate":       {base + `,"timetracking":{"originalEstimate":"soon"}`, "timetracking", "Time Tracking values must be in the format of '1w 2d 3h 4m'."},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.do("POST", "/rest/api/2/issue", `{"fields":{`+c.fields+`}}`)
			if a.status != 400 || dig(a.body, "errors", c.field) != c.text {
				t.Errorf("%d %s\nwant 400 and %s: %s", a.status, a.raw, c.field, c.text)
			}
		})
	}
	if keys := s.Keys(); len(keys) != 1 {
		t.Errorf("refused requests left issues behind: %v", keys)
	}
}

func TestRequestsOfTheWrongShapeAreRefused(t *testing.T) {
	s := newSite(t, Options{})
	s.issue(NewIssue{})
	for name, c := range map[string]struct {
		method, path, body string
		want               int
	}{
		"no JSON":               {"POST", "/rest/api/2/issue", `{"fields":`, 400},
		"empty body":            {"POST", "/rest/api/2/issue", ` `, 400},
		"array":                 {"POST", "/rest/api/2/issue", `[]`, 400},
		"nothing to do":         {"PUT", "/rest/api/2/issue/PROJ-1", `{}`, 400},
		"no such issue":         {"GET", "/rest/api/2/issue/PROJ-99", ``, 404},
		"no such path":          {"GET", "/rest/api/2/nothing", ``, 404},
		"DC has no such path":   {"GET", "/rest/api/1/issue/PROJ-1", ``, 404},
		"wrong method":          {"PATCH", "/rest/api/2/issue/PROJ-1", `{}`, 405},
		"transition in edit":    {"PUT", "/rest/api/2/issue/PROJ-1", `{"fields":{"summary":"x"},"transition":{"id":"11"}}`, 400},
		"project moved":         {"PUT", "/rest/api/2/issue/PROJ-1", `{"fields":{"project":{"key":"FEAT"}}}`, 400},
		"field in both":         {"PUT", "/rest/api/2/issue/PROJ-1", `{"fields":{"labels":[]},"update":{"labels":[{"add":"a"}]}}`, 400},
		"unknown operation":     {"PUT", "/rest/api/2/issue/PROJ-1", `{"update":{"labels":[{"append":"a"}]}}`, 400},
		"add to a text":         {"PUT", "/rest/api/2/issue/PROJ-1", `{"update":{"summary":[{"add":"a"}]}}`, 400},
		"two operations":        {"PUT", "/rest/api/2/issue/PROJ-1", `{"update":{"labels":[{"add":"a","remove":"b"}]}}`, 400},
		"own parent":            {"PUT", "/rest/api/2/issue/PROJ-1", `{"fields":{"parent":{"key":"PROJ-1"}}}`, 400},
		"cleared summary":       {"PUT", "/rest/api/2/issue/PROJ-1", `{"fields":{"summary":null}}`, 400},
		"assignee with avatars": {"PUT", "/rest/api/2/issue/PROJ-1/assignee", `{"accountId":"5b10a2844c20165700ede21a","avatarUrls":{}}`, 400},
		"assignee by name":      {"PUT", "/rest/api/2/issue/PROJ-1/assignee", `{"name":"alice"}`, 400},
		"assignee missing":      {"PUT", "/rest/api/2/issue/PROJ-1/assignee", `{}`, 400},
		"assignee a number":     {"PUT", "/rest/api/2/issue/PROJ-1/assignee", `{"accountId":5}`, 400},
		"assignee unknown":      {"PUT", "/rest/api/2/issue/PROJ-1/assignee", `{"accountId":"nobody"}`, 400},
		"property not JSON":     {"PUT", "/rest/api/2/issue/PROJ-1/properties/k", `{`, 400},
		"property too long":     {"PUT", "/rest/api/2/issue/PROJ-1/properties/k", `"` + strings.Repeat("x", maxProperty) + `"`, 400},
		"property unknown":      {"GET", "/rest/api/2/issue/PROJ-1/properties/k", ``, 404},
	} {
		t.Run(name, func(t *testing.T) {
			if a := s.do(c.method, c.path, c.body); a.status != c.want {
				t.Errorf("status %d, want %d: %s", a.status, c.want, a.raw)
			}
		})
	}
	if n := len(s.snapshot("PROJ-1").Writes); n != 1 {
		t.Errorf("refused requests changed the issue: %d writes", n)
	}
}

func TestOnlyJSONIsTaken(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "", "nonsense;;"} {
		req := func() answer {
			return s.sendAs("bot", "POST", "/rest/api/2/issue/"+key+"/comment", `{"body":"x"}`, kind)
		}
		if a := req(); a.status != 415 {
			t.Errorf("content type %q gets %d", kind, a.status)
		}
	}
	if a := s.sendAs("bot", "POST", "/rest/api/2/issue/"+key+"/comment", `{"body":"x"}`, "application/json; charset=utf-8"); a.status != 201 {
		t.Errorf("JSON with a charset gets %d", a.status)
	}
}

func TestWrongMethodNamesTheRightOnes(t *testing.T) {
	s := newSite(t, Options{})
	a := s.do("PUT", "/rest/api/2/search/jql", `{}`)
	if diff := cmp.Diff([]string{"GET", "POST"}, a.header["Allow"]); a.status != 405 || diff != "" {
		t.Errorf("status %d, Allow %s", a.status, diff)
	}
}

func TestUpdateChangesOnlyWhatItNames(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{Type: "Story", Labels: []string{"a", "b"}, Description: "d"})
	s.want(204, s.do("PUT", "/rest/api/2/issue/"+key, `{"fields":{"customfield_10016":5,"customfield_10030":{"value":"Backend"},
		"customfield_10032":[{"value":"Linux"}],"priority":{"name":"High"},"components":[{"name":"backend"}],"duedate":"2026-05-01",
		"customfield_10034":{"accountId":"5b10a2844c20165700ede21a"}},
		"update":{"labels":[{"add":"c"},{"remove":"a"},{"add":"b"}]},"properties":[{"key":"p","value":{"x":1}}]}`))
	i := s.snapshot(key)
	got := []any{
		i.Labels, i.Description, i.Priority, i.Fields["customfield_10016"], dig(i.Fields["customfield_10030"], "value"),
		dig(i.Fields["customfield_10034"], "displayName"), i.Fields["duedate"], string(i.Properties["p"]),
	}
	want := []any{[]string{"b", "c"}, "d", "High", 5.0, "Backend", "Alice Developer", "2026-05-01", `{"x":1}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.want(204, s.do("PUT", "/rest/api/2/issue/"+key, `{"fields":{"customfield_10016":null,"description":null,"customfield_10030":null}}`))
	i = s.snapshot(key)
	if i.Fields["customfield_10016"] != nil || i.Fields["description"] != nil || i.Fields["customfield_10030"] != nil {
		t.Errorf("null did not clear: %v", i.Fields)
	}
}

func TestUnchangedUpdateWritesNothing(t *testing.T) {
	s := newSite(t, Options{})
	r := newReceiver(t)
	s.Register(Webhook{URL: r.url})
	key := s.issue(NewIssue{Labels: []string{"a"}})
	s.want(204, s.do("PUT", "/rest/api/2/issue/"+key, `{"fields":{"summary":"Something"},"update":{"labels":[{"add":"a"}]}}`))
	if i := s.snapshot(key); len(i.Writes) != 1 || len(i.History) != 0 {
		t.Errorf("writes %v, history %v", i.Writes, i.History)
	}
}

func TestAssignAndUnassign(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	alice, _ := s.User("alice")
	for _, c := range []struct{ body, want string }{
		{`{"accountId":"` + alice.AccountID + `"}`, alice.AccountID}, {`{"accountId":null}`, ""}, {`{"accountId":"-1"}`, s.account("bob")},
	} {
		s.want(204, s.do("PUT", "/rest/api/2/issue/"+key+"/assignee", c.body))
		if got := s.snapshot(key).Assignee; got != c.want {
			t.Errorf("after %s: assignee %q, want %q", c.body, got, c.want)
		}
	}
}

func TestFieldsAndExpandChooseWhatIsShown(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{Labels: []string{"a"}})
	if err := s.As("bob").AddLabels(key, "b"); err != nil {
		t.Fatal(err)
	}
	body := s.want(200, s.do("GET", "/rest/api/2/issue/"+key+"?fields=summary,labels&fields=status&expand=changelog,names,transitions", ""))
	fields, _ := body["fields"].(map[string]any)
	if len(fields) != 3 {
		t.Errorf("fields %v", fields)
	}
	histories, _ := dig(body, "changelog", "histories").([]any)
	if len(histories) != 1 || dig(body, "names", "customfield_10016") != "Story Points" || body["transitions"] == nil {
		t.Errorf("changelog %v, names %v", histories, body["names"])
	}
	body = s.want(200, s.do("GET", "/rest/api/2/issue/"+key+"?fields=*all,-comment", ""))
	if _, ok := dig(body, "fields").(map[string]any)["comment"]; ok {
		t.Error("-comment is shown")
	}
	page := s.want(200, s.do("GET", "/rest/api/2/issue/"+key+"/changelog", ""))
	if page["total"] != 1.0 || page["isLast"] != true {
		t.Errorf("changelog page %v", page)
	}
}

func TestDeleteTakesSubtasksOnlyWhenAsked(t *testing.T) {
	s := newSite(t, Options{})
	parent := s.issue(NewIssue{})
	child := s.issue(NewIssue{Type: "Sub-task", Parent: parent})
	if a := s.do("DELETE", "/rest/api/2/issue/"+parent, ""); a.status != 400 {
		t.Errorf("deleting a parent gets %d", a.status)
	}
	s.want(204, s.do("DELETE", "/rest/api/2/issue/"+parent+"?deleteSubtasks=true", ""))
	for _, key := range []string{parent, child} {
		if _, ok := s.Issue(key); ok {
			t.Errorf("%s is still there", key)
		}
	}
}

func TestMetadataTellsWhatMayBeSet(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	meta := s.want(200, s.do("GET", "/rest/api/2/issue/"+key+"/editmeta", ""))
	allowed, _ := dig(meta, "fields", "customfield_10031", "allowedValues").([]any)
	if len(allowed) != 3 {
		t.Errorf("allowed severities %v", allowed)
	}
	types := s.want(200, s.do("GET", "/rest/api/2/issue/createmeta/PROJ/issuetypes", ""))
	if list, _ := types["issueTypes"].([]any); len(list) != 5 {
		t.Errorf("types %v", types)
	}
	fields := s.want(200, s.do("GET", "/rest/api/2/issue/createmeta/PROJ/issuetypes/10004", ""))
	if list, _ := fields["fields"].([]any); len(list) < 15 {
		t.Errorf("fields %v", fields)
	}
	if a := s.do("GET", "/rest/api/2/issue/createmeta/PROJ/issuetypes/999", ""); a.status != 400 {
		t.Errorf("unknown type: %d", a.status)
	}
	if a := s.do("GET", "/rest/api/2/issue/createmeta/NOPE/issuetypes", ""); a.status != 404 {
		t.Errorf("unknown project: %d", a.status)
	}
}

func TestPropertiesComeAndGo(t *testing.T) {
	s := newSite(t, Options{})
	at := "/rest/api/2/issue/" + s.issue(NewIssue{}) + "/properties"
	if a := s.do("PUT", at+"/my%2Fkey", `{"n":1}`); a.status != 201 {
		t.Errorf("a new property gets %d", a.status)
	}
	if a := s.do("PUT", at+"/my%2Fkey", `{"n":2}`); a.status != 200 {
		t.Errorf("a known property gets %d", a.status)
	}
	if body := s.want(200, s.do("GET", at+"/my%2Fkey", "")); dig(body, "value", "n") != 2.0 || body["key"] != "my/key" {
		t.Errorf("property %v", body)
	}
	if list, _ := s.want(200, s.do("GET", at, ""))["keys"].([]any); len(list) != 1 {
		t.Errorf("keys %v", list)
	}
	s.want(204, s.do("DELETE", at+"/my%2Fkey", ""))
	s.want(404, s.do("DELETE", at+"/my%2Fkey", ""))
}

// account is a user's account id.
func (s *site) account(who string) string {
	u, _ := s.User(who)
	return u.AccountID
}
