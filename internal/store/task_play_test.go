package store

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
)

func (m *taskModel) conclude() {
	t := m.any(func(t *modelTask) bool { return t.run || t.endedBy != "" })
	if t == nil {
		return
	}
	key, after := m.name("end"), m.rnd.IntN(len(t.said)+1)
	if t.endedBy != "" && m.rnd.IntN(2) == 0 {
		key = t.endedBy
	}
	rest, done, err := m.store().ConcludeTask(m.t.Context(), t.id, key, after, statusOf(a2a.Completed, "the answer"))
	if !t.active() {
		if key == t.endedBy {
			must(m.t, err)
			if !done {
				m.t.Fatal("a task that was concluded is not done")
			}
			return
		}
		m.terminal("ConcludeTask", err)
		return
	}
	must(m.t, err)
	want := t.unread(after)
	var got []string
	for _, s := range rest {
		got = append(got, s.Message.Text())
		t.readTo = max(t.readTo, s.N)
	}
	if d := cmp.Diff(want, got); d != "" || done != (len(want) == 0) {
		m.t.Fatalf("concluded: %v\n%s", done, d)
	}
	if done {
		t.set(a2a.Completed, "the answer")
		t.endedBy = key
	}
}

func (m *taskModel) cancel() {
	t := m.any(nil)
	if t == nil {
		return
	}
	owner := t.owner
	if m.rnd.IntN(3) == 0 {
		owner = modelOwners[m.rnd.IntN(len(modelOwners))]
	}
	err := m.store().CancelTask(m.t.Context(), owner, t.id, statusOf(a2a.Canceled, "stop"))
	switch {
	case owner != t.owner:
		if code(err) != a2a.CodeTaskNotFound {
			m.t.Fatalf("cancel somebody else's task = %v", err)
		}
	case !t.active():
		if code(err) != a2a.CodeNotCancelable {
			m.t.Fatalf("cancel a task that is %s = %v", t.state, err)
		}
	default:
		must(m.t, err)
		t.set(a2a.Canceled, "stop")
	}
}

func (m *taskModel) expire() {
	m.clock.add(time.Duration(m.rnd.IntN(20)) * time.Second)
	want := 0
	for _, t := range m.tasks {
		if t.active() && !t.deadline.After(m.clock.now()) {
			want++
			t.set(a2a.Failed, "too late")
		}
	}
	n, err := m.store().ExpireTasks(m.t.Context(), statusOf(a2a.Failed, "too late"))
	must(m.t, err)
	if n != want {
		m.t.Fatalf("%d tasks expired, want %d", n, want)
	}
}

func (m *taskModel) release() {
	t := m.any(func(t *modelTask) bool { return !t.run })
	if t == nil {
		return
	}
	r := *newTask(t.id, t.context).Run
	released, err := m.store().ReleaseTask(m.t.Context(), t.id, r, nil, statusOf(a2a.Submitted, ""))
	must(m.t, err)
	if released != t.active() {
		m.t.Fatalf("a task that is %s was released: %v", t.state, released)
	}
	if released {
		t.run = true
		t.set(a2a.Submitted, "")
	}
}

// work takes a run up and ends it.
func (m *taskModel) work() {
	s := m.store()
	for _, c := range claimed(m.t, s, 1) {
		t := m.byRun(c.Run)
		o := []Outcome{{State: StateSucceeded, Result: "result"}, {State: StateFailed, Error: "secret"}, {State: StateCanceled}, {State: StateRejected}}[m.rnd.IntN(4)]
		must(m.t, s.Finish(m.t.Context(), c, o))
		t.run = true // it had one
		if !t.active() {
			continue
		}
		switch o.State {
		case StateSucceeded:
			t.set(a2a.Completed, "result")
		case StateFailed:
			t.set(a2a.Failed, textFailed+" "+c.Run+".")
		case StateCanceled:
			t.set(a2a.Canceled, textCanceled)
		case StateRejected:
			t.set(a2a.Rejected, textRejected)
		}
	}
}

