package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
)

// taskModel is what tasks must be like, written down as simply as possible.
type taskModel struct {
	t        *testing.T
	rnd      *rand.Rand
	stores   []*Store
	clock    *clock
	n        int
	tasks    []*modelTask
	messages map[string]*modelMessage // by owner and id
}

type modelTask struct {
	id, context string
	owner       TaskOwner
	state       a2a.State
	text        string // of the status
	said        []*modelMessage
	asks        []*modelAsk
	seq         int64
	artifact    string
	keys        map[string]bool
	endedBy     string
	deadline    time.Time
	run         bool // it has one that has not ended
	readTo      int
}

type modelMessage struct {
	id, text string
	ours     bool
	answers  string
	task     *modelTask
}

type modelAsk struct {
	key, text string
	state     a2a.State
	open      bool
	answer    *modelMessage
}

func (t *modelTask) active() bool { return !t.state.Terminal() }

func (t *modelTask) set(state a2a.State, text string) {
	t.state, t.text = state, text
	t.seq++
	if state.Terminal() {
		t.endedBy = ""
	}
}

func (t *modelTask) open() *modelAsk {
	for _, a := range t.asks {
		if a.open {
			return a
		}
	}
	return nil
}

func (t *modelTask) unread(after int) (list []string) {
	for i, m := range t.said {
		if i+1 > after && !m.ours && m.answers == "" {
			list = append(list, m.text)
		}
	}
	return list
}

// add is what a message does to an active task.
func (t *modelTask) add(m *modelMessage) {
	m.task = t
	held := t.state == a2a.AuthRequired && !t.run
	if !t.state.Interrupted() || held {
		t.said = append(t.said, m)
		return
	}
	if t.text != "" {
		t.said = append(t.said, &modelMessage{text: t.text, ours: true})
	}
	t.said = append(t.said, m)
	if q := t.open(); q != nil {
		q.open, q.answer, m.answers = false, m, q.key
	}
	t.proceed()
}

func (t *modelTask) proceed() {
	if q := t.open(); q != nil {
		t.set(q.state, q.text)
		return
	}
	t.set(a2a.Working, "")
}

var modelOwners = []TaskOwner{{"i-1", "ann"}, {"i-1", "bob"}, {"i-2", "ann"}, {"token", ""}}

func (m *taskModel) store() *Store { return m.stores[m.rnd.IntN(len(m.stores))] }

func (m *taskModel) name(prefix string) string {
	m.n++
	return fmt.Sprint(prefix, m.n)
}

