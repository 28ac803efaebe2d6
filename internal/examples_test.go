package internal_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/manifest"
)

// top is the repository's top directory, as seen from this one.
const top = ".."

// exampleTargets is what each payload of an example starts, one after another;
// nothing for those that no trigger takes. The tables in the examples' READMEs
// say the same.
func exampleTargets() map[string][]string {
	return map[string][]string{
		"bug-triage/payload-bug-created.json":            {"agent/bug-triager"},
		"bug-triage/payload-reopened.json":               {"agent/bug-triager"},
		"bug-triage/payload-story-created.json":          nil,
		"bug-triage/payload-summary-edited.json":         nil,
		"bug-triage/payload-by-automation.json":          nil,
		"story-estimation/payload-estimate-command.json": {"agent/story-estimator"},
		"story-estimation/payload-estimate-with-depth.json": {
			"agent/story-estimator",
		},
		"story-estimation/payload-label-added.json":    {"agent/story-estimator"},
		"story-estimation/payload-plain-comment.json":  nil,
		"story-estimation/payload-command-on-bug.json": nil,
		"multi-team/payload-bug-in-proj.json":          {"agent/platform-triager"},
		"multi-team/payload-story-in-feat.json":        {"agent/story-reviewer"},
		"multi-team/payload-task-in-sup.json":          {"agent/support-sorter"},
		"multi-team/payload-vip-in-sup.json":           {"agent/vip-responder"},
		"multi-team/payload-other-project.json":        nil,
		"self-hosted/payload-comment-as-update.json":   {"agent/bug-triager"},
		"self-hosted/payload-comment-created.json":     nil,
		"self-hosted/payload-bug-created.json":         nil,
		"commands/payload-triage.json":                 {"agent/helper"},
		"commands/payload-mention.json":                {"agent/helper"},
		"commands/payload-in-description.json":         {"agent/helper"},
		"commands/payload-review.json":                 {"agent/helper"},
		"commands/payload-review-security.json":        {"agent/security-reviewer"},
		"commands/payload-two-commands.json":           {"agent/helper", "agent/helper"},
		"commands/payload-allowed.json":                {"agent/closer"},
		"commands/payload-not-allowed.json":            nil,
		"commands/payload-quoted.json":                 nil,
		"sprint-fleet/payload-sprint-started.json":     {"fleet/sprint-fleet"},
		"sprint-fleet/payload-sprint-closed.json":      {"fleet/sprint-fleet"},
		"sprint-fleet/payload-sprint-created.json":     nil,
		"sprint-fleet/payload-ready.json":              {"fleet/ready-check"},
		"escalation-flow/payload-escalate.json":        {"flow/escalation-flow"},
		"escalation-flow/payload-plain-comment.json":   nil,
		"release-notes/payload-version-released.json":  {"flow/release-notes"},
		"release-notes/payload-release-notes.json":     {"flow/release-notes"},
		"release-notes/payload-taken-back.json":        nil,
		"release-notes/payload-other-project.json":     nil,
		"spec-to-stories/payload-page-published.json":  {"flow/spec-to-stories"},
		"spec-to-stories/payload-page-edited.json":     {"flow/spec-to-stories"},
		"spec-to-stories/payload-draft.json":           nil,
		"spec-to-stories/payload-without-label.json":   nil,
		"spec-to-stories/payload-other-space.json":     nil,
		"test-plan/payload-page-published.json":        {"flow/test-plan"},
		"test-plan/payload-page-edited.json":           {"flow/test-plan"},
		"test-plan/payload-draft.json":                 nil,
		"test-plan/payload-without-label.json":         nil,
		"spec-drift/payload-story-comment.json":        {"flow/spec-drift"},
		"spec-drift/payload-description-edited.json":   {"flow/spec-drift"},
		"spec-drift/payload-summary-edited.json":       nil,
		"spec-drift/payload-bug-comment.json":          nil,
		"mcp-tools/payload-runbook.json":               {"agent/runbook-finder"},
		"mcp-tools/payload-plain-comment.json":         nil,

		"traceability-matrix/payload-story-created.json": {"flow/traceability-matrix"},
		"traceability-matrix/payload-page-edited.json":   {"flow/traceability-matrix"},
		"traceability-matrix/payload-trace.json":         {"flow/trace-summary"},
		"traceability-matrix/payload-bug-created.json":   nil,

		"compliance-matrix/payload-controls-edited.json": {"flow/compliance-matrix"},
		"compliance-matrix/payload-story-done.json":      {"flow/compliance-matrix"},
		"compliance-matrix/payload-other-issue.json":     nil,

		"memory/payload-owner.json":                         {"agent/owner-finder"},
		"approvals/payload-close.json":                      {"agent/closer"},
		"github-jira-sync/payload-pull-request-opened.json": {"agent/github-jira-sync"},
		"github-jira-sync/payload-pull-request-merged.json": {"agent/github-jira-sync"},
		"github-jira-sync/payload-no-issue.json":            nil,
		"github-jira-sync/payload-other-repository.json":    nil,
		"github-jira-sync/payload-review-command.json":      {"agent/pr-reviewer"},
		"github-jira-sync/payload-plain-comment.json":       nil,
		"scheduled-report/payload-deployed.json":            {"agent/deployment-notes"},
		"scheduled-report/payload-failed.json":              nil,
	}
}

// exampleTriggers are the HTTP triggers to which payloads are posted.
func exampleTriggers() map[string]string {
	return map[string]string{"scheduled-report/payload-deployed.json": "deployed", "scheduled-report/payload-failed.json": "deployed"}
}

