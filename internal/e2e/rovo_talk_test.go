package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// asking is a model that asks its user, moves the issue, and says what it was told.
const asking = `
let:
  issue: {in: all, match: '\b([A-Z]+-[0-9]+)\b', else: NONE-0}
  answer: {in: results, match: '(version 7[a-z ]*)', else: nothing}
rules:
  - {when: {not_called: ask_user}, say: I need to know more., call: [{tool: ask_user, args: {question: "Which version is it?"}}]}
  - {when: {not_called: jira_transition_issue}, call: [{tool: jira_transition_issue, args: {issue_key: '${issue}', transition: In Progress}}]}
  - {say: 'It is ${answer}'}
`

func (w *world) until(ctx context.Context, talk *rovo.Conversation, state a2a.State, text string) client.Task {
	w.t.Helper()
	task, err := talk.Until(ctx, func(task client.Task) bool { return task.State == state })
	if err != nil || task.State != state || !strings.Contains(task.Text, text) {
		w.t.Fatalf("the task is %+v: %v; want %s %q; the user saw %+v", task, err, state, text, talk.Transcript())
	}
	return task
}

// TestAnAgentTalksWithItsUserAcrossAKill has an agent ask its user, lets them approve
// what it wants to do, and kills the daemon while it waits for either.
func TestAnAgentTalksWithItsUserAcrossAKill(t *testing.T) {
	w := newRovoWorld(t, rovo.Options{Poll: 20 * time.Millisecond})
	w.script(asking)
	ctx, site := bounded(t), w.box.Rovo.Tenant("")
	alice := site.User("alice")
	w.write("agents/reviewer.yaml", strings.Replace(reviewer, "jira_add_comment", "jira_transition_issue", 1)+
		"  approval: {tools: [jira_transition_issue], approvers: ['"+alice.Account()+"'], allow_self: true}\n")
	d := w.start()
	if err := site.Setup(ctx); err != nil {
		t.Fatal(err)
	}
	talk, err := alice.Assign(ctx, rovo.Agent{Dialect: client.Jira10}, "PROJ-1")
	if err != nil {
		t.Fatal(err)
	}
	asked := w.until(ctx, talk, a2a.InputRequired, "Which version is it?")
	d.kill()
	d = w.start()
	if _, err := talk.Say(ctx, "version 7 of it"); err != nil {
		t.Fatal(err)
	}
	w.until(ctx, talk, a2a.InputRequired, "Reply `approve`")
	if before := w.status("PROJ-1"); before != "To Do" {
		t.Fatalf("the issue is %s before anybody approved that", before)
	}
	d.kill()
	w.start()
	if _, err := talk.Say(ctx, "approve"); err != nil {
		t.Fatal(err)
	}
	done := w.until(ctx, talk, a2a.Completed, "It is version 7 of it")
	if done.ID != asked.ID {
		t.Errorf("the answer went to task %s, and not to %s", done.ID, asked.ID)
	}
	if after := w.status("PROJ-1"); after != "In Progress" {
		t.Errorf("the issue is %s", after)
	}
	if issue, _ := w.box.Jira.Issue("PROJ-1"); len(issue.Comments) > 0 {
		t.Errorf("what is said to the user was posted: %+v", issue.Comments)
	}
	if _, err := talk.Say(ctx, "And what was it again?"); err != nil {
		t.Fatal(err)
	}
	if again := w.until(ctx, talk, a2a.InputRequired, "Which version is it?"); again.ID == done.ID {
		t.Error("a task that is over took another message")
	}
	w.judged()
}
