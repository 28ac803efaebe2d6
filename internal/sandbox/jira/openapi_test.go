package jira

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract compiles schemas of Atlassian's description of the API.
type contract struct {
	t        *testing.T
	compiler *jsonschema.Compiler
}

const specName = "file:///spec.json"

func newContract(t *testing.T) *contract {
	t.Helper()
	f, err := os.Open(shared(t, "openapi/jira-v2-primelib.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	adapt(doc)
	// The description lacks what every real changelog has: texts beside the ids,
	// and null for what was or is empty.
	details, ok := dig(doc, "components", "schemas", "ChangeDetails").(map[string]any)
	if !ok {
		t.Fatal("the description has no ChangeDetails")
	}
	details["properties"] = map[string]any{
		"field": true, "fieldId": true, "fieldtype": true, "from": true, "fromString": true, "to": true, "toString": true,
		"tmpFromAccountId": true, "tmpToAccountId": true,
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	if err := c.AddResource(specName, doc); err != nil {
		t.Fatal(err)
	}
	return &contract{t: t, compiler: c}
}

// adapt changes what JSON Schema reads otherwise than OpenAPI 3.0: nullable is a
// type of its own. Times are not checked: Jira writes +0000, which RFC 3339 does
// not know, whatever the description says.
func adapt(v any) {
	switch v := v.(type) {
	case map[string]any:
		if v["format"] == "date-time" {
			delete(v, "format")
		}
		if kind, ok := v["type"].(string); ok && v["nullable"] == true {
			v["type"] = []any{kind, "null"}
		}
		for _, inner := range v {
			adapt(inner)
		}
	case []any:
		for _, inner := range v {
			adapt(inner)
		}
	}
}

func (c *contract) check(name, where string, raw string) {
	c.t.Helper()
	schema, err := c.compiler.Compile(specName + "#/components/schemas/" + name)
	if err != nil {
		c.t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
	if err != nil {
		c.t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		c.t.Errorf("%s is no %s: %v", where, name, err)
	}
}

func TestAnswersFitAtlassiansDescription(t *testing.T) {
	c := newContract(t)
	s := newSite(t, Options{})
	key := s.issue(NewIssue{Type: "Bug", Description: "d", Labels: []string{"a"}, Assignee: s.account("bob"), Fields: map[string]any{"customfield_10016": 3}})
	other := s.issue(NewIssue{})
	id, err := s.As("alice").Comment(key, "x", map[string]any{"k": 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.As("alice").LogWork(key, "1h", "w"); err != nil {
		t.Fatal(err)
	}
	if err := s.As("alice").Link("Blocks", key, other); err != nil {
		t.Fatal(err)
	}
	issue := "/rest/api/2/issue/" + key
	for _, q := range []struct{ method, path, body, schema string }{
		{"GET", issue, "", "IssueBean"},
		{"GET", issue + "?expand=changelog,names,schema,transitions&properties=*all", "", "IssueBean"},
		{"GET", issue + "/transitions?expand=transitions.fields", "", "Transitions"},
		{"GET", issue + "/comment", "", "PageOfComments"},
		{"POST", issue + "/comment", `{"body":"y","properties":[{"key":"k","value":1}]}`, "Comment"},
		{"GET", issue + "/comment/" + id + "?expand=properties", "", "Comment"},
		{"POST", "/rest/api/2/comment/list?expand=properties", `{"ids":[` + id + `]}`, "PageBeanComment"},
		{"GET", "/rest/api/2/comment/" + id + "/properties/k", "", "EntityProperty"},
		{"GET", "/rest/api/2/comment/" + id + "/properties", "", "PropertyKeys"},
		{"GET", issue + "/worklog?expand=properties", "", "PageOfWorklogs"},
		{"POST", issue + "/worklog", `{"timeSpent":"1h"}`, "Worklog"},
		{"GET", issue + "/changelog", "", "PageBeanChangelog"},
		{"GET", issue + "/editmeta", "", "IssueUpdateMetadata"},
		{"GET", issue + "/watchers", "", "Watchers"},
		{"POST", issue + "/remotelink", `{"globalId":"g","object":{"url":"https://x/","title":"t"}}`, "RemoteIssueLinkIdentifies"},
		{"GET", issue + "/remotelink?globalId=g", "", "RemoteIssueLink"},
		{"POST", "/rest/api/2/issue", `{"fields":{"project":{"key":"PROJ"},"issuetype":{"name":"Bug"},"summary":"s"}}`, "CreatedIssue"},
		{"POST", "/rest/api/2/search/jql", `{"jql":"project = PROJ","fields":["*all"],"maxResults":1}`, "SearchAndReconcileResults"},
		{"POST", "/rest/api/2/search/approximate-count", `{"jql":"project = PROJ"}`, "JQLCountResultsBean"},
		{"GET", "/rest/api/2/issueLinkType", "", "IssueLinkTypes"},
		{"GET", "/rest/api/2/myself", "", "User"},
		{"GET", "/rest/api/2/serverInfo", "", "ServerInformation"},
		{"GET", "/rest/api/2/project/PROJ", "", "Project"},
		{"GET", "/rest/api/2/project/search", "", "PageBeanProject"},
		{"GET", "/rest/api/2/mypermissions?permissions=ADD_COMMENTS", "", "Permissions"},
		{"GET", "/rest/api/2/issue/PROJ-99", "", "ErrorCollection"},
	} {
		a := s.do(q.method, q.path, q.body)
		c.check(q.schema, q.method+" "+q.path, a.raw)
	}
	for path, schema := range map[string]string{"field": "FieldDetails", "priority": "Priority", "status": "StatusDetails", "user/search?query=a": "User", "project/PROJ/versions": "Version"} {
		a := s.do("GET", "/rest/api/2/"+path, "")
		var list []json.RawMessage
		if err := json.Unmarshal([]byte(a.raw), &list); err != nil || len(list) == 0 {
			t.Fatalf("%s: %s", path, a.raw)
		}
		for _, one := range list {
			c.check(schema, path, string(one))
		}
	}
}
