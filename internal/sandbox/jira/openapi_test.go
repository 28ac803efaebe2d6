package jira

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// exchange is a request with its expected status on either kind of Jira; 0 where
// it is not made, because that Jira has no such operation.
type exchange struct {
	method, path, body string
	cloud, dc          int
}

// upload attaches a file and returns its id.
func (s *site) upload(key, name, content string) string {
	s.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		s.t.Fatal(err)
	}
	_, _ = part.Write([]byte(content))
	_ = form.Close()
	u, _ := s.User("bot")
	a := s.send("POST", "/rest/api/2/issue/"+key+"/attachments", b.String(), func(r *http.Request) {
		r.SetBasicAuth(u.Login(), u.Token)
		r.Header.Set("Content-Type", form.FormDataContentType())
		r.Header.Set("X-Atlassian-Token", "no-check")
	})
	s.want(200, a)
	_, id, _ := strings.Cut(a.raw, `"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	return id
}

// exchanges are all operations, in an order in which they can be carried out on
// a site with the issues PROJ-1 (a bug with everything) and PROJ-2.
func exchanges() []exchange {
	i := "/rest/api/2/issue/PROJ-1"
	return []exchange{
		{"GET", "/rest/api/2/serverInfo", "", 200, 200},
		{"GET", "/rest/api/2/myself", "", 200, 200},
		{"GET", i, "", 200, 200},
		{"GET", i + "?expand=changelog,names,schema,transitions&properties=*all&fields=*all", "", 200, 200},
		{"PUT", i, `{"fields":{"summary":"new"},"update":{"labels":[{"add":"x"}]}}`, 204, 204},
		{"PUT", i, `{"fields":{"nope":1}}`, 400, 400},
		{"GET", "/rest/api/2/issue/PROJ-99", "", 404, 404},
		{"GET", i + "/editmeta", "", 200, 200},
		{"GET", i + "/transitions?expand=transitions.fields", "", 200, 200},
		{"POST", i + "/transitions", `{"transition":{"id":"11"}}`, 204, 204},
		{"POST", i + "/transitions", `{"transition":{"id":"31"},"fields":{"resolution":{"name":"Done"}}}`, 204, 204},
		{"GET", i + "/changelog", "", 200, 404},
		{"PUT", i + "/assignee", `{"accountId":null}`, 204, 400},
		{"PUT", i + "/assignee", `{"name":"alice"}`, 400, 204},
		{"GET", i + "/comment?orderBy=-created&maxResults=10", "", 200, 200},
		{"POST", i + "/comment", `{"body":"y","properties":[{"key":"k","value":{"n":1}}]}`, 201, 201},
		{"GET", i + "/comment/10001?expand=properties", "", 200, 200},
		{"PUT", i + "/comment/10001", `{"body":"z"}`, 200, 200},
		{"POST", "/rest/api/2/comment/list?expand=properties", `{"ids":[10001]}`, 200, 404},
		{"PUT", "/rest/api/2/comment/10001/properties/p", `{"a":1}`, 201, 201},
		{"GET", "/rest/api/2/comment/10001/properties", "", 200, 200},
		{"GET", "/rest/api/2/comment/10001/properties/p", "", 200, 200},
		{"DELETE", "/rest/api/2/comment/10001/properties/p", "", 204, 204},
		{"GET", i + "/worklog", "", 200, 200},
		{"POST", i + "/worklog", `{"timeSpent":"1h","comment":"w"}`, 201, 201},
		{"POST", i + "/worklog", `{"timeSpent":"1h","properties":[{"key":"k","value":1}]}`, 201, 400},
		{"GET", i + "/worklog/10001", "", 200, 200},
		{"PUT", i + "/worklog/10001?adjustEstimate=leave", `{"timeSpent":"2h"}`, 200, 200},
		{"GET", i + "/worklog/10001/properties", "", 200, 404},
		{"PUT", i + "/worklog/10001/properties/p", `1`, 201, 404},
		{"GET", i + "/worklog/10001/properties/p", "", 200, 404},
		{"DELETE", i + "/worklog/10001/properties/p", "", 204, 404},
		{"POST", "/rest/api/2/worklog/list", `{"ids":[10001]}`, 200, 200},
		{"DELETE", i + "/worklog/10001", "", 204, 204},
		{"PUT", i + "/properties/p", `{"a":[1]}`, 201, 201},
		{"GET", i + "/properties", "", 200, 200},
		{"GET", i + "/properties/p", "", 200, 200},
		{"DELETE", i + "/properties/p", "", 204, 204},
		{"POST", i + "/watchers", `"bob"`, 404, 204},
		{"GET", i + "/watchers", "", 200, 200},
		{"DELETE", i + "/watchers?username=bob", "", 400, 204},
		{"POST", i + "/remotelink", `{"globalId":"g","object":{"url":"https://x/","title":"t"}}`, 201, 201},
		{"GET", i + "/remotelink", "", 200, 200},
		{"GET", i + "/remotelink?globalId=g", "", 200, 200},
		{"PUT", i + "/remotelink/10001", `{"globalId":"g","object":{"url":"https://x/","title":"u"}}`, 204, 204},
		{"GET", i + "/remotelink/10001", "", 200, 200},
		{"DELETE", i + "/remotelink/10001", "", 204, 204},
		{"POST", "/rest/api/2/issueLink", `{"type":{"name":"Blocks"},"inwardIssue":{"key":"PROJ-1"},"outwardIssue":{"key":"PROJ-2"}}`, 201, 201},
		{"GET", "/rest/api/2/issueLink/10001", "", 200, 200},
		{"DELETE", "/rest/api/2/issueLink/10001", "", 204, 204},
		{"GET", "/rest/api/2/issueLinkType", "", 200, 200},
		{"GET", "/rest/api/2/issueLinkType/10000", "", 200, 200},
		{"POST", "/rest/api/2/issue", `{"fields":{"project":{"key":"PROJ"},"issuetype":{"name":"Bug"},"summary":"s"}}`, 201, 201},
		{"POST", "/rest/api/2/search/jql", `{"jql":"project = PROJ","fields":["*all"],"maxResults":1}`, 200, 404},
		{"GET", "/rest/api/2/search/jql?jql=project%3DPROJ&fields=summary", "", 200, 404},
		{"POST", "/rest/api/2/search/approximate-count", `{"jql":"project = PROJ"}`, 200, 404},
		{"POST", "/rest/api/2/search", `{"jql":"project = PROJ","fields":["summary"],"startAt":0,"maxResults":2,"expand":["names"]}`, 410, 200},
		{"GET", "/rest/api/2/search?jql=project%3DPROJ&startAt=1", "", 410, 200},
		{"POST", "/rest/api/2/issue/bulkfetch", `{"issueIdsOrKeys":["PROJ-1","PROJ-99"],"fields":["summary"]}`, 200, 405},
		{"GET", "/rest/api/2/user/search?query=ali", "", 200, 400},
		{"GET", "/rest/api/2/user/search?username=ali", "", 400, 200},
		{"GET", "/rest/api/2/user?username=alice", "", 404, 200},
		{"GET", "/rest/api/2/user/assignable/search?project=PROJ", "", 200, 200},
		{"GET", "/rest/api/2/user/assignable/multiProjectSearch?projectKeys=PROJ,FEAT", "", 200, 200},
		{"GET", "/rest/api/2/users/search", "", 200, 404},
		{"GET", "/rest/api/2/user/bulk?accountId=5b10a2844c20165700ede21a", "", 200, 404},
		{"GET", "/rest/api/2/project", "", 200, 200},
		{"GET", "/rest/api/2/project/search?query=feat", "", 200, 404},
		{"GET", "/rest/api/2/project/PROJ", "", 200, 200},
		{"GET", "/rest/api/2/project/PROJ/statuses", "", 200, 200},
		{"GET", "/rest/api/2/project/PROJ/components", "", 200, 200},
		{"GET", "/rest/api/2/project/PROJ/versions", "", 200, 200},
		{"GET", "/rest/api/2/project/PROJ/version", "", 200, 200},
		{"POST", "/rest/api/2/version", `{"name":"9.0","projectId":10000}`, 201, 201},
		{"PUT", "/rest/api/2/version/10100", `{"released":true,"releaseDate":"2026-06-01"}`, 200, 200},
		{"GET", "/rest/api/2/version/10100", "", 200, 200},
		{"GET", "/rest/api/2/version/10100/relatedIssueCounts", "", 200, 200},
		{"GET", "/rest/api/2/version/10100/unresolvedIssueCount", "", 200, 200},
		{"POST", "/rest/api/2/version/10100/removeAndSwap", `{"moveFixIssuesTo":10001}`, 204, 204},
		{"POST", "/rest/api/2/component", `{"name":"api","project":"PROJ"}`, 201, 201},
		{"GET", "/rest/api/2/component/10100", "", 200, 200},
		{"PUT", "/rest/api/2/component/10100", `{"name":"apis"}`, 200, 200},
		{"DELETE", "/rest/api/2/component/10100", "", 204, 204},
		{"GET", "/rest/api/2/field", "", 200, 200},
		{"GET", "/rest/api/2/field/search?query=team", "", 200, 404},
		{"GET", "/rest/api/2/field/customfield_10030/context", "", 200, 404},
		{"GET", "/rest/api/2/field/customfield_10030/context/10130/option", "", 200, 404},
		{"GET", "/rest/api/2/customFieldOption/10100", "", 200, 200},
		{"GET", "/rest/api/2/customFields?search=team", "", 404, 200},
		{"GET", "/rest/api/2/customFields/10030/options", "", 404, 200},
		{"GET", "/rest/api/2/issue/createmeta/PROJ/issuetypes", "", 200, 200},
		{"GET", "/rest/api/2/issue/createmeta/PROJ/issuetypes/10004", "", 200, 200},
		{"GET", "/rest/api/2/issue/createmeta/NOPE/issuetypes", "", 404, 400},
		{"GET", "/rest/api/2/priority", "", 200, 200},
		{"GET", "/rest/api/2/priority/1", "", 200, 200},
		{"GET", "/rest/api/2/status", "", 200, 200},
		{"GET", "/rest/api/2/status/3", "", 200, 200},
		{"GET", "/rest/api/2/statuscategory", "", 200, 200},
		{"GET", "/rest/api/2/resolution", "", 200, 200},
		{"GET", "/rest/api/2/resolution/10000", "", 200, 200},
		{"GET", "/rest/api/2/issuetype", "", 200, 200},
		{"GET", "/rest/api/2/issuetype/10001", "", 200, 200},
		{"GET", "/rest/api/2/label", "", 200, 404},
		{"GET", "/rest/api/2/mypermissions?permissions=ADD_COMMENTS", "", 200, 0},
		{"GET", "/rest/api/2/mypermissions", "", 400, 200},
		{"GET", "/rest/agile/1.0/board", "", 200, 200},
		{"POST", "/rest/agile/1.0/board", `{"name":"b","type":"kanban","filterId":1}`, 201, 201},
		{"GET", "/rest/agile/1.0/board/1", "", 200, 200},
		{"GET", "/rest/agile/1.0/board/1/configuration", "", 200, 200},
		{"GET", "/rest/agile/1.0/board/1/project", "", 200, 200},
		{"GET", "/rest/agile/1.0/board/1/backlog", "", 200, 200},
		{"GET", "/rest/agile/1.0/board/1/issue?fields=summary", "", 200, 200},
		{"GET", "/rest/agile/1.0/board/1/epic", "", 200, 200},
		{"GET", "/rest/agile/1.0/board/1/version", "", 200, 200},
		{"GET", "/rest/agile/1.0/board/1/sprint?state=active,future", "", 200, 200},
		{"DELETE", "/rest/agile/1.0/board/2", "", 204, 204},
		{"POST", "/rest/agile/1.0/sprint", `{"name":"n","originBoardId":1}`, 201, 201},
		{"GET", "/rest/agile/1.0/sprint/3", "", 200, 200},
		{"POST", "/rest/agile/1.0/sprint/3", `{"goal":"g"}`, 200, 200},
		{"POST", "/rest/agile/1.0/sprint/3/issue", `{"issues":["PROJ-2"]}`, 204, 204},
		{"GET", "/rest/agile/1.0/sprint/3/issue?fields=summary&jql=status+%3D+%22To+Do%22", "", 200, 200},
		{"GET", "/rest/agile/1.0/board/1/sprint/3/issue", "", 200, 200},
		{"POST", "/rest/agile/1.0/backlog/issue", `{"issues":["PROJ-2"]}`, 204, 204},
		{"DELETE", "/rest/agile/1.0/sprint/3", "", 204, 204},
		{"POST", "/rest/api/2/project", `{"key":"NEW","name":"New","projectTypeKey":"software","leadAccountId":"5b10a2844c20165700ede21a"}`, 201, 0},
		{"POST", "/rest/api/2/project", `{"key":"NEW","name":"New","projectTypeKey":"software","lead":"alice"}`, 0, 201},
		{"POST", "/rest/api/2/project", `{"key":"x","name":""}`, 400, 400},
		{"PUT", "/rest/api/2/project/NEW", `{"name":"Newer"}`, 200, 200},
		{"DELETE", "/rest/api/2/project/NEW", "", 204, 204},
		{"POST", "/rest/api/2/user", `{"emailAddress":"carol@example.com","products":[]}`, 201, 0},
		{"POST", "/rest/api/2/user", `{"emailAddress":"carol@example.com","name":"carol","displayName":"Carol"}`, 0, 201},
		{"DELETE", "/rest/api/2/user?username=carol", "", 404, 204},
		{"DELETE", i + "?deleteSubtasks=true", "", 204, 204},
	}
}

func TestEveryOperationFitsAtlassiansDescription(t *testing.T) {
	for _, kind := range []Deployment{Cloud, DataCenter} {
		t.Run(string(kind), func(t *testing.T) {
			s := newSite(t, Options{Deployment: kind})
			key := s.issue(NewIssue{Type: "Bug", Description: "d", Labels: []string{"a"}, Assignee: s.account("bob"), Priority: "High", Fields: map[string]any{
				"customfield_10016": 3, "customfield_10020": 1, "components": []any{obj{"name": "backend"}}, "fixVersions": []any{obj{"name": "1.1"}},
				"timetracking": obj{"originalEstimate": "1d"}, "duedate": "2026-05-01", "customfield_10030": obj{"value": "Backend"},
			}})
			s.issue(NewIssue{Type: "Sub-task", Parent: key})
			if _, err := s.As("alice").Comment(key, "x", map[string]any{"k": 1}); err != nil {
				t.Fatal(err)
			}
			s.upload(key, "log.txt", "text")
			for _, e := range exchanges() {
				want := e.cloud
				if kind == DataCenter {
					want = e.dc
				}
				if want == 0 {
					continue
				}
				if a := s.do(e.method, e.path, e.body); a.status != want {
					t.Errorf("%s %s: %d, want %d: %.300s", e.method, e.path, a.status, want, a.raw)
				}
			}
		})
	}
}
