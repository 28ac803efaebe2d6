package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
)

func TestOneTaskTooManyIsRefusedForAWhile(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		limits := TaskLimits{PerOwner: 2, PerInstallation: 3, RetryAfter: time.Second}
		send := func(o TaskOwner, id string) error {
			_, err := s.Deliver(t.Context(), Incoming{Owner: o, Message: says("m-"+id, id), New: newTask(id, "c-"+id), Limits: limits})
			return err
		}
		bob, eve := TaskOwner{"i-1", "bob"}, TaskOwner{"i-2", "ann"}
		must(t, send(ann, "t1"))
		must(t, send(ann, "t2"))
		for id, o := range map[string]TaskOwner{"t3": ann} {
			var refusal *a2a.Refusal
			if err := send(o, id); !errors.As(err, &refusal) || refusal.Status != 429 || refusal.RetryAfter != time.Second {
				t.Errorf("the third task of ann: %v", err)
			}
		}
		must(t, send(bob, "t4"))
		var refusal *a2a.Refusal
		if err := send(bob, "t5"); !errors.As(err, &refusal) {
			t.Errorf("the fourth task of the installation: %v", err)
		}
		must(t, send(eve, "t6"))
		must(t, send(ann, "t1")) // again, which is no new task
		must(t, s.CancelTask(t.Context(), ann, "t1", statusOf(a2a.Canceled, "")))
		must(t, send(ann, "t3"))
	})
}

func TestTextsThatDatabasesDoNotTakeComeBackWhole(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		m := says("id\x00\u2028", "zero \x00 and <b>&\u2028")
		m.Parts = append(m.Parts, a2a.DataOf(json.RawMessage(`{"n":9007199254740993,"t":"\u0000<"}`)))
		for range 2 {
			to, err := s.Deliver(t.Context(), Incoming{Owner: ann, Message: m, New: newTask("t1", "c")})
			must(t, err)
			if to.Task != "t1" {
				t.Errorf("it went to %v", to)
			}
		}
		m.TaskID, m.ContextID = "t1", "c"
		if d := cmp.Diff([]a2a.Message{m}, taskOf(t, s, "t1").History); d != "" {
			t.Error(d)
		}
		must(t, s.AddArtifact(t.Context(), "t1", "k\x00", a2a.ArtifactUpdate{Artifact: a2a.Artifact{ID: "a\x00", Parts: m.Parts}}))
		must(t, s.AddArtifact(t.Context(), "t1", "k2", a2a.ArtifactUpdate{Append: true, Artifact: a2a.Artifact{ID: "a\x00", Parts: m.Parts}}))
		if got := taskOf(t, s, "t1").Artifacts; len(got) != 1 || len(got[0].Parts) != 4 {
			t.Errorf("artifacts are %v", got)
		}
		for _, id := range []string{"", strings.Repeat("y", 100_000)} {
			_, err := deliverAs(s, ann, fmt.Sprint("t", len(id)+2), says(id, "x"))
			must(t, err)
		}
		_, err := s.Task(t.Context(), ann, "t\x00", TaskView{})
		if code(err) != a2a.CodeTaskNotFound {
			t.Errorf("a strange id: %v", err)
		}
	})
}

func TestAChunkOfNoArtifactIsRefused(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		beginTask(t, s, "t1")
		is(t, "AddArtifact", s.AddArtifact(t.Context(), "t1", "k", a2a.ArtifactUpdate{Append: true, Artifact: a2a.Artifact{ID: "a"}}), ErrRefused)
		is(t, "AddArtifact", s.AddArtifact(t.Context(), "t1", "k", a2a.ArtifactUpdate{}), ErrRefused)
		is(t, "AddArtifact", s.AddArtifact(t.Context(), "none", "k", a2a.ArtifactUpdate{Artifact: a2a.Artifact{ID: "a"}}), ErrNotFound)
		is(t, "Narrate", s.Narrate(t.Context(), "t1", "k", a2a.Status{State: a2a.Completed}), ErrRefused)
	})
}

