package rovo

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
)

// ways are the agents as Jira may talk to them.
func ways() map[string]Agent {
	return map[string]Agent{
		"EAP polled":              {Dialect: client.JiraEAP},
		"EAP streamed":            {Dialect: client.JiraEAP, Streaming: true},
		"EAP streamed by sending": {Dialect: client.JiraEAP, Streaming: true, BySend: true},
		"1.0 polled":              {Dialect: client.Jira10, Name: "triage"},
		"1.0 streamed":            {Dialect: client.Jira10, Streaming: true},
	}
}

func TestAnAssignmentIsWatchedUntilItIsDone(t *testing.T) {
	for name, agent := range ways() {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, Options{})
			talk, err := st.acme.User("alice").Assign(st.ctx, agent, "PROJ-1")
			if err != nil {
				t.Fatal(err)
			}
			if issue, _ := st.acme.Jira().Issue("PROJ-1"); issue.Assignee != AgentAccount {
				t.Errorf("the issue is assigned to %q", issue.Assignee)
			}
			if got := talk.Task(); got.State != a2a.Submitted || got.Text != "I have it." {
				t.Errorf("began with %+v", got)
			}
			st.tasks.move(0, a2a.Working, "Looking")
			st.tasks.move(0, a2a.InputRequired, "Which browser?")
			task, err := talk.Settle(st.ctx)
			if err != nil || task.State != a2a.InputRequired || task.Text != "Which browser?" {
				t.Fatalf("%+v %v", task, err)
			}
			if task, err = talk.Say(st.ctx, "Firefox"); err != nil || task.State != a2a.Working || len(talk.Tasks()) != 1 {
				t.Fatalf("%+v %v", task, err)
			}
			st.tasks.chunk(0, "All ", false)
			st.tasks.chunk(0, "good", true)
			st.tasks.move(0, a2a.Completed, "Done")
			task, err = talk.Settle(st.ctx)
			if err != nil || task.State != a2a.Completed || task.Text != "Done" || len(task.Artifacts) != 1 {
				t.Fatalf("%+v %v", task, err)
			}
			sent := st.tasks.sent
			inv, _ := sent[0].Invocation()
			more, _ := sent[1].Invocation()
			if inv.Cause != a2a.Assigned || inv.Summary != "QA checkout flow" || inv.AgentAccount != AgentAccount || sent[0].ContextID != "" ||
				more.Chat != "Firefox" || sent[1].ContextID != talk.ContextID() || sent[1].TaskID != "" {
				t.Errorf("sent %+v and %+v", inv, more)
			}
			st.clean()
		})
	}
}

func TestAMentionBeginsAContextOfItsOwn(t *testing.T) {
	st := newStage(t, Options{})
	bob, agent := st.acme.User("bob"), Agent{Dialect: client.JiraEAP}
	first, err := bob.Mention(st.ctx, agent, "PROJ-1", "can you analyze?")
	if err != nil {
		t.Fatal(err)
	}
	second, err := bob.Mention(st.ctx, agent, "PROJ-1", "and this?")
	if err != nil || first.ContextID() == second.ContextID() {
		t.Fatalf("%s %s %v", first.ContextID(), second.ContextID(), err)
	}
	issue, _ := st.acme.Jira().Issue("PROJ-1")
	inv, _ := st.tasks.sent[0].Invocation()
	if inv.Cause != a2a.Mentioned || inv.CommentID != issue.Comments[0].ID || !strings.HasSuffix(inv.CommentBody, "(~"+AgentAccount+") can you analyze?") {
		t.Errorf("sent %+v", inv)
	}
	if issue.Comments[0].Author != bob.Account() || issue.Comments[0].Body != "[~accountid:"+AgentAccount+"] can you analyze?" {
		t.Errorf("the comment is %+v", issue.Comments[0])
	}
	st.clean()
}

func TestACanceledTaskIsRetriedAsAnother(t *testing.T) {
	for name, agent := range ways() {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, Options{})
			talk, err := st.acme.User("alice").Assign(st.ctx, agent, "PROJ-1")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := talk.Retry(st.ctx); err == nil {
				t.Error("a task at work was retried")
			}
			if task, err := talk.Cancel(st.ctx); err != nil || task.State != a2a.Canceled {
				t.Fatalf("%+v %v", task, err)
			}
			var told *client.Error
			if _, err := talk.Cancel(st.ctx); !errors.As(err, &told) || told.Code != a2a.CodeNotCancelable {
				t.Errorf("canceled twice: %v", err)
			}
			context := talk.ContextID()
			if task, err := talk.Retry(st.ctx); err != nil || len(talk.Tasks()) != 2 || task.ContextID != context {
				t.Fatalf("%+v %v", task, err)
			}
			st.tasks.move(1, a2a.Completed, "Done")
			if task, err := talk.Settle(st.ctx); err != nil || task.State != a2a.Completed {
				t.Errorf("%+v %v", task, err)
			}
			st.clean()
		})
	}
}

