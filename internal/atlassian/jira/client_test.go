package jira_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
)

// newCloud is the sandbox's Jira Cloud with two issues.
func newCloud(t *testing.T) (*sandbox.Server, *jira.Client) {
	t.Helper()
	issue := sandbox.NewIssue{Project: "PROJ", Summary: "One", Type: "Bug", Reporter: "alice"}
	server, err := sandbox.New(sandbox.Options{Seed: sandbox.Seed{Issues: []sandbox.NewIssue{issue, issue}}})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); web.Close() })
	return server, connect(t, atlassian.Config{
		BaseURL: web.URL, AuthType: atlassian.AuthAPIToken, Email: sandbox.BotEmail, Token: sandbox.BotToken, FirstBackoff: time.Millisecond,
	})
}

func TestTheKindOfJiraIsAskedForOnce(t *testing.T) {
	d, c := newDataCenter(t)
	for range 3 {
		if _, err := c.Users(t.Context(), jira.Users{Text: "al & x", Issue: "A-1"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := d.askedFor("serverInfo"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	if d.askedFor("username=al+%26+x") != 3 {
		t.Errorf("the query is not escaped: %v", d.asked)
	}
	info, err := c.ServerInfo(t.Context())
	if err != nil || info.Cloud() || info.Version != "10.3.1" {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestAFailedAnswerIsNotKept(t *testing.T) {
	server, c := newCloud(t)
	if _, err := server.AddFault(sandbox.Fault{Path: "serverInfo", Effect: sandbox.Answer, Status: 403, Count: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ServerInfo(t.Context()); err == nil {
		t.Fatal("no error")
	}
	if info, err := c.ServerInfo(t.Context()); err != nil || !info.Cloud() {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestUsersAreNamedAsEachKindOfJiraDoes(t *testing.T) {
	d, c := newDataCenter(t)
	if err := c.Assign(t.Context(), "A-1", &jira.User{Name: "al", DisplayName: "Al"}); err != nil {
		t.Error(err)
	}
	if err := c.Assign(t.Context(), "A-1", nil); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]object{{"name": "al"}, {"name": nil}}, d.bodies); diff != "" {
		t.Error(diff)
	}
	server, cloud := newCloud(t)
	for _, user := range []*jira.User{{AccountID: "5b10a2844c20165700ede21a", DisplayName: "Alice"}, nil} {
		if err := cloud.Assign(t.Context(), "PROJ-1", user); err != nil {
			t.Error(err)
		}
	}
	if i, _ := server.Issue("PROJ-1"); i.Assignee != "" {
		t.Errorf("assignee %q", i.Assignee)
	}
}

func TestSameTellsAccountsApart(t *testing.T) {
	tests := []struct {
		a, b jira.User
		want bool
	}{
		{jira.User{AccountID: "1"}, jira.User{AccountID: "1", Name: "x"}, true},
		{jira.User{AccountID: "1"}, jira.User{AccountID: "2"}, false},
		{jira.User{AccountID: "1", Name: "x"}, jira.User{Name: "x"}, false},
		{jira.User{Key: "K", Name: "old"}, jira.User{Key: "K", Name: "new"}, true},
		{jira.User{Key: "K", Name: "x"}, jira.User{Key: "L", Name: "x"}, false},
		{jira.User{Name: "x"}, jira.User{Name: "x", Key: "K"}, true},
		{jira.User{}, jira.User{}, false},
	}
	for _, tt := range tests {
		if got := tt.a.Same(tt.b); got != tt.want {
			t.Errorf("%+v and %+v: %v", tt.a, tt.b, got)
		}
	}
}

func TestSearchPagesOnDataCenter(t *testing.T) {
	_, c := newDataCenter(t)
	var keys []string
	page := ""
	for range 10 {
		found, err := c.Search(t.Context(), jira.Search{JQL: "x = 1", Limit: 2, Page: page})
		if err != nil || found.Total != 5 {
			t.Fatalf("%+v, %v", found, err)
		}
		for _, i := range found.Issues {
			keys = append(keys, i.Key)
		}
		if page = found.Next; page == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"A-1", "A-2", "A-3", "A-4", "A-5"}, keys); diff != "" {
		t.Error(diff)
	}
	for _, token := range []string{"x", "-1", "1; drop"} {
		_, err := c.Search(t.Context(), jira.Search{JQL: "x = 1", Page: token})
		var bad *jira.PageError
		if !errors.As(err, &bad) {
			t.Errorf("token %q: %v", token, err)
		}
	}
}

func TestProjectKeysOfBothKinds(t *testing.T) {
	_, dc := newDataCenter(t)
	keys, err := dc.ProjectKeys(t.Context())
	if diff := cmp.Diff([]string{"A", "B"}, keys); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	_, cloud := newCloud(t)
	keys, err = cloud.ProjectKeys(t.Context())
	if len(keys) != 4 || err != nil {
		t.Errorf("%v, %v", keys, err)
	}
}

func TestFindCommentReadsTheMarker(t *testing.T) {
	server, cloud := newCloud(t)
	begun := time.Now()
	made, err := cloud.AddComment(t.Context(), "PROJ-1", "hello", jira.Marker{ID: "run:7"})
	if err != nil {
		t.Fatal(err)
	}
	for range 60 {
		if _, err := server.As("alice").Comment("PROJ-1", "noise", map[string]any{"aofctl": map[string]any{"id": "run:77"}}); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]string{"run:7": made.ID, "run:8": ""} {
		if got, err := cloud.FindComment(t.Context(), "PROJ-1", id, begun); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", id, got, err, want)
		}
	}
}

func TestFindCommentOnDataCenterAsksOnlyForOurOwn(t *testing.T) {
	for name, oldest := range map[string]bool{"newest first": false, "oldest first": true} {
		t.Run(name, func(t *testing.T) {
			d, c := newDataCenter(t)
			d.oldestFirst = oldest
			d.comment("JIRAUSER1", 48*time.Hour)
			for range 120 {
				d.comment("JIRAUSER1", 24*time.Hour)
			}
			ours := d.comment("JIRAUSER1", time.Minute)
			for range 70 {
				d.comment("JIRAUSER9", time.Second)
			}
			d.properties["comment/"+ours] = object{"id": "run:7"}
			got, err := c.FindComment(t.Context(), "A-1", "run:7", time.Now().Add(-2*time.Minute))
			if err != nil || got != ours {
				t.Errorf("found %q, %v; want %q", got, err, ours)
			}
			if n := d.askedFor("properties"); n != 1 {
				t.Errorf("asked for %d properties", n)
			}
			if got, err := c.FindComment(t.Context(), "A-1", "run:8", time.Now()); err != nil || got != "" {
				t.Errorf("found %q, %v", got, err)
			}
		})
	}
}

func TestFindCommentDoesNotGuessAmongTooMany(t *testing.T) {
	d, c := newDataCenter(t)
	for range 2100 {
		d.comment("JIRAUSER9", time.Second)
	}
	if got, err := c.FindComment(t.Context(), "A-1", "run:7", time.Now().Add(-time.Minute)); !errors.Is(err, jira.ErrCannotTell) {
		t.Errorf("found %q, %v", got, err)
	}
}

func TestCommentsAreTheNewestWhateverTheServersOrder(t *testing.T) {
	for _, oldest := range []bool{false, true} {
		d, c := newDataCenter(t)
		d.oldestFirst = oldest
		for i := range 30 {
			d.comment("x", time.Hour-time.Duration(i)*time.Minute)
		}
		var got []string
		for skip, page := 0, 1; page > 0; {
			answer, err := c.Comments(t.Context(), "A-1", jira.Newest{Skip: skip, Limit: 13})
			if err != nil || answer.Total != 30 {
				t.Fatalf("oldest first %v: %+v, %v", oldest, answer, err)
			}
			for _, comment := range answer.Items {
				got = append(got, comment.ID)
			}
			skip, page = answer.Next, answer.Next
		}
		if len(got) != 30 || got[0] != "30" || got[12] != "18" || got[13] != "17" || got[29] != "1" {
			t.Errorf("oldest first %v: %v", oldest, got)
		}
	}
}

func TestWorklogsOfDataCenterAreMarkedAfterwardsAndFound(t *testing.T) {
	work := jira.Work{TimeSpent: "1h", Seconds: 3600, Comment: "did it"}
	begun := time.Now()
	t.Run("marked", func(t *testing.T) {
		d, c := newDataCenter(t)
		made, err := c.AddWorklog(t.Context(), "A-1", work, jira.Marker{ID: "run:1"})
		if err != nil || d.properties["issue/aofctl.worklog."+made.ID] == nil {
			t.Fatalf("%+v, %v, properties %v", made, err, d.properties)
		}
		if got, err := c.FindWorklog(t.Context(), "A-1", work, "run:1", begun); err != nil || got != made.ID {
			t.Errorf("found %q, %v", got, err)
		}
		if got, err := c.FindWorklog(t.Context(), "A-1", work, "run:2", begun); err != nil || got != "" {
			t.Errorf("another write's worklog %q was taken for it, %v", got, err)
		}
	})
	t.Run("interrupted before the mark", func(t *testing.T) {
		d, c := newDataCenter(t)
		d.dieBeforeProperty = true
		made, err := c.AddWorklog(t.Context(), "A-1", work, jira.Marker{ID: "run:1"})
		if err != nil {
			t.Fatalf("the worklog is there, so %v is no failure", err)
		}
		if got, err := c.FindWorklog(t.Context(), "A-1", work, "run:1", begun); err != nil || got != made.ID {
			t.Errorf("found %q, %v", got, err)
		}
		other := work
		other.Comment = "did something else"
		if got, err := c.FindWorklog(t.Context(), "A-1", other, "run:1", begun); err != nil || got != "" {
			t.Errorf("a worklog that says something else, %q, was taken for it, %v", got, err)
		}
		d.worklogs[0]["author"] = object{"name": "al", "key": "JIRAUSER2"}
		if got, err := c.FindWorklog(t.Context(), "A-1", work, "run:1", begun); err != nil || got != "" {
			t.Errorf("somebody else's worklog %q was taken for it, %v", got, err)
		}
	})
}

func TestWorklogsOfCloudCarryTheMarker(t *testing.T) {
	server, c := newCloud(t)
	begun := time.Now()
	started := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	work := jira.Work{TimeSpent: "1h", Seconds: 3600, Comment: "x", Started: started}
	made, err := c.AddWorklog(t.Context(), "PROJ-1", work, jira.Marker{ID: "run:1"})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"run:1": made.ID, "run:2": ""} {
		if got, err := c.FindWorklog(t.Context(), "PROJ-1", work, id, begun); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", id, got, err, want)
		}
	}
	if i, _ := server.Issue("PROJ-1"); !i.Worklogs[0].Started.Equal(started) {
		t.Errorf("started %s", i.Worklogs[0].Started)
	}
}

func TestGetIssueKeepsTheAnswerAsItCame(t *testing.T) {
	_, c := newCloud(t)
	issue, err := c.GetIssue(t.Context(), "PROJ-1", []string{"summary"}, []string{"changelog"})
	if err != nil || issue.Key != "PROJ-1" || issue.Changelog == nil {
		t.Fatalf("%+v, %v", issue, err)
	}
	var again jira.Issue
	if err := json.Unmarshal(issue.Raw, &again); err != nil || string(again.Fields["summary"]) != `"One"` || len(again.Fields) != 1 {
		t.Errorf("%s, %v", issue.Raw, err)
	}
	_, err = c.GetIssue(t.Context(), "PROJ-77", nil, nil)
	var failure *atlassian.Error
	if !errors.As(err, &failure) || failure.Status != http.StatusNotFound || !strings.Contains(failure.Detail(), "Issue does not exist") {
		t.Errorf("err %v", err)
	}
}

func TestConfigurationOfTheSiteIsRead(t *testing.T) {
	server, c := newCloud(t)
	fields, err := c.Fields(t.Context())
	if err != nil || len(fields) < 20 {
		t.Errorf("%d fields, %v", len(fields), err)
	}
	types, err := c.LinkTypes(t.Context())
	if err != nil || len(types) != 4 || types[0].Outward != "blocks" {
		t.Errorf("%+v, %v", types, err)
	}
	priorities, err := c.Priorities(t.Context())
	if err != nil || len(priorities) != 5 || priorities[0].Name != "Highest" {
		t.Errorf("%+v, %v", priorities, err)
	}
	meta, err := c.EditMeta(t.Context(), "PROJ-1")
	if err != nil || len(meta["priority"].AllowedValues) != 5 {
		t.Errorf("%+v, %v", meta["priority"], err)
	}
	me, err := c.Me(t.Context())
	bot, _ := server.User("bot")
	if err != nil || me.AccountID != bot.AccountID {
		t.Errorf("%+v, %v", me, err)
	}
	if !strings.HasSuffix(c.BrowseURL("PROJ-1"), "/browse/PROJ-1") {
		t.Error(c.BrowseURL("PROJ-1"))
	}
}

func TestOddAnswersAreErrorsWithAReason(t *testing.T) {
	tests := map[string]struct {
		handler http.HandlerFunc
		says    string
	}{
		"login page": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html><title>Sign in to continue</title></html>"))
		}, "Sign in to continue"},
		"nothing": {func(http.ResponseWriter, *http.Request) {}, "decode answer"},
		"wrong shape": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"accountId":{"a":1}}`))
		}, "decode answer"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"accountId":`))
		}, "read answer"},
		"anonymous": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-AUSERNAME", "anonymous")
			_, _ = w.Write([]byte(`{}`))
		}, "anonymous"},
		"gone": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusGone)
			_, _ = w.Write([]byte(`{"errorMessages":["The requested API has been removed."],"errors":{}}`))
		}, "has been removed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			web := httptest.NewServer(tt.handler)
			t.Cleanup(web.Close)
			c := connect(t, atlassian.Config{BaseURL: web.URL, AuthType: atlassian.AuthPAT, Token: "x", FirstBackoff: 1})
			_, err := c.Myself(t.Context())
			var failure *atlassian.Error
			if !errors.As(err, &failure) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("err %v, want one that says %q", err, tt.says)
			}
		})
	}
}

