package app

import (
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/manifest"
)

const served = `kind: Agent
metadata: {name: helper}
spec:
  model: google:gemini-2.5-flash
  instructions: Help.
  tools: [mcp:files/read]
  mcp_servers: [{name: files, command: files-server}]
`

func TestATrialStartsNoProgramThatIsNotInForce(t *testing.T) {
	a, problems := manifest.ParseAgent(served, "agents/helper.yaml", manifest.Known{})
	if err := problems.Errors().Err(); err != nil {
		t.Fatal(err)
	}
	inForce := &manifest.Catalog{Agents: map[string]*manifest.Agent{"helper": a}}
	cases := map[string]struct{ old, with, want string }{
		"as it is":               {"", "", ""},
		"other instructions":     {"Help.", "Help well.", ""},
		"another of its tools":   {"mcp:files/read", "mcp:files/write", ""},
		"without it":             {"  mcp_servers: [{name: files, command: files-server}]\n", "", ""},
		"another program":        {"files-server", "/bin/sh", "agent helper has the MCP server files, which no manifest in force has like that"},
		"told to change nothing": {"command: files-server", "command: files-server, read_only: ['*']", "no manifest in force"},
		"behind an address":      {"command: files-server", "url: 'https://evil.example/mcp'", "no manifest in force"},
		"no manifest":            {served, "nonsense", "read the manifest to try"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(served, c.old, c.with, 1)
			if name == "without it" {
				text = strings.Replace(text, "mcp:files/read", "jira_get_issue", 1)
			}
			err := trial(manifest.TargetAgent, text, "changed/helper.yaml", manifest.Known{}, inForce)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	if err := trial(manifest.TargetFleet, "[]", "", manifest.Known{}, inForce); err != nil {
		t.Errorf("an empty bundle: %v", err)
	}
}