func TestADroppedStreamIsSubscribedAnew(t *testing.T) {
	for _, dialect := range []client.Dialect{client.JiraEAP, client.Jira10} {
		st := newStage(t, Options{})
		talk, err := st.acme.User("alice").Assign(st.ctx, Agent{Dialect: dialect, Streaming: true}, "PROJ-1")
		if err != nil {
			t.Fatal(err)
		}
		st.tasks.move(0, a2a.Working, "Looking")
		if u, err := talk.Next(st.ctx); err != nil || u.Text != "Looking" {
			t.Fatalf("%+v %v", u, err)
		}
		talk.Drop()
		if _, err := talk.Next(st.ctx); err == nil {
			t.Error("there is still a stream")
		}
		st.tasks.move(0, a2a.Working, "Reading")
		if task, err := talk.Resubscribe(st.ctx); err != nil || task.Text != "Reading" {
			t.Fatalf("%+v %v", task, err)
		}
		talk.Drop()
		st.tasks.move(0, a2a.Completed, "Done")
		if task, err := talk.Settle(st.ctx); err != nil || task.Text != "Done" {
			t.Fatalf("%+v %v", task, err)
		}
		if task, err := talk.Resubscribe(st.ctx); err != nil || task.State != a2a.Completed {
			t.Errorf("a task that has ended: %+v %v", task, err)
		}
		if _, err := talk.Next(st.ctx); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %v", err)
		}
		talk.Drop()
		st.clean()
	}
}

func TestStreamsEndWhenJirasLimitIsOver(t *testing.T) {
	st := newStage(t, Options{Limits: Limits{Stream: 500 * time.Millisecond}})
	talk, err := st.acme.User("alice").Assign(st.ctx, Agent{Streaming: true}, "PROJ-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := talk.Next(st.ctx); err == nil {
		t.Error("the stream went on")
	}
	go st.tasks.move(0, a2a.Completed, "Done")
	if task, err := talk.Settle(st.ctx); err != nil || task.State != a2a.Completed {
		t.Errorf("%+v %v", task, err)
	}
	st.clean()
}

func TestJiraLosesItsPatience(t *testing.T) {
	st := newStage(t, Options{Limits: Limits{WorkItem: 20 * time.Millisecond, Chat: 20 * time.Millisecond}})
	for name, agent := range ways() {
		talk, err := st.acme.User("alice").Assign(st.ctx, agent, "PROJ-1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := talk.Settle(st.ctx); !errors.Is(err, ErrImpatient) {
			t.Errorf("%s: work item: %v", name, err)
		}
		if _, err := talk.Say(st.ctx, "And?"); err != nil {
			t.Fatal(err)
		}
		if _, err := talk.Settle(st.ctx); !errors.Is(err, ErrImpatient) {
			t.Errorf("%s: chat: %v", name, err)
		}
		talk.Drop()
	}
}

func TestAMessageInPlaceOfATaskIsShown(t *testing.T) {
	for name, agent := range ways() {
		st := newStage(t, Options{})
		st.tasks.reply = "Hello"
		talk, err := st.acme.User("alice").Assign(st.ctx, agent, "PROJ-1")
		if err != nil {
			t.Fatal(err)
		}
		talk.Drop()
		want := []Line{{Text: "A user has assigned you to a work item."}, {Agent: true, Text: "Hello"}}
		if d := cmp.Diff(want, talk.Transcript()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestUsersAndTenantsDoNotSeeEachOthersTasks(t *testing.T) {
	st := newStage(t, Options{})
	agent := Agent{Dialect: client.Jira10}
	talk, err := st.acme.User("alice").Assign(st.ctx, agent, "PROJ-1")
	if err != nil {
		t.Fatal(err)
	}
	for name, u := range map[string]*User{
		"another user": st.acme.User("bob"), "the same account elsewhere": st.globex.User("alice"),
		"another user who claims to be her": st.acme.User("bob").Claiming(st.acme.User("alice").Account()),
	} {
		probe := u.Resume(agent, "PROJ-1", talk.ContextID(), talk.Task().ID)
		var told *client.Error
		if _, err := probe.Poll(st.ctx); !errors.As(err, &told) || told.Code != a2a.CodeTaskNotFound {
			t.Errorf("%s polls: %v", name, err)
		}
		if _, err := probe.Cancel(st.ctx); !errors.As(err, &told) {
			t.Errorf("%s cancels: %v", name, err)
		}
		if _, err := probe.Say(st.ctx, "hello"); !errors.As(err, &told) {
			t.Errorf("%s chats: %v", name, err)
		}
	}
	if err := st.acme.Jira().Hide("bob", "PROJ-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := st.acme.User("bob").Assign(st.ctx, agent, "PROJ-1"); err == nil {
		t.Error("Bob assigned what he does not see")
	}
	if _, err := st.acme.User("nobody").Mention(st.ctx, agent, "PROJ-1", "x"); err == nil {
		t.Error("nobody mentioned the agent")
	}
	st.clean()
}
