package route_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/google/go-cmp/cmp"
)

func TestReasonsTellWhyNothingRuns(t *testing.T) {
	tests := []struct {
		name     string
		triggers []*manifest.Trigger
		want     string
	}{
		{"no trigger", nil, route.ReasonNoTrigger},
		{"other event", []*manifest.Trigger{trigger("t", events("sprint_started"))}, route.ReasonNoTrigger},
		{"other project", []*manifest.Trigger{trigger("t", projects("X"))}, route.ReasonNoTrigger},
		{"filtered", []*manifest.Trigger{trigger("t", issueTypes("Story"))}, route.ReasonFiltered},
		{"no command", []*manifest.Trigger{trigger("t", noDefault, command("x"))}, route.ReasonNoCommand},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := table(tt.triggers...).Decide(commented("hi"), route.Input{}); d.Reason != tt.want {
				t.Errorf("reason = %q, want %q", d.Reason, tt.want)
			}
		})
	}
}

func TestTriggersOfOtherProjectsAndEventsAreNearMisses(t *testing.T) {
	d := table(
		trigger("other-project", projects("OTHER"), events("issue_created")),
		trigger("other-event", projects("PROJ"), events("issue_deleted", "sprint_*")),
		trigger("far", projects("FAR"), events("sprint_started")),
	).Decide(created(), route.Input{})
	want := []route.Miss{
		{Trigger: "other-project", Source: "triggers/other-project.yaml:1", Clause: "projects", Want: "OTHER", Got: "PROJ"},
		{Trigger: "other-event", Source: "triggers/other-event.yaml:1", Clause: "events", Want: "issue_deleted, sprint_*", Got: "issue_created"},
	}
	if diff := cmp.Diff(want, d.Misses); diff != "" {
		t.Errorf("misses (-want +got):\n%s", diff)
	}
}

func TestMissesAreBoundedAndCounted(t *testing.T) {
	var triggers []*manifest.Trigger
	for i := range 200 {
		triggers = append(triggers, trigger(fmt.Sprint("t", i), issueTypes("Story")))
	}
	d := table(triggers...).Decide(created(), route.Input{})
	if len(d.Misses) != route.MaxMisses || d.MissesOmitted != 200-route.MaxMisses {
		t.Errorf("%d misses, %d omitted", len(d.Misses), d.MissesOmitted)
	}
}

func TestLongListsAreShortenedInMisses(t *testing.T) {
	d := table(trigger("t", issueTypes("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"))).Decide(created(), route.Input{})
	if got := d.Misses[0].Want; got != "a, b, c, d, e, f, g, h, and 2 more" {
		t.Errorf("want = %q", got)
	}
}

func TestDecisionsReadWellAsJSON(t *testing.T) {
	tr := trigger("bugs", command("triage"), noDefault)
	tr.Text, tr.Commands[0].Params = "kind: Trigger …", map[string]any{"depth": 1}
	d := table(trigger("first", issueTypes("Story")), tr).Decide(commented("/triage now depth=2\nplease"), route.Input{})
	got, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"matches":[{"trigger":"bugs","source":"triggers/bugs.yaml:1","target":"agent/triage",` +
		`"command":{"name":"triage","args":"now depth=2","args_list":["now"],"params":{"depth":"2"},"args_body":"please"},` +
		`"params":{"depth":2}}],` +
		`"misses":[{"trigger":"first","source":"triggers/first.yaml:1","clause":"issue_types","want":"Story","got":"Bug"}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
