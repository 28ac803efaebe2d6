package route_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
)

// merged is a pull request that names issues.
func merged(keys ...string) *event.Event {
	if keys == nil {
		keys = []string{}
	}
	return &event.Event{
		Source: event.SourceGitHub, Type: "pull_request.merged", Also: []string{"pull_request.closed", "pull_request"}, Subject: "acme/shop#7",
		Actor: event.Actor{Name: "alice", Type: "user"},
		Vars:  map[string]any{"issue_keys": keys, "repository": "Acme/Shop", "labels": []string{"Urgent"}},
	}
}

func ofGitHub(name string, change func(*manifest.Trigger)) *manifest.Trigger {
	t := &manifest.Trigger{Meta: manifest.Meta{Name: name}, Type: manifest.TypeGitHub, IgnoreBots: true, Default: manifest.Target{Kind: manifest.TargetAgent, Name: name}}
	if change != nil {
		change(t)
	}
	return t
}

func TestPullRequestsMatchByNameRepositoryAndTheProjectsOfTheirIssues(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*manifest.Trigger)
		ev     *event.Event
		miss   string
	}{
		"anything":                  {nil, merged(), ""},
		"the event's plain name":    {func(t *manifest.Trigger) { t.Events = []string{"pull_request"} }, merged(), ""},
		"what it is above all":      {func(t *manifest.Trigger) { t.Events = []string{"pull_request.merged"} }, merged(), ""},
		"what GitHub calls it":      {func(t *manifest.Trigger) { t.Events = []string{"pull_request.closed"} }, merged(), ""},
		"a pattern":                 {func(t *manifest.Trigger) { t.Events = []string{"pull_request.*"} }, merged(), ""},
		"another action":            {func(t *manifest.Trigger) { t.Events = []string{"pull_request.opened"} }, merged(), "-"},
		"another event":             {func(t *manifest.Trigger) { t.Events = []string{"pull_request_review"} }, merged(), "-"},
		"its repository":            {func(t *manifest.Trigger) { t.Filters.Repositories = []string{"acme/shop"} }, merged(), ""},
		"its owner":                 {func(t *manifest.Trigger) { t.Filters.Repositories = []string{"x/y", "ACME/*"} }, merged(), ""},
		"another repository":        {func(t *manifest.Trigger) { t.Filters.Repositories = []string{"acme/shopping"} }, merged(), route.ClauseRepositories},
		"the first issue's project": {func(t *manifest.Trigger) { t.Filters.Projects = []string{"PROJ"} }, merged("PROJ-1", "TEAM-2"), ""},
		"a later issue's project":   {func(t *manifest.Trigger) { t.Filters.Projects = []string{"TEAM"} }, merged("PROJ-1", "TEAM-2"), ""},
		"a pattern of projects":     {func(t *manifest.Trigger) { t.Filters.Projects = []string{"TE*"} }, merged("PROJ-1", "TEAM-2"), ""},
		"another project":           {func(t *manifest.Trigger) { t.Filters.Projects = []string{"FEAT"} }, merged("PROJ-1", "TEAM-2"), route.ClauseProjects},
		"a project, naming none":    {func(t *manifest.Trigger) { t.Filters.Projects = []string{"FEAT"} }, merged(), route.ClauseProjects},
		"its label":                 {func(t *manifest.Trigger) { t.Filters.Labels = []string{"urgent"} }, merged(), ""},
		"another label":             {func(t *manifest.Trigger) { t.Filters.Labels = []string{"later"} }, merged(), route.ClauseLabels},
		"a person":                  {func(t *manifest.Trigger) { t.AllowedUsers = []string{"Alice"} }, merged(), ""},
		"somebody else":             {func(t *manifest.Trigger) { t.AllowedUsers = []string{"bob"} }, merged(), route.ClauseUsers},
		"a trigger of Jira":         {func(t *manifest.Trigger) { t.Type = manifest.TypeJira }, merged(), "-"},
	} {
		d := route.New(&manifest.Catalog{Triggers: []*manifest.Trigger{ofGitHub("t", c.change)}}).Decide(c.ev, route.Input{})
		switch {
		case (len(d.Matches) == 1) != (c.miss == ""):
			t.Errorf("%s: %+v", name, d)
		case c.miss != "" && c.miss != "-" && (len(d.Misses) == 0 || d.Misses[0].Clause != c.miss):
			t.Errorf("%s: refused by %+v, want %s", name, d.Misses, c.miss)
		}
	}
}

