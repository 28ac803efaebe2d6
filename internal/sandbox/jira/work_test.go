package jira

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTransitionsFollowTheWorkflow(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	at := "/rest/api/2/issue/" + key + "/transitions"
	for _, c := range []struct{ body, status, resolution string }{
		{`{"transition":{"id":"11"}}`, "In Progress", ""},
		{`{"transition":{"id":"21"}}`, "In Review", ""},
		{`{"transition":{"id":"31"},"fields":{"resolution":{"name":"Duplicate"}},"update":{"comment":[{"add":{"body":"closing"}}]}}`, "Done", "Duplicate"},
		{`{"transition":{"id":"51"}}`, "To Do", ""},
	} {
		s.want(204, s.do("POST", at, c.body))
		if i := s.snapshot(key); i.Status != c.status || i.Resolution != c.resolution {
			t.Fatalf("after %s: %s, %s", c.body, i.Status, i.Resolution)
		}
	}
	i := s.snapshot(key)
	if len(i.Comments) != 1 || i.Comments[0].Body != "closing" || i.Fields["resolutiondate"] != nil {
		t.Errorf("comments %v, resolved %v", i.Comments, i.Fields["resolutiondate"])
	}
}

func TestTransitionsThatJiraRefuses(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	for name, body := range map[string]string{
		"none": `{}`, "no id": `{"transition":{}}`, "id as number": `{"transition":{"id":11}}`, "by name": `{"transition":{"name":"Start work"}}`,
		"not from here": `{"transition":{"id":"31"}}`, "unknown": `{"transition":{"id":"99"}}`,
		"bad field":      `{"transition":{"id":"11"},"fields":{"nope":1}}`,
		"empty comment":  `{"transition":{"id":"11"},"update":{"comment":[{"add":{"body":""}}]}}`,
		"comment remove": `{"transition":{"id":"11"},"update":{"comment":[{"remove":{"id":"1"}}]}}`,
	} {
		if a := s.do("POST", "/rest/api/2/issue/"+key+"/transitions", body); a.status != 400 {
			t.Errorf("%s gets %d: %s", name, a.status, a.raw)
		}
	}
	if i := s.snapshot(key); i.Status != "To Do" || len(i.Writes) != 1 {
		t.Errorf("status %s, writes %v", i.Status, i.Writes)
	}
}

func TestWorklogsAreKept(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{Fields: map[string]any{"timetracking": map[string]any{"originalEstimate": "1d"}}})
	at := "/rest/api/2/issue/" + key + "/worklog"
	made := s.want(201, s.do("POST", at+"?expand=properties",
		`{"timeSpent":"1h 30m","comment":"looked","started":"2026-03-01T09:00:00.000+0100","properties":[{"key":"m","value":"run:2"}]}`))
	if made["timeSpentSeconds"] != 5400.0 || made["comment"] != "looked" || made["properties"] == nil {
		t.Errorf("made %v", made)
	}
	s.want(201, s.do("POST", at, `{"timeSpentSeconds":3600}`))
	for query, want := range map[string]int{"": 2, "?startedAfter=1772352000000": 2, "?startedBefore=1772352000000": 0, "?startedAfter=1772352000001": 1} {
		body := s.want(200, s.do("GET", at+query, ""))
		if list, _ := body["worklogs"].([]any); len(list) != want {
			t.Errorf("%q: %d worklogs, want %d", query, len(list), want)
		}
	}
	id, _ := made["id"].(string)
	s.want(200, s.do("GET", at+"/"+id+"/properties/m", ""))
	s.want(404, s.do("GET", at+"/"+id+"/properties/n", ""))
	s.want(404, s.do("GET", at+"/1", ""))
	i := s.snapshot(key)
	if got := dig(i.Fields["timetracking"], "remainingEstimate"); got != "5h 30m" {
		t.Errorf("remaining %v", got)
	}
	if i.Worklogs[0].Seconds+i.Worklogs[1].Seconds != 9000 || string(i.Worklogs[0].Properties["m"]) != `"run:2"` {
		t.Errorf("worklogs %+v", i.Worklogs)
	}
}

func TestWorklogsThatJiraRefuses(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	for _, body := range []string{
		`{}`, `{"timeSpent":"soon"}`, `{"timeSpent":"0m"}`, `{"timeSpent":"-1h"}`, `{"timeSpentSeconds":30}`, `{"timeSpent":5}`,
		`{"timeSpent":"1h","started":"yesterday"}`, `{"timeSpent":"1h","comment":{"type":"doc"}}`,
		`{"timeSpent":"1h","properties":[{"name":"x"}]}`, `{"timeSpent":"99999999999999w"}`,
	} {
		if a := s.do("POST", "/rest/api/2/issue/"+key+"/worklog", body); a.status != 400 {
			t.Errorf("%s gets %d", body, a.status)
		}
	}
}

func TestDurationsAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]int{"2h 30m": 9000, "1d": 28800, "1w": 144000, "45": 2700, "1.5h": 5400, "1w 1d 1h 1m": 144000 + 28800 + 3660} {
		if got, ok := secondsOf(text); !ok || got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
	for seconds, want := range map[int]string{0: "0m", 59: "0m", 9000: "2h 30m", 144000: "1w", 172860: "1w 1d 1m"} {
		if got := spell(seconds); got != want {
			t.Errorf("%d is %q, want %q", seconds, got, want)
		}
	}
}

func TestLinksShowTheOtherEnd(t *testing.T) {
	s := newSite(t, Options{})
	a, b := s.issue(NewIssue{}), s.issue(NewIssue{})
	body := `{"type":{"name":"Blocks"},"inwardIssue":{"key":"` + a + `"},"outwardIssue":{"key":"` + b + `"},"comment":{"body":"linked"}}`
	s.want(201, s.do("POST", "/rest/api/2/issueLink", body))
	s.want(201, s.do("POST", "/rest/api/2/issueLink", `{"type":{"id":"10000"},"inwardIssue":{"key":"`+a+`"},"outwardIssue":{"key":"`+b+`"}}`))
	from, to := s.snapshot(a), s.snapshot(b)
	if len(from.Links) != 1 || from.Links[0].Inward != a || len(to.Comments) != 1 {
		t.Fatalf("links %+v, comments %+v", from.Links, to.Comments)
	}
	one, _ := from.Fields["issuelinks"].([]any)
	if dig(one[0], "outwardIssue", "key") != b || dig(one[0], "type", "outward") != "blocks" || dig(one[0], "inwardIssue") != nil {
		t.Errorf("link %v", one[0])
	}
	s.want(200, s.do("GET", "/rest/api/2/issueLink/"+from.Links[0].ID, ""))
	s.want(204, s.do("DELETE", "/rest/api/2/issueLink/"+from.Links[0].ID, ""))
	s.want(404, s.do("DELETE", "/rest/api/2/issueLink/"+from.Links[0].ID, ""))
	if len(s.snapshot(b).Links) != 0 {
		t.Error("the other end still has the link")
	}
}

func TestLinksThatJiraRefuses(t *testing.T) {
	s := newSite(t, Options{})
	a, b := s.issue(NewIssue{}), s.issue(NewIssue{})
	for body, want := range map[string]int{
		`{"type":{"name":"Blocks"},"inwardIssue":{"key":"` + a + `"}}`:                                                          400,
		`{"type":{"name":"Nope"},"inwardIssue":{"key":"` + a + `"},"outwardIssue":{"key":"` + b + `"}}`:                         404,
		`{"type":{"name":"Blocks"},"inwardIssue":{"key":"PROJ-9"},"outwardIssue":{"key":"` + b + `"}}`:                          404,
		`{"type":{"name":"Blocks"},"inwardIssue":{"key":"` + a + `"},"outwardIssue":{"key":"` + a + `"}}`:                       400,
		`{"type":{"name":"Blocks"},"inwardIssue":{"key":"` + a + `"},"outwardIssue":{"key":"` + b + `"},"more":1}`:              400,
		`{"type":{"name":"Blocks","kind":1},"inwardIssue":{"key":"` + a + `"},"outwardIssue":{"key":"` + b + `"}}`:              400,
		`{"type":{"name":"Blocks"},"inwardIssue":{"key":"` + a + `"},"outwardIssue":{"key":"` + b + `"},"comment":{"body":""}}`: 400,
	} {
		if got := s.do("POST", "/rest/api/2/issueLink", body); got.status != want {
			t.Errorf("%s gets %d, want %d", body, got.status, want)
		}
	}
	if len(s.snapshot(a).Links) != 0 {
		t.Error("a refused link exists")
	}
}

