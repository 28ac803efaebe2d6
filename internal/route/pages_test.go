package route_test

import (
	"slices"
	"testing"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
)

// edited is an edit of a page of which as much is told as the variables say.
func edited(vars map[string]any) *event.Event {
	all := map[string]any{"page_id": "5"}
	for name, value := range vars {
		all[name] = value
	}
	return &event.Event{Source: event.SourceConfluence, Type: "page_updated", Subject: "page:5", Actor: event.Actor{Key: "k2"}, Vars: all}
}

func ofPages(name string, change func(*manifest.Trigger)) *manifest.Trigger {
	t := &manifest.Trigger{Meta: manifest.Meta{Name: name}, Type: manifest.TypeConfluence, IgnoreBots: true, Default: manifest.Target{Kind: manifest.TargetAgent, Name: name}}
	if change != nil {
		change(t)
	}
	return t
}

func TestPagesMatchBySpaceTitleAndLabels(t *testing.T) {
	known := map[string]any{"space_key": "DOC", "page_title": "Spec: Login [v2]", "page_labels": []string{"Ready"}, "user_display_name": "Bob", "user_name": "bob", "user_account_id": "k2"}
	for name, c := range map[string]struct {
		change func(*manifest.Trigger)
		miss   string
	}{
		"anything":            {nil, ""},
		"its name":            {func(t *manifest.Trigger) { t.Events = []string{"page_updated"} }, ""},
		"a pattern":           {func(t *manifest.Trigger) { t.Events = []string{"page_*"} }, ""},
		"another event":       {func(t *manifest.Trigger) { t.Events = []string{"page_created"} }, "-"},
		"its space":           {func(t *manifest.Trigger) { t.Filters.Spaces = []string{"DOC"} }, ""},
		"a pattern of spaces": {func(t *manifest.Trigger) { t.Filters.Spaces = []string{"X", "D*"} }, ""},
		"another space":       {func(t *manifest.Trigger) { t.Filters.Spaces = []string{"TEAM"} }, route.ClauseSpaces},
		"its title":           {func(t *manifest.Trigger) { t.Filters.Titles = []string{"spec: *[v2]"} }, ""},
		"another title":       {func(t *manifest.Trigger) { t.Filters.Titles = []string{"Spec"} }, route.ClauseTitles},
		"its label":           {func(t *manifest.Trigger) { t.Filters.Labels = []string{"ready"} }, ""},
		"another label":       {func(t *manifest.Trigger) { t.Filters.Labels = []string{"draft"} }, route.ClauseLabels},
		"a person by key":     {func(t *manifest.Trigger) { t.AllowedUsers = []string{"k2"} }, ""},
		"a person by name":    {func(t *manifest.Trigger) { t.AllowedUsers = []string{"@Bob"} }, ""},
		"somebody else":       {func(t *manifest.Trigger) { t.AllowedUsers = []string{"alice"} }, route.ClauseUsers},
		"a trigger of Jira":   {func(t *manifest.Trigger) { t.Type = manifest.TypeJira }, "-"},
	} {
		d := route.New(&manifest.Catalog{Triggers: []*manifest.Trigger{ofPages("t", c.change)}}).Decide(edited(known), route.Input{})
		switch {
		case c.miss == "" && len(d.Matches) != 1:
			t.Errorf("%s: %+v", name, d)
		case c.miss != "" && len(d.Matches) > 0, c.miss != "" && c.miss != "-" && (len(d.Misses) != 1 || d.Misses[0].Clause != c.miss):
			t.Errorf("%s: %+v, want a miss of %s", name, d, c.miss)
		}
	}
}

