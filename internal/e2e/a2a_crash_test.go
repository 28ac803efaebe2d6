package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
	"github.com/aofctl/aofctl/internal/store"
)

// struck is a task in the middle of whose work the daemon dies.
type struck struct {
	name string
	key  string
	talk *rovo.Conversation
	// after is what remains to be done for the task to end.
	after func()
	want  string
	state a2a.State
	wrote []string
}

// TestTasksSurviveAKill kills the daemon with SIGKILL that is at work on tasks at all
// points of their lives. The same, started again, or the other one goes on.
func TestTasksSurviveAKill(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, kind, rovo.Options{}, "")
			s.daemons = []*daemon{s.places[0].start()} // the work is all its own
			s.front.only(s.places[0])
			ctx := bounded(t)
			s.setup(ctx)
			plain, b := s.watched(ctx), s.strike(ctx)
			if len(s.places) > 1 {
				s.places[1].start()
			}
			s.daemons[0].kill()
			for key, id := range b.holds {
				s.box.Jira.Release(id)
				s.await("the comment to be there", func() bool { return len(s.comments(key)) == 1 })
			}
			s.models.releaseAll()
			s.resume()
			for _, one := range b.list {
				s.scene(t, one.name, func(t *testing.T, s *site) { one.survives(ctx, t, s) })
			}
			s.scene(t, "a stream goes on with the same numbers", func(t *testing.T, s *site) { plain.goesOn(ctx, t, s) })
			s.scene(t, "no run is left", func(t *testing.T, s *site) { s.over().allOver(t) })
			s.judged()
		})
	}
}

// over is the place at which the work goes on.
func (s *site) over() *world {
	w := *s.places[len(s.places)-1]
	w.t = s.t
	return &w
}

// allOver waits for the runs of all tasks to end.
func (w *world) allOver(t *testing.T) {
	t.Helper()
	w.await("all runs to end", func() bool {
		for _, r := range w.runs(map[string][]string{"source": {store.TaskSource}}) {
			if !r.State.Terminal() {
				return false
			}
		}
		return true
	})
}

// blow has tasks ready for the moment at which the daemon dies.
type blow struct {
	*site
	ctx  context.Context //nolint:containedctx // that of the test
	list []*struck
	// holds are what Jira holds back, by the issue.
	holds map[string]string
}

// wrote are the comments on the issue of a task that writes one.
var wrote = []string{"Wrote this."}

// strike begins tasks and waits until each is where it is to be struck.
func (s *site) strike(ctx context.Context) *blow {
	s.t.Helper()
	b := &blow{site: s, ctx: ctx, holds: map[string]string{}}
	b.whileAsked("while the model is asked", rovo.Agent{}, 0)
	b.whileAsked("between calls of tools", rovo.Agent{Dialect: client.JiraEAP}, 1)
	b.whileAsked("while Jira follows the stream", rovo.Agent{Streaming: true}, 1)
	b.whileWritten("before")
	b.whileWritten("after")
	b.whileUserIsAsked()
	b.whileUnheard()
	b.whileHeld()
	b.afterCancel()
	b.begin("just begun", rovo.Agent{}, "write this").wrote = wrote
	return b
}

func (b *blow) begin(name string, a rovo.Agent, text string) *struck {
	b.t.Helper()
	one := &struck{name: name, key: b.issue(), want: "Done.", state: a2a.Completed}
	one.talk = b.mention(b.ctx, a, one.key, text)
	b.list = append(b.list, one)
	return one
}

// whileAsked is struck when the model is asked after so many answers.
func (b *blow) whileAsked(name string, a rovo.Agent, answers int) {
	b.t.Helper()
	word := "hold-" + strings.ReplaceAll(name, " ", "-")
	g := b.models.hold(word, answers)
	b.begin(name, a, "write this "+word).wrote = wrote
	b.held(g, 1)
}

// whileWritten is struck when Jira is asked to add the comment.
func (b *blow) whileWritten(when string) {
	b.t.Helper()
	one := b.begin("while Jira is written to, "+when+" it is done", rovo.Agent{}, "ask me first")
	one.wrote, one.want = wrote, "You mean nothing."
	b.settled(b.ctx, one.talk, a2a.InputRequired, "Which one do you mean?")
	h, err := b.box.Jira.AddHold(jira.Hold{Method: "POST", Path: "/issue/" + one.key + "/comment$", When: when, Count: 1, Late: true})
	if err != nil {
		b.t.Fatal(err)
	}
	b.holds[one.key] = h.ID
	b.say(b.ctx, one.talk, "write this")
	if _, err := b.box.Jira.Caught(b.ctx, h.ID, 1); err != nil {
		b.t.Fatal(err)
	}
}