func TestRemoteLinkIsUpdatedByItsGlobalID(t *testing.T) {
	s := newSite(t, Options{})
	at := "/rest/api/2/issue/" + s.issue(NewIssue{}) + "/remotelink"
	body := func(title string) string {
		return `{"globalId":"page=1","relationship":"mentioned in","object":{"url":"https://example.com/1","title":"` + title + `"}}`
	}
	first := s.want(201, s.do("POST", at, body("One")))
	second := s.want(200, s.do("POST", at, body("Two")))
	if first["id"] != second["id"] {
		t.Errorf("ids %v and %v", first["id"], second["id"])
	}
	if one := s.want(200, s.do("GET", at+"?globalId=page%3D1", "")); dig(one, "object", "title") != "Two" {
		t.Errorf("link %v", one)
	}
	s.want(404, s.do("GET", at+"?globalId=other", ""))
	for _, bad := range []string{`{}`, `{"object":{"url":"https://x"}}`, `{"object":{"title":"x"}}`, `{"object":{"title":"x","url":"nowhere"}}`, `{"object":5}`} {
		if a := s.do("POST", at, bad); a.status != 400 {
			t.Errorf("%s gets %d", bad, a.status)
		}
	}
	s.want(204, s.do("DELETE", at+"?globalId=page%3D1", ""))
	if a := s.do("GET", at, ""); a.raw != "[]" {
		t.Errorf("left: %s", a.raw)
	}
}

func TestAttachmentsComeBackAsTheyWere(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	upload := func(field, token string) answer {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		part, err := w.CreateFormFile(field, "log.txt")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write([]byte("line\x00"))
		_ = w.Close()
		return s.send("POST", "/rest/api/2/issue/"+key+"/attachments", b.String(), func(r *http.Request) {
			r.SetBasicAuth(BotEmail, BotToken)
			r.Header.Set("Content-Type", w.FormDataContentType())
			r.Header.Set("X-Atlassian-Token", token)
		})
	}
	s.want(403, upload("file", ""))
	s.want(400, upload("data", "no-check"))
	s.want(200, upload("file", "no-check"))
	files, _ := s.snapshot(key).Fields["attachment"].([]any)
	id, _ := dig(files[0], "id").(string)
	if got := s.do("GET", "/rest/api/2/attachment/content/"+id, ""); got.raw != "line\x00" || got.status != 200 {
		t.Errorf("content %q", got.raw)
	}
	if got := s.want(200, s.do("GET", "/rest/api/2/attachment/"+id, "")); got["filename"] != "log.txt" || got["size"] != 5.0 {
		t.Errorf("attachment %v", got)
	}
	s.want(204, s.do("DELETE", "/rest/api/2/attachment/"+id, ""))
	s.want(404, s.do("GET", "/rest/api/2/attachment/content/"+id, ""))
}

func TestWatchersAreAddedByAccountID(t *testing.T) {
	s := newSite(t, Options{})
	at := "/rest/api/2/issue/" + s.issue(NewIssue{}) + "/watchers"
	s.want(204, s.do("POST", at, `"`+s.account("alice")+`"`))
	s.want(400, s.do("POST", at, `{"accountId":"x"}`))
	s.want(404, s.do("POST", at, `"nobody"`))
	if got := s.want(200, s.do("GET", at, "")); got["watchCount"] != 1.0 || got["isWatching"] != false {
		t.Errorf("watchers %v", got)
	}
	s.want(400, s.do("DELETE", at, ""))
	s.want(204, s.do("DELETE", at+"?accountId="+s.account("alice"), ""))
}

func TestSprintsStartFillAndClose(t *testing.T) {
	s := newSite(t, Options{})
	r := newReceiver(t)
	s.Register(Webhook{URL: r.url})
	key := s.issue(NewIssue{})
	s.want(400, s.do("POST", "/rest/agile/1.0/sprint/2", `{"state":"closed"}`))
	s.want(200, s.do("POST", "/rest/agile/1.0/sprint/2", `{"state":"active"}`))
	s.want(200, s.do("PUT", "/rest/agile/1.0/sprint/2", `{"goal":"Calm"}`))
	s.want(204, s.do("POST", "/rest/agile/1.0/sprint/2/issue", `{"issues":["`+key+`"]}`))
	got := s.want(200, s.do("GET", "/rest/agile/1.0/sprint/2/issue", ""))
	if got["total"] != 1.0 {
		t.Errorf("issues %v", got)
	}
	s.want(200, s.do("POST", "/rest/agile/1.0/sprint/2", `{"state":"closed"}`))
	s.want(400, s.do("POST", "/rest/agile/1.0/sprint/2/issue", `{"issues":["`+key+`"]}`))
	s.want(204, s.do("POST", "/rest/agile/1.0/backlog/issue", `{"issues":["`+key+`"]}`))
	made := s.want(201, s.do("POST", "/rest/agile/1.0/sprint", `{"name":"Next","originBoardId":1}`))
	s.want(400, s.do("POST", "/rest/agile/1.0/sprint", `{"name":"Next","originBoardId":9}`))
	if made["id"] != 3.0 {
		t.Errorf("made %v", made)
	}
	s.want(204, s.do("DELETE", "/rest/agile/1.0/sprint/3", ""))
	s.settle()
	want := []string{
		"jira:issue_created", "sprint_started", "sprint_updated", "jira:issue_updated", "sprint_closed", "jira:issue_updated", "sprint_created", "sprint_deleted",
	}
	if diff := cmp.Diff(want, r.names()); diff != "" {
		t.Error(diff)
	}
}

