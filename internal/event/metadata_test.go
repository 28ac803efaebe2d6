package event_test

import (
	"testing"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/google/go-cmp/cmp"
)

func TestMetadataAddsTheShortNames(t *testing.T) {
	items := []any{map[string]any{"field": "status"}}
	ev := &event.Event{Vars: map[string]any{
		"issue_summary": "Login", "issue_status": "To Do", "issue_priority": "", "issue_assignee_id": "5b10",
		"issue_labels": []string{"sso"}, "changelog_items": items,
	}}
	want := map[string]any{
		"issue_summary": "Login", "issue_status": "To Do", "issue_priority": "", "issue_assignee_id": "5b10",
		"issue_labels": []string{"sso"}, "changelog_items": items,
		"summary": "Login", "status": "To Do", "priority": "", "assignee": "5b10",
		"labels": []string{"sso"}, "changelog": items,
	}
	if diff := cmp.Diff(want, ev.Metadata()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMetadataInventsNothing(t *testing.T) {
	ev := &event.Event{Vars: map[string]any{"event_type": "sprint_started"}}
	if diff := cmp.Diff(map[string]any{"event_type": "sprint_started"}, ev.Metadata()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (&event.Event{}).Metadata(); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestMetadataIsACopyAndHidesNothing(t *testing.T) {
	ev := &event.Event{Vars: map[string]any{"status": "own", "issue_status": "Done"}}
	m := ev.Metadata()
	if m["status"] != "own" {
		t.Errorf("status = %v", m["status"])
	}
	m["new"] = 1
	if ev.Has("new") {
		t.Error("the event's variables changed")
	}
}

func TestCanonicalKnowsAOFsNames(t *testing.T) {
	for name, want := range map[string]string{
		"summary": "issue_summary", "assignee": "issue_assignee_id", "changelog": "changelog_items", "issue_key": "issue_key",
	} {
		if got := event.Canonical(name); got != want {
			t.Errorf("Canonical(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestAccessorsTellAbsentFromEmpty(t *testing.T) {
	ev := &event.Event{Vars: map[string]any{"a": "", "b": []string{"x"}, "c": int64(1)}}
	if !ev.Has("a") || ev.Has("z") {
		t.Error("Has")
	}
	if ev.String("a") != "" || ev.String("c") != "" || ev.Strings("b")[0] != "x" || ev.Strings("a") != nil {
		t.Error("String or Strings")
	}
	if !ev.Actor.IsZero() || (event.Actor{Key: "k"}).IsZero() {
		t.Error("IsZero")
	}
}
