package manifest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sharedDir returns a directory of test data that is not part of the repository.
func sharedDir(t *testing.T, name string) string {
	t.Helper()
	if dir := os.Getenv("AOF_SHARED"); dir != "" {
		return filepath.Join(dir, name)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		candidate := filepath.Join(dir, "..", "shared", name)
		if _, err := os.Stat(candidate); err == nil {
			return candidate
		}
	}
	t.Skip("the shared test data is not there")
	return ""
}

// compatDir copies AOF's manifests, but those left out, next to each other.
func compatDir(t *testing.T, leaveOut ...string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(sharedDir(t, "compat/aof"), "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Skip("the shared test data is not there")
	}
	dir := t.TempDir()
next:
	for _, f := range files {
		for _, part := range leaveOut {
			if strings.Contains(f, part) {
				continue next
			}
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, filepath.Base(f)), string(text))
	}
	return dir
}

// stubs are the agents that AOF's blocks name and define elsewhere.
const stubs = `
{kind: Agent, metadata: {name: sprint-analyzer}, spec: {model: "google:x", instructions: x}}
---
{kind: Agent, metadata: {name: velocity-tracker}, spec: {model: "google:x", instructions: x}}
---
{kind: Agent, metadata: {name: report-generator}, spec: {model: "google:x", instructions: x}}
---
{kind: Agent, metadata: {name: devops}, spec: {model: "google:x", instructions: x}}
`

func problemsOf(t *testing.T, err error) Problems {
	t.Helper()
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("the error is %v, not Problems", err)
	}
	return problems
}

