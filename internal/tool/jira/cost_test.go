package jira_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/atlassian"
	client "github.com/aofctl/aofctl/internal/atlassian/jira"
	reference "github.com/aofctl/aofctl/internal/sandbox/contract"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/tool/jira"
)

// shared finds reference data that is not part of the repository, or skips.
func shared(t testing.TB, path string) string {
	t.Helper()
	full := reference.Material(path)
	if full == "" {
		t.Skipf("%s is not here", path)
	}
	return full
}

// tokens is the usual estimate of how many tokens a text costs.
func tokens(n int) float64 { return float64(n) / 4 }

// realIssues are the issues in captured payloads, by file.
func realIssues(t testing.TB) map[string]json.RawMessage {
	t.Helper()
	root := shared(t, "corpus/jira")
	found := map[string]json.RawMessage{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var payload struct {
			Issue json.RawMessage `json:"issue"`
		}
		var issue struct {
			Fields map[string]json.RawMessage `json:"fields"`
		}
		if json.Unmarshal(raw, &payload) == nil && json.Unmarshal(payload.Issue, &issue) == nil && len(issue.Fields) > 25 {
			found[filepath.Base(path)] = payload.Issue
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// serving is a Jira that answers every question for an issue with this one.
func serving(t testing.TB, answer func(path string) any) *jira.Tools {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/serverInfo") {
			_, _ = w.Write([]byte(`{"deploymentType":"Cloud"}`))
			return
		}
		_ = json.NewEncoder(w).Encode(answer(r.URL.Path))
	}))
	t.Cleanup(web.Close)
	tr, err := atlassian.NewTransport(atlassian.Config{BaseURL: web.URL, AuthType: atlassian.AuthPAT, Token: "x"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(tr)
	if err != nil {
		t.Fatal(err)
	}
	return jira.New(func(tool.Origin) (*client.Client, error) { return c, nil }, tool.Writer{}, jira.Converters{})
}

func call(t testing.TB, tools *jira.Tools, name, args string) string {
	t.Helper()
	reg, err := tool.NewRegistry(tools.All()...)
	if err != nil {
		t.Fatal(err)
	}
	tl, _ := reg.Lookup(name)
	result, err := tl.Call(t.Context(), tool.Call{ID: "x", Args: json.RawMessage(args)})
	if err != nil || result.Failed {
		t.Fatalf("%s: %+v, %v", name, result, err)
	}
	return result.Text
}

// frame is a text without the issue's description, which a model has to read
// whatever is around it.
func frame(text string) int {
	before, _, _ := strings.Cut(text, "\ndescription:\n")
	return len(before)
}

func TestAnIssueCostsATwentiethOfItsJSON(t *testing.T) {
	var raw, shown int
	var ratios []float64
	issues := realIssues(t)
	for name, issue := range issues {
		text := call(t, serving(t, func(string) any { return issue }), "jira_get_issue", `{"issue_key":"A-1"}`)
		raw, shown = raw+len(issue), shown+len(text)
		ratios = append(ratios, float64(len(issue))/float64(len(text)))
		if len(issue) < 20*frame(text) {
			t.Errorf("%s: %d bytes are shown of %d, not counting the description:\n%s", name, frame(text), len(issue), text)
		}
	}
	slices.Sort(ratios)
	t.Logf("%d issues, %.0f tokens of JSON are shown in %.0f: 1/%.1f of all, median 1/%.1f, with the longest description 1/%.1f",
		len(issues), tokens(raw), tokens(shown), float64(raw)/float64(shown), ratios[len(ratios)/2], ratios[0])
	if raw < 20*shown {
		t.Errorf("%d bytes are shown of %d", shown, raw)
	}
}

func TestASearchOf25IssuesCostsAThousandTokens(t *testing.T) {
	issues := realIssues(t)
	var page []json.RawMessage
	for len(page) < 25 {
		for _, name := range slices.Sorted(maps.Keys(issues)) {
			if page = append(page, issues[name]); len(page) == 25 {
				break
			}
		}
	}
	raw, err := json.Marshal(page)
	if err != nil {
		t.Fatal(err)
	}
	text := call(t, serving(t, func(string) any { return map[string]any{"issues": page} }), "jira_search", `{"jql":"project = A"}`)
	t.Logf("25 issues, %.0f tokens of JSON are shown in %.0f: 1/%.0f", tokens(len(raw)), tokens(len(text)), float64(len(raw))/float64(len(text)))
	if tokens(len(text)) > 1000 || !strings.HasPrefix(text, "25 issues") {
		t.Errorf("%.0f tokens:\n%s", tokens(len(text)), text)
	}
}
