package manifest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/hosts"
	"github.com/aofctl/aofctl/internal/memory"
)

func TestAMemoryBringsItsTools(t *testing.T) {
	for text, want := range map[string]memory.Config{
		`"File:./jira-cache.json:1000"`: {Kind: memory.File, Path: "./jira-cache.json", Entries: 1000},
		`inmemory`:                      {Kind: memory.InMemory, Entries: 1000},
		`Store:5`:                       {Kind: memory.Database, Entries: 5},
		`"File:${TEAM}.json"`:           {Kind: memory.File, Path: "PROJ.json", Entries: 1000},
		`{type: File, config: {path: ./a.json, max_messages: 50}}`:   {Kind: memory.File, Path: "./a.json", Entries: 50},
		`{type: file, path: "./odd:7", max_entries: 3}`:              {Kind: memory.File, Path: "./odd:7", Entries: 3},
		`{type: InMemory, enabled: true}`:                            {Kind: memory.InMemory, Entries: 1000},
		`{type: Store, config: {max_entries: 7}, persistence: null}`: {Kind: memory.Database, Entries: 7},
		`none`: {}, `null`: {}, `false`: {}, `{enabled: false, type: x}`: {},
	} {
		c, err := tryText(t, "name: a\nmodel: google:x\ninstructions: x\ntools: [jira_search]\nmemory: "+text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		a := c.Agents["a"]
		if diff := cmp.Diff(want, a.Memory); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		tools := []string{"jira_search", "memory_get", "memory_set"}
		if want.IsZero() {
			tools = tools[:1]
		}
		if diff := cmp.Diff(tools, a.Tools); diff != "" {
			t.Errorf("%s: tools (-want +got):\n%s", text, diff)
		}
	}
}

func TestAnAgentWithoutAMemoryGetsNoneOfItsToolsByAPattern(t *testing.T) {
	for memory, want := range map[string]int{"": 8, "memory: InMemory": 10} {
		c, err := tryText(t, "name: a\nmodel: google:x\ninstructions: x\ntools: ['*']\n"+memory)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Agents["a"].Tools; len(got) != want {
			t.Errorf("with %q the tools are %v", memory, got)
		}
	}
}

func TestAllowedHostsAreRead(t *testing.T) {
	d, problems := readDaemon("/etc/aof/daemon.yaml", []byte(`kind: DaemonConfig
spec:
  policy:
    allowed_hosts:
      - api.example.com
      - "http://*.example.org:8080"
      - {host: wiki.internal, private: true, token_env: JIRA_API_TOKEN, headers_env: {X-Team: TEAM}}
      - {host: files.internal, token_file: ./token}
`), testEnv)
	if err := problems.Errors().Err(); err != nil {
		t.Fatal(err)
	}
	want := []AllowedHost{
		{Host: hosts.Host{Scheme: "https", Name: "api.example.com"}},
		{Host: hosts.Host{Scheme: "http", Name: "*.example.org", Port: "8080"}},
		{Host: hosts.Host{Scheme: "https", Name: "wiki.internal", Private: true}, Token: Secret{Env: "JIRA_API_TOKEN"}, Headers: map[string]Secret{"X-Team": {Env: "TEAM"}}},
		{Host: hosts.Host{Scheme: "https", Name: "files.internal"}, Token: Secret{File: "/etc/aof/token"}},
	}
	if diff := cmp.Diff(want, d.AllowedHosts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d.Dir() != "/etc/aof" {
		t.Errorf("the directory is %s", d.Dir())
	}
	missing := d.MissingSecrets(func(string) (string, bool) { return "", false })
	if len(missing.Errors()) != 2 {
		t.Errorf("unset variables are told as %v", missing)
	}
}