func TestManifestsOfAOFSayByNameWhatIsNotOffered(t *testing.T) {
	dir := compatDir(t)
	_, err := LoadCatalog(context.Background(), []Directory{{Path: dir}}, testKnown())
	want := []string{
		`L1262.yaml:9:13: there is no agent "sprint-analyzer"`,
		`L1262.yaml:11:13: there is no agent "velocity-tracker"`,
		`L1262.yaml:13:13: there is no agent "report-generator"`,
		`L160.yaml:62:14: there is no fleet "analysis-fleet"`,
		`L160.yaml:65:18: there is no agent "jira-assistant"`,
		`L284.yaml:34:14: there is no agent "bug-reproducer"`,
		`L284.yaml:37:14: there is no agent "bug-assigner"`,
		`L284.yaml:39:18: there is no agent "bug-assistant"`,
		`L327.yaml:35:14: there is no fleet "refinement-fleet"`,
		`L327.yaml:38:14: there is no agent "acceptance-criteria-writer"`,
		`L327.yaml:40:18: there is no agent "product-assistant"`,
		`L371.yaml:30:13: there is no flow "escalation-flow"`,
		`L371.yaml:33:14: there is no fleet "support-fleet" (did you mean "sprint-fleet"?)`,
		`L371.yaml:35:18: there is no agent "support-assistant"`,
		`incident-response-fleet.yaml:28:12: no agent is loaded from "agents/incident.yaml"`,
		`incident-response-fleet.yaml:295:12: no agent is loaded from "agents/k8s-ops.yaml"`,
		`incident-response-flow.yaml:68:16: there is no agent "incident-responder"`,
		`incident-response-flow.yaml:84:16: there is no agent "incident-responder"`,
		`incident-response-flow.yaml:111:16: there is no fleet "rca-team"`,
		`incident-response-flow.yaml:207:16: there is no agent "k8s-ops"`,
		`incident-response-flow.yaml:233:16: there is no agent "incident-responder"`,
		`incident-response-flow.yaml:262:18: environment variable duration_since_start is not set (write ${duration_since_start:-} if it may be empty)`,
		`incident-response-flow.yaml:289:16: there is no agent "incident-responder"`,
		`incident-response-flow.yaml:307:16: there is no agent "postmortem-writer"`,
		`incident-response-flow.yaml:308:16: environment variable duration_since_start is not set (write ${duration_since_start:-} if it may be empty)`,
		`incident-response-flow.yaml:336:13: node type "Execute" is not offered by this version: it would run a shell command`,
		`incident-response-flow.yaml:365:16: there is no agent "incident-responder"`,
		`daily-standup-report-flow.yaml:22:9: flow "daily-standup" has no nodes`,
		`daily-standup-report-flow.yaml:37:3: "fleet" is not offered by this version: write nodes of type Agent or Fleet`,
		`daily-standup-report-flow.yaml:189:3: "actions" is not offered by this version: write nodes and connections`,
		`daily-standup-report-flow.yaml:266:3: "conditions" is not offered by this version: write connections with when`,
		`jira-bug-triage.yaml:32:9: trigger "jira-bug-triage" is already defined at docs_reference_jira-integration_L160.yaml:4`,
		`jira-bug-triage.yaml:175:14: there is no agent "devops"`,
		`jira-bug-triage.yaml:194:18: there is no agent "devops"`,
		`jira-sprint-assistant.yaml:271:14: there is no agent "devops"`,
	}
	if diff := cmp.Diff(want, shortLines(problemsOf(t, err).Errors(), dir)); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

// shortLines cuts the common beginning of the files' names.
func shortLines(ps Problems, dir string) []string {
	var out []string
	for _, line := range strings.Split(strings.TrimSuffix(lines(ps, dir), "\n"), "\n") {
		for _, prefix := range []string{
			"docs_reference_jira-integration_", "docs_reference_daemon-config_",
			"examples_fleets_", "examples_flows_planned_", "examples_flows_", "examples_triggers_", "examples_agents_",
		} {
			line = strings.TrimPrefix(line, prefix)
		}
		out = append(out, line)
	}
	return out
}

func TestJiraManifestsOfAOFLoadWithWarningsOnly(t *testing.T) {
	dir := compatDir(t, "flow.yaml", "incident-response", "daemon-config", "L61.", "L160.", "L284.", "L327.", "L371.")
	write(t, filepath.Join(dir, "stubs.yaml"), stubs)
	catalog, err := LoadCatalog(context.Background(), []Directory{{Path: dir}}, testKnown())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`jira-bug-triage-agent.yaml:39:7: warning: tool shell is not offered: the agent runs without it`,
		`jira-bug-triage-agent.yaml:40:7: warning: tool read_file is not offered: the agent runs without it`,
		`jira-standup-agent.yaml:39:7: warning: tool shell is not offered: the agent runs without it`,
		`jira-standup-agent.yaml:40:7: warning: tool read_file is not offered: the agent runs without it`,
		`jira-bug-triage.yaml:43:5: warning: "cloud_id" has no effect: credentials belong in daemon.yaml`,
		`jira-bug-triage.yaml:44:5: warning: "user_email" has no effect: credentials belong in daemon.yaml`,
		`jira-bug-triage.yaml:45:5: warning: "api_token" has no effect: credentials belong in daemon.yaml`,
		`jira-bug-triage.yaml:48:21: warning: read as webhook_secret_env: JIRA_WEBHOOK_SECRET; credentials belong in daemon.yaml`,
		`jira-bug-triage.yaml:197:3: warning: "on_error" has no effect: a failed run is kept with its error`,
		`jira-sprint-assistant.yaml:43:5: warning: "cloud_id" has no effect: credentials belong in daemon.yaml`,
		`jira-sprint-assistant.yaml:44:5: warning: "user_email" has no effect: credentials belong in daemon.yaml`,
		`jira-sprint-assistant.yaml:45:5: warning: "api_token" has no effect: credentials belong in daemon.yaml`,
		`jira-sprint-assistant.yaml:47:21: warning: read as webhook_secret_env: JIRA_WEBHOOK_SECRET; credentials belong in daemon.yaml`,
		`jira-sprint-assistant.yaml:53:9: warning: Jira sends no event "issue_moved"`,
		`jira-sprint-assistant.yaml:301:3: warning: "on_error" has no effect: a failed run is kept with its error`,
	}
	if diff := cmp.Diff(want, shortLines(catalog.Warnings, dir)); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	checkBugTriage(t, catalog)
}

