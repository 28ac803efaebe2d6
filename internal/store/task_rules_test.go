package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
)

func TestEveryEndOfARunEndsItsTask(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		for state, want := range map[State]a2a.Status{
			StateSucceeded: {State: a2a.Completed}, StateFailed: {State: a2a.Failed}, StateCanceled: {State: a2a.Canceled}, StateRejected: {State: a2a.Rejected},
		} {
			id := "t-" + string(state)
			c := beginTask(t, s, id)
			must(t, s.Finish(t.Context(), c, Outcome{State: state, Result: "the answer", Error: "dial tcp 10.0.0.7: the password is x"}))
			got := taskOf(t, s, id).Status
			if got.State != want.State {
				t.Errorf("the task of a run that has %s is %s", state, got.State)
			}
			if text := textOf(got); strings.Contains(text, "10.0.0.7") || (state == StateSucceeded) != (text == "the answer") {
				t.Errorf("the task of a run that has %s says %q", state, text)
			}
			if got.Message.Role != a2a.Agent || got.Message.TaskID != id || got.Message.ContextID != "c-"+id || got.Message.ID == "" {
				t.Errorf("the message is %+v", got.Message)
			}
		}
	})
}

func TestARunThatDiesTooOftenFailsItsTask(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		beginTask(t, s, "t1")
		for range maxDeaths {
			_, err := s.Revive(t.Context(), 0)
			must(t, err)
			claimed(t, s, 1)
		}
		isTask(t, s, "t1", a2a.Failed)
	})
}

func TestAnEndedTaskKeepsItsEndWhateverItsRunDoes(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := beginTask(t, s, "t1")
		_, done, err := s.ConcludeTask(t.Context(), "t1", "end", 1, statusOf(a2a.Completed, "answer"))
		must(t, err)
		if !done {
			t.Fatal("not done")
		}
		before := taskOf(t, s, "t1")
		end(t, s, c, StateFailed)
		must(t, s.Narrate(t.Context(), "t1", "late", statusOf(a2a.Working, "still here")))
		if d := cmp.Diff(before, taskOf(t, s, "t1")); d != "" {
			t.Error(d)
		}
	})
}

func TestARunOfATaskIsNotTriedAgain(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		end(t, s, beginTask(t, s, "t1"), StateFailed)
		err := s.Retry(t.Context(), "run-t1", "ann")
		is(t, "Retry", err, ErrOver)
		if !strings.Contains(fmt.Sprint(err), "A2A") {
			t.Errorf("it says %v", err)
		}
		isState(t, s, "run-t1", StateFailed)
	})
}

func TestCancelingATaskStopsItsRun(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		beginTask(t, s, "t1")
		told := s.Canceled()
		must(t, s.CancelTask(t.Context(), ann, "t1", statusOf(a2a.Canceled, "stop")))
		within(t, "the cancellation", told)
		isTask(t, s, "t1", a2a.Canceled)
		ids, err := s.Canceling(t.Context(), me)
		must(t, err)
		if !slices.Equal(ids, []string{"run-t1"}) {
			t.Errorf("to be canceled are %v", ids)
		}
		_, err = deliverAs(s, ann, "t2", says("m2", "Do t2"))
		must(t, err)
		must(t, s.CancelTask(t.Context(), ann, "t2", statusOf(a2a.Canceled, "stop")))
		isState(t, s, "run-t2", StateCanceled)
	})
}

func TestTheAuditLogKeepsNoTextsOfQuestionsToUsers(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		for i, owner := range []TaskOwner{ann, {Installation: "token"}} {
			id, code := fmt.Sprint("t", i), fmt.Sprint("CODE", i)
			_, err := deliverAs(s, owner, id, says("m", "Do "+id))
			must(t, err)
			_, err = s.Ask(t.Context(), Approval{Code: code, Step: id + ":0", Run: "run-" + id, Kind: "call", Asks: json.RawMessage(`{"body":"secret"}`)})
			must(t, err)
			_, _, err = s.Decide(t.Context(), code, Decision{State: ApprovalRejected, By: "bob", Body: json.RawMessage(`{"reason":"a secret, too"}`)})
			must(t, err)
			rows, err := s.AuditTrail(t.Context(), AuditFilter{Run: "run-" + id})
			must(t, err)
			if len(rows) != 1 || strings.Contains(string(rows[0].Body), "secret") != (owner.Account == "") || !strings.Contains(string(rows[0].Body), "bob") {
				t.Errorf("the rows for %+v are %+v", owner, rows)
			}
		}
	})
}

