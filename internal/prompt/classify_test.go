package prompt

import (
	"strings"
	"testing"
)

func TestVariablesAreClassedByName(t *testing.T) {
	for want, names := range map[class][]string{
		identifier: {
			"issue_id", "issue_key", "project_key", "user_account_id", "comment_id", "sprint_id", "board_id", "event_type", "site",
			"issue_parent_key", "issue_keys", "space_key", "page_id", "worklog_id", "user_key", "repository", "sprint_state",
		},
		listTerm: {"issue_type", "issue_status", "issue_priority", "status", "priority", "type", "issue_resolution"},
		link:     {"issue_url", "pr_url"},
		freeText: {
			"issue_summary", "issue_description", "comment_body", "worklog_comment", "issue_labels", "user_display_name", "user_email",
			"user_name", "issue_reporter_name", "project_name", "sprint_name", "sprint_goal", "board_name", "version_name",
			"page_title", "page_url", "pr_title", "issue_components", "issue_custom_fields", "body", "", "id", "summary",
		},
	} {
		for _, name := range names {
			if got := classify(name); got != want {
				t.Errorf("classify(%q) = %d, want %d", name, got, want)
			}
		}
	}
}

func TestIdentifiersHaveNoRoomForSentences(t *testing.T) {
	for s, want := range map[string]bool{
		"PROJ-123": true, "10001": true, "jira:issue_created": true, "557058:f58131cb-b67d": true, "owner/name": true, "a.b_c": true,
		"": false, "two words": false, "a\nb": false, "tab\t": false, "ünïcode": false, "<a>": false, "a;b": false, "{{a}}": false,
		strings.Repeat("a", 128): true, strings.Repeat("a", 129): false, "a\u200bb": false, "[x]": false, "a,b": false, "\"": false,
	} {
		if got := isIdentifier(s); got != want {
			t.Errorf("isIdentifier(%.20q) = %v", s, got)
		}
	}
}

func TestListNamesAreShortAndPlain(t *testing.T) {
	for s, want := range map[string]bool{
		"Bug": true, "In Progress": true, "Won't Fix": true, "В работе": true, "\u5f85\u529e": true, "R&D/QA (2)": true, "Sub-task": true, "P1": true,
		"": false, " Bug": false, "Bug ": false, "two  spaces": false, "new\nline": false, "colon: here": false, "dot.": false,
		"<b>": false, "{{ x }}": false, "\u202eevil": false, "a\u3164b": false, "semi;": false, "quote\"": false, "`code`": false,
		strings.Repeat("x", 64): true, strings.Repeat("x", 65): false, strings.Repeat("ü", 64): true,
	} {
		if got := isListName(s); got != want {
			t.Errorf("isListName(%.20q) = %v", s, got)
		}
	}
}

func TestDatesAndDurations(t *testing.T) {
	for s, want := range map[string]bool{
		"2024-01-15T10:30:00.000+0000": true, "2024-01-15": true, "2024-01-15T10:30:00Z": true, "1640000000000": true, "2h 30m": true,
		"1w 2d": true, "10:30": true, "1.5h": true, "3": true,
		"": false, "soon": false, "h2": false, "2 hours": false, "1mm": false, "2024 obey": false, "1 wd": false, "1\n2": false,
		strings.Repeat("1", 40): true, strings.Repeat("1", 41): false,
	} {
		if got := isDate(s); got != want {
			t.Errorf("isDate(%.20q) = %v", s, got)
		}
	}
}

func TestLinksAreOfThePlatform(t *testing.T) {
	for s, want := range map[string]bool{
		"https://x.atlassian.net/browse/A-1": true, "http://jira:8080/jira/browse/A-1": true, "https://github.com/o/r/pull/1": true,
		"": false, "x.y/z": false, "javascript:alert": false, "https://x y": false, "https://x/?q=a": false, "https://u@x/y": false,
		"https://x/<b>": false, "ftp://x/y": false, "https://x/#ignore": false,
	} {
		if got := isLink(s); got != want {
			t.Errorf("isLink(%q) = %v", s, got)
		}
	}
}

func TestCommandsAreOneOrTwoWords(t *testing.T) {
	for s, want := range map[string]bool{
		"/triage": true, "triage": true, "/review security": true, "/find-duplicates": true,
		"": false, "/": false, "/a b c": false, "/a  b": false, "/a\nb": false, "/" + strings.Repeat("x", 33): false, "/ünï": false,
	} {
		if got := isCommand(s); got != want {
			t.Errorf("isCommand(%.20q) = %v", s, got)
		}
	}
}
