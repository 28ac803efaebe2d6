package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

var ann = TaskOwner{Installation: "i-1", Account: "ann"}

func says(id, text string) a2a.Message {
	return a2a.Message{ID: id, Role: a2a.User, Parts: []a2a.Part{a2a.TextOf(text)}}
}

func within2(m a2a.Message, context, task string) a2a.Message {
	m.ContextID, m.TaskID = context, task
	return m
}

func newTask(id, context string) *NewTask {
	r := queuedRun("run-"+id, "context:"+context)
	r.Source = TaskSource
	return &NewTask{ID: id, ContextID: context, Run: &r}
}

// deliver sends a message as an owner; a task that begins has the given id, and its
// context, if the message names none, the id with a c before it.
func deliverAs(s *Store, o TaskOwner, id string, m a2a.Message) (Delivered, error) {
	context := m.ContextID
	if context == "" {
		context = "c-" + id
	}
	return s.Deliver(context2(), Incoming{Owner: o, Message: m, New: newTask(id, context)})
}

func context2() context.Context { return context.Background() }

func beginTask(t testing.TB, s *Store, id string) Claim {
	t.Helper()
	to, err := deliverAs(s, ann, id, says("m-"+id, "Do "+id))
	must(t, err)
	if to.New == nil || to.Task != id {
		t.Fatalf("delivered to %+v", to)
	}
	return claimOf(t, s, "run-"+id)
}

func taskOf(t testing.TB, s *Store, id string) a2a.Task {
	t.Helper()
	task, err := s.Task(t.Context(), ann, id, TaskView{History: a2a.AllHistory, Artifacts: true})
	must(t, err)
	return task
}

func isTask(t testing.TB, s *Store, id string, want a2a.State) {
	t.Helper()
	if got := taskOf(t, s, id).Status.State; got != want {
		t.Errorf("task %s is %s, want %s", id, got, want)
	}
}

func code(err error) a2a.Code {
	var e *a2a.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestATaskGoesFromItsMessageToItsAnswer(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := beginTask(t, s, "t1")
		isTask(t, s, "t1", a2a.Submitted)
		must(t, s.Narrate(t.Context(), "t1", "step 1", a2a.Status{State: a2a.Working}))
		must(t, s.AddArtifact(t.Context(), "t1", "step 2", a2a.ArtifactUpdate{Artifact: a2a.Artifact{ID: "a", Parts: []a2a.Part{a2a.TextOf("x")}}}))
		_, done, err := s.ConcludeTask(t.Context(), "t1", "end", 1, a2a.Status{State: a2a.Completed})
		must(t, err)
		if !done {
			t.Error("it is not done")
		}
		finish(t, s, c)
		task := taskOf(t, s, "t1")
		if task.Status.State != a2a.Completed || len(task.Artifacts) != 1 || len(task.History) != 1 || task.Seq != 4 {
			t.Errorf("got %+v", task)
		}
		events, err := s.TaskEvents(t.Context(), "t1", 0, 10)
		must(t, err)
		for i, e := range events {
			if e.Seq != int64(i+1) {
				t.Errorf("event %d has the number %d", i+1, e.Seq)
			}
		}
	})
}

// BenchmarkTaskSend begins tasks by 32 callers at a time.
func BenchmarkTaskSend(b *testing.B) {
	var ids atomic.Int64
	benchEach(b, func(b *testing.B, s *Store) {
		b.SetParallelism(16)
		work := json.RawMessage(fmt.Sprintf(`{"x":%q}`, make([]byte, 2000)))
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				id := fmt.Sprint("t", ids.Add(1))
				n := newTask(id, "c-"+id)
				n.Run.Work = work
				n.Deadline = time.Now()
				n.Revisions = []Revision{{Revision: "r", Kind: "agent", Text: string(work)}}
				_, err := s.Deliver(context.Background(), Incoming{Owner: ann, Message: says("m-"+id, "Do "+id), New: n})
				if err != nil {
					b.Error(err)
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sends/s")
	})
}

// BenchmarkTaskStream2000 streams chunks, one after another.
func BenchmarkTaskStream2000(b *testing.B) {
	benchEach(b, func(b *testing.B, s *Store) {
		i := 0
		for b.Loop() {
			i++
			id := fmt.Sprint("t", i)
			_, err := deliverAs(s, ann, id, says("m-"+id, "Do "+id))
			must(b, err)
			for n := range 2000 {
				must(b, s.AddArtifact(b.Context(), id, fmt.Sprint(n), a2a.ArtifactUpdate{Append: n > 0,
					Artifact: a2a.Artifact{ID: "a", Parts: []a2a.Part{a2a.TextOf("some words of an answer")}}}))
			}
		}
	})
}
