package store

import (
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
)

func TestAQuestionThatIsTakenBackLetsTheTaskGoOn(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		beginTask(t, s, "t1")
		asks := func(key, text string) *a2a.Message {
			t.Helper()
			m, err := s.AskTask(t.Context(), "t1", key, "signal:"+key, a2a.Status{State: a2a.InputRequired,
				Message: &a2a.Message{Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(text)}}})
			must(t, err)
			return m
		}
		withdraws := func(key string) *a2a.Message {
			t.Helper()
			m, err := s.WithdrawAsk(t.Context(), "t1", key)
			must(t, err)
			return m
		}
		_, err := s.TaskMessages(t.Context(), "t1", 0)
		must(t, err)
		asks("a", "First?")
		asks("b", "Second?")
		withdraws("b") // is not asked yet
		if got := taskOf(t, s, "t1").Status; got.State != a2a.InputRequired || got.Message.Text() != "First?" {
			t.Errorf("the status is %+v", got)
		}
		asks("c", "Third?")
		withdraws("a")
		if got := taskOf(t, s, "t1").Status; got.State != a2a.InputRequired || got.Message.Text() != "Third?" {
			t.Errorf("the status is %+v", got)
		}
		_, err = deliverAs(s, ann, "t1", within2(says("m2", "The answer"), "c-t1", ""))
		must(t, err)
		if m := withdraws("c"); m == nil || m.Text() != "The answer" {
			t.Errorf("what was answered is %+v", m)
		}
		isTask(t, s, "t1", a2a.Working)
		if m := withdraws("a"); m != nil {
			t.Errorf("a question that was taken back was answered: %+v", m)
		}
		if m := withdraws("none"); m != nil {
			t.Errorf("a question that was not asked was answered: %+v", m)
		}
	})
}
