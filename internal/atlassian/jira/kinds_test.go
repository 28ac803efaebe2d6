package jira_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
)

// kind is a sandbox of one kind of Jira under a context path, and what it was
// asked for.
type kind struct {
	*sandbox.Server
	*jira.Client
	t     *testing.T
	mu    sync.Mutex
	asked []string
}

// kinds runs a test on both kinds of Jira, each with the issues PROJ-1 and PROJ-2.
func kinds(t *testing.T, test func(t *testing.T, k *kind)) {
	t.Helper()
	for _, deployment := range []sandbox.Deployment{sandbox.Cloud, sandbox.DataCenter} {
		t.Run(string(deployment), func(t *testing.T) { test(t, newKind(t, deployment)) })
	}
}

func newKind(t *testing.T, deployment sandbox.Deployment) *kind {
	t.Helper()
	issue := sandbox.NewIssue{Project: "PROJ", Summary: "One", Type: "Bug", Reporter: "alice"}
	server, err := sandbox.New(sandbox.Options{
		Deployment: deployment, ContextPath: "/jira", Seed: sandbox.Seed{Issues: []sandbox.NewIssue{issue, issue}},
	})
	if err != nil {
		t.Fatal(err)
	}
	k := &kind{Server: server, t: t}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.mu.Lock()
		k.asked = append(k.asked, r.Method+" "+r.URL.RequestURI())
		k.mu.Unlock()
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { server.Close(); web.Close() })
	cfg := atlassian.Config{BaseURL: web.URL + "/jira", AuthType: atlassian.AuthPAT, Token: sandbox.BotToken, FirstBackoff: time.Millisecond}
	if deployment == sandbox.Cloud {
		cfg.AuthType, cfg.Email = atlassian.AuthAPIToken, sandbox.BotEmail
	}
	k.Client = connect(t, cfg)
	return k
}

// askedFor counts the requests that have this in them.
func (k *kind) askedFor(part string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := 0
	for _, a := range k.asked {
		if strings.Contains(a, part) {
			n++
		}
	}
	return n
}

func (k *kind) create(id string) string {
	k.t.Helper()
	key, err := k.CreateIssue(k.t.Context(), map[string]any{
		"project": map[string]any{"key": "PROJ"}, "issuetype": map[string]any{"name": "Bug"}, "summary": "New",
	}, jira.Marker{ID: id})
	if err != nil {
		k.t.Fatal(err)
	}
	return key
}

func TestANewIssueIsFoundByItsMark(t *testing.T) {
	kinds(t, func(t *testing.T, k *kind) {
		begun := time.Now()
		first, second := k.create("run:1"), k.create("run:2")
		for id, want := range map[string]string{"run:1": first, "run:2": second, "run:3": ""} {
			if got, err := k.FindCreated(t.Context(), "PROJ", id, begun); err != nil || got != want {
				t.Errorf("%s: %q, %v; want %q", id, got, err, want)
			}
		}
		if got, err := k.FindCreated(t.Context(), "FEAT", "run:1", begun); err != nil || got != "" {
			t.Errorf("in another project: %q, %v", got, err)
		}
		if got, err := k.FindCreated(t.Context(), "PROJ", "run:1", begun.Add(-24*time.Hour)); err != nil || got != first {
			t.Errorf("after a day: %q, %v", got, err)
		}
	})
}

func TestANewIssueIsNotGuessedAmongTooMany(t *testing.T) {
	page := `{"total":1000000,"nextPageToken":"more","issues":[{"id":"1","key":"A-1","fields":{}}]}`
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "serverInfo") {
			page := `{"deploymentType":"Cloud"}`
			_, _ = w.Write([]byte(page))
			return
		}
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(web.Close)
	c := connect(t, atlassian.Config{BaseURL: web.URL, AuthType: atlassian.AuthPAT, Token: "x"})
	if got, err := c.FindCreated(t.Context(), "A", "run:1", time.Now()); !errors.Is(err, jira.ErrCannotTell) {
		t.Errorf("found %q, %v", got, err)
	}
}