func TestBoardsAreListed(t *testing.T) {
	s := newSite(t, Options{Seed: Seed{Boards: []Board{{ID: 2, Name: "Flow", Type: "kanban", Project: "FEAT"}}}})
	for query, want := range map[string]float64{"": 2, "?projectKeyOrId=PROJ": 1, "?type=kanban": 1, "?name=board": 1, "?projectKeyOrId=OTHER": 0} {
		if got := s.want(200, s.do("GET", "/rest/agile/1.0/board"+query, "")); got["total"] != want {
			t.Errorf("%q: %v boards, want %v", query, got["total"], want)
		}
	}
	if got := s.want(200, s.do("GET", "/rest/agile/1.0/board/1", "")); dig(got, "location", "projectKey") != "PROJ" {
		t.Errorf("board %v", got)
	}
	if got := s.want(200, s.do("GET", "/rest/agile/1.0/board/1/sprint?state=active", "")); got["total"] != 1.0 {
		t.Errorf("sprints %v", got)
	}
	s.want(400, s.do("GET", "/rest/agile/1.0/board/2/sprint", ""))
	s.want(404, s.do("GET", "/rest/agile/1.0/board/9", ""))
	s.want(404, s.do("GET", "/rest/agile/1.0/sprint/x", ""))
}

func TestVersionsAreReleased(t *testing.T) {
	s := newSite(t, Options{})
	r := newReceiver(t)
	s.Register(Webhook{URL: r.url})
	made := s.want(201, s.do("POST", "/rest/api/2/version", `{"name":"2.0","projectId":10000}`))
	s.want(400, s.do("POST", "/rest/api/2/version", `{"name":"2.0","projectId":10000}`))
	s.want(400, s.do("POST", "/rest/api/2/version", `{"name":"2.0"}`))
	id, _ := made["id"].(string)
	s.want(200, s.do("PUT", "/rest/api/2/version/"+id, `{"released":true,"releaseDate":"2026-06-01"}`))
	s.want(404, s.do("PUT", "/rest/api/2/version/1", `{"released":true}`))
	if got := s.want(200, s.do("GET", "/rest/api/2/version/"+id, "")); got["released"] != true {
		t.Errorf("version %v", got)
	}
	s.settle()
	if diff := cmp.Diff([]string{"jira:version_created", "jira:version_released"}, r.names()); diff != "" {
		t.Error(diff)
	}
}

func TestUsersAndProjectsAreFound(t *testing.T) {
	s := newSite(t, Options{})
	for path, want := range map[string]int{
		"/user/search?query=ali": 1, "/user/search?query=dev": 1, "/user/search?query=BOB@example.com": 1, "/user/search?query=zed": 0,
		"/user/search?query=": 4, "/user/assignable/search?project=PROJ": 3, "/user/assignable/search?project=PROJ&query=bob": 1, "/project": 4,
	} {
		a := s.do("GET", "/rest/api/2"+path, "")
		if got := bytes.Count([]byte(a.raw), []byte(`"self":`)); a.status != 200 || got != want {
			t.Errorf("%s: %d with %d, want %d", path, a.status, got, want)
		}
	}
	for path, want := range map[string]int{
		"/user/search": 400, "/user/search?username=alice": 400, "/user/search?query=a&accountId=b": 400, "/user/assignable/search": 400,
		"/user/assignable/search?project=NOPE": 404, "/user/assignable/search?issueKey=PROJ-9": 404, "/user?accountId=x": 404,
		"/project/NOPE": 404, "/mypermissions": 400, "/mypermissions?permissions=FLY": 400,
		"/mypermissions?permissions=ADD_COMMENTS,BROWSE_PROJECTS&projectKey=PROJ": 200, "/project/PROJ": 200, "/project/10001": 200,
		"/project/PROJ/versions": 200, "/project/PROJ/components": 200, "/project/PROJ/statuses": 200, "/project/search?query=feat": 200,
		"/priority": 200, "/status": 200, "/field": 200, "/resolution": 200, "/issuetype": 200, "/issueLinkType": 200, "/label": 200,
	} {
		if a := s.do("GET", "/rest/api/2"+path, ""); a.status != want {
			t.Errorf("%s: %d, want %d", path, a.status, want)
		}
	}
}
