package keeper

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

func TestAMessageWithoutAContextAlwaysMakesANewContextAndTask(t *testing.T) {
	onEach(t, func(r *rig) {
		one, two := r.send(ann, message("m1", "Do")), r.send(ann, message("m2", "Do"))
		if one.ID == two.ID || one.ContextID == two.ContextID || one.ID == "" || one.ContextID == "" {
			r.Errorf("got %v and %v", one, two)
		}
		r.is(one, a2a.Submitted)
		want := a2a.Task{ID: one.ID, ContextID: one.ContextID, Status: a2a.Status{State: a2a.Submitted, Time: r.now()}, Seq: 1, History: []a2a.Message{
			{ID: "m1", Role: a2a.User, TaskID: one.ID, ContextID: one.ContextID, Parts: []a2a.Part{a2a.TextOf("Do")}}}}
		if d := cmp.Diff(want, one); d != "" {
			r.Error(d)
		}
		if d := cmp.Diff(want, r.get(ann, one.ID)); d != "" {
			r.Error(d)
		}
		if r.woken != 2 {
			r.Errorf("the scheduler was woken %d times", r.woken)
		}
		r.claim(one.ID)
	})
}

func TestAMessageToAWorkingTaskIsAddedToIt(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		for i, where := range [][]string{{task.ContextID}, {"", task.ID}, {task.ContextID, task.ID}} {
			got := r.send(ann, message(fmt.Sprint("m", i+2), "and", where...))
			if got.ID != task.ID || len(got.History) != i+2 {
				r.Errorf("it went to %s, whose history has %d messages", got.ID, len(got.History))
			}
		}
		if r.made != 1 {
			r.Errorf("work was prepared %d times", r.made)
		}
	})
}

func TestAfterATerminalStateThereIsANewTaskInTheSameContext(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		r.conclude(task.ID)
		next := r.send(ann, message("m2", "Again", task.ContextID))
		if next.ID == task.ID || next.ContextID != task.ContextID {
			r.Errorf("got %s in %s", next.ID, next.ContextID)
		}
		_, err := r.keepers[0].Send(r.Context(), ann, message("m3", "and", "", task.ID))
		r.fails2("a message to an ended task", err, a2a.CodeUnsupported)
		_, err = r.keepers[0].Send(r.Context(), ann, message("m4", "and", task.ContextID, "unknown"))
		r.fails2("a message to a task that there is not", err, a2a.CodeTaskNotFound)
		_, err = r.keepers[0].Send(r.Context(), ann, message("m5", "and", "unknown", next.ID))
		r.fails2("a message with another context", err, a2a.CodeInvalidParams)
		_, err = r.keepers[0].Send(r.Context(), ann, message("m6", "and", "unknown"))
		r.fails2("a message to a context that there is not", err, a2a.CodeTaskNotFound)
	})
}

func TestATerminalTaskNeverChanges(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		r.conclude(task.ID)
		before := r.get(ann, task.ID)
		s := r.stores[0]
		r.must(s.Narrate(r.Context(), task.ID, "k", said(a2a.Working, "x")))
		var over *a2a.TerminalError
		if err := s.AddArtifact(r.Context(), task.ID, "k", a2a.ArtifactUpdate{Artifact: a2a.Artifact{ID: "a"}}); !errors.As(err, &over) {
			r.Errorf("an artifact: %v", err)
		}
		if _, err := s.AskTask(r.Context(), task.ID, "k", "", said(a2a.InputRequired, "x")); !errors.As(err, &over) {
			r.Errorf("a question: %v", err)
		}
		_, err := r.keepers[0].Cancel(r.Context(), ann, a2a.CancelRequest{ID: task.ID})
		r.fails2("to cancel it", err, a2a.CodeNotCancelable)
		r.later(48 * time.Hour)
		r.keepers[0].tend(r.Context(), true)
		if d := cmp.Diff(before, r.get(ann, task.ID)); d != "" {
			r.Error(d)
		}
	})
}

func TestTheReplyToAQuestionContinuesTheSameTask(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		_, s := r.other()
		_, err := s.AskTask(r.Context(), task.ID, "q", "signal", said(a2a.InputRequired, "Which?"))
		r.must(err)
		asked := r.get(ann, task.ID)
		r.is(asked, a2a.InputRequired)
		got := r.send(ann, message("m2", "This", task.ContextID))
		r.is(got, a2a.Working)
		var said []string
		for _, m := range got.History {
			said = append(said, m.Text())
		}
		if got.ID != task.ID || !slices.Equal(said, []string{"Do", "Which?", "This"}) {
			r.Errorf("task %s has %v", got.ID, said)
		}
	})
}