func TestCancelingARunCancelsItsTask(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		_, err := deliverAs(s, ann, "t1", says("m1", "Do t1"))
		must(t, err)
		_, err = s.Cancel(t.Context(), "run-t1", "an operator")
		must(t, err)
		isTask(t, s, "t1", a2a.Canceled)
	})
}

func TestTheNextTaskOfAContextWaitsForTheRunBeforeIt(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := beginTask(t, s, "t1")
		must(t, s.CancelTask(t.Context(), ann, "t1", statusOf(a2a.Canceled, "stop")))
		next := newTask("t2", "c-t1")
		_, err := s.Deliver(t.Context(), Incoming{Owner: ann, Message: within2(says("m2", "Again"), "c-t1", ""), New: next})
		must(t, err)
		if got := claimIDs(t, s, 10); len(got) != 0 {
			t.Errorf("claimed %v beside the run that is at work", got)
		}
		end(t, s, c, StateCanceled)
		claimOf(t, s, "run-t2")
		isTask(t, s, "t2", a2a.Submitted)
	})
}

func TestAnAnswerGoesToTheStepThatAsked(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := beginTask(t, s, "t1")
		_, err := s.AskTask(t.Context(), "t1", "q1", "signal-q1", statusOf(a2a.InputRequired, "which?"))
		must(t, err)
		suspend(t, s, c, Wait{Step: 0, Name: "ask", Signal: "signal-q1", For: "the user"})
		isTask(t, s, "t1", a2a.InputRequired)
		_, err = deliverAs(s, ann, "t9", within2(says("m2", "the first"), "c-t1", "t1"))
		must(t, err)
		isTask(t, s, "t1", a2a.Working)
		isState(t, s, "run-t1", StateQueued)
		steps, err := s.Steps(t.Context(), "run-t1")
		must(t, err)
		var m a2a.Message
		if len(steps) != 1 || json.Unmarshal(steps[0].Output, &m) != nil || m.Text() != "the first" || m.TaskID != "t1" {
			t.Errorf("the step has %v", steps)
		}
		if list, err := s.TaskMessages(t.Context(), "t1", 1); err != nil || len(list) != 0 {
			t.Errorf("the answer is heard once more: %v, %v", list, err)
		}
	})
}

func TestAQuestionThatIsAskedAgainAfterACrashIsTheSame(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		beginTask(t, s, "t1")
		for range 3 {
			answer, err := s.AskTask(t.Context(), "t1", "q1", "signal", statusOf(a2a.InputRequired, "which?"))
			must(t, err)
			if answer != nil {
				t.Errorf("nobody answered %v", answer)
			}
		}
		before := taskOf(t, s, "t1")
		_, err := deliverAs(s, ann, "t9", within2(says("m2", "this"), "", "t1"))
		must(t, err)
		for range 2 {
			answer, err := s.AskTask(t.Context(), "t1", "q1", "signal", statusOf(a2a.InputRequired, "which?"))
			must(t, err)
			if answer == nil || answer.Text() != "this" {
				t.Errorf("the answer is %v", answer)
			}
		}
		if after := taskOf(t, s, "t1"); before.Seq != 2 || after.Seq != 3 {
			t.Errorf("the events are %d and then %d", before.Seq, after.Seq)
		}
	})
}

func TestWhatWasSaidBeforeAQuestionAnswersIt(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		beginTask(t, s, "t1")
		_, said, err := s.TaskStory(t.Context(), "t1")
		must(t, err)
		if len(said) != 1 || said[0].N != 1 {
			t.Fatalf("the story is %v", said)
		}
		_, err = deliverAs(s, ann, "t9", within2(says("m2", "by the way"), "c-t1", ""))
		must(t, err)
		isTask(t, s, "t1", a2a.Submitted)
		answer, err := s.AskTask(t.Context(), "t1", "q1", "signal", statusOf(a2a.InputRequired, "which?"))
		must(t, err)
		if answer == nil || answer.Text() != "by the way" {
			t.Errorf("the answer is %v", answer)
		}
		isTask(t, s, "t1", a2a.Submitted)
	})
}