func TestTypesAndFieldsOfNewIssuesAreReadToTheEnd(t *testing.T) {
	kinds(t, func(t *testing.T, k *kind) {
		types, err := k.IssueTypes(t.Context(), "PROJ")
		if err != nil || len(types) != 5 || !slices.ContainsFunc(types, func(i jira.IssueType) bool { return i.Subtask }) {
			t.Fatalf("%+v, %v", types, err)
		}
		fields, err := k.CreateFields(t.Context(), "PROJ", types[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(fields, func(f jira.EditField) bool { return f.Name == "Team" })
		if at < 0 || fields[at].ID == "" || len(fields[at].AllowedValues) != 3 || fields[at].AllowedValues[0].Text != "Backend" {
			t.Errorf("%+v", fields)
		}
		if _, err := k.IssueTypes(t.Context(), "NONE"); err == nil {
			t.Error("no error for a project that does not exist")
		}
	})
}

func TestFilesGoUpAndComeDownUnchanged(t *testing.T) {
	kinds(t, func(t *testing.T, k *kind) {
		begun := time.Now()
		for i, name := range []string{"a.txt", "b ü&?#%.bin", "c;d=\"e\".txt"} {
			content := []byte(fmt.Sprintf("%d\x00\xff\r\n", i))
			file := jira.File{Name: name, Content: content}
			if _, err := k.Attach(t.Context(), "PROJ-1", file); err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			list, err := k.Attachments(t.Context(), "PROJ-1")
			if err != nil || len(list) != i+1 || list[i].Filename != name || list[i].Size != int64(len(content)) {
				t.Fatalf("%q: %+v, %v", name, list, err)
			}
			got, err := k.Download(t.Context(), list[i])
			if err != nil || string(got) != string(content) {
				t.Errorf("%q: %q, %v", name, got, err)
			}
			if id, err := k.FindAttachment(t.Context(), "PROJ-1", file, begun); err != nil || id != list[i].ID {
				t.Errorf("%q: found %q, %v", name, id, err)
			}
			file.Content = []byte("other")
			if id, err := k.FindAttachment(t.Context(), "PROJ-1", file, begun); err != nil || id != "" {
				t.Errorf("%q: %q was taken for another file, %v", name, id, err)
			}
		}
		if id, err := k.FindAttachment(t.Context(), "PROJ-2", jira.File{Name: "a.txt"}, begun); err != nil || id != "" {
			t.Errorf("at another issue: %q, %v", id, err)
		}
	})
}

func TestFilesOfOthersAreNotTakenForOurs(t *testing.T) {
	list := `[{"id":"1","filename":"a","size":1,"author":{"accountId":"other"},"created":"2099-01-01T00:00:00.000+0000"},
		{"id":"2","filename":"a","size":1,"author":{"accountId":"me"},"created":"2001-01-01T00:00:00.000+0000"}]`
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "serverInfo"):
			_, _ = w.Write([]byte(`{"deploymentType":"Cloud"}`))
		case strings.HasSuffix(r.URL.Path, "myself"):
			_, _ = w.Write([]byte(`{"accountId":"me"}`))
		case strings.Contains(r.URL.Path, "/issue/"):
			_, _ = w.Write([]byte(`{"key":"A-1","fields":{"attachment":` + list + `}}`))
		default:
			t.Errorf("asked for %s", r.URL)
		}
	}))
	t.Cleanup(web.Close)
	c := connect(t, atlassian.Config{BaseURL: web.URL, AuthType: atlassian.AuthPAT, Token: "x"})
	if id, err := c.FindAttachment(t.Context(), "A-1", jira.File{Name: "a", Content: []byte("x")}, time.Now()); err != nil || id != "" {
		t.Errorf("found %q, %v", id, err)
	}
}

func TestPeopleAreAskedForAsEachKindWantsIt(t *testing.T) {
	kinds(t, func(t *testing.T, k *kind) {
		for _, q := range []jira.Users{
			{Text: "a & b=1"}, {Text: "alice", Issue: "PROJ-1"}, {Text: "alice", Projects: []string{"PROJ"}}, {Text: "alice", Projects: []string{"PROJ", "FEAT"}},
		} {
			users, err := k.Users(t.Context(), q)
			if err != nil || (q.Text == "alice") != (len(users) == 1) {
				t.Errorf("%+v: %+v, %v", q, users, err)
			}
		}
		all, err := k.Users(t.Context(), jira.Users{Text: "a"})
		if err != nil || len(all) < 3 {
			t.Fatalf("%+v, %v", all, err)
		}
		second, err := k.Users(t.Context(), jira.Users{Text: "a", Start: 1, Limit: 1})
		if err != nil || len(second) != 1 || !second[0].Same(all[1]) {
			t.Errorf("the second is %+v, %v; want %+v", second, err, all[1])
		}
		if past, err := k.Users(t.Context(), jira.Users{Text: "alice", Start: 50}); err != nil || len(past) != 0 {
			t.Errorf("%+v, %v", past, err)
		}
	})
}

