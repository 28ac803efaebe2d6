package e2e

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/aofctl/aofctl/internal/logtest"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// TestPagesAreServedOverMCPWithinTheSpacesThatAreNamed lets clients of MCP work on
// the sandbox's Confluence, without a daemon.
func TestPagesAreServedOverMCPWithinTheSpacesThatAreNamed(t *testing.T) {
	w, page := newPageWorld(t, jira.Cloud)
	ask := func(args ...string) func(name, args string) (string, bool) {
		cmd := exec.Command(binary, append([]string{"mcp", "--config", filepath.Join(w.dir, "daemon.yaml")}, args...)...)
		cmd.Env, cmd.Stderr = w.env(), &logtest.Buffer{}
		s, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), &mcp.CommandTransport{Command: cmd}, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, cmd.Stderr)
		}
		t.Cleanup(func() { _ = s.Close() })
		return func(name, args string) (string, bool) {
			r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: json.RawMessage(args)})
			if err != nil {
				return err.Error(), true
			}
			text, _ := r.Content[0].(*mcp.TextContent)
			return text.Text, r.IsError
		}
	}
	edit := `{"page_id":"` + page + `","body":"The end.","reason":"asked in the editor"}`
	team := `{"space_key":"TEAM","title":"Team Home"}`
	for name, c := range map[string]struct {
		args             []string
		tool, call, says string
		fails            bool
	}{
		"a space that is named":        {args: []string{"--spaces", "DOC"}, tool: "confluence_get_page", call: `{"page_id":"` + page + `"}`, says: "Quiet hours"},
		"another space":                {args: []string{"--spaces", "DOC"}, tool: "confluence_get_page", call: team, says: "outside the scope", fails: true},
		"projects alone":               {args: []string{"--projects", "PROJ"}, tool: "confluence_get_page", call: team, says: "scope", fails: true},
		"everything":                   {args: []string{"--projects", "*", "--spaces", "*"}, tool: "confluence_get_page", call: team, says: "space: TEAM"},
		"an agent's spaces":            {args: []string{"--agent", "keeper"}, tool: "confluence_get_page", call: team, says: "outside the scope", fails: true},
		"a write, for readers":         {args: []string{"--spaces", "DOC"}, tool: "confluence_append_to_page", call: edit, says: "unknown tool", fails: true},
		"a write, of an agent's tools": {args: []string{"--agent", "keeper", "--write"}, tool: "confluence_append_to_page", call: edit, says: "has version 2"},
	} {
		if got, failed := ask(c.args...)(c.tool, c.call); failed != c.fails || !strings.Contains(got, c.says) {
			t.Errorf("%s: %v, %s", name, failed, got)
		}
	}
	p, _ := w.box.Confluence.Page(page)
	if p.Version != 2 || p.Body != preferences+"<p>The end.</p>" || !strings.HasPrefix(p.Message, "asked in the editor (keeper, aofctl:") {
		t.Errorf("%+v", p)
	}
}