func TestAMessageThatIsSentTwiceIsOne(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		again := r.send(ann, message("m1", "Do"))
		if d := cmp.Diff(task, again); d != "" {
			r.Error(d)
		}
		r.send(ann, message("m2", "and", task.ContextID))
		r.send(ann, message("m2", "and", task.ContextID))
		if got := r.get(ann, task.ID); len(got.History) != 2 {
			r.Errorf("the history is %v", got.History)
		}
		if other := r.send(ann, message("m1", "something else")); other.ID == task.ID {
			r.Error("Jira may give two messages one id, as its guide does")
		}
		if other := r.send(ann, message("m1", "Do", task.ContextID)); other.ID != task.ID || len(other.History) != 3 {
			r.Errorf("the same words as a reply give %+v", other)
		}
		r.send(bot, message("m1", "Do"))
		_, err := r.keepers[0].Send(r.Context(), bot, message("m1", "something else"))
		r.fails2("another message with the id", err, a2a.CodeInvalidParams)
		r.conclude(task.ID)
		if again := r.send(ann, message("m2", "and", task.ContextID)); again.ID != task.ID {
			r.Errorf("sent again after the end, it made task %s", again.ID)
		}
		if other := r.send(bob, message("m1", "Do")); other.ID == task.ID {
			r.Error("the ids of one user's messages mean another's")
		}
	})
}

func TestOneMessageSentManyTimesAtOnceMakesOneTask(t *testing.T) {
	onEach(t, func(r *rig) {
		var all sync.WaitGroup
		ids := make(chan string, 64)
		for i := range 64 {
			all.Go(func() {
				reply, err := r.keepers[i%len(r.keepers)].Send(r.Context(), ann, message("m1", "Do"))
				if err != nil {
					r.Error(err)
					return
				}
				ids <- reply.Task.ID
			})
		}
		all.Wait()
		close(ids)
		seen := map[string]bool{}
		for id := range ids {
			seen[id] = true
		}
		if len(seen) != 1 {
			r.Errorf("got tasks %v", seen)
		}
	})
}

func TestContextsOnOneIssueGoSideBySide(t *testing.T) {
	onEach(t, func(r *rig) {
		one, two := r.send(ann, message("m1", "Do")), r.send(ann, message("m2", "Do"))
		claims, err := r.stores[0].Claim(r.Context(), "me", 10, store.Limits{})
		r.must(err)
		if len(claims) != 2 {
			r.Errorf("runs of %s and %s: %v", one.ID, two.ID, claims)
		}
	})
}

func TestACanceledTaskEndsAtOnceAndItsRunIsStopped(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		r.claim(task.ID)
		told := r.stores[0].Canceled()
		k, _ := r.other()
		got, err := k.Cancel(r.Context(), ann, a2a.CancelRequest{ID: task.ID})
		r.must(err)
		r.is(got, a2a.Canceled)
		if got.Status.Message.Text() != textCanceled {
			r.Errorf("it says %q", got.Status.Message.Text())
		}
		r.eventually("word of the cancellation", func() bool {
			select {
			case <-told:
				return true
			default:
				return false
			}
		})
		ids, err := r.stores[0].Canceling(r.Context(), "me")
		r.must(err)
		if !slices.Equal(ids, []string{"run-" + task.ID}) {
			r.Errorf("to be canceled are %v", ids)
		}
		_, err = k.Cancel(r.Context(), ann, a2a.CancelRequest{ID: task.ID})
		r.fails2("to cancel it again", err, a2a.CodeNotCancelable)
	})
}

func TestWorkThatMayNotBeginYetIsHeldAndContinuesByItself(t *testing.T) {
	onEach(t, func(r *rig) {
		hold := said(a2a.AuthRequired, "Connect your account")
		r.gate(&hold)
		task := r.send(ann, message("m1", "Do"))
		r.is(task, a2a.AuthRequired)
		other := r.send(eve, message("m1", "Do"))
		got := r.send(ann, message("m2", "and", task.ContextID))
		r.is(got, a2a.AuthRequired)
		if r.made != 0 {
			r.Error("work was prepared that may not begin")
		}
		missing := said(a2a.AuthRequired, "Allow the scopes")
		r.gate(&missing)
		k, s := r.other()
		r.must(k.Reconsider(r.Context(), "i-1", "ann"))
		if text := r.get(ann, task.ID).Status.Message.Text(); text != "Allow the scopes" {
			r.Errorf("it says %q", text)
		}
		r.gate(nil)
		r.must(k.Reconsider(r.Context(), "i-1", "ann"))
		r.must(k.Reconsider(r.Context(), "i-1", "ann"))
		got = r.get(ann, task.ID)
		r.is(got, a2a.Submitted)
		r.is(r.get(eve, other.ID), a2a.AuthRequired)
		_, told, err := s.TaskStory(r.Context(), task.ID)
		r.must(err)
		if len(told) != 2 || r.made != 1 {
			r.Errorf("the run hears %v, prepared %d times", told, r.made)
		}
		r.claim(task.ID)
		r.must(k.Reconsider(r.Context(), "", ""))
		r.is(r.get(eve, other.ID), a2a.Submitted)
	})
}