func TestBoardsTellTheirProjectsAndSprints(t *testing.T) {
	kinds(t, func(t *testing.T, k *kind) {
		boards, err := k.Boards(t.Context(), jira.Boards{Project: "PROJ", Type: "scrum", Limit: 50})
		if err != nil || len(boards.Items) != 1 || boards.Next != 0 {
			t.Fatalf("%+v, %v", boards, err)
		}
		keys, err := k.BoardProjects(t.Context(), boards.Items[0].ID)
		if err != nil || !slices.Equal(keys, []string{"PROJ"}) {
			t.Errorf("%v, %v", keys, err)
		}
		first, err := k.Sprints(t.Context(), 1, nil, 0, 1)
		if err != nil || len(first.Items) != 1 || first.Next != 1 {
			t.Errorf("%+v, %v", first, err)
		}
		second, err := k.Sprints(t.Context(), 1, nil, 1, 1)
		if err != nil || len(second.Items) != 1 || second.Next != 0 || second.Items[0].ID == first.Items[0].ID {
			t.Errorf("%+v, %v", second, err)
		}
		if err := k.MoveToSprint(t.Context(), 1, []string{"PROJ-1", "PROJ-2"}); err != nil {
			t.Fatal(err)
		}
		page, err := k.SprintIssues(t.Context(), 1, jira.Search{Fields: []string{"summary"}, Limit: 1})
		if err != nil || len(page.Issues) != 1 || page.Next != "1" || page.Total != 2 {
			t.Errorf("%+v, %v", page, err)
		}
		if _, err := k.SprintIssues(t.Context(), 1, jira.Search{Page: "x"}); err == nil {
			t.Error("no error for a token that is none")
		}
	})
}

func TestRemoteLinksAreChangedByTheirName(t *testing.T) {
	kinds(t, func(t *testing.T, k *kind) {
		link := jira.RemoteLink{GlobalID: "g", Relationship: "r", Object: jira.RemoteObject{URL: "https://h/", Title: "A"}}
		first, err := k.PutRemoteLink(t.Context(), "PROJ-1", link)
		if err != nil {
			t.Fatal(err)
		}
		link.Object.Title = "B"
		second, err := k.PutRemoteLink(t.Context(), "PROJ-1", link)
		if err != nil || first != second {
			t.Errorf("%q and %q, %v", first, second, err)
		}
		links, err := k.RemoteLinks(t.Context(), "PROJ-1")
		if err != nil || len(links) != 1 || links[0].Object.Title != "B" || links[0].GlobalID != "g" || links[0].ID.String() != first {
			t.Errorf("%+v, %v", links, err)
		}
	})
}

func TestALoneRemoteLinkIsReadAsAList(t *testing.T) {
	for body, want := range map[string]int{
		`{"id":1,"globalId":"g","object":{"url":"u","title":"t"}}`: 1, ` [] `: 0, `[{"id":1,"object":{}},{"id":2,"object":{}}]`: 2, `"x"`: -1,
	} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		c := connect(t, atlassian.Config{BaseURL: web.URL, AuthType: atlassian.AuthPAT, Token: "x"})
		links, err := c.RemoteLinks(t.Context(), "A-1")
		if (err != nil) != (want < 0) || (err == nil && len(links) != want) {
			t.Errorf("%s: %+v, %v", body, links, err)
		}
		web.Close()
	}
}

