package jira_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	reference "github.com/aofctl/aofctl/internal/sandbox/contract"
)

// contract is Atlassian's description of the API of one kind of Jira. Every
// request that a test's tools send is held against it.
type contract struct {
	operations []operation
	// answers is true if the descriptions of answers are good enough to be used.
	answers bool
}

type operation struct {
	doc     *openapi3.T
	path    string
	pattern *regexp.Regexp
	names   []string
	item    *openapi3.PathItem
}

// The contracts are read once; nil where the descriptions are not here.
var (
	cloudContract = sync.OnceValues(func() (*contract, error) {
		return readContract(true, "jira-v2-primelib.json", "jira-software-2022.json")
	})
	serverContract = sync.OnceValues(func() (*contract, error) { return readContract(false, "jira-dc-10.3.prefixed.json") })
)

func readContract(answers bool, files ...string) (*contract, error) {
	c := &contract{answers: answers}
	for _, file := range files {
		full := reference.Material("openapi/" + file)
		if full == "" {
			return nil, nil
		}
		raw, err := os.ReadFile(full)
		if err != nil {
			return nil, err
		}
		var doc any
		if err := json.Unmarshal(raw, &doc); err != nil {
			return nil, err
		}
		correct(doc, "")
		if raw, err = json.Marshal(doc); err != nil {
			return nil, err
		}
		parsed, err := openapi3.NewLoader().LoadFromData(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		c.add(parsed)
	}
	// What is more literal comes first: /search/jql before /search/{id}.
	slices.SortStableFunc(c.operations, func(a, b operation) int { return len(a.names) - len(b.names) })
	return c, nil
}

// correct cures what the descriptions are known to say wrongly: what Java knows
// as Object has become an empty object, days are called moments, null is not
// mentioned where it clears, and a file is a list of parts.
func correct(v any, name string) {
	switch v := v.(type) {
	case map[string]any:
		correctSchema(v, name)
		for key, inner := range v {
			correct(inner, key)
		}
	case []any:
		for _, inner := range v {
			correct(inner, "")
		}
	}
}

func correctSchema(s map[string]any, name string) {
	if format, _ := s["format"].(string); format == "date-time" || format == "uri" {
		delete(s, "format")
	}
	if len(s) == 0 && name == "additionalProperties" {
		s["nullable"] = true
	}
	if s["format"] == "json" {
		clear(s)
		s["nullable"] = true
	}
	_, hasProperties := s["properties"]
	_, open := s["additionalProperties"].(map[string]any)
	if s["type"] == "object" && !hasProperties && !open {
		delete(s, "type")
		delete(s, "additionalProperties")
		s["nullable"] = true
	}
	if name == "accountId" || name == "name" {
		if s["type"] == "string" {
			s["nullable"] = true
		}
	}
	if properties, ok := s["properties"].(map[string]any); ok && len(properties) == 2 && properties["key"] != nil && properties["value"] != nil {
		properties["value"] = map[string]any{"nullable": true}
	}
	if schema, ok := s["schema"].(map[string]any); ok && s["in"] == "query" && (schema["type"] == "object" || schema["type"] == "array" || schema["$ref"] != nil) {
		s["schema"] = map[string]any{"type": "string"}
	}
	if name == "ChangeDetails" { // what every changelog has, the description lacks
		clear(s)
		s["type"] = "object"
	}
	if name == "multipart/form-data" {
		s["schema"] = map[string]any{
			"type": "object", "required": []any{"file"},
			"properties": map[string]any{"file": map[string]any{"type": "string", "format": "binary"}},
		}
	}
}

var parameter = regexp.MustCompile(`\\\{([^}]+)\\\}`)

func (c *contract) add(doc *openapi3.T) {
	for path, item := range doc.Paths.Map() {
		o := operation{doc: doc, path: path, item: item}
		quoted := regexp.QuoteMeta(path)
		for _, m := range parameter.FindAllStringSubmatch(quoted, -1) {
			o.names = append(o.names, strings.ReplaceAll(m[1], `\`, ""))
		}
		o.pattern = regexp.MustCompile("^" + parameter.ReplaceAllString(quoted, "([^/]+)") + "$")
		c.operations = append(c.operations, o)
	}
}

// find returns the input of a validation of the request.
func (c *contract) find(r *http.Request) *openapi3filter.RequestValidationInput {
	for _, o := range c.operations {
		m := o.pattern.FindStringSubmatch(r.URL.Path)
		op := o.item.GetOperation(r.Method)
		if m == nil || op == nil {
			continue
		}
		params := map[string]string{}
		for i, name := range o.names {
			params[name] = m[i+1]
		}
		return &openapi3filter.RequestValidationInput{
			Request: r, PathParams: params,
			Route:   &routers.Route{Spec: o.doc, Path: o.path, PathItem: o.item, Method: r.Method, Operation: op},
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true},
		}
	}
	return nil
}

// check says what is wrong with a request.
func (c *contract) check(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	input := c.find(r)
	if input == nil {
		return nil, fmt.Errorf("there is no such operation")
	}
	known := map[string]bool{}
	for _, list := range []openapi3.Parameters{input.Route.PathItem.Parameters, input.Route.Operation.Parameters} {
		for _, p := range list {
			known[p.Value.In+" "+p.Value.Name] = true
		}
	}
	for name := range r.URL.Query() {
		// Data Center's description of transitions knows expand in its text only.
		if !known["query "+name] && !strings.Contains(input.Route.Operation.Description, "`"+name+"=") {
			return nil, fmt.Errorf("there is no parameter %q", name)
		}
	}
	return input, openapi3filter.ValidateRequest(r.Context(), input)
}

// watch holds requests, and on Cloud the sandbox's answers, against the contract.
// A file of Data Center is not behind its API.
func (s *site) watch(next http.Handler) http.Handler {
	read := cloudContract
	if s.server {
		read = serverContract
	}
	c, err := read()
	if err != nil {
		s.t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.count()
		if c == nil || strings.HasPrefix(r.URL.Path, "/secure/attachment/") {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			s.t.Errorf("read request: %v", err)
		}
		seen := r.Clone(r.Context())
		seen.Body = io.NopCloser(bytes.NewReader(body))
		r.Body = io.NopCloser(bytes.NewReader(body))
		input, err := c.check(seen)
		if err != nil {
			s.t.Errorf("%s %s %s: %v", r.Method, r.URL, body, err)
		}
		s.needs(input)
		if !c.answers || input == nil || !s.strict {
			next.ServeHTTP(w, r)
			return
		}
		s.answer(w, r, next, input)
	})
}

func (s *site) answer(w http.ResponseWriter, r *http.Request, next http.Handler, input *openapi3filter.RequestValidationInput) {
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	// The agile API's answers are not described; a list of remote links is
	// described as one link.
	described := !strings.Contains(r.URL.Path, "/agile/") && (r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/remotelink"))
	if described && answer.Code < 300 && strings.Contains(answer.Header().Get("Content-Type"), "json") {
		err := openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: input, Status: answer.Code, Header: answer.Header(),
			Body: io.NopCloser(bytes.NewReader(answer.Body.Bytes())), Options: input.Options,
		})
		if err != nil {
			s.t.Errorf("the sandbox answers %s %s with what Jira would not: %v", r.Method, r.URL, err)
		}
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// needs notes which scopes of OAuth the tool at work wants for its request.
func (s *site) needs(input *openapi3filter.RequestValidationInput) {
	if input == nil || input.Route.Operation.Security == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, requirement := range *input.Route.Operation.Security {
		for _, scope := range requirement["OAuth2"] {
			if !slices.Contains(s.scopes[s.current], scope) {
				s.scopes[s.current] = append(s.scopes[s.current], scope)
			}
		}
	}
}

// count notes that the tool at work sent a request.
func (s *site) count() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[s.current]++
}

// examples are a call of every tool, in an order in which each finds what it
// works on.
func examples() [][2]string {
	return [][2]string{
		{"jira_list_projects", `{"query":"pro"}`},
		{"jira_get_create_fields", `{"project_key":"PROJ","issue_type":"Bug"}`},
		{"jira_find_fields", `{"keyword":"points"}`},
		{"jira_get_field_options", `{"field":"Priority","project_key":"PROJ"}`},
		{"jira_find_users", `{"query":"Bob"}`},
		{"jira_create_issue", `{"project_key":"PROJ","issue_type":"Story","summary":"New","description":"d","assignee":"Bob Manager","labels":["a"],"priority":"High","components":["backend"],"fix_versions":["1.1"],"fields":{"Story Points":3,"Platforms":["Linux"],"Team":"Backend","Target date":"2026-05-01","Reviewer":"Alice Developer"}}`},
		{"jira_create_subtask", `{"parent":"PROJ-1","summary":"Part"}`},
		{"jira_get_issue", `{"issue_key":"PROJ-1","fields":["Story Points","Sprint"],"comments":3,"include":["transitions","worklogs","changelog","remote_links","attachments"]}`},
		{"jira_search", `{"jql":"issuetype = Bug ORDER BY key"}`},
		{"jira_update_issue", `{"issue_key":"PROJ-1","fields":{"summary":"Newer","Severity":"S1","Story Points":null}}`},
		{"jira_assign_issue", `{"issue_key":"PROJ-1","assignee":"Bob Manager"}`},
		{"jira_add_labels", `{"issue_key":"PROJ-1","labels":["x"]}`},
		{"jira_remove_label", `{"issue_key":"PROJ-1","label":"x"}`},
		{"jira_get_transitions", `{"issue_key":"PROJ-1"}`},
		{"jira_transition_issue", `{"issue_key":"PROJ-1","transition":"In Progress"}`},
		{"jira_post_comment", `{"issue_key":"PROJ-1","body":"**hello**"}`},
		{"jira_get_comments", `{"issue_key":"PROJ-1"}`},
		{"jira_update_comment", `{"issue_key":"PROJ-1","comment_id":"10000","body":"changed"}`},
		{"jira_log_work", `{"issue_key":"PROJ-1","time_spent":"2h","comment":"w","started":"2026-01-15T09:00:00Z"}`},
		{"jira_get_worklogs", `{"issue_key":"PROJ-1"}`},
		{"jira_get_link_types", `{}`},
		{"jira_link_issues", `{"type":"is blocked by","inward_issue":"PROJ-1","outward_issue":"PROJ-2"}`},
		{"jira_remove_link", `{"issue_key":"PROJ-1","other_issue":"PROJ-2"}`},
		{"jira_add_remote_link", `{"issue_key":"PROJ-1","url":"https://wiki.example.com/x","title":"Page","relationship":"mentioned in"}`},
		{"jira_get_remote_links", `{"issue_key":"PROJ-1"}`},
		{"jira_list_boards", `{"type":"scrum"}`},
		{"jira_list_sprints", `{"board_id":1}`},
		{"jira_get_sprint", `{"sprint_id":1}`},
		{"jira_add_to_sprint", `{"sprint_id":1,"issue_keys":["PROJ-1","PROJ-2"]}`},
		{"jira_get_sprint_issues", `{"sprint_id":1,"jql":"issuetype = Bug"}`},
		{"jira_move_to_backlog", `{"issue_keys":["PROJ-2"]}`},
		{"jira_list_versions", `{"project_key":"PROJ"}`},
		{"jira_update_version", `{"project_key":"PROJ","version":"1.1","released":true,"release_date":"2026-03-01"}`},
		{"jira_add_attachment", `{"issue_key":"PROJ-1","filename":"log.txt","content":"line 1\nline 2"}`},
		{"jira_list_attachments", `{"issue_key":"PROJ-1"}`},
		{"jira_get_attachment", `{"issue_key":"PROJ-1","attachment":"log.txt"}`},
		{"jira_get_changelog", `{"issue_key":"PROJ-1"}`},
	}
}

// callAll calls every tool once, each after those that make what it works on.
func (s *site) callAll(then func(tool string)) {
	for _, example := range examples() {
		tool, args := example[0], example[1]
		if tool == "jira_update_comment" {
			args = strings.ReplaceAll(args, "10000", s.issue("PROJ-1").Comments[0].ID)
		}
		result := s.do(tool, args)
		s.t.Logf("%s %s\n%s", tool, args, result.Text)
		then(tool)
	}
}

func TestEveryToolAsksOnlyWhatAtlassianDescribes(t *testing.T) {
	for name, make := range map[string]func(*testing.T) *site{"Cloud": newSite, "Data Center": newServer} {
		t.Run(name, func(t *testing.T) {
			s := make(t)
			s.strict = true
			s.callAll(func(tool string) {
				if s.asked[tool] == 0 {
					t.Errorf("%s asked nothing", tool)
				}
			})
			for _, name := range s.reg.Names() {
				if s.asked[name] == 0 {
					t.Errorf("no example of %s", name)
				}
			}
		})
	}
}