func TestWhatFiltersNeedOfAPageIsAskedForAndItsAbsenceRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*manifest.Trigger)
		needs  []string
	}{
		"its space":  {func(t *manifest.Trigger) { t.Filters.Spaces = []string{"DOC"} }, []string{"space_key"}},
		"its title":  {func(t *manifest.Trigger) { t.Filters.Titles = []string{"x"} }, []string{"page_title"}},
		"its labels": {func(t *manifest.Trigger) { t.Filters.Labels = []string{"x"} }, []string{"page_labels"}},
		"who did it": {func(t *manifest.Trigger) { t.AllowedUsers = []string{"bob"} }, []string{"user_display_name"}},
		"nothing":    {nil, nil},
	} {
		table := route.New(&manifest.Catalog{Triggers: []*manifest.Trigger{ofPages("t", c.change)}})
		if d := table.Decide(edited(nil), route.Input{}); !slices.Equal(d.Needs, c.needs) || (c.needs == nil) != (len(d.Matches) == 1) {
			t.Errorf("%s: %+v", name, d)
		}
		d := table.Decide(edited(nil), route.Input{Final: true})
		if c.needs != nil && (len(d.Matches) > 0 || len(d.Misses) != 1) {
			t.Errorf("%s, and it is not told: %+v", name, d)
		}
		gone := edited(nil)
		gone.Type = "page_removed"
		if d := table.Decide(gone, route.Input{}); c.needs != nil && c.needs[0] != "user_display_name" && len(d.Needs) > 0 {
			t.Errorf("of a page that is removed %v is asked for", d.Needs)
		}
	}
}

func TestManyTriggersOfSpacesAskForTheSpaceOnce(t *testing.T) {
	cat := &manifest.Catalog{}
	for i := range 200 {
		cat.Triggers = append(cat.Triggers, ofPages("t", func(t *manifest.Trigger) {
			t.Filters.Spaces = []string{"S" + string(rune('A'+i%26)) + string(rune('A'+i/26))}
		}))
	}
	table := route.New(cat)
	if d := table.Decide(edited(nil), route.Input{}); !slices.Equal(d.Needs, []string{"space_key"}) {
		t.Errorf("needs %v", d.Needs)
	}
	if d := table.Decide(edited(map[string]any{"space_key": "SCB"}), route.Input{}); len(d.Matches) != 1 || d.Matches[0].Trigger.Filters.Spaces[0] != "SCB" {
		t.Errorf("%+v", d)
	}
	if d := table.Decide(edited(map[string]any{"space_key": "OTHER"}), route.Input{}); len(d.Matches) > 0 || len(d.Misses) == 0 || d.Misses[0].Clause != route.ClauseSpaces {
		t.Errorf("%+v", d)
	}
}

func TestOurOwnAccountOnADataCenterIsKnownByItsKey(t *testing.T) {
	table := route.New(&manifest.Catalog{Triggers: []*manifest.Trigger{ofPages("t", nil)}})
	if d := table.Decide(edited(map[string]any{"user_key": "k2"}), route.Input{Self: route.Identity{Keys: []string{"K2"}}}); d.Reason != route.ReasonOwnAccount {
		t.Errorf("%+v", d)
	}
	ping := &event.Event{Source: event.SourceConfluence, Type: "ping"}
	if d := table.Decide(ping, route.Input{}); d.Reason != route.ReasonPing {
		t.Errorf("%+v", d)
	}
}

func TestConsentIsReadFromNewCommentsOnPages(t *testing.T) {
	remark := edited(nil)
	remark.Type, remark.CommentID, remark.CommandText = "comment_created", "7", "/approve CDE222 1 2"
	if got := route.Consents(remark, route.Input{}); len(got) != 1 || !got[0].Approve || got[0].Code != "CDE222" {
		t.Errorf("%+v", got)
	}
	for name, change := range map[string]func(*event.Event){
		"edited":       func(ev *event.Event) { ev.Type = "comment_updated" },
		"reworded":     func(ev *event.Event) { ev.Reworded = true },
		"of an app":    func(ev *event.Event) { ev.Actor.Type = "app" },
		"of nobody":    func(ev *event.Event) { ev.Actor = event.Actor{} },
		"our own":      func(ev *event.Event) { ev.CommentMarked = true },
		"on GitHub":    func(ev *event.Event) { ev.Source = event.SourceGitHub },
		"without text": func(ev *event.Event) { ev.CommandText = "" },
	} {
		ev := *remark
		change(&ev)
		if got := route.Consents(&ev, route.Input{}); len(got) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