func TestOnlyWhatIsSaidBehindItAnswersAQuestionThatIsAskedAnew(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		beginTask(t, s, "t1")
		_, err := deliverAs(s, ann, "t9", within2(says("m2", "yes"), "c-t1", ""))
		must(t, err)
		_, _, err = s.TaskStory(t.Context(), "t1")
		must(t, err)
		_, err = deliverAs(s, ann, "t9", within2(says("m3", "yes again"), "c-t1", ""))
		must(t, err)
		ask := func() *a2a.Message {
			answer, err := s.AskTaskAnew(t.Context(), "t1", "q1", "signal", statusOf(a2a.InputRequired, "may I?"))
			must(t, err)
			return answer
		}
		if answer := ask(); answer != nil {
			t.Fatalf("%q answers what nobody had seen", answer.Text())
		}
		isTask(t, s, "t1", a2a.InputRequired)
		_, err = deliverAs(s, ann, "t9", within2(says("m4", "no"), "c-t1", ""))
		must(t, err)
		if answer := ask(); answer == nil || answer.Text() != "no" {
			t.Errorf("the answer is %v", answer)
		}
		if list, err := s.TaskMessages(t.Context(), "t1", 2); err != nil || len(list) != 1 || list[0].Message.Text() != "yes again" {
			t.Errorf("still to be heard: %v, %v", list, err)
		}
	})
}

func TestATaskIsNotConcludedOverTheHeadOfItsUser(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		beginTask(t, s, "t1")
		_, err := deliverAs(s, ann, "t9", within2(says("m2", "wait"), "", "t1"))
		must(t, err)
		rest, done, err := s.ConcludeTask(t.Context(), "t1", "end 1", 1, statusOf(a2a.Completed, "answer"))
		must(t, err)
		if done || len(rest) != 1 || rest[0].N != 2 || rest[0].Message.Text() != "wait" {
			t.Fatalf("concluded: %v, with %v", done, rest)
		}
		for range 2 { // the second after a crash
			_, done, err = s.ConcludeTask(t.Context(), "t1", "end 2", 2, statusOf(a2a.Completed, "answer"))
			must(t, err)
			if !done {
				t.Fatal("not concluded")
			}
		}
		_, err = deliverAs(s, ann, "t9", within2(says("m3", "too late"), "", "t1"))
		if code(err) != a2a.CodeUnsupported {
			t.Errorf("a message to an ended task: %v", err)
		}
	})
}

func TestTheStoryTellsWhatWasSaidBefore(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := beginTask(t, s, "t1")
		_, _, err := s.ConcludeTask(t.Context(), "t1", "end", 1, statusOf(a2a.Completed, "first answer"))
		must(t, err)
		finish(t, s, c)
		next := newTask("t2", "c-t1")
		_, err = s.Deliver(t.Context(), Incoming{Owner: ann, Message: within2(says("m2", "And now?"), "c-t1", ""), New: next})
		must(t, err)
		earlier, said, err := s.TaskStory(t.Context(), "t2")
		must(t, err)
		var got []string
		for _, m := range earlier {
			got = append(got, string(m.Role)+": "+m.Text())
		}
		if d := cmp.Diff([]string{"user: Do t1", "agent: first answer"}, got); d != "" {
			t.Error(d)
		}
		if len(said) != 1 || said[0].Message.Text() != "And now?" || said[0].Message.TaskID != "t2" {
			t.Errorf("the task's own messages are %v", said)
		}
	})
}

func TestALongStoryIsCutAtItsBeginning(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		for i := range 12 {
			id := fmt.Sprint("t", i)
			n := newTask(id, "c")
			m := says("m"+id, id+strings.Repeat("x", earlierLength/10))
			if i > 0 {
				m.ContextID = "c"
			}
			_, err := s.Deliver(t.Context(), Incoming{Owner: ann, Message: m, New: n})
			must(t, err)
			must(t, s.StopTask(t.Context(), id, "a test", statusOf(a2a.Completed, "")))
		}
		m := says("last", "now")
		m.ContextID = "c"
		_, err := s.Deliver(t.Context(), Incoming{Owner: ann, Message: m, New: newTask("t", "c")})
		must(t, err)
		earlier, _, err := s.TaskStory(t.Context(), "t")
		must(t, err)
		if len(earlier) != 9 || !strings.HasPrefix(earlier[8].Text(), "t11x") {
			t.Errorf("%d messages are told", len(earlier))
		}
	})
}