func (m *taskModel) any(which func(*modelTask) bool) *modelTask {
	var list []*modelTask
	for _, t := range m.tasks {
		if which == nil || which(t) {
			list = append(list, t)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[m.rnd.IntN(len(list))]
}

// newest is the last task of the context.
func (m *taskModel) newest(context string) *modelTask {
	var last *modelTask
	for _, t := range m.tasks {
		if t.context == context {
			last = t
		}
	}
	return last
}

func statusOf(state a2a.State, text string) a2a.Status {
	s := a2a.Status{State: state}
	if text != "" {
		s.Message = &a2a.Message{Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(text)}}
	}
	return s
}

// send sends a message somewhere, as somebody, perhaps one that was sent before.
func (m *taskModel) send() {
	owner := modelOwners[m.rnd.IntN(len(modelOwners))]
	msg := &modelMessage{id: m.name("m"), text: m.name("say ")}
	var context, task string
	to := m.any(nil)
	if to != nil && m.rnd.IntN(3) > 0 {
		if m.rnd.IntN(5) > 0 {
			owner = to.owner
		}
		if context = to.context; m.rnd.IntN(2) == 0 {
			task = to.id
			if m.rnd.IntN(4) == 0 {
				context = ""
			}
		}
	}
	id := m.name("t")
	n := newTask(id, "c-"+id)
	if context != "" {
		n.ContextID = ""
		n.Run.Subject = "context:" + context
	}
	n.Deadline = m.clock.now().Add(time.Duration(m.rnd.IntN(100)) * time.Second)
	held := m.rnd.IntN(4) == 0
	if held {
		n.Run, n.Status = nil, statusOf(a2a.AuthRequired, "sign in")
	}
	in := Incoming{Owner: owner, Message: a2a.Message{ID: msg.id, ContextID: context, TaskID: task, Role: a2a.User, Parts: []a2a.Part{a2a.TextOf(msg.text)}}, New: n}
	got, err := m.store().Deliver(m.t.Context(), in)
	var want *modelTask
	switch {
	case task != "":
		want = to
		if to.owner != owner || !to.active() {
			m.refused("send to a task", err, to.owner == owner)
			return
		}
	case context != "":
		if want = m.newest(context); want.owner != owner {
			m.refused("send to a context", err, false)
			return
		}
	}
	must(m.t, err)
	m.messages[owner.Installation+"/"+owner.Account+"/"+msg.id] = msg
	if want != nil && want.active() {
		want.add(msg)
		if got.New != nil || got.Task != want.id {
			m.t.Fatalf("the message went to %+v, want %s", got, want.id)
		}
		return
	}
	if got.New == nil || got.Task != id || got.Held != held {
		m.t.Fatalf("the message went to %+v, want the new task %s", got, id)
	}
	t := &modelTask{id: id, context: got.New.ContextID, owner: owner, state: a2a.Submitted, seq: 1, keys: map[string]bool{}, run: !held, readTo: 1, deadline: n.Deadline}
	if held {
		t.state, t.text = a2a.AuthRequired, "sign in"
	}
	t.said, msg.task = []*modelMessage{msg}, t
	m.tasks = append(m.tasks, t)
}

func (m *taskModel) refused(what string, err error, known bool) {
	m.t.Helper()
	want := a2a.CodeTaskNotFound
	if known {
		want = a2a.CodeUnsupported
	}
	if code(err) != want {
		m.t.Fatalf("%s = %v, want %d", what, err, want)
	}
}

// resend sends a message again, or another with its id.
func (m *taskModel) resend() {
	keys := make([]string, 0, len(m.messages))
	for k := range m.messages {
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return
	}
	slices.Sort(keys)
	msg := m.messages[keys[m.rnd.IntN(len(keys))]]
	again := a2a.Message{ID: msg.id, Role: a2a.User, Parts: []a2a.Part{a2a.TextOf(msg.text)}}
	other := m.rnd.IntN(3) == 0
	if other {
		again.Parts[0].Text += " or not"
	}
	if m.rnd.IntN(2) == 0 {
		again.ContextID = msg.task.context
	}
	id := m.name("t")
	got, err := m.store().Deliver(m.t.Context(), Incoming{Owner: msg.task.owner, Message: again, New: newTask(id, "c-"+id)})
	if other {
		if code(err) != a2a.CodeInvalidParams {
			m.t.Fatalf("another message with the id of one = %v", err)
		}
		return
	}
	must(m.t, err)
	if got.Task != msg.task.id || got.New != nil {
		m.t.Fatalf("the message went to %+v, and before to %s", got, msg.task.id)
	}
}

func (m *taskModel) key(t *modelTask) string {
	if len(t.keys) > 0 && m.rnd.IntN(4) == 0 {
		list := make([]string, 0, len(t.keys))
		for k := range t.keys {
			list = append(list, k)
		}
		slices.Sort(list)
		return list[m.rnd.IntN(len(list))]
	}
	return m.name("k")
}

func (m *taskModel) narrate() {
	t := m.any(nil)
	if t == nil {
		return
	}
	key, text := m.key(t), m.name("doing ")
	must(m.t, m.store().Narrate(m.t.Context(), t.id, key, statusOf(a2a.Working, text)))
	if t.active() && !t.state.Interrupted() && !t.keys[key] {
		t.keys[key] = true
		t.set(a2a.Working, text)
	}
}

func (m *taskModel) produce() {
	t := m.any(nil)
	if t == nil {
		return
	}
	key, text := m.key(t), m.name("x")
	err := m.store().AddArtifact(m.t.Context(), t.id, key, a2a.ArtifactUpdate{Append: t.artifact != "", Artifact: a2a.Artifact{ID: "a", Parts: []a2a.Part{a2a.TextOf(text)}}})
	switch {
	case t.keys[key]:
		must(m.t, err)
	case !t.active():
		m.terminal("AddArtifact", err)
	default:
		must(m.t, err)
		t.keys[key] = true
		t.artifact += text + "\n\n"
		t.seq++
	}
}

func (m *taskModel) terminal(what string, err error) {
	m.t.Helper()
	var over *a2a.TerminalError
	if !errors.As(err, &over) {
		m.t.Fatalf("%s = %v, want that the task has ended", what, err)
	}
}

func (m *taskModel) ask() {
	t := m.any(func(t *modelTask) bool { return t.run })
	if t == nil {
		return
	}
	q := &modelAsk{key: m.name("q"), text: m.name("what? "), state: a2a.InputRequired, open: true}
	var known *modelAsk
	if len(t.asks) > 0 && m.rnd.IntN(3) == 0 {
		known = t.asks[m.rnd.IntN(len(t.asks))]
		q = known
	}
	answer, err := m.store().AskTask(m.t.Context(), t.id, q.key, "signal-"+q.key, statusOf(q.state, q.text))
	if known == nil {
		if !t.active() {
			m.terminal("AskTask", err)
			return
		}
		if list := t.unread(t.readTo); len(list) > 0 {
			for _, s := range t.said {
				if s.text == list[0] {
					s.answers, q.answer, q.open = q.key, s, false
				}
			}
		}
		t.asks = append(t.asks, q)
		if q.open && !t.state.Interrupted() {
			t.set(q.state, q.text)
		}
	}
	must(m.t, err)
	want := ""
	if q.answer != nil {
		want = q.answer.text
	}
	got := ""
	if answer != nil {
		got = answer.Text()
	}
	if got != want {
		m.t.Fatalf("%s is answered with %q, want %q", q.key, got, want)
	}
}

func (m *taskModel) withdraw() {
	t := m.any(func(t *modelTask) bool { return len(t.asks) > 0 })
	if t == nil {
		return
	}
	q := t.asks[m.rnd.IntN(len(t.asks))]
	answer, err := m.store().WithdrawAsk(m.t.Context(), t.id, q.key)
	must(m.t, err)
	if (answer != nil) != (q.answer != nil) {
		m.t.Fatalf("withdrawn %s has the answer %v", q.key, answer)
	}
	if !q.open || !t.active() {
		return
	}
	first := t.open() == q
	if q.open = false; first {
		t.proceed()
	}
}

func (m *taskModel) read() {
	t := m.any(func(t *modelTask) bool { return t.run })
	if t == nil {
		return
	}
	after := m.rnd.IntN(len(t.said) + 1)
	list, err := m.store().TaskMessages(m.t.Context(), t.id, after)
	must(m.t, err)
	var got []string
	for _, s := range list {
		got = append(got, s.Message.Text())
		t.readTo = max(t.readTo, s.N)
	}
	if d := cmp.Diff(t.unread(after), got); d != "" {
		m.t.Fatal(d)
	}
}

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
