package event_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/google/go-cmp/cmp"
)

func update(at int64, who, status string) *event.Event {
	return &event.Event{
		Source: "jira", Type: "issue_updated", Subject: "issue:1", IssueID: "1", Time: time.UnixMilli(at), Actor: event.Actor{DisplayName: who},
		Vars: map[string]any{
			"event_type": "issue_updated", "timestamp": at, "user_display_name": who, "issue_status": status,
			"changelog_items": []any{map[string]any{"field": "status", "to_string": status}},
		},
	}
}

func TestMergedEventsHaveTheLatestValuesAndAllChanges(t *testing.T) {
	first := update(1, "Alice", "To Do")
	first.Vars["issue_summary"] = "Login"
	before, _ := json.Marshal(first)
	got := event.Merge(event.Merge(first, update(2, "Bob", "In Progress")), update(3, "Carol", "Done"))
	want := map[string]any{
		"event_type": "issue_updated", "timestamp": int64(3), "user_display_name": "Carol", "issue_status": "Done", "issue_summary": "Login",
		"changelog_items": []any{
			map[string]any{"field": "status", "to_string": "To Do"},
			map[string]any{"field": "status", "to_string": "In Progress"},
			map[string]any{"field": "status", "to_string": "Done"},
		},
		"merged_events": []any{
			map[string]any{"event_type": "issue_updated", "timestamp": int64(1), "user_display_name": "Alice"},
			map[string]any{"event_type": "issue_updated", "timestamp": int64(2), "user_display_name": "Bob"},
			map[string]any{"event_type": "issue_updated", "timestamp": int64(3), "user_display_name": "Carol"},
		},
		"merged_count": int64(3),
	}
	if diff := cmp.Diff(want, got.Vars); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Actor.DisplayName != "Carol" || !got.Time.Equal(time.UnixMilli(3)) {
		t.Errorf("actor %+v, time %v", got.Actor, got.Time)
	}
	if after, _ := json.Marshal(first); string(after) != string(before) {
		t.Error("the first event was changed")
	}
}

func TestMergedEventsKeepTheFirstOnesTypeUnlessTheSubjectIsGone(t *testing.T) {
	tests := []struct{ later, want string }{
		{"issue_updated", "issue_created"},
		{"comment_created", "issue_created"},
		{"comment_deleted", "issue_created"},
		{"issue_deleted", "issue_deleted"},
	}
	for _, tt := range tests {
		first, later := update(1, "a", "x"), update(2, "b", "y")
		first.Type, later.Type = "issue_created", tt.later
		if got := event.Merge(first, later); got.Type != tt.want || got.String("event_type") != tt.want {
			t.Errorf("issue_created and %s give %s", tt.later, got.Type)
		}
	}
}

func TestMergedEventsAreBounded(t *testing.T) {
	all := update(0, "a", "x")
	for i := range int64(1500) {
		all = event.Merge(all, update(i, "a", "x"))
	}
	changes, _ := all.Vars["changelog_items"].([]any)
	parts, _ := all.Vars["merged_events"].([]any)
	if len(changes) != 1000 || len(parts) != 100 || all.Vars["merged_count"] != int64(1501) {
		t.Errorf("%d changes, %d parts, count %v", len(changes), len(parts), all.Vars["merged_count"])
	}
}

func TestOfEventsOfDifferentSubjectsTheLastStandsForAll(t *testing.T) {
	first, other := update(1, "Alice", "To Do"), update(2, "Bob", "Done")
	first.Vars["issue_summary"], first.Depth = "Login", 2
	other.Subject, other.IssueID, other.Type = "issue:2", "2", "issue_deleted"
	got := event.Merge(first, other)
	if got.Subject != "issue:2" || got.IssueID != "2" || got.Type != "issue_deleted" || got.Depth != 2 {
		t.Errorf("merged into %+v", got)
	}
	if got.Vars["issue_summary"] != nil || got.Vars["changelog_items"] != nil || got.Vars["issue_status"] != "Done" {
		t.Errorf("variables are of both: %v", got.Vars)
	}
	third := event.Merge(got, update(3, "Carol", "Done"))
	if parts, _ := third.Vars["merged_events"].([]any); third.Vars["merged_count"] != int64(3) || len(parts) != 3 || third.Type != "issue_updated" {
		t.Errorf("merged %v of %v events into %s", third.Vars["merged_events"], third.Vars["merged_count"], third.Type)
	}
}