// TestRacesLeaveOneActiveTaskInEachContext has many senders, on two replicas where
// there can be.
func TestRacesLeaveOneActiveTaskInEachContext(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		stores := []*Store{d.store(t, nil)}
		if d.shared() {
			stores = append(stores, d.store(t, nil))
		}
		_, err := deliverAs(stores[0], ann, "t0", says("m0", "begin"))
		must(t, err)
		must(t, stores[0].StopTask(t.Context(), "t0", "a test", statusOf(a2a.Completed, "")))
		const senders, each = 8, 12
		var all sync.WaitGroup
		errs := make(chan error, senders*each)
		for i := range senders {
			all.Go(func() {
				s := stores[i%len(stores)]
				for k := range each {
					id := fmt.Sprintf("t-%d-%d", i, k)
					m := says(fmt.Sprint("m-", i%4, "-", k), "the same from two") // each is sent twice
					m.ContextID = "c-t0"
					to, err := deliverAs(s, ann, id, m)
					if err == nil && k%4 == 3 {
						err = s.StopTask(t.Context(), to.Task, "a test", statusOf(a2a.Failed, ""))
					}
					errs <- err
				}
			})
		}
		all.Wait()
		close(errs)
		for err := range errs {
			must(t, err)
		}
		tasks, _, total, err := stores[0].Tasks(t.Context(), ann, TaskFilter{Context: "c-t0", Limit: 500}, TaskView{History: a2a.AllHistory})
		must(t, err)
		active, messages := 0, map[string]int{}
		for _, task := range tasks {
			if !task.Status.State.Terminal() {
				active++
			}
			for _, m := range task.History {
				messages[m.ID]++
			}
		}
		if active > 1 || len(messages) != senders/2*each+1 || total != len(tasks) {
			t.Errorf("%d tasks are active, %d messages are kept, %d of %d tasks are listed", active, len(messages), len(tasks), total)
		}
		for id, n := range messages {
			if n != 1 {
				t.Errorf("message %s is kept %d times", id, n)
			}
		}
	})
}

// TestOnlyOneOfAnAnswerAndAnEndCounts lets users speak while the task is concluded.
func TestOnlyOneOfAnAnswerAndAnEndCounts(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		a := d.store(t, nil)
		b := a
		if d.shared() {
			b = d.store(t, nil)
		}
		for i := range 20 {
			id := fmt.Sprint("t", i)
			_, err := deliverAs(a, ann, id, says("m-"+id, "begin"))
			must(t, err)
			var all sync.WaitGroup
			var done bool
			var concluded, sent error
			var to Delivered
			all.Go(func() { _, done, concluded = a.ConcludeTask(t.Context(), id, "end", 1, statusOf(a2a.Completed, "")) })
			all.Go(func() { to, sent = deliverAs(b, ann, id+"-next", within2(says("n-"+id, "more"), "c-"+id, "")) })
			all.Wait()
			must(t, concluded)
			must(t, sent)
			if done != (to.Task != id) {
				t.Errorf("concluded is %v, and the message went to %s", done, to.Task)
			}
		}
	})
}

func TestOldTasksGoAndYoungOnesStay(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		c := newClock()
		s := d.store(t, c.now)
		finish(t, s, beginTask(t, s, "old"))
		_, err := s.Deliver(t.Context(), Incoming{Owner: ann, Message: says("m-held", "x"), New: &NewTask{ID: "held", ContextID: "c-held", Status: statusOf(a2a.AuthRequired, "sign in")}})
		must(t, err)
		must(t, s.CancelTask(t.Context(), ann, "held", statusOf(a2a.Canceled, "")))
		c.add(time.Hour)
		finish(t, s, beginTask(t, s, "young"))
		_, err = s.Wipe(t.Context(), c.now().Add(-time.Minute))
		must(t, err)
		for id, want := range map[string]bool{"old": false, "held": false, "young": true} {
			_, err := s.Task(t.Context(), ann, id, TaskView{})
			if (err == nil) != want {
				t.Errorf("task %s: %v", id, err)
			}
		}
		for _, table := range []string{"task_messages", "task_events"} {
			var n int
			must(t, s.row(t.Context(), `SELECT count(*) FROM `+table+` WHERE task <> 'young'`).Scan(&n))
			if n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
	})
}

