package e2e

import (
	"context"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
	"github.com/aofctl/aofctl/internal/store"
)

// TestCancelingATaskStopsItsWork cancels tasks at work, waiting and ended, in each
// dialect.
func TestCancelingATaskStopsItsWork(t *testing.T) {
	onBoth(t, rovo.Options{}, "", func(t *testing.T, s *site) {
		ctx := bounded(t)
		s.setup(ctx)
		callers := map[client.Dialect]*client.Client{
			client.JiraEAP: s.alice().Client(rovo.Agent{Dialect: client.JiraEAP}), client.Jira10: s.alice().Client(rovo.Agent{}),
			client.Plain03: s.plain(plainToken, client.Plain03), client.Plain10: s.plain(plainToken, client.Plain10),
		}
		for dialect, c := range callers {
			s.scene(t, string(dialect), func(t *testing.T, s *site) {
				s.cancelsAtWork(ctx, c, "hold-cancel-"+string(dialect))
				s.cancelsAQuestion(ctx, c)
				unknown := a2a.CodeTaskNotFound
				if dialect == client.JiraEAP { // its guide knows no other code for canceling
					unknown = a2a.CodeNotCancelable
				}
				if _, err := c.Cancel(ctx, client.NewID()); codeOf(err) != unknown {
					t.Errorf("canceling what there is not: %v", err)
				}
			})
		}
		s.scene(t, "and a retry is another task", func(t *testing.T, s *site) {
			g := s.models.hold("hold-retry", 0)
			talk := s.mention(ctx, rovo.Agent{}, s.issue(), "hold-retry")
			s.held(g, 1)
			before, err := talk.Cancel(ctx)
			if err != nil || before.State != a2a.Canceled {
				t.Fatalf("%+v, %v", before, err)
			}
			g.release()
			after, err := talk.Retry(ctx)
			if err != nil || after.ID == before.ID || after.ContextID != before.ContextID {
				t.Errorf("%+v, %v", after, err)
			}
			s.settled(ctx, talk, a2a.Completed, "Done.")
		})
		s.judged()
	})
}

// cancelsAtWork cancels a task whose model is being asked.
func (s *site) cancelsAtWork(ctx context.Context, c *client.Client, word string) {
	s.t.Helper()
	g := s.models.hold(word, 0)
	task := s.begin(ctx, c, word)
	s.held(g, 1)
	canceled, err := c.Cancel(ctx, task.ID)
	if err != nil || canceled.ID != task.ID || canceled.ContextID != task.ContextID || canceled.State != a2a.Canceled || canceled.Text == "" {
		s.t.Errorf("%+v, %v", canceled, err)
	}
	s.await("the request to the model to be given up", func() bool { return g.left.Load() == 1 })
	r := s.runOf(task)
	s.await("its run to end", func() bool { return s.run(r.ID).State == store.StateCanceled })
	if r = s.run(r.ID).Run; r.CanceledBy == "" {
		s.t.Errorf("nobody is said to have canceled run %+v", r)
	}
	if _, err := c.Cancel(ctx, task.ID); codeOf(err) != a2a.CodeNotCancelable {
		s.t.Errorf("canceling again: %v", err)
	}
	g.release()
	if again, err := c.Get(ctx, task.ID); err != nil || again.State != a2a.Canceled || again.Text != canceled.Text {
		s.t.Errorf("the task became %+v, %v", again, err)
	}
}

// runOf is the run that works on a task.
func (s *site) runOf(task client.Task) store.Run {
	s.t.Helper()
	for _, r := range s.runs(map[string][]string{"source": {store.TaskSource}}) {
		if r.Subject == "context:"+task.ContextID {
			return r
		}
	}
	s.t.Fatalf("task %s has no run", task.ID)
	return store.Run{}
}

// cancelsAQuestion cancels a task that waits for its user.
func (s *site) cancelsAQuestion(ctx context.Context, c *client.Client) {
	s.t.Helper()
	task := s.begin(ctx, c, "ask me first")
	s.becomes(ctx, c, task.ID, is(a2a.InputRequired))
	if canceled, err := c.Cancel(ctx, task.ID); err != nil || canceled.State != a2a.Canceled {
		s.t.Errorf("%+v, %v", canceled, err)
	}
	r := s.runOf(task)
	s.await("its run to end", func() bool { return s.run(r.ID).State == store.StateCanceled })
}