func (b *blow) whileUserIsAsked() {
	b.t.Helper()
	one := b.begin("while its user is asked", rovo.Agent{Streaming: true}, "ask me first")
	b.settled(b.ctx, one.talk, a2a.InputRequired, "Which one do you mean?")
	one.want, one.after = "You mean the green one.", func() { b.say(b.ctx, one.talk, "the green one") }
}

func (b *blow) whileUnheard() {
	b.t.Helper()
	g := b.models.hold("hold-unheard", 0)
	one := b.begin("while something was said that it has not heard", rovo.Agent{}, "hold-unheard")
	b.held(g, 1)
	b.say(b.ctx, one.talk, "And the logo too.")
	one.want = "Done, with the logo."
}

// whileHeld is struck when its site is not configured yet.
func (b *blow) whileHeld() {
	b.t.Helper()
	beta := b.box.Rovo.Tenant("beta")
	if _, err := beta.Install(b.ctx); err != nil {
		b.t.Fatal(err)
	}
	talk, err := beta.User("alice").Mention(b.ctx, rovo.Agent{}, "PROJ-1", "look at it")
	if err != nil {
		b.t.Fatal(err)
	}
	b.list = append(b.list, &struck{name: "while settings are missing", talk: talk, want: "Done.", state: a2a.Completed, after: func() {
		if err := beta.Configure(b.ctx, nil); err != nil {
			b.t.Error(err)
		}
	}})
}

func (b *blow) afterCancel() {
	b.t.Helper()
	g := b.models.hold("hold-canceled", 0)
	one := b.begin("just canceled", rovo.Agent{}, "write this hold-canceled")
	b.held(g, 1)
	canceled, err := one.talk.Cancel(b.ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	one.state, one.want = a2a.Canceled, canceled.Text
}

// survives looks at what becomes of a task.
func (one *struck) survives(ctx context.Context, t *testing.T, s *site) {
	id := one.talk.Task().ID
	if one.after != nil {
		one.after()
	}
	task, err := one.talk.Until(ctx, over)
	if err != nil || task.ID != id || task.State != one.state || task.Text != one.want {
		t.Errorf("the task %s became %+v, %v; the user saw %+v", id, task, err, one.talk.Transcript())
	}
	if one.key == "" {
		return
	}
	if diff := cmp.Diff(one.wrote, s.comments(one.key)); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
}

// watched is a task whose events a program counts.
type watched struct {
	c    *client.Client
	task string
	seen []frame
}

func (s *site) watched(ctx context.Context) *watched {
	s.t.Helper()
	g := s.models.hold("hold-watched", 1)
	c := s.plain(plainToken, client.Plain10)
	task := s.begin(ctx, c, "look at it, and list things hold-watched")
	s.held(g, 1)
	stream := s.follow(c, task.ID, "Last-Event-ID", "1")
	w := &watched{c: c, task: task.ID, seen: stream.events(2)}
	s.t.Cleanup(stream.drop)
	return w
}

func (w *watched) goesOn(ctx context.Context, t *testing.T, s *site) {
	last := w.seen[len(w.seen)-1]
	var again []frame
	s.await("the daemon to answer", func() bool {
		task, err := w.c.Get(ctx, w.task)
		return err == nil && task.ID == w.task
	})
	if task := s.ends(ctx, w.c, w.task); task.State != a2a.Completed {
		t.Fatalf("the task is %+v", task)
	}
	// What has ended is not followed in A2A 1.0, and is in 0.3.
	c := s.plain(plainToken, client.Plain03)
	again = s.follow(c, w.task, "Last-Event-ID", last.id).events(0)
	list := append(w.seen[:len(w.seen):len(w.seen)], again[1:]...)
	consecutive(t, list)
	if last := list[len(list)-1].Raw; len(again) < 2 || !strings.Contains(strings.ToLower(last), "completed") {
		t.Errorf("the events are %s", fmt.Sprint(again))
	}
}
