package run_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// counter is told of everything.
type counter struct {
	mu   sync.Mutex
	seen map[string]int
}

func (c *counter) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[string]int{}
	}
	c.seen[what]++
}

func (c *counter) RunEnded(kind, target string, state store.State, _ time.Duration) {
	c.add(fmt.Sprint("run of ", kind, "/", target, " ", state))
}
func (c *counter) StepEnded(e step.Entry) { c.add("step " + e.Name) }
func (c *counter) DeliveryEnded(source string, s inbox.State) {
	c.add(fmt.Sprint("delivery of ", source, " ", s))
}

func (c *counter) snapshot() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int{}
	for k, v := range c.seen {
		out[k] = v
	}
	return out
}

// TestWhatHappensIsCountedOnce replays a run by a restart in the middle of it and
// looks at what the metrics were told.
func TestWhatHappensIsCountedOnce(t *testing.T) {
	s := settings{triggers: []*manifest.Trigger{trigger("any", nil)}}
	h := newHouse(t, s)
	h.stop()
	seen := &counter{}
	h.observer = seen
	h.start(s)
	t.Cleanup(func() { h.stop() })
	reached, again := make(chan struct{}, 1), false
	h.exec.set(func(e *executor) {
		e.do = func(ctx context.Context, _ run.Task, j step.Journal) (run.Result, error) {
			if _, err := oneStep(ctx, run.Task{}, j); err != nil {
				return run.Result{}, err
			}
			_, err := j.Do(ctx, step.KindTool, "t", func(ctx context.Context, _ string) (step.Entry, error) {
				if again {
					return step.Entry{}, errors.New("refused")
				}
				reached <- struct{}{}
				<-ctx.Done()
				return step.Entry{}, ctx.Err()
			})
			return run.Result{}, err
		}
	})
	id := h.send(created("1"))
	h.sendRaw([]byte("nonsense"))
	<-reached
	h.await("both deliveries", func() bool { return len(seen.snapshot()) == 3 })
	h.stop()
	again = true
	h.start(s)
	h.over(id, 1)
	want := map[string]int{"delivery of jira routed": 1, "delivery of jira failed": 1, "step m": 1, "step t": 1, "run of agent/helper failed": 1}
	h.await("the metrics", func() bool { return len(seen.snapshot()) == len(want) })
	if diff := cmp.Diff(want, seen.snapshot()); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
}

// TestABusyProjectLeavesPlacesToTheOthers queues many runs of one project before
// one of another.
func TestABusyProjectLeavesPlacesToTheOthers(t *testing.T) {
	h := newHouse(t, settings{limit: 1, triggers: []*manifest.Trigger{trigger("any", nil)}})
	release := make(chan struct{})
	h.exec.set(func(e *executor) {
		e.do = func(context.Context, run.Task, step.Journal) (run.Result, error) {
			<-release
			return run.Result{}, nil
		}
	})
	for i := range 30 {
		ev := created(fmt.Sprint(i))
		ev.Project = "BUSY"
		h.settled(h.send(ev))
	}
	ev := created("other")
	ev.Project = "CALM"
	calm := h.send(ev)
	h.settled(calm)
	close(release)
	h.over(calm, 1)
	if place := slices.Index(h.exec.done(), calm); place > 2 {
		t.Errorf("the other project's first run came as number %d", place+1)
	}
}

// TestWhoDidItIsNamedByWhatIsKnown looks at the actor that operators see.
func TestWhoDidItIsNamedByWhatIsKnown(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
	tests := map[string]struct {
		actor event.Actor
		want  string
	}{
		"by name in full":    {event.Actor{AccountID: "1", DisplayName: "Ann Example", Name: "ann"}, "Ann Example"},
		"by name":            {event.Actor{AccountID: "1", Name: "ann", Key: "k"}, "ann"},
		"by account":         {event.Actor{AccountID: "1"}, "1"},
		"by key":             {event.Actor{Key: "JIRAUSER1"}, "JIRAUSER1"},
		"nobody is known of": {event.Actor{}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ev := created(name)
			ev.Actor = tt.actor
			if r := h.over(h.send(ev), 1); r.Actor != tt.want {
				t.Errorf("actor %q, want %q", r.Actor, tt.want)
			}
		})
	}
}
