package manifest

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSiteEventsAreWhatTheTriggersAskFor(t *testing.T) {
	agent := Target{Kind: TargetAgent, Name: "a"}
	commands := []Command{{Name: "triage", Target: agent}}
	for name, c := range map[string]struct {
		triggers []*Trigger
		allowed  []string
		want     []string
	}{
		"none": {},
		"of several triggers, once and sorted": {
			triggers: []*Trigger{{Type: "jira", Events: []string{"issue_updated", "issue_created"}, Default: agent}, {Type: "jira", Events: []string{"issue_created"}, Default: agent}},
			want:     []string{"issue_created", "issue_updated"},
		},
		"by a pattern": {
			triggers: []*Trigger{{Type: "jira", Events: []string{"sprint_*"}, Default: agent}},
			want:     []string{"sprint_closed", "sprint_created", "sprint_deleted", "sprint_started", "sprint_updated"},
		},
		"where commands are given": {
			triggers: []*Trigger{{Type: "jira", Commands: commands}},
			want:     []string{"comment_created", "comment_updated", "issue_created"},
		},
		"with a command that is an event": {
			triggers: []*Trigger{{Type: "jira", EventTargets: map[string]Command{"sprint_started": {Target: agent}}, Commands: commands}},
			want:     []string{"comment_created", "comment_updated", "issue_created", "sprint_started"},
		},
		"a merge of versions comes as a deletion": {
			triggers: []*Trigger{{Type: "jira", Events: []string{"version_merged"}, Default: agent}},
			want:     []string{"version_deleted"},
		},
		"no more than the site allows": {
			triggers: []*Trigger{{Type: "jira", Events: []string{"issue_*"}, ProjectTargets: map[string]Target{"A": agent}}},
			allowed:  []string{"*_created", "issue_updated"},
			want:     []string{"issue_created", "issue_updated"},
		},
		"not those of other platforms": {
			triggers: []*Trigger{{Type: "github", Default: agent}},
		},
	} {
		cat := &Catalog{Triggers: c.triggers}
		if diff := cmp.Diff(c.want, cat.SiteEvents(JiraSite{AllowedEvents: c.allowed})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestReconcileIsOptIn(t *testing.T) {
	for text, want := range map[string]Reconcile{
		"":                            {},
		"reconcile: {enabled: false}": {},
		"reconcile: {}":               {Interval: 5 * time.Minute, Lookback: 24 * time.Hour},
		"reconcile: {enabled: true}":  {Interval: 5 * time.Minute, Lookback: 24 * time.Hour},
		"reconcile: {interval: 1m}":   {Interval: time.Minute, Lookback: 24 * time.Hour},
		"reconcile: {lookback: 2h}":   {Interval: 5 * time.Minute, Lookback: 2 * time.Hour},
	} {
		path := filepath.Join(t.TempDir(), "daemon.yaml")
		write(t, path, siteWith(text))
		d, err := LoadDaemon(path, testEnv)
		if err != nil || d.Jira[0].Reconcile != want {
			t.Errorf("%s: %+v, %v", text, d, err)
		}
	}
	for text, want := range map[string]string{
		"reconcile: {interval: 0s}":     "must be at least 1s and at most 1d",
		"reconcile: {lookback: 2m}":     "lookback must not be shorter than interval",
		"reconcile: {enabled: perhaps}": "true or false",
		"reconcile: [5m]":               "expected",
		"reconcile: {intervall: 5m}":    `did you mean "interval"`,
		"expect_event_every: 1s":        "must be at least 1m and at most 365d",
	} {
		path := filepath.Join(t.TempDir(), "daemon.yaml")
		write(t, path, siteWith(text))
		if _, err := LoadDaemon(path, testEnv); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// siteWith is a configuration with one site that has one further field.
func siteWith(field string) string {
	return "kind: DaemonConfig\nspec:\n  platforms:\n    jira:\n      base_url: https://a.atlassian.net\n" +
		"      auth: {email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}\n      webhook_secret_env: JIRA_WEBHOOK_SECRET\n      " + field + "\n"
}

func TestAProjectIsAllowedByItsKeyOrAPattern(t *testing.T) {
	for _, c := range []struct {
		allowed []string
		want    bool
	}{
		{nil, true}, {[]string{"PROD"}, true}, {[]string{"PR*"}, true}, {[]string{"PROD-*"}, true}, {[]string{"PROD-7"}, true},
		{[]string{"FEAT", "P?OD"}, true}, {[]string{"PRO"}, false}, {[]string{"PRODX-*"}, false}, {[]string{"prod"}, false},
	} {
		if got := (JiraSite{AllowedProjects: c.allowed}).AllowsProject("PROD"); got != c.want {
			t.Errorf("%v: %v", c.allowed, got)
		}
	}
}

func TestEventsOfPagesAreThoseThatTriggersName(t *testing.T) {
	for config, want := range map[string]string{
		"{events: [page_updated, label_added]}":         "label_added page_updated",
		"{}":                                            "comment_created page_created page_updated",
		"{events: ['page_*', page_trashed]}":            "page_created page_trashed page_updated",
		"{events: [page_signed_off]}":                   "",
		"{events: ['comment_*'], allowed_users: [bob]}": "comment_created",
	} {
		c := loadText(t, "kind: Trigger\nmetadata: {name: t}\nspec: {type: Confluence, config: "+config+", default_agent: a}\n---\nname: a\nmodel: google:x\ninstructions: x")
		if got := strings.Join(c.PageEvents(), " "); got != want {
			t.Errorf("%s: %s, want %s", config, got, want)
		}
	}
	c := loadText(t, "kind: Trigger\nmetadata: {name: t}\nspec: {type: Confluence, commands: {/go: {agent: a}}}\n---\nname: a\nmodel: google:x\ninstructions: x")
	if got := strings.Join(c.PageEvents(), " "); got != "comment_created" {
		t.Errorf("of commands: %s", got)
	}
}
