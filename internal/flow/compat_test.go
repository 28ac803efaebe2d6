package flow_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/manifest"
)

// shared returns a directory of test data that is not part of the repository.
func shared(t *testing.T, name string) string {
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

// incident is AOF's incident response flow, changed.
func incident(t *testing.T, replace ...string) (*manifest.Catalog, error) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(shared(t, "compat/aof"), "examples_flows_incident-response-flow.yaml"))
	if err != nil {
		t.Skip("the shared test data is not there")
	}
	stubs := ""
	for _, name := range []string{"incident-responder", "k8s-ops", "postmortem-writer"} {
		stubs += "---\n{kind: Agent, metadata: {name: " + name + "}, spec: {model: \"google:x\", instructions: x}}\n"
	}
	stubs += "---\n{kind: Fleet, metadata: {name: rca-team}, spec: {agents: [{name: k8s-ops}]}}\n"
	return load(t, strings.NewReplacer(replace...).Replace(string(text))+stubs)
}

func TestTheIncidentFlowOfAOFSaysWhatNobodyKnows(t *testing.T) {
	_, err := incident(t)
	if err == nil {
		t.Fatal("it loads as it is")
	}
	var got []string
	for _, line := range strings.Split(err.Error(), "\n") {
		if !strings.Contains(line, "warning:") {
			got = append(got, line)
		}
	}
	const found = `: what node verify-resolution found is nodes["verify-resolution"].output, and of JSON nodes["verify-resolution"].output.resolved`
	unset := "environment variable duration_since_start is not set (write ${duration_since_start:-} if it may be empty)"
	ask := func(node, name string) string {
		return `: what node ` + node + ` found is nodes["` + node + `"].output, and of JSON nodes["` + node + `"].output.` + name
	}
	want := []string{
		`flow.yaml:181:13: there is no variable "auto_remediate"`,
		`flow.yaml:205:13: there is no variable "approval_granted"`,
		`flow.yaml:205:13: there is no variable "auto_remediate"`,
		`flow.yaml:262:18: ` + unset,
		`flow.yaml:308:16: ` + unset,
		`flow.yaml:336:13: node type "Execute" is not offered by this version: it would run a shell command`,
		`flow.yaml:405:13: there is no variable "auto_remediate"` + ask("assess-remediation", "auto_remediate"),
		`flow.yaml:409:13: there is no variable "auto_remediate"` + ask("assess-remediation", "auto_remediate"),
		`flow.yaml:413:13: there is no variable "approval_granted"` + ask("request-approval", "approval_granted"),
		`flow.yaml:420:13: there is no variable "resolved"` + found,
		`flow.yaml:424:13: there is no variable "resolved"` + found,
		`flow.yaml:434:13: there is no variable "success"` + ask("execute-remediation", "success"),
		`flow.yaml:438:13: there is no variable "resolved"` + found,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

func TestTheIncidentFlowOfAOFRunsOnceItsNamesAreKnown(t *testing.T) {
	cat, err := incident(t,
		"type: Execute", "type: Transform", "command: |", "template: |", "${duration_since_start}", "a while", "${JIRA_TOKEN}", "none",
		"when: auto_remediate == false\n      config", "config", "when: auto_remediate == true OR approval_granted == true\n", "\n",
		"when: auto_remediate == false", "when: false", "when: auto_remediate == true", "when: true", "when: approval_granted == true", "when: approved",
		"when: resolved == ", "when: verify-resolution.output.resolved == ", "when: success == false", "when: execute-remediation.success == false")
	if err != nil {
		t.Fatal(err)
	}
	for confidence, approved := range map[string]bool{"95": false, "50": true} {
		t.Run(confidence, func(t *testing.T) {
			b := newBench(t, "  nodes: [{id: x, type: End}]")
			b.catalog, b.job.Catalog, b.job.Flow = cat, cat, cat.Flows["incident-response-flow"]
			b.job.Start.Event.Vars["text"], b.job.Start.Event.Vars["incident_id"] = "It burns", "42"
			b.staff.answers = map[string]string{
				"incident-responder": `{"category": "fire", "severity": "P1", "blast_radius": "all", "resolved": true}`,
				"rca-team":           `{"hypothesis": "matches", "confidence": ` + confidence + `, "remediation_available": true, "risk_level": "low"}`,
				"k8s-ops":            `{"summary": "put out"}`, "postmortem-writer": "Once upon a time",
			}
			b.run.Signal("approve", []byte(`{"approved": true, "by": "ann"}`))
			result, err := b.play(t)
			if err != nil || !strings.Contains(result.Text, "It burns") {
				t.Fatalf("%q, %v", result.Text, err)
			}
			if asked := len(b.asker.asked) == 1; asked != approved {
				t.Errorf("asked: %v", b.asker.asked)
			}
			if posted := strings.Join(b.comment.args(), "\n"); len(b.comment.calls) != 2 || !strings.Contains(posted, "put out") || !strings.Contains(posted, "**Confidence:** "+confidence+"%") {
				t.Errorf("posted %s", posted)
			}
			if got := b.asked(); strings.Count(got, "incident-responder") != 4 || strings.Count(got, "postmortem-writer") != 1 {
				t.Errorf("worked: %s", got)
			}
		})
	}
}
