package registration_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/registration"
)

const ours = "https://aof.example.com/webhook/jira"

func hook(id, url string, change func(*jira.Webhook)) jira.Webhook {
	signed := true
	w := jira.Webhook{ID: id, Name: "aofctl", URL: url, Events: []string{"comment_created", "jira:issue_created"}, Enabled: true, Signed: &signed}
	if change != nil {
		change(&w)
	}
	return w
}

func target(url string) registration.Target {
	return registration.Target{URL: url, Paths: []string{"/webhook/jira", "/webhook/jira/main"}, Events: []string{"comment_created", "jira:issue_created"}}
}

func TestAWebhookIsOursByWhereItSends(t *testing.T) {
	for _, c := range []struct {
		want, url string
		ours      bool
	}{
		{ours, ours, true},
		{ours, ours + "/", true},
		{ours, ours + "?key=${issue.key}", true},
		{ours, "https://AOF.example.com:443/webhook/jira", true},
		{ours, "http://aof.example.com/webhook/jira", false},
		{ours, ours + "/main", false},
		{ours, "https://other.example.com/webhook/jira", false},
		{"", ours, true},
		{"", "https://proxy.example.com/aof/webhook/jira/main?x=1", true},
		{"", "https://proxy.example.com/webhook/jira/other", false},
		{"", "https://hooks.example.com/services/1", false},
		{"", "::not a url", false},
	} {
		if got := target(c.want).Ours(jira.Webhook{URL: c.url}); got != c.ours {
			t.Errorf("%q with target %q: %v", c.url, c.want, got)
		}
	}
}

func TestReviewTellsWhatKeepsDeliveriesAway(t *testing.T) {
	for name, c := range map[string]struct {
		hooks []jira.Webhook
		want  []string
		notes []string
	}{
		"all well":         {hooks: []jira.Webhook{hook("1", ours, nil)}},
		"of others":        {hooks: []jira.Webhook{hook("1", "https://x.example.com/", func(w *jira.Webhook) { w.Enabled, w.Events = false, nil })}},
		"disabled":         {hooks: []jira.Webhook{hook("1", ours, func(w *jira.Webhook) { w.Enabled = false })}, want: []string{"it is disabled"}},
		"without body":     {hooks: []jira.Webhook{hook("1", ours, func(w *jira.Webhook) { w.ExcludeBody = true })}, want: []string{"it sends no body (exclude body is on)"}},
		"unsigned":         {hooks: []jira.Webhook{hook("1", ours, func(w *jira.Webhook) { *w.Signed = false })}, want: []string{"it has no secret, so its deliveries are refused"}},
		"nobody can tell":  {hooks: []jira.Webhook{hook("1", ours, func(w *jira.Webhook) { w.Signed = nil })}},
		"too few events":   {hooks: []jira.Webhook{hook("1", ours, func(w *jira.Webhook) { w.Events = w.Events[:1] })}, want: []string{"it does not send jira:issue_created"}},
		"too many":         {hooks: []jira.Webhook{hook("1", ours, func(w *jira.Webhook) { w.Events = append(w.Events, "user_created") })}, notes: []string{"no trigger asks for user_created"}},
		"for some issues":  {hooks: []jira.Webhook{hook("1", ours, func(w *jira.Webhook) { w.JQL = "project = A" })}, notes: []string{"only for issues with project = A"}},
		"for some time":    {hooks: []jira.Webhook{hook("1", ours, func(w *jira.Webhook) { w.Expires = time.Unix(1_800_000_000, 0) })}, notes: []string{"it expires on 2027-01-15 08:00 UTC unless it is refreshed"}},
		"twice":            {hooks: []jira.Webhook{hook("1", ours, nil), hook("2", ours, nil)}, want: []string{"webhook 1 sends comment_created, jira:issue_created, too"}},
		"twice, one off":   {hooks: []jira.Webhook{hook("1", ours, func(w *jira.Webhook) { w.Enabled = false }), hook("2", ours, nil)}, want: []string{"it is disabled"}},
		"for other issues": {hooks: []jira.Webhook{hook("1", ours, func(w *jira.Webhook) { w.JQL = "project = A" }), hook("2", ours, func(w *jira.Webhook) { w.JQL = "project = B" })}, notes: []string{"only for issues with project = A", "only for issues with project = B"}},
	} {
		var problems, notes []string
		for _, f := range target("").Review(c.hooks) {
			problems, notes = append(problems, f.Problems...), append(notes, f.Notes...)
		}
		if diff := cmp.Diff(c.want, problems); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(c.notes, notes); diff != "" {
			t.Errorf("%s: notes (-want +got):\n%s", name, diff)
		}
	}
}

func TestDifferencesSayWhatAnUpdateChanges(t *testing.T) {
	draft := jira.WebhookDraft{Name: "aofctl", URL: ours, Events: []string{"comment_created", "jira:issue_created"}}
	if list := registration.Differences(hook("1", ours+"/", nil), draft); list != nil {
		t.Errorf("nothing differs, and %v is told", list)
	}
	old := hook("1", "https://old.example.com/webhook/jira", func(w *jira.Webhook) {
		w.Name, w.Events, w.JQL, w.Enabled, w.ExcludeBody = "AOF", []string{"comment_created", "user_created"}, "project = A", false, true
		*w.Signed = false
	})
	want := []string{
		`name: "AOF" becomes "aofctl"`, "url: https://old.example.com/webhook/jira becomes " + ours, "events: adds jira:issue_created",
		"events: leaves out user_created", `jql: "project = A" becomes ""`, "enabled: it was not", "body: it was left out", "secret: it had none",
	}
	if diff := cmp.Diff(want, registration.Differences(old, draft)); diff != "" {
		t.Error(diff)
	}
}

func TestADraftFindsItsWebhookByURLThenByName(t *testing.T) {
	draft := jira.WebhookDraft{Name: "aofctl", URL: ours}
	moved := hook("1", "https://old.example.com/webhook/jira", nil)
	foreign := hook("2", "https://hooks.example.com/services", nil)
	same := hook("3", ours, func(w *jira.Webhook) { w.Name = "other" })
	for name, c := range map[string]struct {
		list []jira.Webhook
		id   string
	}{
		"by URL": {[]jira.Webhook{moved, foreign, same}, "3"}, "by name": {[]jira.Webhook{foreign, moved}, "1"},
		"a foreign one of that name is left alone": {[]jira.Webhook{foreign}, ""},
	} {
		if w, _ := target("").Find(c.list, draft); w.ID != c.id {
			t.Errorf("%s: found %q", name, w.ID)
		}
	}
}