// exampleVariables are the variables that examples/sandbox.env sets.
func exampleVariables(t *testing.T) map[string]string {
	t.Helper()
	vars := map[string]string{}
	for line := range strings.Lines(read(t, filepath.Join(top, "examples", "sandbox.env"))) {
		if assignment, ok := strings.CutPrefix(strings.TrimSpace(line), "export "); ok {
			name, value, _ := strings.Cut(assignment, "=")
			vars[name] = value
		}
	}
	return vars
}

// exampleEnv looks them up.
func exampleEnv(t *testing.T) func(string) (string, bool) {
	t.Helper()
	vars := exampleVariables(t)
	return func(name string) (string, bool) {
		value, ok := vars[name]
		return value, ok
	}
}

func TestExamplesAreValidWithoutWarnings(t *testing.T) {
	env := exampleEnv(t)
	for _, dir := range examples(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			daemon := loadExample(t, dir, env)
			known, err := app.Known(daemon, env)
			if err != nil {
				t.Fatal(err)
			}
			problems, err := manifest.Validate(t.Context(), []string{dir}, known)
			if err != nil || len(problems) > 0 {
				t.Errorf("problems: %v %v", problems, err)
			}
			if missing := daemon.MissingSecrets(env); len(missing) > 0 {
				t.Errorf("sandbox.env leaves out what the example needs: %v", missing)
			}
			if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestExamplesOfConfluenceGoTogetherAsTheReadmeSays puts the manifests of several, and
// the flow of the README, into one daemon.
func TestExamplesOfConfluenceGoTogetherAsTheReadmeSays(t *testing.T) {
	env := exampleEnv(t)
	_, rest, _ := strings.Cut(read(t, filepath.Join(top, "examples", "README.md")), "```yaml\n")
	snippet, _, found := strings.Cut(rest, "```")
	both := t.TempDir()
	if err := os.WriteFile(filepath.Join(both, "both.yaml"), []byte(snippet), 0o600); err != nil || !found {
		t.Fatal(found, err)
	}
	paths := []string{both}
	for _, example := range []string{"spec-to-stories", "test-plan", "traceability-matrix", "compliance-matrix", "release-notes"} {
		for _, kind := range []string{"triggers", "agents", "flows"} {
			path := filepath.Join(top, "examples", example, kind)
			if _, err := os.Stat(path); err == nil {
				paths = append(paths, path)
			}
		}
	}
	known, err := app.Known(loadExample(t, filepath.Join(top, "examples", "spec-to-stories"), env), env)
	if err != nil {
		t.Fatal(err)
	}
	problems, err := manifest.Validate(t.Context(), paths, known)
	if err != nil || len(problems) != 1 || !strings.Contains(problems[0].Message, "is never reached") {
		t.Errorf("problems: %v %v", problems, err)
	}
}

func TestExamplePayloadsStartWhatTheirReadmeSays(t *testing.T) {
	env := exampleEnv(t)
	want := exampleTargets()
	for _, dir := range examples(t) {
		readme := read(t, filepath.Join(dir, "README.md"))
		payloads, err := filepath.Glob(filepath.Join(dir, "payload-*.json"))
		_, triggers := os.Stat(filepath.Join(dir, "triggers"))
		if err != nil || len(payloads) == 0 && triggers == nil { // without triggers, webhooks start nothing
			t.Fatalf("%s has no payloads: %v", dir, err)
		}
		for _, path := range payloads {
			name := filepath.Base(dir) + "/" + filepath.Base(path)
			t.Run(name, func(t *testing.T) {
				targets, listed := want[name]
				if !listed {
					t.Fatalf("the table does not say what %s starts", name)
				}
				checkRow(t, readme, filepath.Base(path), targets)
				explained, err := app.ExplainPayload(context.Background(), loadExample(t, dir, env), env,
					app.Payload{Trigger: exampleTriggers()[name], Body: []byte(read(t, path))})
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, m := range explained.Decision.Matches {
					got = append(got, m.Target.String())
				}
				if diff := cmp.Diff(targets, got); diff != "" {
					t.Errorf("targets (-want +got):\n%s\nreason %s, misses %+v", diff, explained.Decision.Reason, explained.Decision.Misses)
				}
			})
		}
	}
	for name := range want {
		if _, err := os.Stat(filepath.Join(top, "examples", name)); err != nil {
			t.Errorf("the table has a payload that is not there: %v", err)
		}
	}
}

// checkRow checks that the README's table names the payload with its target.
func checkRow(t *testing.T, readme, payload string, targets []string) {
	t.Helper()
	word := "nothing"
	if len(targets) > 0 {
		_, name, _ := strings.Cut(targets[0], "/")
		word = "`" + name + "`"
	}
	for line := range strings.Lines(readme) {
		if strings.HasPrefix(line, "|") && strings.Contains(line, "`"+payload+"`") {
			if !strings.Contains(line, word) {
				t.Errorf("the README says %q, want %s", strings.TrimSpace(line), word)
			}
			return
		}
	}
	t.Errorf("the README's table leaves out %s", payload)
}

func loadExample(t *testing.T, dir string, env func(string) (string, bool)) *manifest.Daemon {
	t.Helper()
	daemon, err := manifest.LoadDaemon(filepath.Join(dir, "daemon.yaml"), env)
	if err != nil {
		t.Fatal(err)
	}
	return daemon
}

// examples are the directories of the examples.
func examples(t *testing.T) []string {
	t.Helper()
	configs, err := filepath.Glob(filepath.Join(top, "examples", "*", "daemon.yaml"))
	if err != nil || len(configs) < 5 {
		t.Fatalf("found %d examples: %v", len(configs), err)
	}
	for i, path := range configs {
		configs[i] = filepath.Dir(path)
	}
	slices.Sort(configs)
	return configs
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
