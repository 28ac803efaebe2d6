package route_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/event/jira"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/google/go-cmp/cmp"
)

// payload normalizes one of the normaliser's own test payloads.
func payload(t *testing.T, name string) *event.Event {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "event", "jira", "testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	ev, err := jira.Normalize(body, jira.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

func statuses(names ...string) option {
	return func(t *manifest.Trigger) { t.Filters.Statuses = names }
}

// teams is a set of triggers as several teams keep them beside each other.
func teams() *route.Table {
	return table(
		trigger("bug-triage", events("issue_created", "issue_updated", "comment_created"), projects("SHOP", "API"),
			issueTypes("Bug"), statuses("To Do", "Open"), command("triage"), command("assign")),
		trigger("estimation", events("issue_created"), projects("FEAT"), command("estimate"), noDefault),
		trigger("operations", events("comment_created"), projects("OPS"), command("triage"), noDefault),
		trigger("sprints", events("sprint_started", "sprint_closed"), func(t *manifest.Trigger) {
			t.Default = manifest.Target{Kind: manifest.TargetFleet, Name: "sprint-fleet"}
		}),
	)
}

func TestPayloadsFindTheirTeams(t *testing.T) {
	tests := []struct {
		payload string
		want    []string
		reason  string
		needs   []string
	}{
		{payload: "cloud_issue_created", want: []string{"bug-triage agent/bug-triage"}},
		{payload: "cloud_comment_created", want: []string{"bug-triage agent/triage /triage"}},
		{payload: "cloud_issue_updated", want: []string{"bug-triage agent/bug-triage"}},
		{payload: "cloud_comment_updated_by_other", reason: route.ReasonOwnComment},
		{payload: "server_issue_commented", want: []string{"operations agent/triage /triage"}},
		{payload: "server_comment_created", reason: route.ReasonNeedsData,
			needs: []string{"project_key", "issue_type", "issue_status"}},
		{payload: "server_comment_deleted_unnamed", reason: route.ReasonNoTrigger},
		{payload: "automation_issue", reason: route.ReasonNeedsData, needs: []string{"issue_type"}},
		{payload: "cloud_sprint_closed", want: []string{"sprints fleet/sprint-fleet"}},
		{payload: "seed_sprint_closed", want: []string{"sprints fleet/sprint-fleet"}},
		{payload: "cloud_worklog_created", reason: route.ReasonNoTrigger},
		{payload: "cloud_user_created", reason: route.ReasonNoTrigger},
		{payload: "unknown_event", reason: route.ReasonNoTrigger},
	}
	tb := teams()
	for _, tt := range tests {
		t.Run(tt.payload, func(t *testing.T) {
			d := tb.Decide(payload(t, tt.payload), route.Input{BotName: "aofbot"})
			wantMatches(t, d, tt.want...)
			if diff := cmp.Diff(tt.needs, d.Needs); diff != "" || d.Reason != tt.reason {
				t.Errorf("reason %q, want %q; needs (-want +got):\n%s", d.Reason, tt.reason, diff)
			}
		})
	}
}

func TestBareServerCommentIsRoutedOnceItsIssueIsKnown(t *testing.T) {
	ev := payload(t, "server_comment_created")
	for name, value := range map[string]any{"project_key": "OPS", "issue_type": "Bug", "issue_status": "Open", "issue_key": "OPS-7"} {
		ev.Vars[name] = value
	}
	d := teams().Decide(ev, route.Input{BotName: "aofbot", Final: true})
	wantMatches(t, d, "operations agent/triage /triage")
}

func TestDocumentsMentionUsByAccountID(t *testing.T) {
	ev := payload(t, "adf_comment_created")
	tb := table(trigger("t", command("triage"), command("not-this"), command("nor-this"), command("item"), noDefault))
	d := tb.Decide(ev, route.Input{Self: route.Identity{AccountIDs: []string{"712020:bot"}}})
	wantMatches(t, d, "t agent/triage /triage")
	d = tb.Decide(ev, route.Input{Self: route.Identity{AccountIDs: []string{"somebody-else"}}})
	wantMatches(t, d)
}

func TestOwnWritesSeenThroughPayloadsAreIgnored(t *testing.T) {
	self := route.Identity{AccountIDs: []string{"5b10a2844c20165700ede21g"}, Names: []string{"carol"}}
	for _, name := range []string{"cloud_issue_created", "cloud_comment_created", "server_issue_commented", "server_comment_created"} {
		if d := teams().Decide(payload(t, name), route.Input{Self: self}); d.Reason != route.ReasonOwnAccount {
			t.Errorf("%s: %+v", name, d)
		}
	}
}
