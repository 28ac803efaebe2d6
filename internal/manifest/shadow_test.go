package manifest

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// occurrence is an event as far as triggers look at it.
type occurrence struct {
	event, project, kind, status, priority, board, user, secret string
	labels, changed                                             []string
	bot                                                         bool
}

// takes is a plain reading of what a trigger lets pass.
func takes(t *Trigger, o occurrence) bool {
	f := t.Filters
	any := func(filter, have []string) bool {
		return len(filter) == 0 || slices.ContainsFunc(have, func(h string) bool { return containsFold(filter, h) })
	}
	return anyMatches(t.Events, o.event) && anyMatches(f.Projects, o.project) &&
		any(f.IssueTypes, []string{o.kind}) && any(f.Statuses, []string{o.status}) &&
		any(f.Priorities, []string{o.priority}) && any(f.Boards, []string{o.board}) &&
		any(f.Labels, o.labels) && any(f.ChangedFields, o.changed) && any(t.AllowedUsers, []string{o.user}) &&
		(t.SecretEnv == "" || t.SecretEnv == o.secret) && (!t.IgnoreBots || !o.bot)
}

func pick(r *rand.Rand, values ...string) string { return values[r.IntN(len(values))] }

// some returns up to two of the values, often none.
func some(r *rand.Rand, values ...string) []string {
	var out []string
	for range r.IntN(3) {
		out = append(out, pick(r, values...))
	}
	return out
}

func randomTrigger(r *rand.Rand) *Trigger {
	return &Trigger{
		SecretEnv: pick(r, "", "", "S"), IgnoreBots: r.IntN(2) == 0,
		Events: some(r, "issue_created", "issue_updated", "issue_*", "*"), AllowedUsers: some(r, "ann", "Bob"),
		Filters: Filters{
			Projects: some(r, "A", "AB", "A*", "*"), IssueTypes: some(r, "Bug", "bug", "Task"), Statuses: some(r, "Open"),
			Labels: some(r, "x", "y"), ChangedFields: some(r, "status"), Priorities: some(r, "High"), Boards: some(r, "one"),
		},
	}
}

func randomOccurrence(r *rand.Rand) occurrence {
	return occurrence{
		event: pick(r, "issue_created", "issue_updated", "comment_created"), project: pick(r, "A", "AB", "C"),
		kind: pick(r, "Bug", "Task"), status: pick(r, "Open", "Done"), priority: pick(r, "High", "Low"),
		board: pick(r, "one", "two"), user: pick(r, "ann", "bob", "eve"), secret: pick(r, "S", "T"),
		labels: some(r, "x", "y", "z"), changed: some(r, "status", "summary"), bot: r.IntN(2) == 0,
	}
}

func TestTriggerThatIsCalledShadowedTakesNothingOfItsOwn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	covered := 0
	for range 20_000 {
		a, b := randomTrigger(r), randomTrigger(r)
		if !covers(a, b) {
			continue
		}
		covered++
		for range 50 {
			if o := randomOccurrence(r); takes(b, o) && !takes(a, o) {
				t.Fatalf("%+v is taken by %+v and not by %+v", o, b, a)
			}
		}
	}
	if covered < 100 {
		t.Errorf("only %d pairs were compared", covered)
	}
}

func TestMergedFiltersTakeWhatBothTake(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	compared := 0
	for range 5_000 {
		first, second := some(r, "A", "AB", "B", "A*"), some(r, "A", "AB", "C", "A*", "*B")
		rep := &report{}
		b := &builder{decoder: newDecoder(rep, 0, testEnv, &shapes{}, nodesOf(nil))}
		got := b.both("projects", first, second, []str{{}})
		if rep.failed() {
			continue // What cannot be said as one list is refused.
		}
		compared++
		for _, project := range []string{"A", "AB", "B", "C", "XB"} {
			both := anyMatches(first, project) && anyMatches(second, project)
			if anyMatches(got, project) && !both {
				t.Fatalf("%v and %v became %v, which takes %s", first, second, got, project)
			}
		}
	}
	if compared < 1000 {
		t.Errorf("only %d pairs were compared", compared)
	}
}

func TestOnlyTriggersWithADefaultShadowOthers(t *testing.T) {
	to := Target{TargetAgent, "a"}
	routed := &Trigger{Meta: Meta{Name: "routed", Source: "t.yaml:1"}, ProjectTargets: map[string]Target{"A": to}}
	command := &Trigger{Meta: Meta{Name: "command", Source: "t.yaml:2"}, Commands: []Command{{Name: "x", Target: to}}}
	all := &Trigger{Meta: Meta{Name: "all", Source: "t.yaml:3"}, Default: to}
	last := &Trigger{Meta: Meta{Name: "last", Source: "t.yaml:4"}, Default: to, Filters: Filters{Projects: []string{"A"}}}
	got := shadowed([]*Trigger{routed, command, all, last})
	if len(got) != 1 || got[0].Line != 4 || !strings.Contains(got[0].Message, `"last" is never reached: "all" (t.yaml:3)`) {
		t.Errorf("problems are %v", got)
	}
}

func TestManyTriggersAreComparedInBoundedTime(t *testing.T) {
	var triggers []*Trigger
	for i := range 5_000 {
		triggers = append(triggers, &Trigger{Default: Target{TargetAgent, "a"}, Filters: Filters{Expression: strings.Repeat("x", i%7+1) + string(rune('a'+i%26)) + string(rune(i+1000))}})
	}
	if got := shadowed(triggers); len(got) != 0 {
		t.Errorf("%d triggers are called shadowed", len(got))
	}
}
