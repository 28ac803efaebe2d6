package jira

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// Webhook is a registration: which events go where.
type Webhook struct {
	// ID is given by the site.
	ID   int
	Name string
	URL  string
	// Secret signs the deliveries; "" leaves them unsigned, as Jira does.
	Secret string
	// Events are names such as "comment_created"; empty means all.
	Events []string
	// JQL limits issue, comment and worklog events to the issues that match.
	JQL string
	// ExcludeBody sends deliveries without a body.
	ExcludeBody bool
	Disabled    bool
	// Retries is how often a failed delivery is repeated; 0 means Cloud's 5 and
	// Data Center's none, a negative number none.
	Retries int
	// Backoff is the pause before the n-th retry, counted from 1. Jira waits 5
	// to 15 minutes; nil means 50 ms times n, which is made for tests.
	Backoff func(n int) time.Duration
	// Lanes is how many deliveries may be under way at once; 0 means 1. Events
	// of one issue always keep to one lane, and with it their order.
	Lanes int
	// Duplicates is the share of deliveries, from 0 to 1, that are sent twice.
	// Jira promises no less.
	Duplicates float64
	// Dynamic registrations belong to an app of OAuth 2.0: they end at Expires,
	// learn matchedWebhookIds and are not signed. Fields limits jira:issue_updated
	// to changes of these fields, by id.
	Dynamic bool
	Expires time.Time
	Fields  []string
}

// Sign is the value of X-Hub-Signature for a body (WebSub, section 7.1).
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func (w Webhook) completed(dc bool) Webhook {
	switch {
	case w.Retries == 0 && !dc:
		w.Retries = 5
	case w.Retries < 0:
		w.Retries = 0
	}
	if w.Lanes < 1 {
		w.Lanes = 1
	}
	if w.Backoff == nil {
		w.Backoff = func(n int) time.Duration { return time.Duration(n) * 50 * time.Millisecond }
	}
	return w
}

// shown is what an administrator reads about the events: all of them for a
// webhook that was made for everything.
func (w *Webhook) shown() []string {
	if len(w.Events) > 0 {
		return w.Events
	}
	return []string{
		"attachment_created", "attachment_deleted", "board_created", "board_deleted", "board_updated", "comment_created", "comment_deleted",
		"comment_updated", "issuelink_created", "issuelink_deleted", "jira:issue_created", "jira:issue_deleted", "jira:issue_updated",
		"jira:version_created", "jira:version_deleted", "jira:version_released", "jira:version_unreleased", "jira:version_updated",
		"project_created", "project_deleted", "project_updated", "sprint_closed", "sprint_created", "sprint_deleted", "sprint_started",
		"sprint_updated", "user_created", "user_deleted", "user_updated", "worklog_created", "worklog_deleted", "worklog_updated",
	}
}

// wants tells whether an event goes to the webhook.
func (w *Webhook) wants(name string) bool {
	return !w.Disabled && (len(w.Events) == 0 || slices.Contains(w.Events, name))
}

// takes tells whether a registration of an app has not expired and its fields
// are among those that changed.
func (w *Webhook) takes(e event, now time.Time) bool {
	if w.Dynamic && !now.Before(w.Expires) {
		return false
	}
	if len(w.Fields) == 0 || e.name != "jira:issue_updated" {
		return true
	}
	return slices.ContainsFunc(w.Fields, func(id string) bool { return slices.Contains(e.fields, id) })
}

// knownEvents are the names that a registration may list
// (developer.atlassian.com, "Webhooks", section "Registering events for a webhook").
func knownEvents() map[string]bool {
	known := map[string]bool{"sprint_started": true, "sprint_closed": true, "board_configuration_changed": true}
	for _, group := range []struct {
		prefix string
		verbs  []string
	}{
		{"jira:issue_", []string{"created", "updated", "deleted"}},
		{"comment_", []string{"created", "updated", "deleted"}},
		{"worklog_", []string{"created", "updated", "deleted"}},
		{"issuelink_", []string{"created", "deleted"}},
		{"issue_property_", []string{"set", "deleted"}},
		{"attachment_", []string{"created", "deleted"}},
		{"issuetype_", []string{"created", "updated", "deleted"}},
		{"project_", []string{"created", "updated", "deleted", "soft_deleted", "restored_deleted", "archived", "restored_archived"}},
		{"jira:version_", []string{"released", "unreleased", "created", "moved", "updated", "deleted"}},
		{"filter_", []string{"created", "updated", "deleted"}},
		{"user_", []string{"created", "updated", "deleted"}},
		{"sprint_", []string{"created", "deleted", "updated"}},
		{"board_", []string{"created", "updated", "deleted"}},
	} {
		for _, verb := range group.verbs {
			known[group.prefix+verb] = true
		}
	}
	return known
}
