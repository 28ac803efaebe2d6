package jira_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/event/jira"
	"github.com/google/go-cmp/cmp"
)

// corpus returns the captured payloads by name ("cloud/sprint_closed.json"). They
// are not part of the repository; without them the test is skipped.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	root := shared(t)
	files, _ := filepath.Glob(filepath.Join(root, "corpus", "jira", "*", "*.json"))
	if len(files) == 0 {
		t.Skip("no captured payloads at hand")
	}
	out := make(map[string][]byte, len(files))
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file)] = body
	}
	return out
}

// shared finds the directory of test material beside the repository.
func shared(t testing.TB) string {
	t.Helper()
	if root := os.Getenv("AOF_SHARED"); root != "" {
		return root
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		root := filepath.Join(dir, "..", "shared")
		if info, err := os.Stat(filepath.Join(root, "corpus")); err == nil && info.IsDir() {
			return root
		}
	}
	t.Skip("no test material beside the repository")
	return ""
}

func TestEveryCapturedPayloadNormalizes(t *testing.T) {
	for name, body := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			ev, err := jira.Normalize(body, jira.Options{BaseURL: "https://example.atlassian.net"})
			if strings.Contains(name, "user_deleted") {
				var not *jira.NotEventError
				if !errors.As(err, &not) || not.Reason != jira.ReasonNoEventName {
					t.Errorf("err = %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkInvariants(t, ev)
			if ev.Subject == "" || ev.ContentKey == "" || ev.Time.IsZero() {
				t.Errorf("subject %q, content key %q, time %v", ev.Subject, ev.ContentKey, ev.Time)
			}
		})
	}
}

// checkInvariants checks what holds for every event.
func checkInvariants(t testing.TB, ev *event.Event) {
	t.Helper()
	if ev.Source != event.SourceJira || ev.Type == "" || strings.HasPrefix(ev.Type, "jira:") || ev.String("event_type") != ev.Type {
		t.Errorf("source %q, type %q, event_type %q", ev.Source, ev.Type, ev.String("event_type"))
	}
	for name, value := range ev.Vars {
		switch value.(type) {
		case string, int64, float64, bool, []string, []any, map[string]any:
		default:
			t.Errorf("%s is a %T", name, value)
		}
	}
	for name, want := range map[string]string{"issue_id": ev.IssueID, "issue_key": ev.IssueKey, "project_key": ev.Project, "comment_id": ev.CommentID} {
		if ev.String(name) != want || ev.Has(name) != (want != "") {
			t.Errorf("%s = %q, want %q", name, ev.String(name), want)
		}
	}
}