func TestATenantThatGoesLeavesNothing(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		atWork := beginTask(t, s, "t1")
		record(t, s, atWork, toolStep(0))
		_, err := s.AskTask(t.Context(), "t1", "q", "signal", statusOf(a2a.InputRequired, "which?"))
		must(t, err)
		_, err = deliverAs(s, TaskOwner{"i-1", "bob"}, "t2", within2(says("m2", "x"), "", ""))
		must(t, err)
		_, err = deliverAs(s, TaskOwner{"i-2", "ann"}, "t3", says("m3", "x"))
		must(t, err)
		_, err = deliverAs(s, ann, "t9", within2(says("m4", "this one"), "", "t1")) // kept as a signal
		must(t, err)
		must(t, s.SetPush(t.Context(), ann, a2a.PushConfig{ID: "p", TaskID: "t1", URL: "https://x", Token: "secret"}))
		var all sync.WaitGroup
		all.Go(func() { // whoever is at work notices
			eventually(t, func() error {
				ids, err := s.Canceling(t.Context(), me)
				if err == nil && len(ids) == 0 {
					err = errors.New("nothing is to be canceled")
				}
				return err
			})
			must(t, s.Finish(t.Context(), atWork, Outcome{State: StateCanceled}))
		})
		must(t, s.PurgeTenant(t.Context(), "i-1"))
		all.Wait()
		must(t, s.PurgeTenant(t.Context(), "i-1"))
		for table, want := range map[string]int{"tasks": 1, "task_messages": 1, "task_events": 1, "task_asks": 0, "task_pushes": 0, "signals": 0,
			"runs": 1, "run_steps": 0, "run_work": 1, "run_waits": 0} {
			var n int
			must(t, s.row(t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
			if n != want {
				t.Errorf("%s has %d rows, want %d", table, n, want)
			}
		}
		is(t, "Record", put(s, atWork, Record{Entry: toolStep(1)}), ErrLost)
	})
}

func TestReceiversAreOwedWhatTheyHaveNotBeenTold(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		c := newClock()
		s := d.store(t, c.now)
		beginTask(t, s, "t1")
		config := a2a.PushConfig{ID: "p", TaskID: "t1", URL: "https://x", Token: "a", Credentials: "b\x00", Schemes: []string{"Bearer"}, Version: "1.0"}
		must(t, s.SetPush(t.Context(), ann, config))
		due := func() []DuePush {
			t.Helper()
			list, err := s.DuePushes(t.Context(), 10)
			must(t, err)
			return list
		}
		if list := due(); len(list) != 0 {
			t.Errorf("%v is due before anything happened", list)
		}
		must(t, s.Narrate(t.Context(), "t1", "k", statusOf(a2a.Working, "x")))
		if d := cmp.Diff([]DuePush{{Owner: ann, Config: config, Told: 1}}, due()); d != "" {
			t.Error(d)
		}
		must(t, s.PushFailed(t.Context(), "t1", "p", c.now().Add(time.Minute)))
		if list := due(); len(list) != 0 {
			t.Errorf("%v is due before its time", list)
		}
		c.add(time.Minute)
		if list := due(); len(list) != 1 || list[0].Attempts != 1 {
			t.Errorf("due is %v", list)
		}
		must(t, s.Narrate(t.Context(), "t1", "k2", statusOf(a2a.Working, "y")))
		must(t, s.PushTold(t.Context(), "t1", "p", 2))
		if list := due(); len(list) != 1 || list[0].Attempts != 0 || list[0].Told != 2 {
			t.Errorf("due is %v", list)
		}
		must(t, s.PushTold(t.Context(), "t1", "p", 3))
		if list := due(); len(list) != 0 {
			t.Errorf("%v is due and was told", list)
		}
		for i := range mostPushes + 1 {
			config.ID = fmt.Sprint("p", i)
			if err := s.SetPush(t.Context(), ann, config); (err == nil) != (i < mostPushes-1) {
				t.Errorf("configuration %d: %v", i+2, err)
			}
		}
	})
}
