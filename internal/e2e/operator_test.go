package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/store"
)

// aofctl runs a verb against the daemon and returns what it printed.
func (w *world) aofctl(args ...string) (string, error) {
	w.t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Env = append(w.env(), "AOF_ADMIN_URL="+w.adminURL())
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestAnOperatorRunsAnAgentAndReplaysIt has an agent run from the command line,
// dry and for real, and repeats the run against a changed manifest.
func TestAnOperatorRunsAnAgentAndReplaysIt(t *testing.T) {
	w := newWorld(t)
	w.script(closing)
	w.write("agents/mover.yaml", mover(""))
	w.write("triggers/echo.yaml", strings.ReplaceAll(command("echo"), "agent: echo", "agent: mover"))
	w.start()
	key := w.story("FEAT")

	out, err := w.aofctl("run", "agent", "mover", "--issue", key, "--dry-run", "--by", "olga")
	if err != nil || !strings.Contains(out, "succeeded") || !strings.Contains(out, "Dry run: jira_transition_issue was not carried out") {
		t.Errorf("%v\n%s", err, out)
	}
	if w.status(key) != "To Do" || len(w.replies(key)) != 0 {
		t.Errorf("the dry run left the issue %s with %q", w.status(key), w.replies(key))
	}
	if out, err = w.aofctl("run", "agent", "mover", "--issue", strings.ToLower(key)); err != nil || w.status(key) != "In Progress" {
		t.Errorf("%v, the issue is %s\n%s", err, w.status(key), out)
	}
	for name, args := range map[string][]string{
		"no such agent": {"run", "agent", "moover", "--issue", key}, "no such issue": {"run", "agent", "mover", "--issue", "FEAT-999"},
		"no key": {"run", "agent", "mover", "--issue", "7"},
	} {
		if out, err := w.aofctl(args...); err == nil {
			t.Errorf("%s: %s", name, out)
		}
	}

	other := w.story("FEAT")
	w.comment("alice", other, "/echo")
	first := w.ended(other, 1)[0]
	w.write("changed/mover.yaml", strings.Replace(mover(""), "[jira_transition_issue]", "[jira_get_issue]", 1))
	out, err = w.aofctl("replay", first.ID, "--dry-run", "--against", w.dir+"/changed")
	if err != nil || !strings.Contains(out, `- jira_transition_issue {"issue_key":"`+other) || !strings.Contains(out, "= jira_post_comment") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = w.aofctl("replay", first.Delivery, "--dry-run")
	if err != nil || !strings.Contains(out, "= jira_transition_issue") || strings.Contains(out, "\n  - ") || strings.Contains(out, "\n  + ") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = w.aofctl("replay", "--since", "1h", "--trigger", "echo", "--dry-run")
	if err != nil || !strings.Contains(out, "then  succeeded") {
		t.Errorf("%v\n%s", err, out)
	}
	if n := len(w.replies(other)); n != 1 {
		t.Errorf("replaying dry left %d comments", n)
	}
	if first.State != store.StateSucceeded {
		t.Errorf("first run %+v", first)
	}
}
