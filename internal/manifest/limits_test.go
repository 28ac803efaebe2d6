package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLimitsAndMentionsOfThePolicyAreRead(t *testing.T) {
	d, problems := readDaemon("/etc/aof/daemon.yaml", []byte(`kind: DaemonConfig
spec:
  policy: {writes_per_run: 7, comments_per_run: 2, comments_per_issue_per_hour: 9, allowed_mentions: [on-call, "712020:aa"]}
`), testEnv)
	if err := problems.Errors().Err(); err != nil {
		t.Fatal(err)
	}
	want := Policy{WritesPerRun: 7, CommentsPerRun: 2, CommentsPerIssuePerHour: 9, Mentions: []string{"on-call", "712020:aa"}}
	if diff := cmp.Diff(want, d.Policy); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range []string{"writes_per_run", "comments_per_run", "comments_per_issue_per_hour"} {
		_, problems := readDaemon("/etc/aof/daemon.yaml", []byte("kind: DaemonConfig\nspec:\n  policy: {"+name+": 0}\n"), testEnv)
		if err := problems.Errors().Err(); err == nil || !strings.Contains(err.Error(), "at least 1") {
			t.Errorf("%s of 0: %v", name, err)
		}
	}
}

func TestWritesCanBeKeptToTheEventsIssue(t *testing.T) {
	for scope, want := range map[string]bool{"": false, "scope: {writes: issue}\n": true, "scope: {writes: project, projects: [A]}\n": false} {
		c, err := tryText(t, "name: a\nmodel: google:x\ninstructions: x\n"+scope)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Agents["a"].OwnIssue; got != want {
			t.Errorf("%q: %v", scope, got)
		}
	}
	if _, err := tryText(t, "name: a\nmodel: google:x\ninstructions: x\nscope: {writes: everything}\n"); err == nil || !strings.Contains(err.Error(), "issue") {
		t.Errorf("an unknown value: %v", err)
	}
}
