package jira

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// lively is a site on which everything happens that webhooks tell of. It returns
// what was delivered.
func lively(t *testing.T, kind Deployment) []received {
	t.Helper()
	s := newSite(t, Options{Deployment: kind})
	r := newReceiver(t)
	s.Register(Webhook{URL: r.url, Secret: "s3cret"})
	a := s.As("alice")
	key := s.issue(NewIssue{Type: "Bug", Description: "broken", Labels: []string{"a"}, Priority: "High", Assignee: s.account("bob")})
	other := s.issue(NewIssue{})
	comment, err := a.Comment(key, "h3. wiki", nil)
	work, err2 := a.LogWork(key, "1h", "")
	file, err3 := a.Attach(key, "log.txt", "text/plain", []byte("x"))
	version, err4 := a.CreateVersion("PROJ", "9.0")
	sprint, err5 := a.CreateSprint(1, "Next", "")
	board, err6 := a.CreateBoard("FEAT", "FEAT board", "kanban")
	errs := []error{
		err, err2, err3, err4, err5, err6,
		a.EditComment(key, comment, "again"), a.Assign(key, "bob"), a.AddLabels(key, "b"), a.Transition(key, "In Progress"), a.Transition(key, "Done"),
		a.Transition(key, "To Do"), a.Update(key, map[string]any{"summary": "new", "customfield_10016": 3}), a.MoveToSprint(key, sprint),
		a.EditWorklog(key, work, "2h"), a.DeleteWorklog(key, work), a.Link("Blocks", key, other), a.Unlink("Blocks", key, other), a.Detach(key, file),
		a.ReleaseVersion(version), a.StartSprint(2), a.CloseSprint(2), a.DeleteSprint(sprint), a.RenameBoard(board, "Flow"), a.DeleteBoard(board),
		a.CreateProject("NEW", "New"), a.DeleteProject("NEW"), a.CreateUser(User{Name: "carol", DisplayName: "Carol", Email: "carol@example.com"}),
		a.UpdateUser("carol@example.com", "Carol C."), a.DeleteUser("carol@example.com"), a.DeleteComment(key, comment), a.DeleteIssue(other),
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	s.want(200, s.do("POST", "/rest/agile/1.0/sprint/1", `{"goal":"Other"}`))
	s.want(201, s.do("PUT", "/rest/api/2/issue/"+key+"/properties/p", `1`))
	s.want(204, s.do("DELETE", "/rest/api/2/issue/"+key+"/properties/p", ""))
	s.settle()
	return r.all()
}

// eventName is webhookEvent, with the kind of update for updates of issues.
func eventName(body map[string]any) string {
	name, _ := body["webhookEvent"].(string)
	if kind, ok := body["issue_event_type_name"].(string); ok && name == "jira:issue_updated" {
		name += "/" + kind
	}
	if name == "" && body["accountId"] != nil {
		name = "user_deleted"
	}
	return name
}

func TestEveryFamilyOfEventsIsTold(t *testing.T) {
	common := []string{
		"jira:issue_created", "jira:issue_deleted", "comment_created", "comment_updated", "comment_deleted", "worklog_created", "worklog_updated",
		"worklog_deleted", "issuelink_created", "issuelink_deleted", "attachment_created", "attachment_deleted", "sprint_created", "sprint_started",
		"sprint_closed", "sprint_updated", "sprint_deleted", "board_created", "board_updated", "board_deleted", "board_configuration_changed",
		"project_created", "project_deleted", "user_created", "user_updated", "user_deleted", "jira:version_created", "jira:version_released",
		"issue_property_set", "issue_property_deleted", "jira:issue_updated/issue_assigned", "jira:issue_updated/issue_updated", "jira:issue_updated/issue_work_logged",
	}
	for kind, also := range map[Deployment][]string{
		Cloud: {"jira:issue_updated/issue_generic"},
		DataCenter: {
			"jira:issue_updated/issue_commented", "jira:issue_updated/issue_comment_edited", "jira:issue_updated/issue_comment_deleted",
			"jira:issue_updated/issue_work_started", "jira:issue_updated/issue_resolved", "jira:issue_updated/issue_reopened", "jira:worklog_updated",
		},
	} {
		told := map[string]bool{}
		for _, one := range lively(t, kind) {
			told[eventName(one.body)] = true
		}
		for _, name := range append(slices.Clone(common), also...) {
			if name == "jira:issue_updated/issue_assigned" {
				continue // it is assigned from the beginning
			}
			if !told[name] {
				t.Errorf("%s: no %s among %v", kind, name, slices.Sorted(maps.Keys(told)))
			}
		}
		if kind == Cloud && told["jira:issue_updated/issue_commented"] {
			t.Error("Cloud tells a comment twice")
		}
	}
}

// kinds flattens a payload to the types of its members, by path. What hangs on
// the configuration of a site, as custom fields do, is left out; so are members
// that are null, whose type nobody knows.
func kinds(v any, path string, out map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if strings.HasPrefix(name, "customfield_") {
				continue
			}
			kinds(inner, path+"/"+name, out)
		}
	case []any:
		for _, inner := range v {
			kinds(inner, path+"[]", out)
		}
	case string:
		out[path] = "string"
	case float64:
		out[path] = "number"
	case bool:
		out[path] = "bool"
	}
}

