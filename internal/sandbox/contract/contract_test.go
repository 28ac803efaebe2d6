package contract

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// descriptions finds Atlassian's descriptions, or skips.
func descriptions(t *testing.T) string {
	t.Helper()
	full := Material("openapi")
	if full == "" || Material("openapi/jira-v2-primelib.json") == "" {
		t.Skip("the descriptions are not here")
	}
	return full
}

// exchange sends a request through the contract to a server that gives one
// answer, and returns what was reported.
func exchange(c *Contract, method, path, body string, status int, answer string) string {
	var reports []string
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}), func(err error) { reports = append(reports, err.Error()) })
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != status || w.Body.String() != answer {
		return "the answer did not pass through"
	}
	return strings.Join(reports, "; ")
}

func TestExchangesWithCloudAreChecked(t *testing.T) {
	c, err := LoadCloud(descriptions(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]struct {
		method, path, body string
		status             int
		answer, want       string
	}{
		"right":                     {"GET", "/rest/api/2/myself", "", 200, `{"accountId":"a"}`, ""},
		"wrong type in the answer":  {"GET", "/rest/api/2/myself", "", 200, `{"accountId":5}`, "answer 200: at /accountId"},
		"unknown member":            {"GET", "/rest/api/2/myself", "", 200, `{"id":"a"}`, "unsupported"},
		"through the gateway":       {"GET", "/ex/jira/abc/rest/api/2/myself", "", 200, `{"accountId":5}`, "at /accountId"},
		"unknown query":             {"GET", "/rest/api/2/myself?colour=red", "", 200, `{}`, `"colour" is not known`},
		"unknown operation":         {"GET", "/rest/api/2/nonsense", "", 200, `{}`, "no such operation"},
		"unknown and refused":       {"GET", "/rest/api/2/nonsense", "", 404, `{}`, ""},
		"wrong body":                {"POST", "/rest/api/2/search/jql", `{"jql":5}`, 200, `{}`, "request: at /jql"},
		"wrong body, refused":       {"POST", "/rest/api/2/search/jql", `{"jql":5}`, 400, `{"errorMessages":["no"]}`, ""},
		"body where none is":        {"GET", "/rest/api/2/field", `{}`, 200, `[]`, "has a body"},
		"undeclared status":         {"GET", "/rest/api/2/field", "", 202, `[]`, "not declared"},
		"list":                      {"GET", "/rest/api/2/priority", "", 200, `[{"id":"1"},{"id":2}]`, "at /1/id"},
		"no JSON":                   {"GET", "/rest/api/2/priority", "", 200, `[`, "decode"},
		"agile":                     {"GET", "/rest/agile/1.0/sprint/1", "", 200, `{"id":1}`, ""},
		"not covered":               {"GET", "/rest/webhooks/1.0/webhook", "", 200, `{"any":1}`, ""},
		"property of any value":     {"PUT", "/rest/api/2/issue/A-1/properties/p", `[1]`, 200, ``, ""},
		"null for nobody":           {"PUT", "/rest/api/2/issue/A-1/assignee", `{"accountId":null}`, 204, ``, ""},
		"escaped path":              {"GET", "/rest/api/2/issue/A-1/properties/a%2Fb", "", 200, `{"key":"a/b","value":1}`, ""},
		"errors in the wrong shape": {"POST", "/rest/api/2/webhook", `{"url":"x","webhooks":[]}`, 400, `{"errors":[]}`, "answer 400"},
	} {
		got := exchange(c, e.method, e.path, e.body, e.status, e.answer)
		if (e.want == "") != (got == "") || !strings.Contains(got, e.want) {
			t.Errorf("%s: reported %q, want %q", name, got, e.want)
		}
	}
}

func TestListsOfDataCenterAreCheckedByTheirItems(t *testing.T) {
	c, err := LoadDataCenter(descriptions(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]struct{ path, answer, want string }{
		"user":            {"/rest/api/2/user?username=a", `{"name":"a"}`, ""},
		"users":           {"/rest/api/2/user/search?username=a", `[{"name":"a"},{"name":1}]`, "item 1: at /name"},
		"page":            {"/rest/agile/1.0/board", `{"values":[{"id":"x"}]}`, "item 0: at /id"},
		"page that fits":  {"/rest/agile/1.0/board", `{"values":[{"id":1}],"total":1}`, ""},
		"search by token": {"/rest/api/2/search/jql?jql=a", `{}`, "no such operation"},
	} {
		got := exchange(c, "GET", e.path, "", 200, e.answer)
		if (e.want == "") != (got == "") || !strings.Contains(got, e.want) {
			t.Errorf("%s: reported %q, want %q", name, got, e.want)
		}
	}
}

func TestWithoutDescriptionsThereIsNothingToCheckWith(t *testing.T) {
	for _, load := range []func(string) (*Contract, error){LoadCloud, LoadDataCenter} {
		if _, err := load(t.TempDir()); !errors.Is(err, ErrNoDescription) {
			t.Errorf("error %v", err)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "jira-dc-10.3.prefixed.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadDataCenter(dir); err == nil || errors.Is(err, ErrNoDescription) {
		t.Errorf("a broken description: %v", err)
	}
}

func TestExchangesWithConfluenceCloudAreChecked(t *testing.T) {
	c, err := LoadConfluenceCloud(descriptions(t))
	if err != nil {
		t.Fatal(err)
	}
	page := `{"id":"1","status":"current","title":"t","spaceId":"2","parentId":null,"version":{"number":1},"_links":{"webui":"/x","base":"https://x/wiki"}}`
	for name, e := range map[string]struct {
		method, path, body string
		status             int
		answer, want       string
	}{
		"right":                       {"GET", "/wiki/api/v2/pages/1?body-format=storage", "", 200, page, ""},
		"through the gateway":         {"GET", "/ex/confluence/abc/wiki/api/v2/pages/1", "", 200, `{"id":1}`, "answer 200: at /"},
		"unknown query":               {"GET", "/wiki/api/v2/pages/1?expand=body", "", 200, page, `"expand" is not known`},
		"wrong format":                {"GET", "/wiki/api/v2/pages/1?body-format=html", "", 200, page, "not one of the allowed"},
		"several ids":                 {"GET", "/wiki/api/v2/pages?id=1,2&limit=5", "", 200, `{"results":[` + page[:len(page)-len(`,"_links":{"webui":"/x","base":"https://x/wiki"}}`)] + `}]}`, ""},
		"unknown member in an answer": {"GET", "/wiki/api/v2/pages/1", "", 200, `{"id":"1","spaceKey":"A"}`, "/spaceKey: the member is not known"},
		"deep in a list":              {"GET", "/wiki/api/v2/spaces", "", 200, `{"results":[{"id":"1","homepage":"2"}]}`, "/results/0/homepage"},
		"right write":                 {"PUT", "/wiki/api/v2/pages/1", `{"id":"1","status":"current","title":"t","body":{"representation":"storage","value":""},"version":{"number":2,"message":"m"}}`, 200, page, ""},
		"unknown member of a write":   {"PUT", "/wiki/api/v2/pages/1", `{"id":"1","status":"current","title":"t","body":{"representation":"storage","value":""},"version":{"number":2,"minorEdit":true}}`, 200, page, "/version/minorEdit: the member is not known"},
		"missing member of a write":   {"PUT", "/wiki/api/v2/pages/1", `{"id":"1","status":"current","title":"t","version":{"number":2}}`, 200, page, "body"},
		"property of any value":       {"POST", "/wiki/api/v2/pages/1/properties", `{"key":"k","value":[1]}`, 200, `{"id":"1","key":"k","value":[1]}`, ""},
		"version 1":                   {"GET", "/wiki/rest/api/search?cql=a", "", 200, `{"results":[]}`, "at /"},
		"labels":                      {"POST", "/wiki/rest/api/content/1/label", `[{"prefix":"global","name":"a"}]`, 200, `{"results":[],"size":0}`, ""},
		"labels misspelt":             {"POST", "/wiki/rest/api/content/1/label", `[{"prefix":"global","nam":"a"}]`, 200, `{"results":[],"size":0}`, "anyOf"},
		"pages by version 1":          {"GET", "/wiki/rest/api/content/1", "", 200, `{}`, "no such operation"},
		"not covered":                 {"GET", "/wiki/download/attachments/1/a", "", 200, `{"any":1}`, ""},
	} {
		got := exchange(c, e.method, e.path, e.body, e.status, e.answer)
		if (e.want == "") != (got == "") || !strings.Contains(got, e.want) {
			t.Errorf("%s: reported %q, want %q", name, got, e.want)
		}
	}
}

func TestExchangesWithConfluenceDataCenterAreChecked(t *testing.T) {
	c, err := LoadConfluenceDataCenter(descriptions(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]struct {
		method, path, body string
		status             int
		answer, want       string
	}{
		"right":              {"GET", "/rest/api/content/1?expand=space", "", 200, `{"id":"1","space":{"id":5,"key":"A"}}`, ""},
		"wrong type":         {"GET", "/rest/api/content/1", "", 200, `{"id":1}`, "at /id"},
		"write":              {"PUT", "/rest/api/content/1", `{"type":"page","title":"t","version":{"number":2},"body":{"storage":{"value":"","representation":"storage"}}}`, 200, `{"id":"1"}`, ""},
		"misspelt write":     {"PUT", "/rest/api/content/1", `{"type":"page","versions":{"number":2}}`, 200, `{"id":"1"}`, "/versions"},
		"unknown query":      {"GET", "/rest/api/content/1?colour=red", "", 200, `{}`, `"colour" is not known`},
		"property":           {"POST", "/rest/api/content/1/property", `{"key":"k","value":{"a":1}}`, 200, `{"key":"k","value":{"a":1}}`, ""},
		"versions of Cloud":  {"GET", "/rest/api/content/1/version", "", 200, `{}`, "no such operation"},
		"webhook":            {"POST", "/rest/api/webhooks", `{"name":"n","url":"u","events":["page_created"],"active":true,"configuration":{"secret":"s"}}`, 201, `{"id":1,"events":[]}`, ""},
		"labels are a list":  {"POST", "/rest/api/content/1/label", `[{"prefix":"global","name":"a"}]`, 200, `{"results":[]}`, ""},
		"refusal":            {"GET", "/rest/api/content/1", "", 404, `{"statusCode":404,"message":"no"}`, ""},
		"malformed refusal":  {"GET", "/rest/api/content/1", "", 404, `{"statusCode":"404"}`, "at /statusCode"},
		"anything elsewhere": {"GET", "/download/attachments/1/a", "", 200, `{}`, ""},
	} {
		got := exchange(c, e.method, e.path, e.body, e.status, e.answer)
		if (e.want == "") != (got == "") || !strings.Contains(got, e.want) {
			t.Errorf("%s: reported %q, want %q", name, got, e.want)
		}
	}
}
