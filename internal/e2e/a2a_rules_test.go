package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
	"github.com/aofctl/aofctl/internal/store"
)

// TestTasksAndContexts plays the rules of which message belongs to which task.
func TestTasksAndContexts(t *testing.T) {
	scenes := []struct {
		name string
		play func(ctx context.Context, t *testing.T, s *site)
	}{
		{"a message without a context begins a task in a new one before any model answers", beginsAtOnce},
		{"contexts on one issue are worked on side by side", besides},
		{"messages that race belong to the one active task", races},
		{"messages to an ended task that race begin one task", racesAnew},
		{"a message to a task at work is heard", heardAtWork},
		{"a question is answered in the same task", answersInTheSameTask},
		{"a further task knows what was said before", knowsTheContext},
		{"a task that ended never changes", staysEnded},
		{"a message that comes again is one message", onlyOnce},
	}
	onBoth(t, rovo.Options{}, "", func(t *testing.T, s *site) {
		ctx := bounded(t)
		s.setup(ctx)
		for _, scene := range scenes {
			s.scene(t, scene.name, func(t *testing.T, s *site) { scene.play(ctx, t, s) })
		}
		s.judged()
	})
}

// jiraDialects are those of Jira.
var jiraDialects = []client.Dialect{client.JiraEAP, client.Jira10}

func beginsAtOnce(ctx context.Context, t *testing.T, s *site) {
	for _, dialect := range jiraDialects {
		word, key := "hold-begin-"+string(dialect), s.issue()
		g := s.models.hold(word, 0)
		talk := s.mention(ctx, rovo.Agent{Dialect: dialect}, key, word)
		again := s.mention(ctx, rovo.Agent{Dialect: dialect}, key, word)
		one, two := talk.Task(), again.Task()
		if one.ID == "" || one.ContextID == "" || one.State.Terminal() || one.ID == two.ID || one.ContextID == two.ContextID {
			t.Errorf("the answers are %+v and %+v", one, two)
		}
		g.release()
		s.settled(ctx, talk, a2a.Completed, "Done.")
		s.settled(ctx, again, a2a.Completed, "Done.")
	}
}

// mention begins a conversation of Alice's.
func (s *site) mention(ctx context.Context, a rovo.Agent, key, text string) *rovo.Conversation {
	s.t.Helper()
	talk, err := s.alice().Mention(ctx, a, key, text)
	if err != nil {
		s.t.Fatal(err)
	}
	return talk
}

// say says something in a conversation.
func (s *site) say(ctx context.Context, talk *rovo.Conversation, text string) client.Task {
	s.t.Helper()
	task, err := talk.Say(ctx, text)
	if err != nil {
		s.t.Fatal(err)
	}
	return task
}

// settled watches a conversation until its task is settled, which has to be so.
func (s *site) settled(ctx context.Context, talk *rovo.Conversation, state a2a.State, text string) client.Task {
	s.t.Helper()
	task, err := talk.Settle(ctx)
	if err != nil || task.State != state || task.Text != text {
		s.t.Fatalf("the task is %+v: %v; want %s %q; the user saw %+v", task, err, state, text, talk.Transcript())
	}
	return task
}

func besides(ctx context.Context, t *testing.T, s *site) {
	key := s.issue()
	g := s.models.hold("hold-beside", 0)
	var talks []*rovo.Conversation
	for range 3 {
		talks = append(talks, s.mention(ctx, rovo.Agent{}, key, "hold-beside"))
	}
	s.held(g, 3)
	for _, talk := range talks {
		if task, err := talk.Poll(ctx); err != nil || task.State != a2a.Working {
			t.Errorf("%+v, %v", task, err)
		}
	}
	g.release()
	for _, talk := range talks {
		s.settled(ctx, talk, a2a.Completed, "Done.")
	}
}