// realPayloads are captured payloads by event: the members of each that all
// captures of the event agree on, and all members that any of them has.
func realPayloads(t *testing.T, dir string) (always, ever map[string]map[string]string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shared(t, dir), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no payloads: %v", err)
	}
	always, ever = map[string]map[string]string{}, map[string]map[string]string{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var body map[string]any
		if err := json.Unmarshal(raw, &body); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		kinds(body, "", got)
		name := eventName(body)
		if ever[name] == nil {
			always[name], ever[name] = maps.Clone(got), map[string]string{}
		}
		maps.DeleteFunc(always[name], func(path, _ string) bool { return got[path] == "" })
		maps.Copy(ever[name], got)
	}
	return always, ever
}

// besides tells what real sites have and this one has no use for, or the other
// way round: products beside Jira, pictures, what fields a project uses.
func besides(path string, old bool) bool {
	for _, part := range []string{
		"/projectCategory", "/avatarUrls", "/avatarId", "/hierarchyLevel", "/lastViewed", "/security", "/environment", "/duedate", "/components",
		"/fixVersions", "/versions", "/parent", "/subtasks", "/issuelinks", "/attachment", "/resolution", "/timetracking/", "/time", "/aggregatetime",
		"/labels", "/comments[]", "/worklogs[]", "/progress", "/aggregateprogress", "/statuscategorychangedate", "/issuerestriction", "/iconUrl",
		"/simplified", "/projectTypeKey", // newer than some captures
		"/description", "/assignee/", "/reporter/", "/creator/", "/changelog/items[]/", "/goal", "/locale", "/overdue", "/from", "/archived",
	} {
		if strings.Contains(path, part) {
			return true
		}
	}
	// Cloud told names and addresses of users until 2019, and no types.
	for _, part := range []string{"author", "updateAuthor", "user"} {
		for _, member := range []string{"/name", "/key", "/emailAddress", "/accountType"} {
			if strings.HasSuffix(path, part+member) || strings.HasSuffix(path, strings.ToUpper(part[:1])+part[1:]+member) {
				return old
			}
		}
	}
	return false
}

func TestPayloadsMatchCapturedOnesMemberByMember(t *testing.T) {
	for dir, kind := range map[string]Deployment{"corpus/jira/cloud": Cloud, "corpus/jira/server": DataCenter} {
		t.Run(string(kind), func(t *testing.T) {
			always, ever := realPayloads(t, dir)
			compared := map[string]bool{}
			for _, one := range lively(t, kind) {
				name := eventName(one.body)
				if ever[name] == nil {
					continue
				}
				compared[name] = true
				got := map[string]string{}
				kinds(one.body, "", got)
				compare(t, name, got, always[name], ever[name])
			}
			if len(compared) < 4 {
				t.Errorf("only %v could be compared", slices.Sorted(maps.Keys(compared)))
			}
		})
	}
}

func compare(t *testing.T, name string, got, always, ever map[string]string) {
	t.Helper()
	_, named := ever["/user/name"]
	_, authored := ever["/comment/author/name"]
	old := (named || authored) && got["/user/accountId"]+got["/comment/author/accountId"] != ""
	for path, kind := range always {
		if !besides(path, old) && got[path] != kind {
			t.Errorf("%s: %s is %q, in real payloads always %q", name, path, got[path], kind)
		}
	}
	for path, kind := range got {
		if besides(path, old) {
			continue
		}
		if real, ok := ever[path]; !ok || real != kind {
			t.Errorf("%s: %s is %q, in real payloads %q", name, path, kind, real)
		}
	}
}