func TestTheMostTellingNameOfAPullRequestChoosesItsTarget(t *testing.T) {
	target := func(name string) manifest.Command {
		return manifest.Command{Target: manifest.Target{Kind: manifest.TargetAgent, Name: name}}
	}
	trigger := ofGitHub("t", func(t *manifest.Trigger) {
		t.Events = []string{"pull_request"}
		t.EventTargets = map[string]manifest.Command{"pull_request": target("any"), "pull_request.closed": target("closed"), "pull_request.merged": target("merged")}
	})
	d := route.New(&manifest.Catalog{Triggers: []*manifest.Trigger{trigger}}).Decide(merged(), route.Input{})
	if len(d.Matches) != 1 || d.Matches[0].Target.Name != "merged" {
		t.Errorf("%+v", d)
	}
}

func TestPingsAndRepositoriesThatAreNotAllowedStartNothing(t *testing.T) {
	table := route.New(&manifest.Catalog{Triggers: []*manifest.Trigger{ofGitHub("t", nil)}})
	if d := table.Decide(&event.Event{Source: event.SourceGitHub, Type: "ping"}, route.Input{}); d.Reason != route.ReasonPing {
		t.Errorf("a ping: %+v", d)
	}
	if d := table.Decide(merged(), route.Input{Site: route.Limits{AllowedRepositories: []string{"other/*"}}}); d.Reason != route.ReasonNotAllowed || len(d.Misses) != 1 {
		t.Errorf("a repository that is not allowed: %+v", d)
	}
	if d := table.Decide(merged(), route.Input{Self: route.Identity{Names: []string{"Alice"}}}); d.Reason != route.ReasonOwnAccount {
		t.Errorf("our own account: %+v", d)
	}
}

func TestRequestsAndFiringsReachTheirOwnTriggerAlone(t *testing.T) {
	own := func(kind, name string) *manifest.Trigger {
		return ofGitHub(name, func(t *manifest.Trigger) { t.Type, t.SecretEnv = kind, "SECRET" })
	}
	table := route.New(&manifest.Catalog{Triggers: []*manifest.Trigger{own(manifest.TypeHTTP, "a"), own(manifest.TypeHTTP, "b"), own(manifest.TypeSchedule, "b")}})
	for _, source := range []string{event.SourceHTTP, event.SourceSchedule} {
		ev := &event.Event{Source: source, Type: source, Also: []string{event.OfTrigger("b")}, Secrets: []string{"SECRET"}, Vars: map[string]any{}}
		if d := table.Decide(ev, route.Input{}); len(d.Matches) != 1 || d.Matches[0].Trigger.Name != "b" {
			t.Errorf("%s: %+v", source, d)
		}
		ev.Also = []string{event.OfTrigger("gone")}
		if d := table.Decide(ev, route.Input{}); d.Reason != route.ReasonNoTrigger {
			t.Errorf("%s without its trigger: %+v", source, d)
		}
	}
}

func TestReachIsWhatTheOperatorAdmits(t *testing.T) {
	ev := merged("PROJ-1", "TEAM-2", "PROJ-3")
	for _, c := range []struct{ admitted, want []string }{
		{nil, nil}, {[]string{"PROJ"}, []string{"PROJ-1", "PROJ-3"}}, {[]string{"T*"}, []string{"TEAM-2"}}, {[]string{"FEAT"}, nil}, {[]string{"PROJ-3"}, []string{"PROJ-3"}},
	} {
		if diff := cmp.Diff(c.want, route.Reach(ev, c.admitted)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.admitted, diff)
		}
	}
}