// together does something so many times at the same time.
func together(n int, do func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

func races(ctx context.Context, t *testing.T, s *site) {
	g := s.models.hold("hold-races", 0)
	talk := s.mention(ctx, rovo.Agent{}, s.issue(), "hold-races")
	first, calls := talk.Task(), s.alice().Client(rovo.Agent{})
	together(12, func(i int) {
		reply, err := calls.Send(ctx, client.Message{ContextID: first.ContextID, Text: fmt.Sprint("more ", i)})
		if err != nil || reply.Task == nil || reply.Task.ID != first.ID {
			t.Errorf("message %d: %+v %v", i, reply, err)
		}
	})
	g.release()
	s.settled(ctx, talk, a2a.Completed, "Done.")
	asked := s.asked("hold-races")
	for i := range 12 {
		if !strings.Contains(asked[len(asked)-1], fmt.Sprint("more ", i)) {
			t.Errorf("the model was not told message %d: %s", i, asked[len(asked)-1])
		}
	}
}

// asked are the bodies of the requests to the model that have the word in them.
func (s *site) asked(word string) []string {
	var list []string
	for _, r := range s.box.Model.Requests() {
		if strings.Contains(string(r.Body), word) {
			list = append(list, string(r.Body))
		}
	}
	return list
}

func racesAnew(ctx context.Context, t *testing.T, s *site) {
	talk := s.mention(ctx, rovo.Agent{}, s.issue(), "begin hold-anew")
	first, calls := s.settled(ctx, talk, a2a.Completed, "Done."), s.alice().Client(rovo.Agent{})
	g := s.models.hold("hold-anew", 0)
	tasks := sync.Map{}
	together(12, func(i int) {
		reply, err := calls.Send(ctx, client.Message{ContextID: first.ContextID, Text: fmt.Sprint("again ", i)})
		if err != nil || reply.Task == nil || reply.Task.ContextID != first.ContextID || reply.Task.ID == first.ID {
			t.Errorf("message %d: %+v %v", i, reply, err)
			return
		}
		tasks.Store(reply.Task.ID, true)
	})
	g.release()
	count := 0
	tasks.Range(func(id, _ any) bool {
		count++
		if task := s.ends(ctx, calls, id.(string)); task.State != a2a.Completed {
			t.Errorf("%+v", task)
		}
		return true
	})
	if count != 1 {
		t.Errorf("%d tasks began", count)
	}
}

func heardAtWork(ctx context.Context, t *testing.T, s *site) {
	for _, dialect := range jiraDialects {
		word := "hold-heard-" + string(dialect)
		g := s.models.hold(word, 0)
		talk := s.mention(ctx, rovo.Agent{Dialect: dialect}, s.issue(), word)
		s.held(g, 1)
		if task := s.say(ctx, talk, "And the logo too."); task.State != a2a.Working {
			t.Errorf("the task is %+v", task)
		}
		g.release()
		s.settled(ctx, talk, a2a.Completed, "Done, with the logo.")
		if n := len(talk.Tasks()); n != 1 {
			t.Errorf("there were %d tasks", n)
		}
	}
}

func answersInTheSameTask(ctx context.Context, t *testing.T, s *site) {
	for _, agent := range []rovo.Agent{{Dialect: client.JiraEAP}, {Dialect: client.Jira10}, {Dialect: client.Jira10, Streaming: true}} {
		talk := s.mention(ctx, agent, s.issue(), "ask me first")
		s.settled(ctx, talk, a2a.InputRequired, "Which one do you mean?")
		s.say(ctx, talk, "I mean the blue one, please.")
		s.settled(ctx, talk, a2a.Completed, "You mean the blue one.")
		if n := len(talk.Tasks()); n != 1 {
			t.Errorf("%+v: there were %d tasks", agent, n)
		}
	}
}

func knowsTheContext(ctx context.Context, t *testing.T, s *site) {
	talk := s.mention(ctx, rovo.Agent{}, s.issue(), "my number is seven")
	s.settled(ctx, talk, a2a.Completed, "Done.")
	s.say(ctx, talk, "what is my number?")
	s.settled(ctx, talk, a2a.Completed, "It is seven.")
	if n := len(talk.Tasks()); n != 2 {
		t.Errorf("there were %d tasks", n)
	}
	other := s.mention(ctx, rovo.Agent{}, s.issue(), "what is my number?")
	s.settled(ctx, other, a2a.Completed, "It is unknown.")
}

// staysEnded has tasks end and be canceled at the same moment, and looks at them from
// all sides after that.
func staysEnded(ctx context.Context, t *testing.T, s *site) {
	g := s.models.hold("hold-ends", 0)
	c := s.plain(plainToken, client.Plain10)
	const n = 10
	var tasks [n]string
	for i := range tasks {
		tasks[i] = s.begin(ctx, c, "hold-ends").ID
	}
	s.held(g, 1)
	var canceled [n]bool
	go g.release()
	together(n, func(i int) {
		_, err := c.Cancel(ctx, tasks[i])
		canceled[i] = err == nil
		if err != nil && codeOf(err) != a2a.CodeNotCancelable {
			t.Error(err)
		}
	})
	for i, id := range tasks {
		want := map[bool]a2a.State{true: a2a.Canceled, false: a2a.Completed}[canceled[i]]
		if task := s.ends(ctx, c, id); task.State != want {
			t.Errorf("the task is %+v, want %s", task, want)
		}
		if _, err := c.Cancel(ctx, id); codeOf(err) != a2a.CodeNotCancelable {
			t.Errorf("canceling again: %v", err)
		}
		if _, err := c.Send(ctx, client.Message{TaskID: id, Text: "more"}); codeOf(err) != a2a.CodeUnsupported {
			t.Errorf("a message to it: %v", err)
		}
	}
	s.await("the runs to end", func() bool {
		for _, r := range s.runs(map[string][]string{"source": {store.TaskSource}}) {
			if !r.State.Terminal() {
				return false
			}
		}
		return true
	})
	for i, id := range tasks {
		want := map[bool]a2a.State{true: a2a.Canceled, false: a2a.Completed}[canceled[i]]
		if task, err := c.Get(ctx, id); err != nil || task.State != want {
			t.Errorf("the task became %+v, %v", task, err)
		}
	}
}

// begin sends a message that begins a task.
func (s *site) begin(ctx context.Context, c *client.Client, text string) client.Task {
	s.t.Helper()
	reply, err := c.Send(ctx, client.Message{Text: text})
	if err != nil || reply.Task == nil {
		s.t.Fatalf("%+v %v", reply, err)
	}
	return *reply.Task
}

func codeOf(err error) a2a.Code {
	if told, ok := err.(*client.Error); ok {
		return told.Code
	}
	return 0
}

func onlyOnce(ctx context.Context, t *testing.T, s *site) {
	callers := map[string]*client.Client{
		"eap": s.alice().Client(rovo.Agent{Dialect: client.JiraEAP}), "jira": s.alice().Client(rovo.Agent{}),
		"plain": s.plain(plainToken, client.Plain10), "0.3": s.plain(plainToken, client.Plain03),
	}
	for name, c := range callers {
		m := client.Message{ID: "twice-" + name, Text: "do it"}
		var ids [6]string
		together(len(ids), func(i int) {
			reply, err := c.Send(ctx, m)
			if err != nil || reply.Task == nil {
				t.Errorf("%s: %+v %v", name, reply, err)
				return
			}
			ids[i] = reply.Task.ID
		})
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("%s: the tasks are %v", name, ids)
			}
		}
		s.ends(ctx, c, ids[0])
		if reply, err := c.Send(ctx, m); err != nil || reply.Task.ID != ids[0] || reply.Task.State != a2a.Completed {
			t.Errorf("%s: when it has ended: %+v %v", name, reply, err)
		}
		// Jira's guide has one id for two messages.
		reply, err := c.Send(ctx, client.Message{ID: m.ID, Text: "do something else"})
		if another := err == nil && reply.Task.ID != ids[0]; c.Dialect.Jira() != another || !another && codeOf(err) != a2a.CodeInvalidParams {
			t.Errorf("%s: with other words: %+v, %v", name, reply, err)
		}
	}
}
