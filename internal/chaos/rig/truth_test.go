package rig

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/leak"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

func TestMain(m *testing.M) { leak.Main(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func site(t *testing.T) *Site {
	t.Helper()
	s, err := NewSite(t.Context(), SiteOptions{Issues: 2, Partners: 4})
	must(t, err)
	t.Cleanup(func() {
		must(t, s.Close())
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

// obey does in Jira what an event asks for, as a daemon without faults would.
func obey(t *testing.T, s *Site, e Event, kinds ...Kind) {
	t.Helper()
	bot := s.Jira.As("bot")
	for _, k := range kinds {
		var err error
		switch k {
		case Comment:
			_, err = bot.Comment(e.Issue, "did "+e.Token, nil)
		case Worklog:
			_, err = bot.LogWork(e.Issue, "1m", "did "+e.Token)
		case Create:
			_, err = bot.CreateIssue(jira.NewIssue{Project: e.Project, Summary: "made by " + e.Token})
		case Label:
			err = bot.AddLabels(e.Issue, e.Token)
		case Transition:
			err = bot.Transition(e.Issue, e.Status)
		case Link:
			err = bot.Link("Blocks", e.Issue, e.Partner)
		case Remote:
			continue // only requests make these
		}
		must(t, err)
	}
}

func accepted(events ...Event) []Receipt {
	var list []Receipt
	for _, e := range events {
		list = append(list, Receipt{Event: e, Accepted: true, Tries: 1})
	}
	return list
}

// moving is an event that wants an issue to be somewhere.
func moving(n int, issue, status string) Event {
	e := NewEvent(n, issue).Wants(Comment, Transition)
	e.Status = status
	return e
}

func TestWhatHappenedOnceAndInOrderIsNoBreach(t *testing.T) {
	s := site(t)
	var events []Event
	for _, e := range s.Plan(rand.New(rand.NewPCG(1, 1)), 30) {
		if !slices.Contains(e.Kinds, Remote) {
			events = append(events, e)
			obey(t, s, e, e.Kinds...)
		}
	}
	v := Judge(s.Truth(), accepted(events...), nil)
	if len(v.Doubled)+len(v.Lost)+len(v.Disordered) > 0 || v.Expected != v.Found || v.Expected < 2*len(events) || v.Accepted != len(events) {
		t.Errorf("verdict %+v", v)
	}
}

func TestBreachesAreFound(t *testing.T) {
	tests := map[string]struct {
		play func(t *testing.T, s *Site) []Receipt
		want Verdict
	}{
		"a comment that is not there": {func(t *testing.T, s *Site) []Receipt {
			e := NewEvent(1, "CHA-1").Wants(Comment, Worklog)
			obey(t, s, e, Worklog)
			return accepted(e)
		}, Verdict{Lost: []string{"comment of E000001 on CHA-1"}}},
		"what was never accepted is not missed": {func(*testing.T, *Site) []Receipt {
			return []Receipt{{Event: NewEvent(1, "CHA-1").Wants(Comment)}}
		}, Verdict{}},
		"two worklogs": {func(t *testing.T, s *Site) []Receipt {
			e := NewEvent(1, "CHA-1").Wants(Worklog)
			obey(t, s, e, Worklog, Worklog)
			return accepted(e)
		}, Verdict{Doubled: []string{"worklog of E000001: 2 times"}}},
		"two issues of an event that was given up": {func(t *testing.T, s *Site) []Receipt {
			e := NewEvent(1, "CHA-1").Wants(Create)
			obey(t, s, e, Create, Create)
			return []Receipt{{Event: e}}
		}, Verdict{Doubled: []string{"created issue of E000001: 2 times"}}},
		"comments in another order": {func(t *testing.T, s *Site) []Receipt {
			first, second := NewEvent(1, "CHA-1").Wants(Comment), NewEvent(2, "CHA-1").Wants(Comment)
			obey(t, s, second, Comment)
			obey(t, s, first, Comment)
			return accepted(first, second)
		}, Verdict{Disordered: []string{"comment of E000001 on CHA-1 is behind that of E000002"}}},
		"an event that was given up may come at any time": {func(t *testing.T, s *Site) []Receipt {
			first, second := NewEvent(1, "CHA-1").Wants(Comment), NewEvent(2, "CHA-1").Wants(Comment)
			obey(t, s, second, Comment)
			obey(t, s, first, Comment)
			return append(accepted(second), Receipt{Event: first})
		}, Verdict{}},
		"a move that is left out": {func(t *testing.T, s *Site) []Receipt {
			first, second := moving(1, "CHA-1", "In Progress"), moving(2, "CHA-1", "To Do")
			obey(t, s, first, Comment, Transition)
			obey(t, s, second, Comment)
			return accepted(first, second)
		}, Verdict{Lost: []string{"CHA-1 was moved 1 times, not 2"}}},
		"a move that is made twice": {func(t *testing.T, s *Site) []Receipt {
			first := moving(1, "CHA-1", "In Progress")
			obey(t, s, first, Comment, Transition)
			obey(t, s, moving(2, "CHA-1", "To Do"), Transition)
			obey(t, s, first, Transition)
			return accepted(first)
		}, Verdict{Doubled: []string{"CHA-1 was moved 3 times, not 1"}}},
		"a link to somewhere else": {func(t *testing.T, s *Site) []Receipt {
			e := NewEvent(1, "CHA-1").Wants(Link)
			e.Partner = "CHA-3"
			wrong := e
			wrong.Partner = "CHA-4"
			obey(t, s, wrong, Link)
			return accepted(e)
		}, Verdict{Lost: []string{"link of E000001 on CHA-1"}}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			s := site(t)
			receipts := c.play(t, s)
			got := Judge(s.Truth(), receipts, nil)
			for what, lists := range map[string][2][]string{
				"doubled": {c.want.Doubled, got.Doubled}, "lost": {c.want.Lost, got.Lost}, "out of order": {c.want.Disordered, got.Disordered},
			} {
				if diff := cmp.Diff(lists[0], lists[1]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", what, diff)
				}
			}
		})
	}
}

func TestAWriteInDoubtIsNotMissed(t *testing.T) {
	e := NewEvent(1, "CHA-1").Wants(Comment, Worklog)
	v := Judge(site(t).Truth(), accepted(e), map[string][]Kind{e.Token: {Worklog}})
	if diff := cmp.Diff([]string{"comment of E000001 on CHA-1"}, v.Lost); diff != "" || v.Doubtful != 1 {
		t.Errorf("%d in doubt; lost (-want +got):\n%s", v.Doubtful, diff)
	}
}

func TestAPlanIsTheSameForTheSameSeed(t *testing.T) {
	plan := func(s *Site) []Event {
		rnd := rand.New(rand.NewPCG(7, 7))
		return append(s.Plan(rnd, 10), s.WithAll(s.Plan(rnd, 1)[0]))
	}
	first, second := plan(site(t)), plan(site(t))
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
	last := first[10]
	if last.N != 11 || last.Token != "E000011" || len(last.Kinds) != 7 || last.Partner == "" {
		t.Errorf("last event %+v", last)
	}
}