func (m *taskModel) byRun(run string) *modelTask {
	for _, t := range m.tasks {
		if "run-"+t.id == run {
			return t
		}
	}
	m.t.Fatalf("there is no task of run %s", run)
	return nil
}

// check compares a task with the model, for its owner and all others, and with
// what its events come to.
func (m *taskModel) check(t *modelTask) {
	m.t.Helper()
	s := m.store()
	for _, o := range modelOwners {
		_, err := s.Task(m.t.Context(), o, t.id, TaskView{})
		if (err == nil) != (o == t.owner) || (err != nil && code(err) != a2a.CodeTaskNotFound) {
			m.t.Fatalf("%v reads the task of %v: %v", o, t.owner, err)
		}
	}
	got, err := s.Task(m.t.Context(), t.owner, t.id, TaskView{History: a2a.AllHistory, Artifacts: true})
	must(m.t, err)
	if got.Status.State != t.state || textOf(got.Status) != t.text || got.Seq != t.seq || got.ContextID != t.context {
		m.t.Fatalf("the task is %+v, want %+v", got, t)
	}
	var history, want []string
	for _, h := range got.History {
		history = append(history, string(h.Role)+": "+h.Text())
	}
	for _, h := range t.said {
		want = append(want, map[bool]string{true: "agent: ", false: "user: "}[h.ours]+h.text)
	}
	if d := cmp.Diff(want, history); d != "" {
		m.t.Fatalf("history of %s:\n%s", t.id, d)
	}
	var made strings.Builder
	for _, a := range got.Artifacts {
		for _, p := range a.Parts {
			made.WriteString(p.Text + "\n\n")
		}
	}
	if made.String() != t.artifact {
		m.t.Fatalf("the artifact is %q, want %q", made.String(), t.artifact)
	}
	m.replay(s, got)
}

func (m *taskModel) replay(s *Store, want a2a.Task) {
	m.t.Helper()
	events, err := s.TaskEvents(m.t.Context(), want.ID, 0, 10000)
	must(m.t, err)
	var task a2a.Task
	for i, e := range events {
		if e.Seq != int64(i+1) {
			m.t.Fatalf("event %d has the number %d", i+1, e.Seq)
		}
		must(m.t, task.Apply(e))
	}
	want.History, task.History = nil, nil
	if d := cmp.Diff(want, task); d != "" {
		m.t.Fatalf("the events come to something else: %s", d)
	}
}

// one is checked for each context: no two tasks in it are active.
func (m *taskModel) oneActive() {
	m.t.Helper()
	active := map[string]int{}
	for _, t := range m.tasks {
		if t.active() {
			active[t.context]++
		}
	}
	var n int
	must(m.t, m.stores[0].row(m.t.Context(), `SELECT count(*) FROM tasks WHERE active = 1`).Scan(&n))
	if n != len(active) {
		m.t.Fatalf("%d tasks are active, in %d contexts", n, len(active))
	}
}

func (m *taskModel) play(moves int) {
	ops := []func(){m.send, m.send, m.send, m.resend, m.narrate, m.narrate, m.produce, m.ask, m.ask, m.withdraw, m.read, m.conclude, m.cancel, m.expire, m.release, m.work}
	for range moves {
		ops[m.rnd.IntN(len(ops))]()
		if t := m.any(nil); t != nil {
			m.check(t)
		}
	}
	for _, t := range m.tasks {
		m.check(t)
	}
	m.oneActive()
}

// TestTasksAreAsTheModelSays plays random games; where several processes may share
// the database, by two of them in turns.
func TestTasksAreAsTheModelSays(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		c := newClock()
		stores := []*Store{d.store(t, c.now)}
		if d.shared() {
			stores = append(stores, d.store(t, c.now))
		}
		for seed := range uint64(12) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				reset(t, stores[0])
				m := &taskModel{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), stores: stores, clock: c, messages: map[string]*modelMessage{}}
				m.play(120)
			})
		}
	})
}
