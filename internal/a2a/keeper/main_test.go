package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/store"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// rig is one or two replicas on one database.
type rig struct {
	*testing.T
	stores  []*store.Store
	keepers []*Keeper

	mu    sync.Mutex
	at    time.Time
	hold  *a2a.Status // what the gate says
	fails error       // what Prepare returns
	made  int         // how often Prepare was called
	woken int
}

// onEach runs the test on SQLite, and on PostgreSQL with two replicas.
func onEach(t *testing.T, test func(r *rig)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		r := &rig{T: t, at: time.UnixMilli(1_800_000_000_000).UTC()}
		r.add(func() (*store.Store, error) { return store.Open(t.Context(), dir, r.now) }, Config{})
		test(r)
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := pgtest.Database(t)
		r := &rig{T: t, at: time.UnixMilli(1_800_000_000_000).UTC()}
		for range 2 {
			r.add(func() (*store.Store, error) { return store.OpenPostgres(t.Context(), dsn, r.now) }, Config{})
		}
		test(r)
	})
}

func (r *rig) add(open func() (*store.Store, error), cfg Config) {
	s, err := open()
	r.must(err)
	r.Cleanup(func() { r.must(s.Close()) })
	cfg.Store, cfg.Now = s, r.now
	cfg.Prepare, cfg.Wake = r.prepare, r.wake
	cfg.Gate = func(context.Context, a2a.Call) (*a2a.Status, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.hold, nil
	}
	r.stores, r.keepers = append(r.stores, s), append(r.keepers, New(cfg))
}

func (r *rig) prepare(_ context.Context, call a2a.Call, m a2a.Message, taskID, contextID string) (Work, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made++
	if m.TaskID != taskID || m.ContextID != contextID {
		r.Errorf("the message belongs to %s in %s", m.TaskID, m.ContextID)
	}
	return Work{
		Run: store.Run{ID: "run-" + taskID, Delivery: taskID, Source: store.TaskSource, Site: call.Caller.Installation, Subject: "context:" + contextID,
			EventType: "a2a_message", Trigger: "a2a", TargetKind: "agent", Target: "a", Revision: "rev", Work: json.RawMessage(`{}`), State: store.StateQueued},
		Revisions: []store.Revision{{Revision: "rev", Kind: "agent", Name: "a", Text: "text"}},
	}, r.fails
}

func (r *rig) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.woken++
}

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

func (r *rig) later(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = r.at.Add(d)
}

func (r *rig) gate(hold *a2a.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hold = hold
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// other is the replica that the first is not, if there is another.
func (r *rig) other() (*Keeper, *store.Store) {
	last := len(r.keepers) - 1
	return r.keepers[last], r.stores[last]
}

var (
	ann = a2a.Call{Caller: a2a.Caller{Jira: true, Installation: "i-1", Account: "ann"}}
	bob = a2a.Call{Caller: a2a.Caller{Jira: true, Installation: "i-1", Account: "bob"}}
	eve = a2a.Call{Caller: a2a.Caller{Jira: true, Installation: "i-2", Account: "ann"}}
	bot = a2a.Call{Caller: a2a.Caller{Installation: "token:bot"}}
)

func message(id, text string, where ...string) a2a.SendRequest {
	m := a2a.Message{ID: id, Role: a2a.User, Parts: []a2a.Part{a2a.TextOf(text)}}
	if len(where) > 0 {
		m.ContextID = where[0]
	}
	if len(where) > 1 {
		m.TaskID = where[1]
	}
	return a2a.SendRequest{Message: m, History: a2a.AllHistory}
}

// send sends to the first replica.
func (r *rig) send(call a2a.Call, req a2a.SendRequest) a2a.Task {
	r.Helper()
	reply, err := r.keepers[0].Send(r.Context(), call, req)
	r.must(err)
	return *reply.Task
}

func (r *rig) get(call a2a.Call, id string) a2a.Task {
	r.Helper()
	k, _ := r.other()
	task, err := k.Get(r.Context(), call, a2a.GetRequest{ID: id, History: a2a.AllHistory})
	r.must(err)
	return task
}

func (r *rig) conclude(id string) {
	r.Helper()
	_, s := r.other()
	_, done, err := s.ConcludeTask(r.Context(), id, "end", 1000, said(a2a.Completed, "the answer"))
	r.must(err)
	if !done {
		r.Fatal("not concluded")
	}
}

// claim takes the run of a task up.
func (r *rig) claim(id string) store.Claim {
	r.Helper()
	claims, err := r.stores[0].Claim(r.Context(), "me", 100, store.Limits{})
	r.must(err)
	for _, c := range claims {
		if c.Run == "run-"+id {
			return c
		}
	}
	r.Fatalf("the run of task %s is not to be claimed: %v", id, claims)
	return store.Claim{}
}

func (r *rig) is(task a2a.Task, want a2a.State) {
	r.Helper()
	if task.Status.State != want {
		r.Errorf("task %s is %s, want %s", task.ID, task.Status.State, want)
	}
}

func (r *rig) fails2(what string, err error, want a2a.Code) {
	r.Helper()
	var e *a2a.Error
	if !errors.As(err, &e) || e.Code != want {
		r.Errorf("%s: %v, want the code %d", what, err, want)
	}
}

func (r *rig) eventually(what string, f func() bool) {
	r.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !f() {
		if time.Now().After(deadline) {
			r.Fatal(what + " did not happen")
		}
		time.Sleep(time.Millisecond)
	}
}

func key(n int) string { return fmt.Sprint("k", n) }