func TestACloudIDLeadsThroughTheGateway(t *testing.T) {
	var paths []string
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		write(w, 200, object{"issues": []object{}})
	}))
	t.Cleanup(web.Close)
	c := connect(t, atlassian.Config{
		BaseURL: "https://x.atlassian.net", CloudID: "abc-123", GatewayURL: web.URL, AuthType: atlassian.AuthPAT, Token: "x",
	})
	if _, err := c.Search(t.Context(), jira.Search{JQL: "a = 1"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/ex/jira/abc-123/rest/api/2/search/jql"}, paths); diff != "" {
		t.Error(diff)
	}
	if got := c.BrowseURL("A-1"); got != "https://x.atlassian.net/browse/A-1" {
		t.Errorf("browse at %s", got)
	}
}

func TestKeysAreEscapedInPaths(t *testing.T) {
	d, c := newDataCenter(t)
	_, _ = c.GetIssue(t.Context(), "../../../admin?x=1#", nil, nil)
	_, _ = c.Transitions(t.Context(), "A-1/../../x")
	if len(d.asked) != 0 {
		t.Errorf("a key led to %v", d.asked)
	}
}

func TestTimesOfEveryServerAreRead(t *testing.T) {
	for raw, want := range map[string]string{
		`"2026-09-23T00:18:35.652+0530"`: "2026-09-22T18:48:35Z",
		`"2026-09-23T00:18:35.652Z"`:     "2026-09-23T00:18:35Z",
		`"2026-09-23"`:                   "2026-09-23T00:00:00Z",
		`"soon"`:                         "",
		`12345`:                          "",
		`null`:                           "",
	} {
		var got jira.Time
		if err := json.Unmarshal([]byte(raw), &got); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		text := ""
		if !got.IsZero() {
			text = got.UTC().Format(time.RFC3339)
		}
		if text != want {
			t.Errorf("%s is %q, want %q", raw, text, want)
		}
	}
}

func FuzzIssue(f *testing.F) {
	for _, s := range []string{`{"id":"1","key":"A-1","fields":{"a":null}}`, `{"fields":[]}`, `null`, `{"changelog":{"histories":[{"created":1}]}}`, `{"id":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var issue jira.Issue
		if json.Unmarshal(raw, &issue) == nil && issue.Raw != nil && !json.Valid(issue.Raw) {
			t.Errorf("raw is not JSON: %q", issue.Raw)
		}
	})
}
