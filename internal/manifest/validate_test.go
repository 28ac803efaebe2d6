package manifest

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const aTrigger = "kind: Trigger\nmetadata: {name: t}\nspec: {type: Jira, default_agent: helper}\n"

func validate(t *testing.T, dir string, paths ...string) string {
	t.Helper()
	for i, p := range paths {
		paths[i] = filepath.Join(dir, p)
	}
	problems, err := Validate(context.Background(), paths, testKnown())
	if err != nil {
		t.Fatal(err)
	}
	return lines(problems, dir)
}

func TestValidateTakesFilesDirectoriesAndConfigurations(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "daemon.yaml"), `
kind: DaemonConfig
spec:
  platforms: {jira: {base_url: "https://x.example.com", token_env: T, webhook_secret_env: S}}
  runtime: {default_agent: nobody}
  models: {providers: {local: {type: openai-compatible, base_url: "http://localhost:1"}}}
`)
	write(t, filepath.Join(dir, "triggers", "t.yaml"), aTrigger+"---\nkind: Trigger\nmetadata: {name: u}\nspec: {type: Jira, config: {webhook_secret_env: OTHER}, default_agent: helpr}\n")
	write(t, filepath.Join(dir, "agents", "a.yaml"), "name: helper\nmodel: local:x\ninstructions: x\n")
	write(t, filepath.Join(dir, "deploy", "x.yaml"), "kind: Deployment")
	all := `daemon.yaml:5:28: there is no agent "nobody"
triggers/t.yaml:7:49: warning: environment variable OTHER is not set, and no platform in daemon.yaml has it: no delivery reaches this trigger
triggers/t.yaml:7:72: there is no agent "helpr" (did you mean "helper"?)
`
	cases := []struct {
		name  string
		paths []string
		want  string
	}{
		{"directory with a configuration", []string{"."}, all},
		{"configuration", []string{"daemon.yaml"}, all},
		{"both, and a file twice", []string{"daemon.yaml", ".", "triggers/t.yaml", "triggers"}, all},
		{"directories", []string{"triggers", "agents"}, "agents/a.yaml:2:8: unknown model provider \"local\": the providers are anthropic, azure, bedrock, google, groq, mistral, ollama, openai, openrouter\ntriggers/t.yaml:7:72: there is no agent \"helpr\" (did you mean \"helper\"?)\n"},
		{"one file", []string{"triggers/t.yaml"}, "triggers/t.yaml:3:35: warning: agent \"helper\" is not among the given files\ntriggers/t.yaml:5:1: warning: trigger \"u\" is never reached: \"t\" (triggers/t.yaml:1) comes first and takes all its events\ntriggers/t.yaml:7:72: warning: agent \"helpr\" is not among the given files\n"},
		{"foreign file", []string{"deploy/x.yaml"}, "deploy/x.yaml:1:7: unknown kind \"Deployment\"\n"},
		{"nothing there", []string{"none", "none.yaml"}, "none: read: no such file or directory\nnone.yaml: read: no such file or directory\n"},
		{"nothing at all", nil, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, validate(t, dir, c.paths...)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidateTellsTheManifestsMistakesBesideThoseOfTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "daemon.yaml"), "spec: {servr: {}, flows: {directory: ./none}}")
	write(t, filepath.Join(dir, "agents", "a.yaml"), "name: a\nmodel: own:x\ninstructons: x\n")
	got := validate(t, dir, "daemon.yaml")
	want := `agents/a.yaml:1:7: warning: agent "a" has no instructions
agents/a.yaml:3:1: unknown field "instructons" (did you mean "instructions"?)
daemon.yaml:1:7: warning: no platform is enabled: no webhook is received
daemon.yaml:1:8: unknown field "servr" (did you mean "server"?)
daemon.yaml:1:38: there is no directory none
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestValidateOfBrokenConfigurations(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a", "daemon.yaml"), "spec: [")
	write(t, filepath.Join(dir, "b", "daemon.yaml"), "\xff")
	write(t, filepath.Join(dir, "c", "other.yaml"), "# nothing\n---\nkind: DaemonConfig\n")
	got := validate(t, dir, "a", "b", "c/other.yaml")
	want := `a/daemon.yaml:1:1: invalid YAML: did not find expected node content
b/daemon.yaml: the file is not UTF-8 text
c/other.yaml:3:1: field "spec" is missing
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestValidateEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		write(t, filepath.Join(dir, name+".yaml"), agentText(name))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 50 {
		if _, err := Validate(ctx, []string{dir}, testKnown()); errors.Is(err, context.Canceled) {
			return
		}
	}
	t.Error("validating never ended with its context")
}
