package forgeapp_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/forge/forgeapp"
	"github.com/aofctl/aofctl/internal/npmtest"
)

// validators is the npm package of the Forge CLI that checks manifests, and one
// that it needs and does not name.
var validators = []string{"@forge/manifest@13.7.0", "tslib@2.8.1"}

// appFiles is the app that the manifests belong to.
const appFiles = "../../../deploy/forge"

// lint returns what Forge's validators say of each manifest among the app's files.
func lint(t *testing.T, manifests map[string][]byte) map[string][]string {
	t.Helper()
	npmtest.Require(t)
	tools := t.TempDir()
	write(t, filepath.Join(tools, "package.json"), []byte(`{"private": true}`))
	npmtest.Install(t, tools, validators...)
	top := t.TempDir()
	args := []string{"testdata/lint.cjs", tools}
	names := map[string]string{}
	for name, text := range manifests {
		dir := filepath.Join(top, strings.ReplaceAll(name, " ", "_"))
		copyApp(t, dir)
		write(t, filepath.Join(dir, "manifest.yml"), text)
		names[dir] = name
		args = append(args, dir)
	}
	return run(t, args, names)
}

func run(t *testing.T, args []string, names map[string]string) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", args...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s%s", err, out, complaint.String())
	}
	var byDir map[string][]string
	if err := json.Unmarshal(out, &byDir); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	found := map[string][]string{}
	for dir, lines := range byDir {
		found[names[dir]] = lines
	}
	return found
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// atTheLimits are agents whose texts are as long as may be, or longer, or look like
// YAML.
func atTheLimits() forgeapp.Input {
	return forgeapp.Input{
		AppID: "ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107", PublicURL: "https://agents.company.com/base",
		Scopes: []string{"write:jira-work", "read:sprint:jira-software", "write:jira-work", "manage:jira-project"},
		Agents: []forgeapp.Agent{
			{Name: "bug-triager", Description: "Says: \"how bad?\" # not a comment\n- nor: a list", Starters: []string{"How bad is it?", "{{ x }}", "- y: z", "one too many"}},
			{Name: "default_agent", Default: true, Description: strings.Repeat("word ", 100), Icon: "https://example.com/icon.png"},
			{Name: strings.Repeat("long-name-", 20), Title: "Überlanger Name, der nicht in dreißig Zeichen passt", Description: "日本語 " + strings.Repeat("語", 300), Icon: "agent.svg"},
			{Name: "yes", Title: "true", Description: "null", Starters: []string{strings.Repeat("why ", 40)}},
			{Name: "123", Title: "123", Description: "1.0"},
		},
	}
}

// TestForgesValidatorsAcceptTheManifestAndNothingBroken builds one good manifest,
// and breaks it in several ways to see that the validators look there.
func TestForgesValidatorsAcceptTheManifestAndNothingBroken(t *testing.T) {
	committed, err := os.ReadFile(filepath.Join(appFiles, "manifest.yml"))
	if err != nil {
		t.Fatal(err)
	}
	const good, shipped = "as built", "as in deploy"
	manifests := map[string][]byte{good: built(t, func(*forgeapp.Manifest) {}), shipped: committed}
	for name, b := range breakages() {
		manifests[name] = built(t, b.change)
	}
	found := lint(t, manifests)
	for _, name := range []string{good, shipped} {
		if lines, linted := found[name]; !linted || len(lines) > 0 {
			t.Errorf("Forge says of the manifest %s:\n%s\n%s", name, strings.Join(lines, "\n"), manifests[name])
		}
	}
	for name, b := range breakages() {
		if !slices.ContainsFunc(found[name], func(line string) bool { return strings.HasPrefix(line, "error") && strings.Contains(line, b.want) }) {
			t.Errorf("%s: no error about %s: %q", name, b.want, found[name])
		}
	}
}

func built(t *testing.T, change func(*forgeapp.Manifest)) []byte {
	t.Helper()
	m, problems := forgeapp.Build(atTheLimits())
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	change(&m)
	text, err := m.YAML()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// breakage is a change that Forge refuses, with a word of the reason.
type breakage struct {
	change func(m *forgeapp.Manifest)
	want   string
}

func breakages() map[string]breakage {
	return map[string]breakage{
		"no version of A2A":    {func(m *forgeapp.Manifest) { m.Modules.Agents[0].Protocols.Agent2Agent.Version = "" }, "version"},
		"name too long":        {func(m *forgeapp.Manifest) { m.Modules.Agents[0].Name = strings.Repeat("n", 31) }, "30"},
		"description too long": {func(m *forgeapp.Manifest) { m.Modules.Agents[0].Description = strings.Repeat("n", 256) }, "255"},
		"too many starters":    {func(m *forgeapp.Manifest) { m.Modules.Agents[0].ConversationStarters = []string{"1", "2", "3", "4"} }, "3"},
		"key with a dot":       {func(m *forgeapp.Manifest) { m.Modules.Agents[0].Key = "a.b" }, "key"},
		"no such endpoint": {func(m *forgeapp.Manifest) {
			m.Modules.Agents[0].Protocols.Agent2Agent.JSONRPCTransport.Endpoint = "none"
		}, "none"},
		"key twice":             {func(m *forgeapp.Manifest) { m.Modules.Endpoints[0].Key = m.Modules.Agents[0].Key }, "bug-triager"},
		"no scope of work":      {func(m *forgeapp.Manifest) { m.Permissions.Scopes = []string{"read:app-user-token", "read:jira-user"} }, "read:jira-work"},
		"no such scope":         {func(m *forgeapp.Manifest) { m.Permissions.Scopes = append(m.Permissions.Scopes, "read:everything") }, "read:everything"},
		"remote's key too long": {func(m *forgeapp.Manifest) { m.Remotes[0].Key = strings.Repeat("k", 24) }, "23"},
		"no such resource":      {func(m *forgeapp.Manifest) { m.Modules.AdminPage[0].Resource = "nothing" }, "nothing"},
	}
}
