package manifest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const withServers = `
name: a
model: google:x
instructions: x
tools: ["mcp:git/get_*", {name: web, type: mcp}]
mcp_servers:
  - {name: git, command: npx, args: [-y, "server@${VERSION:-1}"], env: {GITHUB_TOKEN: "${GH_TOKEN}", MODE: fast, OTHER_env: SOME_VALUE},
     tools: ["get_*", "list_*"], read_only: ["*"], trust_annotations: true, timeout: 30s}
  - {name: web, transport: streamable-http, endpoint: "https://mcp.example.com/mcp", headers: {X-Org: acme}, token_env: WEB_TOKEN, timeout_secs: 5}
`

func TestServersOfAgentsAreRead(t *testing.T) {
	c, err := tryText(t, withServers)
	if err != nil {
		t.Fatal(err)
	}
	want := []MCPServer{
		{Name: "git", Command: "npx", Args: []Deferred{{Text: "-y"}, {Text: "server@${VERSION:-1}"}},
			Env:   map[string]Deferred{"GITHUB_TOKEN": {Text: "${GH_TOKEN}", Secret: true}, "MODE": {Text: "fast"}, "OTHER": {Text: "${SOME_VALUE}", Secret: true}},
			Tools: []string{"get_*", "list_*"}, Listed: []string{"get_*"}, ReadOnly: []string{"*"}, TrustAnnotations: true, Timeout: 30 * time.Second},
		{Name: "web", URL: "https://mcp.example.com/mcp", Headers: map[string]Deferred{"X-Org": {Text: "acme", Secret: true},
			"Authorization": {Text: "Bearer ${WEB_TOKEN}", Secret: true}}, Listed: []string{"*"}, Timeout: 5 * time.Second},
	}
	if diff := cmp.Diff(want, c.Agents["a"].MCPServers); diff != "" {
		t.Error(diff)
	}
	if len(c.Agents["a"].Tools) != 0 {
		t.Errorf("tools of servers are taken for the program's: %v", c.Agents["a"].Tools)
	}
	if agents := c.MCPAgents(); len(agents) != 1 || agents[0].Name != "a" {
		t.Errorf("agents with servers: %v", agents)
	}
	if warned := len(c.Warnings); warned != 3 { // GH_TOKEN, SOME_VALUE, WEB_TOKEN
		t.Errorf("%d warnings: %v", warned, c.Warnings)
	}
}

func TestAChangeOfAServerChangesItsFingerprint(t *testing.T) {
	c, err := tryText(t, withServers)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Agents["a"].MCPServers[0]
	first := s.Fingerprint()
	if again := c.Agents["a"].MCPServers[0].Fingerprint(); again != first {
		t.Error("the same server has two fingerprints")
	}
	s.Timeout++
	if s.Fingerprint() == first {
		t.Error("another time-out is not noticed")
	}
}

func TestDeferredTextsTellWhatMustNotLeave(t *testing.T) {
	env := func(name string) (string, bool) {
		value, ok := map[string]string{"GH_TOKEN": "t0ken", "REGION": "eu", "EMPTY": ""}[name]
		return value, ok
	}
	for text, want := range map[string]struct {
		secret  bool
		out     string
		secrets []string
		err     string
	}{
		"plain":                {out: "plain"},
		"Bearer ${GH_TOKEN}":   {out: "Bearer t0ken", secrets: []string{"t0ken"}},
		"in ${REGION}":         {out: "in eu"},
		"also ${REGION}":       {secret: true, out: "also eu", secrets: []string{"eu"}},
		"${EMPTY:-x}${NO:-y}":  {out: "xy"},
		"$${GH_TOKEN}":         {out: "${GH_TOKEN}"},
		"${NO}":                {err: "environment variable NO is not set"},
		"${node.output} stays": {out: "${node.output} stays"},
	} {
		out, secrets, err := Deferred{Text: text, Secret: want.secret}.Expand(env)
		if (err != nil) != (want.err != "") || err != nil && !strings.Contains(err.Error(), want.err) {
			t.Errorf("%s: %v", text, err)
		}
		if err == nil && (out != want.out || !slices.Equal(secrets, want.secrets)) {
			t.Errorf("%s: %q, %q", text, out, secrets)
		}
	}
}

func TestNamesOfSecretsAreKnown(t *testing.T) {
	for name, want := range map[string]bool{"GITHUB_TOKEN": true, "API_KEY": true, "apikey": true, "X-Api-Key": true, "DB_PASSWORD": true, "AUTHORIZATION": true,
		"AWS_REGION": false, "MONKEY": false, "AUTHOR": false, "TOKENIZER": false, "HOME": false, "KEYS": true} {
		if secretName(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestApprovalWithoutAListMeansTheWritesOfServersToo(t *testing.T) {
	c, err := tryText(t, withServers+"approval: {}\n")
	if err != nil {
		t.Fatal(err)
	}
	if a := c.Agents["a"].Approval; a == nil || !slices.Contains(a.Tools, "mcp:write") {
		t.Errorf("%+v", a)
	}
}
