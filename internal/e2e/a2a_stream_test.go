package e2e

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// TestStreamsOfTasks follows tasks on all daemons.
func TestStreamsOfTasks(t *testing.T) {
	onBoth(t, rovo.Options{}, "", func(t *testing.T, s *site) {
		ctx := bounded(t)
		s.setup(ctx)
		s.models.hold("hold-quiet", 0)
		quiet := s.begin(ctx, s.plain(plainToken, client.Plain10), "hold-quiet")
		long := s.follow(s.plain(plainToken, client.Plain10), quiet.ID)
		for _, dialect := range []client.Dialect{client.JiraEAP, client.Jira10, client.Plain03, client.Plain10} {
			s.scene(t, "all see the same in "+string(dialect), func(t *testing.T, s *site) { seeTheSame(ctx, t, s, dialect) })
		}
		s.scene(t, "a stream that broke goes on at another daemon", func(t *testing.T, s *site) { goesOn(ctx, t, s) })
		s.scene(t, "Jira misses nothing when streams break", func(t *testing.T, s *site) { missesNothing(ctx, t, s) })
		s.scene(t, "the stream of a task that ended is the task", func(t *testing.T, s *site) { isTheTask(ctx, t, s) })
		s.scene(t, "a stream in which nothing happens is kept alive", func(t *testing.T, _ *site) {
			for {
				f, more := long.next()
				if f.comment != "" {
					break
				}
				if !more {
					t.Fatal("the stream ended")
				}
			}
		})
		s.judged()
	})
}

// caller is one of each dialect; Jira's are Alice.
func (s *site) caller(d client.Dialect) *client.Client {
	if d.Jira() {
		return s.alice().Client(rovo.Agent{Dialect: d})
	}
	return s.plain(plainToken, d)
}

// follow subscribes to a task.
func (s *site) follow(c *client.Client, id string, headers ...string) *sse {
	s.t.Helper()
	method := "tasks/resubscribe"
	if c.Dialect == client.Jira10 || c.Dialect == client.Plain10 {
		method = "SubscribeToTask"
		headers = append(headers, "A2A-Version", "1.0")
	}
	return s.stream(c, `{"jsonrpc":"2.0","id":"f","method":"`+method+`","params":{"id":"`+id+`"}}`, headers...)
}

// result is an event without its envelope, however its dialect wraps it.
func (f frame) task() string {
	r := f.Get("result")
	for _, path := range []string{"task.id", "id", "statusUpdate.taskId", "artifactUpdate.taskId", "taskId"} {
		if id := r.Get(path); id.Exists() {
			return id.Str
		}
	}
	return ""
}

// isTask says whether an event is the task itself.
func (f frame) isTask() bool {
	r := f.Get("result")
	return r.Get("task").Exists() || r.Get("kind").Str == "task"
}

func seeTheSame(ctx context.Context, t *testing.T, s *site, dialect client.Dialect) {
	word := "hold-same-" + string(dialect)
	c, g := s.caller(dialect), s.models.hold(word, 1)
	task := s.begin(ctx, c, "ask me no question, but look at it "+word)
	s.held(g, 1)
	var streams []*sse
	for range 4 {
		streams = append(streams, s.follow(c, task.ID))
	}
	g.release()
	var want string
	for n, one := range streams {
		list := one.events(0)
		if len(list) < 2 || !list[0].isTask() {
			t.Fatalf("stream %d has %d events, the first %s", n, len(list), list[0].Raw)
		}
		var story strings.Builder
		for i, f := range list {
			if f.task() != task.ID || f.isTask() != (i == 0) {
				t.Errorf("event %d is %s", i, f.Raw)
			}
			if dialect.Jira() != (f.id == "") {
				t.Errorf("event %d has the id %q", i, f.id)
			}
			fmt.Fprintln(&story, f.id, f.Raw)
		}
		consecutive(t, list)
		if n == 0 {
			want = story.String()
		} else if got := story.String(); got != want {
			t.Errorf("stream %d tells\n%s\nand another one\n%s", n, got, want)
		}
		if last := list[len(list)-1].Raw; !strings.Contains(strings.ToLower(last), "completed") {
			t.Errorf("the last event is %s", last)
		}
	}
}

