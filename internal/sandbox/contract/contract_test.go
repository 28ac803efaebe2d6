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
	roots := []string{os.Getenv("AOF_SHARED")}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		roots = append(roots, filepath.Join(dir, "..", "shared"))
	}
	for _, root := range roots {
		full := filepath.Join(root, "openapi")
		if _, err := os.Stat(filepath.Join(full, "jira-v2-primelib.json")); root != "" && err == nil {
			return full
		}
	}
	t.Skip("the descriptions are not here")
	return ""
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