func checkBugTriage(t *testing.T, catalog *Catalog) {
	t.Helper()
	var triage *Trigger
	for _, trigger := range catalog.Triggers {
		if trigger.Name == "jira-bug-triage" {
			triage = trigger
		}
	}
	if triage == nil {
		t.Fatal("the trigger jira-bug-triage is not loaded")
	}
	wantFilters := Filters{Projects: []string{"PROJ", "BUG"}, IssueTypes: []string{"Bug"}}
	if diff := cmp.Diff(wantFilters, triage.Filters); diff != "" {
		t.Errorf("filters (-want +got):\n%s", diff)
	}
	if triage.SecretEnv != "JIRA_WEBHOOK_SECRET" || triage.Default.String() != "agent/devops" || !triage.IgnoreBots {
		t.Errorf("secret %q, default %q, ignore bots %v", triage.SecretEnv, triage.Default, triage.IgnoreBots)
	}
	var names []string
	for _, c := range triage.Commands {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"triage", "prioritize", "assign", "find-duplicates", "label", "help"}, names); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	created := triage.EventTargets["issue_created"]
	if created.Target.Name != "jira-bug-triage-agent" || created.Params["action"] != "full_triage" || created.Params["auto_comment"] != true {
		t.Errorf("issue_created runs %+v", created)
	}
	if got := len(catalog.Agents["jira-bug-triage-agent"].Tools); got != 10 {
		t.Errorf("the agent has %d tools, want the whole set of 8 and those of its memory", got)
	}
}

func TestConfigurationsOfAOFSayByNameWhatIsWrong(t *testing.T) {
	dir := compatDir(t)
	cases := map[string][]string{
		"docs_reference_daemon-config_L319.yaml": {
			`L319.yaml:7:3: warning: no platform is enabled: no webhook is received`,
			`L319.yaml:11:5: warning: platform "telegram" is not offered: nothing of it is received`,
			`L319.yaml:16:16: there is no directory agents`,
		},
		"docs_reference_jira-integration_L61.yaml": {
			`L61.yaml:39:16: there is no directory triggers`,
			`L61.yaml:43:16: there is no directory agents`,
			`L61.yaml:46:16: there is no directory fleets`,
			`L61.yaml:49:16: there is no directory flows`,
		},
		"docs_reference_daemon-config_L11.yaml": {
			`L11.yaml:10:11: expected a whole number, found "int"`,
			`L11.yaml:13:5: warning: platform "slack" is not offered: nothing of it is received`,
			`L11.yaml:14:5: warning: platform "telegram" is not offered: nothing of it is received`,
			`L11.yaml:15:5: warning: platform "discord" is not offered: nothing of it is received`,
			`L11.yaml:16:5: warning: platform "whatsapp" is not offered: nothing of it is received`,
			`L11.yaml:17:11: expected a site (a mapping) or a list of sites, found "object"`,
			`L11.yaml:19:16: there is no directory string`,
			`L11.yaml:21:16: there is no directory string`,
			`L11.yaml:23:16: there is no directory string`,
			`L11.yaml:26:27: expected a whole number, found "int"`,
		},
	}
	for name, want := range cases {
		_, err := LoadDaemon(filepath.Join(dir, name), testEnv)
		var got []string
		for _, line := range shortLines(problemsOf(t, err), dir) {
			if !strings.Contains(line, "no platform is enabled") || name == "docs_reference_daemon-config_L319.yaml" {
				got = append(got, line)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestConfigurationOfAOFWithFlatCredentialsLoads(t *testing.T) {
	dir := compatDir(t)
	for _, sub := range []string{"triggers", "agents", "fleets", "flows"} {
		write(t, filepath.Join(dir, sub, "README"), "")
	}
	d, err := LoadDaemon(filepath.Join(dir, "docs_reference_jira-integration_L61.yaml"), testEnv)
	if err != nil {
		t.Fatal(err)
	}
	want := []JiraSite{{
		BaseURL: "https://yourcompany.atlassian.net", AuthType: "api_token",
		Email: Secret{Env: "JIRA_USER_EMAIL"}, Token: Secret{Env: "JIRA_API_TOKEN"},
		WebhookSecrets: []Secret{{Env: "JIRA_WEBHOOK_SECRET"}}, BotName: "aofbot", TLSVerify: true,
		AllowedProjects: []string{"PROJ", "DEV"},
		AllowedEvents:   []string{"issue_created", "issue_updated", "comment_created"},
	}}
	if diff := cmp.Diff(want, d.Jira); diff != "" {
		t.Errorf("sites (-want +got):\n%s", diff)
	}
}