func TestAHeldTaskBeginsWhenItsUserSpeaks(t *testing.T) {
	onEach(t, func(r *rig) {
		hold := said(a2a.AuthRequired, "Connect your account")
		r.gate(&hold)
		task, other := r.send(ann, message("m1", "Do")), r.send(eve, message("m1", "Do"))
		r.gate(nil)
		r.is(r.send(ann, message("m2", "I have", task.ContextID)), a2a.Submitted)
		r.is(r.get(eve, other.ID), a2a.AuthRequired) // nobody looked at what is not ann's
		r.claim(task.ID)
	})
}

func TestAHeldTaskWhoseAgentIsGoneIsRejected(t *testing.T) {
	onEach(t, func(r *rig) {
		hold := said(a2a.AuthRequired, "Connect your account")
		r.gate(&hold)
		task := r.send(ann, message("m1", "Do"))
		r.gate(nil)
		r.fails = a2a.Unsupported("there is no such agent")
		r.keepers[0].tend(r.Context(), true)
		r.is(r.get(ann, task.ID), a2a.Rejected)
		_, err := r.keepers[0].Send(r.Context(), ann, message("m2", "Do"))
		r.fails2("a new task", err, a2a.CodeUnsupported)
	})
}

func TestARefusalAtTheGateIsARejectedTask(t *testing.T) {
	onEach(t, func(r *rig) {
		hold := said(a2a.Rejected, "Not here")
		r.gate(&hold)
		task := r.send(ann, message("m1", "Do"))
		r.is(task, a2a.Rejected)
		next := r.send(ann, message("m2", "Please", task.ContextID))
		if next.ID == task.ID {
			r.Error("an ended task took a message")
		}
	})
}

func TestARunThatAskedForASignInGoesOnWithIt(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		c := r.claim(task.ID)
		s := r.stores[0]
		_, err := s.AskTask(r.Context(), task.ID, "q", "signed in", said(a2a.AuthRequired, "Sign in"))
		r.must(err)
		r.must(s.Suspend(r.Context(), c, store.Wait{Name: "sign in", Signal: "signed in"}))
		k, _ := r.other()
		r.must(k.Reconsider(r.Context(), "i-1", ""))
		r.is(r.get(ann, task.ID), a2a.Working)
		r.claim(task.ID)
	})
}

func TestTasksEndWhenTheirTimeIsUp(t *testing.T) {
	onEach(t, func(r *rig) {
		chat := message("m1", "")
		chat.Message.Parts = []a2a.Part{a2a.DataOf([]byte(`{"chat":{"message":"hi"}}`))}
		tasks := map[time.Duration]a2a.Task{}
		calls := map[time.Duration]a2a.Call{30 * time.Minute: ann, time.Hour: bob, 24 * time.Hour: bot}
		tasks[30*time.Minute] = r.send(ann, chat)
		tasks[time.Hour] = r.send(bob, message("m2", "Do"))
		tasks[24*time.Hour] = r.send(bot, message("m3", "Do"))
		began := r.now()
		for _, lasts := range []time.Duration{30 * time.Minute, time.Hour, 24 * time.Hour} {
			r.later(began.Add(lasts).Sub(r.now()) - time.Second)
			r.keepers[0].tend(r.Context(), false)
			r.is(r.get(calls[lasts], tasks[lasts].ID), a2a.Submitted)
			r.later(time.Second)
			r.keepers[0].tend(r.Context(), false)
			got := r.get(calls[lasts], tasks[lasts].ID)
			r.is(got, a2a.Failed)
			if got.Status.Message == nil || !strings.Contains(got.Status.Message.Text(), "longer than it may") {
				r.Errorf("it says %v", got.Status.Message)
			}
			run, err := r.stores[0].Run(r.Context(), "run-"+got.ID)
			r.must(err)
			if run.State != store.StateCanceled {
				r.Errorf("its run is %s", run.State)
			}
		}
	})
}

func TestOnlyTheReplicaThatLeadsTends(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		r.later(48 * time.Hour)
		ctx, cancel := newContext(r)
		var all sync.WaitGroup
		asked := make(chan struct{}, 1)
		all.Go(func() {
			r.keepers[0].Run(ctx, func() bool {
				select {
				case asked <- struct{}{}:
				default:
				}
				return false
			})
		})
		<-asked
		cancel()
		all.Wait()
		r.is(r.get(ann, task.ID), a2a.Submitted)
		ctx, cancel = newContext(r)
		all.Go(func() { r.keepers[0].Run(ctx, func() bool { return true }) })
		r.eventually("the end of the task", func() bool { return r.get(ann, task.ID).Status.State == a2a.Failed })
		cancel()
		all.Wait()
	})
}