func TestHistoryWorklogsAndCommentsHaveTheSamePagesOnBothKinds(t *testing.T) {
	kinds(t, func(t *testing.T, k *kind) {
		for i := range 5 {
			if err := k.UpdateIssue(t.Context(), "PROJ-1", map[string]any{"summary": fmt.Sprint("s", i)}, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := k.AddWorklog(t.Context(), "PROJ-1", jira.Work{TimeSpent: "1h", Seconds: 3600, Comment: fmt.Sprint("w", i)}, jira.Marker{ID: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
			if _, err := k.AddComment(t.Context(), "PROJ-1", fmt.Sprint("c", i), jira.Marker{ID: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		n := jira.Newest{Skip: 1, Limit: 2}
		work, err := k.Worklogs(t.Context(), "PROJ-1", n)
		if err != nil || len(work.Items) != 2 || work.Items[0].Comment != "w3" || work.Total != 5 || work.Next != 3 {
			t.Errorf("%+v, %v", work, err)
		}
		comments, err := k.Comments(t.Context(), "PROJ-1", n)
		if err != nil || len(comments.Items) != 2 || comments.Items[0].Body != "c3" || comments.Total != 5 || comments.Next != 3 {
			t.Errorf("%+v, %v", comments, err)
		}
		all, err := k.History(t.Context(), "PROJ-1", jira.Newest{Limit: 100})
		if err != nil || all.Next != 0 || len(all.Items) != all.Total {
			t.Fatalf("%+v, %v", all, err)
		}
		part, err := k.History(t.Context(), "PROJ-1", n)
		if err != nil || len(part.Items) != 2 || !part.Items[0].Created.Equal(all.Items[1].Created.Time) || part.Total != all.Total {
			t.Errorf("%+v, %v", part, err)
		}
		for i := range 5 {
			if id, err := k.FindWorklog(t.Context(), "PROJ-1", jira.Work{TimeSpent: "1h", Seconds: 3600}, fmt.Sprint(i), time.Now().Add(-time.Minute)); err != nil || id == "" {
				t.Errorf("worklog %d: %q, %v", i, id, err)
			}
		}
	})
}

func TestACommentIsReadAndChangedByItsID(t *testing.T) {
	kinds(t, func(t *testing.T, k *kind) {
		made, err := k.AddComment(t.Context(), "PROJ-1", "one", jira.Marker{ID: "x"})
		if err != nil {
			t.Fatal(err)
		}
		if err := k.UpdateComment(t.Context(), "PROJ-1", made.ID, "two"); err != nil {
			t.Fatal(err)
		}
		got, err := k.Comment(t.Context(), "PROJ-1", made.ID)
		if err != nil || got.Body != "two" {
			t.Errorf("%+v, %v", got, err)
		}
		if id, err := k.FindComment(t.Context(), "PROJ-1", "x", time.Now().Add(-time.Minute)); err != nil || id != made.ID {
			t.Errorf("a changed comment lost its mark: %q, %v", id, err)
		}
		if _, err := k.Comment(t.Context(), "PROJ-2", made.ID); err == nil {
			t.Error("a comment of another issue is read")
		}
	})
}

func TestVersionsAreChangedInPart(t *testing.T) {
	kinds(t, func(t *testing.T, k *kind) {
		if err := k.UpdateVersion(t.Context(), "10001", map[string]any{"released": true}); err != nil {
			t.Fatal(err)
		}
		v, err := k.Version(t.Context(), "10001")
		if err != nil || !v.Released || v.Name != "1.1" {
			t.Errorf("%+v, %v", v, err)
		}
		list, err := k.Client.Versions(t.Context(), "PROJ")
		if err != nil || len(list) != 2 {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func TestTheKindIsAskedForOnceByAllOfTheClient(t *testing.T) {
	kinds(t, func(t *testing.T, k *kind) {
		k.create("1")
		for range 3 {
			_, _ = k.Users(t.Context(), jira.Users{Text: "a"})
			_, _ = k.Worklogs(t.Context(), "PROJ-1", jira.Newest{Limit: 1})
			_, _ = k.History(t.Context(), "PROJ-1", jira.Newest{Limit: 1})
			_, _ = k.Projects(t.Context())
		}
		if n := k.askedFor("/serverInfo"); n != 1 {
			t.Errorf("asked %d times", n)
		}
		if n := k.askedFor("/project"); n != 1 {
			t.Errorf("asked for projects %d times", n)
		}
	})
}
