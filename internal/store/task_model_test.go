package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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
	t.proceed(textThanks)
}

func (t *modelTask) proceed(text string) {
	if q := t.open(); q != nil {
		t.set(q.state, q.text)
		return
	}
	t.set(a2a.Working, text)
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
		t.proceed(textProceeds)
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
