package route_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/google/go-cmp/cmp"
)

// some returns up to n of the words, at random.
func some(r *rand.Rand, n int, words ...string) []string {
	var list []string
	for range r.IntN(n + 1) {
		list = append(list, words[r.IntN(len(words))])
	}
	return list
}

func randomTrigger(r *rand.Rand, i int) *manifest.Trigger {
	return trigger(fmt.Sprint("t", i),
		events(some(r, 3, "issue_created", "jira:issue_updated", "comment_created", "comment_*", "sprint_*", "*", "nothing")...),
		projects(some(r, 3, "PROJ", "TEAM", "PROJ-*", "PR*", "TEAM-X-*", "TEAM-X", "?EAM", "PROJ-12", "PROJ-7", "OTHER", "*-X")...),
		issueTypes(some(r, 2, "Bug", "Task", "Story")...),
		users(some(r, 1, "alice", "bob")...),
	)
}

func randomEvent(r *rand.Rand) *event.Event {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	ev := &event.Event{
		Source: "jira", Type: pick("issue_created", "issue_updated", "comment_created", "sprint_started", "odd"),
		Project: pick("PROJ", "TEAM", "TEAM-X", "OTHER", ""),
		Actor:   event.Actor{Name: pick("alice", "bob", "eve")},
		Vars:    map[string]any{"issue_type": pick("Bug", "Task")},
	}
	if ev.Type == "issue_updated" && r.IntN(2) == 0 {
		ev.Also = []string{"comment_created"}
	}
	if ev.Project != "" {
		ev.IssueKey = ev.Project + "-" + pick("12", "7")
	}
	return ev
}

// The index must find exactly what a scan of the triggers, one by one, finds.
func TestIndexDecidesLikeAScan(t *testing.T) {
	in := route.Input{Final: true}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		var triggers []*manifest.Trigger
		for i := range 1 + r.IntN(40) {
			triggers = append(triggers, randomTrigger(r, i))
		}
		tb := table(triggers...)
		for range 20 {
			ev := randomEvent(r)
			var want []string
			for _, one := range triggers {
				if want = won(table(one).Decide(ev, in)); want != nil {
					break
				}
			}
			if diff := cmp.Diff(want, won(tb.Decide(ev, in))); diff != "" {
				t.Fatalf("seed %d, event %+v (-scan +index):\n%s", seed, ev, diff)
			}
		}
	}
}

func TestRoutingManyTriggersAllocatesNoMoreThanRoutingFew(t *testing.T) {
	ev, in := created(), route.Input{}
	cost := func(n int) float64 {
		tb := manyTriggers(n)
		return testing.AllocsPerRun(100, func() { tb.Decide(ev, in) })
	}
	if few, many := cost(10), cost(10_000); many > few {
		t.Errorf("%v allocations among 10 triggers, %v among 10,000", few, many)
	}
	refused := func(n int) float64 {
		var triggers []*manifest.Trigger
		for i := range n {
			triggers = append(triggers, trigger(fmt.Sprint("t", i), issueTypes("Story"), users("bob"), command("x")))
		}
		tb := table(triggers...)
		return testing.AllocsPerRun(20, func() { tb.Decide(ev, in) })
	}
	if few, many := refused(20), refused(2000); many > few {
		t.Errorf("%v allocations for 20 refusals, %v for 2,000", few, many)
	}
}

// manyTriggers makes a table of n triggers, each of a project of its own except
// the last three, which are of PROJ and of which only the third wants bugs.
func manyTriggers(n int) *route.Table {
	triggers := make([]*manifest.Trigger, 0, n)
	for i := range n {
		key := fmt.Sprint("P", i)
		if i >= n-3 {
			key = "PROJ"
		}
		t := trigger(fmt.Sprint("t", i), events("issue_created", "issue_updated", "comment_created"), projects(key),
			issueTypes("Bug", "Task"), command("triage"), command("review security"))
		if i >= n-3 && i < n-1 {
			t.Filters.IssueTypes = []string{"Story"}
		}
		triggers = append(triggers, t)
	}
	return table(triggers...)
}