// The events of the corpus have what Jira's payloads are known to tell, and lack
// what they are known not to.
func TestCapturedPayloadsTellWhatTheyCan(t *testing.T) {
	bodies := corpus(t)
	tests := []struct {
		file   string
		want   map[string]any
		absent []string
	}{
		{"cloud/jira_issue_created.json", map[string]any{
			"event_type": "issue_created", "timestamp": int64(1595886387039), "issue_id": "20942", "issue_key": "GOLD-189",
			"issue_summary": "Test issue please ignore", "issue_description": "testbody", "issue_type": "Task",
			"issue_status": "Work Required", "issue_priority": "Not Prioritized", "issue_labels": []string{},
			"issue_assignee_name": "Alice Developer", "issue_reporter_name": "Alice Developer", "user_display_name": "Alice Developer",
			"project_key": "GOLD", "project_name": "Gold Miners", "issue_created": "2020-07-27T14:46:26.918-0700",
			"issue_url": "https://example.atlassian.net/browse/GOLD-189",
		}, []string{"user_email", "comment_id", "sprint_id", "issue_parent_key"}},
		{"cloud/comment_created.json", map[string]any{
			"comment_id": "19259", "comment_author_name": "Alice Developer", "user_display_name": "Alice Developer",
			"issue_key": "TES-1", "issue_type": "Bug", "issue_assignee_id": "", "issue_assignee_name": "", "issue_priority": "Medium",
		}, []string{"issue_description", "issue_labels", "issue_reporter_id", "issue_created", "issue_updated"}},
		{"server/webhook-server-comment-created.json", map[string]any{
			"issue_id": "10013", "comment_id": "10082", "comment_body": "unik", "user_name": "grace.lead.2", "user_email": "heidi@example.com",
		}, []string{"issue_key", "project_key", "issue_summary", "issue_url"}},
		{"cloud/sprint_closed.json", map[string]any{
			"sprint_id": int64(192), "board_id": int64(81), "sprint_goal": "", "sprint_state": "closed", "sprint_name": "TSD Sprint 1",
		}, []string{"board_name", "project_key", "user_account_id", "issues_completed", "issues_incomplete"}},
		{"cloud/sprint_created.json", map[string]any{"sprint_id": int64(196)}, []string{"sprint_goal", "sprint_start_date"}},
		{"cloud/worklog_created.cloud.2026-09.json", map[string]any{
			"issue_id": "10014", "worklog_id": "10066", "worklog_time_spent": "1w", "worklog_author_name": "Alice Developer",
			"user_display_name": "Alice Developer", "worklog_comment": "",
		}, []string{"issue_key", "project_key"}},
		{"cloud/issuelink_created.json", map[string]any{
			"link_id": "22768", "link_type": "Blocks", "link_source_issue_id": "20192", "link_destination_issue_id": "20734", "issue_id": "20192",
		}, []string{"user_account_id", "issue_key"}},
		{"cloud/board_configuration_changed.json", map[string]any{
			"board_id": int64(81), "board_name": "TSD board", "project_key": "TSD", "project_name": "testproject",
		}, nil},
		{"cloud/project_created.json", map[string]any{"project_id": "10601", "project_key": "TES"}, []string{"user_account_id"}},
		{"server/webhook-server-issue-updated-in-progress.json", map[string]any{
			"changelog_items": []any{map[string]any{
				"field": "status", "field_id": "", "from": "4", "from_string": "Reopened", "to": "3", "to_string": "In Progress",
			}}, "user_account_id": "Frank Writer 2", "issue_description": "Unit test summary 1",
		}, []string{"comment_id"}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			body, ok := bodies[tt.file]
			if !ok {
				t.Skip("not at hand")
			}
			ev := normalize(t, body, jira.Options{BaseURL: "https://example.atlassian.net/"})
			for _, name := range slices.Sorted(maps.Keys(tt.want)) {
				if diff := cmp.Diff(tt.want[name], ev.Vars[name]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
			for _, name := range tt.absent {
				if ev.Has(name) {
					t.Errorf("%s = %v, but the payload does not tell it", name, ev.Vars[name])
				}
			}
		})
	}
}

func TestDataCentersPairOfDeliveriesHasOneContentKey(t *testing.T) {
	bodies := corpus(t)
	key := func(file string) string {
		body, ok := bodies[file]
		if !ok {
			t.Skipf("%s is not at hand", file)
		}
		return normalize(t, body, jira.Options{}).ContentKey
	}
	single := key("server/webhook-server-comment-created.json")
	for _, twin := range []string{"server/webhook-server-issue-updated-commented-1.json", "server/webhook-server-old-issue-updated-no-event-type-commented.json"} {
		if got := key(twin); got != single {
			t.Errorf("%s has %q, its twin %q", twin, got, single)
		}
	}
}

func TestDifferentHappeningsHaveDifferentContentKeys(t *testing.T) {
	twins := map[string]bool{ // captures of one happening
		"cloud/webhook-issue-created-no-description.json":                      true,
		"server/webhook-server-issue-updated-commented-1.json":                 true,
		"server/webhook-server-old-issue-updated-no-event-type-commented.json": true,
	}
	seen := map[string]string{}
	for name, body := range corpus(t) {
		if twins[name] || strings.Contains(name, "user_deleted") {
			continue
		}
		key := normalize(t, body, jira.Options{}).ContentKey
		if other, dup := seen[key]; dup {
			t.Errorf("%s and %s have the content key %q", name, other, key)
		}
		seen[key] = name
	}
}
