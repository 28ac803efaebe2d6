package jira_test

import (
	"errors"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
)

// sites are the kinds of Jira with an interface of their own for webhooks.
func sites() map[string]sandbox.Options {
	return map[string]sandbox.Options{
		"Cloud":           {},
		"Data Center 9":   {Deployment: sandbox.DataCenter, Version: "9.12.5"},
		"Data Center 10":  {Deployment: sandbox.DataCenter, Version: "10.3.24"},
		"below a context": {Deployment: sandbox.DataCenter, ContextPath: "/jira"},
	}
}

func newSite(t *testing.T, opts sandbox.Options) (*sandbox.Server, *jira.Client) {
	t.Helper()
	server, err := sandbox.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); web.Close() })
	bot, _ := server.User("bot")
	cfg := atlassian.Config{BaseURL: web.URL + opts.ContextPath, AuthType: atlassian.AuthAPIToken, Email: bot.Login(), Token: bot.Token, FirstBackoff: time.Millisecond}
	if opts.Deployment == sandbox.DataCenter {
		cfg.AuthType, cfg.Email = atlassian.AuthPAT, ""
	}
	return server, connect(t, cfg)
}

func TestWebhooksAreManagedOnEveryKindOfJira(t *testing.T) {
	for name, opts := range sites() {
		t.Run(name, func(t *testing.T) {
			server, c := newSite(t, opts)
			draft := jira.WebhookDraft{Name: "aofctl", URL: "https://aof.example.com/webhook/jira", Secret: "the secret",
				Events: []string{"jira:issue_created", "comment_created"}, JQL: "project = PROJ"}
			made, err := c.CreateWebhook(t.Context(), draft)
			if err != nil || made.ID == "" {
				t.Fatalf("%+v, %v", made, err)
			}
			draft.Events, draft.JQL = []string{"jira:issue_created", "sprint_started"}, ""
			if _, err := c.UpdateWebhook(t.Context(), made.ID, draft); err != nil {
				t.Fatal(err)
			}
			got, err := c.Webhooks(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(draft.Events)
			want := []jira.Webhook{{ID: made.ID, Name: "aofctl", URL: draft.URL, Events: draft.Events, Enabled: true}}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(jira.Webhook{}, "Signed")); diff != "" {
				t.Error(diff)
			}
			if known := got[0].Signed != nil; known != (name == "Cloud" || name == "Data Center 9") || (known && !*got[0].Signed) {
				t.Errorf("signed: %v", got[0].Signed)
			}
			if s := server.Webhooks(); len(s) != 1 || s[0].Secret != "the secret" {
				t.Errorf("Jira has %+v", s)
			}
			if err := c.DeleteWebhook(t.Context(), made.ID); err != nil {
				t.Error(err)
			}
			var failure *atlassian.Error
			if err := c.DeleteWebhook(t.Context(), made.ID); !errors.As(err, &failure) || failure.Status != 404 {
				t.Errorf("deleted twice: %v", err)
			}
			if got, err := c.Webhooks(t.Context()); err != nil || len(got) != 0 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestWebhooksThatSendNothingAreSeen(t *testing.T) {
	for name, opts := range sites() {
		t.Run(name, func(t *testing.T) {
			server, c := newSite(t, opts)
			server.Register(sandbox.Webhook{Name: "off", URL: "https://a.example.com", Disabled: true, ExcludeBody: true})
			got, err := c.Webhooks(t.Context())
			if err != nil || len(got) != 1 || got[0].Enabled || !got[0].ExcludeBody {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestWebhooksAreNotManagedThroughTheGateway(t *testing.T) {
	c := connect(t, atlassian.Config{BaseURL: "https://a.example.com", CloudID: "11223344-a1b2-3b33-c444-def123456789",
		AuthType: atlassian.AuthAPIToken, Email: "a", Token: "b", GatewayURL: "http://127.0.0.1:1"})
	_, listed := c.Webhooks(t.Context())
	_, made := c.CreateWebhook(t.Context(), jira.WebhookDraft{})
	for _, err := range []error{listed, made, c.DeleteWebhook(t.Context(), "1")} {
		if !errors.Is(err, jira.ErrNoAdminWebhooks) {
			t.Errorf("err %v", err)
		}
	}
}

func TestEventsAreRegisteredUnderTheNamesThatJiraHas(t *testing.T) {
	for name, want := range map[string]string{
		"issue_created": "jira:issue_created", "jira:issue_created": "jira:issue_created", "version_released": "jira:version_released",
		"comment_created": "comment_created", "issuelink_created": "issuelink_created", "issue_property_set": "issue_property_set",
		"issuetype_created": "issuetype_created", "sprint_started": "sprint_started",
	} {
		if got := jira.WireEvent(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestContactTellsTheKindAndTheClock(t *testing.T) {
	_, c := newSite(t, sandbox.Options{Deployment: sandbox.DataCenter, Version: "9.12.5"})
	got, err := c.Contact(t.Context())
	if err != nil || got.Cloud() || got.Version != "9.12.5" || got.Major() != 9 {
		t.Fatalf("%+v, %v", got, err)
	}
	if got.Date.IsZero() || got.Received.Before(got.Sent) {
		t.Errorf("%+v", got)
	}
	if (jira.ServerInfo{}).Major() != 0 {
		t.Error("no version has a major number")
	}
}

func TestPermissionsAreAskedForByProject(t *testing.T) {
	_, c := newSite(t, sandbox.Options{})
	got, err := c.Permissions(t.Context(), "PROJ", []string{"BROWSE_PROJECTS", "ADD_COMMENTS"})
	if diff := cmp.Diff(map[string]bool{"BROWSE_PROJECTS": true, "ADD_COMMENTS": true}, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := c.Permissions(t.Context(), "NOPE", []string{"BROWSE_PROJECTS"}); err == nil {
		t.Error("no error for a project that there is not")
	}
}

func TestTheNextTokenToExpireIsFound(t *testing.T) {
	at := func(day int) jira.Time { return jira.Time{Time: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)} }
	list := []jira.PersonalToken{{Name: "never"}, {Name: "late", Expires: at(9)}, {Name: "soon", Expires: at(3)}}
	if next, ok := jira.NextToExpire(list); !ok || next.Name != "soon" {
		t.Errorf("%+v %v", next, ok)
	}
	if _, ok := jira.NextToExpire(list[:1]); ok {
		t.Error("a token that does not expire does")
	}
}