// consecutive checks that the ids of events follow each other.
func consecutive(t *testing.T, list []frame) {
	t.Helper()
	for i := 1; i < len(list); i++ {
		before, _ := strconv.Atoi(list[i-1].id)
		if now, _ := strconv.Atoi(list[i].id); list[i].id != "" && now != before+1 {
			t.Errorf("event %d comes after %d", now, before)
		}
	}
}

// goesOn cuts a stream twice, and asks with the id of the event that was seen last.
func goesOn(ctx context.Context, t *testing.T, s *site) {
	c := s.plain(plainToken, client.Plain10)
	first, second := s.models.hold("hold-on-a", 1), s.models.hold("hold-on-b", 2)
	stream := s.stream(c, `{"jsonrpc":"2.0","id":1,"method":"SendStreamingMessage","params":{"message":{"role":"ROLE_USER","messageId":"`+client.NewID()+
		`","parts":[{"text":"look at it, and list things hold-on-a hold-on-b"}]}}}`, "A2A-Version", "1.0")
	seen := stream.events(2)
	task := seen[0].task()
	s.held(first, 1)
	stream.drop()
	stream = s.follow(c, task, "Last-Event-ID", seen[1].id)
	again := stream.events(2)
	seen = append(seen, again[1:]...)
	first.release()
	stream.drop()
	stream = s.follow(c, task, "Last-Event-ID", seen[len(seen)-1].id)
	second.release()
	again = stream.events(0)
	if !again[0].isTask() {
		t.Errorf("it begins with %s", again[0].Raw)
	}
	seen = append(seen, again[1:]...)
	consecutive(t, seen)
	if seen[0].id != "1" || !strings.Contains(seen[len(seen)-1].Raw, "COMPLETED") {
		t.Errorf("the events go from %s to %s", seen[0].Raw, seen[len(seen)-1].Raw)
	}
	if task := s.ends(ctx, c, task); task.State != a2a.Completed {
		t.Errorf("%+v", task)
	}
}

func missesNothing(ctx context.Context, t *testing.T, s *site) {
	for _, agent := range []rovo.Agent{{Dialect: client.JiraEAP, Streaming: true}, {Dialect: client.JiraEAP, Streaming: true, BySend: true}, {Streaming: true}} {
		word := fmt.Sprint("hold-cut-", agent.Dialect, agent.BySend)
		g, key := s.models.hold(word, 1), s.issue()
		talk := s.mention(ctx, agent, key, "write this "+word)
		s.held(g, 1)
		for range 3 {
			talk.Drop()
			if task, err := talk.Resubscribe(ctx); err != nil || task.State != a2a.Working {
				t.Errorf("%+v, %v", task, err)
			}
		}
		talk.Drop()
		g.release()
		s.settled(ctx, talk, a2a.Completed, "Done.")
		if got := s.comments(key); len(got) != 1 {
			t.Errorf("the comments are %q", got)
		}
	}
}

func isTheTask(ctx context.Context, t *testing.T, s *site) {
	for _, dialect := range []client.Dialect{client.JiraEAP, client.Jira10, client.Plain03} {
		c := s.caller(dialect)
		task := s.begin(ctx, c, "do it")
		s.ends(ctx, c, task.ID)
		if list := s.follow(c, task.ID).events(0); len(list) != 1 || !list[0].isTask() || list[0].task() != task.ID {
			t.Errorf("%s: the events are %+v", dialect, list)
		}
	}
	c := s.plain(plainToken, client.Plain10)
	task := s.begin(ctx, c, "do it")
	s.ends(ctx, c, task.ID)
	if r := s.post(c, `{"jsonrpc":"2.0","id":1,"method":"SubscribeToTask","params":{"id":"`+task.ID+`"}}`, "A2A-Version", "1.0"); r.code() != int64(a2a.CodeUnsupported) {
		t.Errorf("A2A 1.0 is answered %s", r.Raw)
	}
}
