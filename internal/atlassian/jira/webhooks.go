package jira

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Webhook is a registration of a webhook. Only administrators of Jira see those
// of the site; an app of OAuth 2.0 sees its own.
type Webhook struct {
	ID   string
	Name string
	URL  string
	// Events are the names as Jira has them, such as "jira:issue_created", sorted.
	Events []string
	// JQL limits the events of issues to those that match; "" for all.
	JQL     string
	Enabled bool
	// ExcludeBody sends deliveries with nothing in them.
	ExcludeBody bool
	// Signed tells whether it has a secret; nil where Jira does not say, as Data
	// Center since its version 10.
	Signed *bool
	// Expires is when Jira forgets the registration of an app; zero for never.
	Expires time.Time
}

// WebhookDraft is what a registration is to be.
type WebhookDraft struct {
	Name   string
	URL    string
	Secret string
	Events []string
	JQL    string
}

// ErrNoAdminWebhooks says that registrations of administrators are out of reach
// through api.atlassian.com.
var ErrNoAdminWebhooks = errors.New("webhooks of the site cannot be managed through api.atlassian.com: " +
	"use base_url with an administrator's e-mail address and API token, or Jira's settings, System, WebHooks")

// The two interfaces for administrators. Data Center moved its own in version 10
// (https://developer.atlassian.com/server/jira/platform/webhooks/).
const (
	webhookAPI   = "rest/webhooks/1.0/"
	webhookAPI10 = "rest/jira-webhook/1.0/"
	jqlSection   = "issue-related-events-section"
)

// webhookForm is a registration as one of the interfaces writes it.
type webhookForm interface {
	read() Webhook
}

// hookForm is Cloud's form, and Data Center's before 10.
type hookForm struct {
	Self        string            `json:"self,omitempty"`
	Name        string            `json:"name"`
	URL         string            `json:"url"`
	Secret      string            `json:"secret,omitempty"`
	Events      []string          `json:"events"`
	Filters     map[string]string `json:"filters"`
	ExcludeBody bool              `json:"excludeBody"`
	// ExcludeDetails is what Data Center calls ExcludeBody.
	ExcludeDetails bool  `json:"excludeIssueDetails,omitempty"`
	Enabled        *bool `json:"enabled,omitempty"`
	IsSigned       *bool `json:"isSigned,omitempty"`
}

func (f hookForm) read() Webhook {
	w := Webhook{ID: path.Base(f.Self), Name: f.Name, URL: f.URL, Events: f.Events, JQL: f.Filters[jqlSection],
		Enabled: f.Enabled == nil || *f.Enabled, ExcludeBody: f.ExcludeBody || f.ExcludeDetails, Signed: f.IsSigned}
	slices.Sort(w.Events)
	return w
}

// hookForm10 is Data Center's form since version 10.
type hookForm10 struct {
	ID            json.Number       `json:"id,omitempty"`
	Name          string            `json:"name"`
	URL           string            `json:"url"`
	Events        []string          `json:"events"`
	Configuration map[string]string `json:"configuration"`
	Active        bool              `json:"active"`
	VerifyTLS     bool              `json:"sslVerificationRequired"`
}

func (f hookForm10) read() Webhook {
	w := Webhook{ID: f.ID.String(), Name: f.Name, URL: f.URL, Events: f.Events, JQL: f.Configuration["FILTERS"],
		Enabled: f.Active, ExcludeBody: f.Configuration["EXCLUDE_BODY"] == "true"}
	slices.Sort(w.Events)
	return w
}

func (d WebhookDraft) form() hookForm {
	enabled := true
	return hookForm{Name: d.Name, URL: d.URL, Secret: d.Secret, Events: d.Events, Filters: map[string]string{jqlSection: d.JQL}, Enabled: &enabled}
}

func (d WebhookDraft) form10() hookForm10 {
	return hookForm10{Name: d.Name, URL: d.URL, Events: d.Events, Active: true, VerifyTLS: true,
		Configuration: map[string]string{"FILTERS": d.JQL, "EXCLUDE_BODY": "false", "secret": d.Secret}}
}

// newer reports whether the interface is that of Data Center 10.
func (c *Client) newer(ctx context.Context) (bool, error) {
	if c.gateway {
		return false, ErrNoAdminWebhooks
	}
	info, err := c.ServerInfo(ctx)
	return !info.Cloud() && info.Major() >= 10, err
}

// Webhooks lists the registrations of the site. It needs an administrator of
// Jira; through api.atlassian.com it is ErrNoAdminWebhooks.
func (c *Client) Webhooks(ctx context.Context) ([]Webhook, error) {
	newer, err := c.newer(ctx)
	if err != nil {
		return nil, err
	}
	if newer {
		var list []hookForm10
		err := c.do(ctx, request{method: http.MethodGet, api: webhookAPI10, path: "webhooks"}, &list)
		return readWebhooks(list), err
	}
	var list []hookForm
	err = c.do(ctx, request{method: http.MethodGet, api: webhookAPI, path: "webhook"}, &list)
	return readWebhooks(list), err
}

func readWebhooks[F webhookForm](list []F) []Webhook {
	out := make([]Webhook, 0, len(list))
	for _, f := range list {
		out = append(out, f.read())
	}
	slices.SortFunc(out, func(a, b Webhook) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// CreateWebhook registers a webhook.
func (c *Client) CreateWebhook(ctx context.Context, d WebhookDraft) (Webhook, error) {
	return c.putWebhook(ctx, http.MethodPost, "", d)
}

// UpdateWebhook makes a registration what the draft says, and enables it.
func (c *Client) UpdateWebhook(ctx context.Context, id string, d WebhookDraft) (Webhook, error) {
	return c.putWebhook(ctx, http.MethodPut, "/"+url.PathEscape(id), d)
}

func (c *Client) putWebhook(ctx context.Context, method, rest string, d WebhookDraft) (Webhook, error) {
	newer, err := c.newer(ctx)
	if err != nil {
		return Webhook{}, err
	}
	if newer {
		var made hookForm10
		err := c.do(ctx, request{method: method, api: webhookAPI10, path: "webhooks" + rest, body: d.form10()}, &made)
		return made.read(), err
	}
	var made hookForm
	err = c.do(ctx, request{method: method, api: webhookAPI, path: "webhook" + rest, body: d.form()}, &made)
	return made.read(), err
}

// DeleteWebhook removes a registration.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	newer, err := c.newer(ctx)
	if err != nil {
		return err
	}
	r := request{method: http.MethodDelete, api: webhookAPI, path: "webhook/" + url.PathEscape(id)}
	if newer {
		r.api, r.path = webhookAPI10, "webhooks/"+url.PathEscape(id)
	}
	return c.do(ctx, r, nil)
}

// AppWebhooks lists what this app of OAuth 2.0 registered on Cloud. Such webhooks
// expire, and are not signed.
func (c *Client) AppWebhooks(ctx context.Context) ([]Webhook, error) {
	var page struct {
		Values []struct {
			ID      int64    `json:"id"`
			URL     string   `json:"url"`
			Events  []string `json:"events"`
			JQL     string   `json:"jqlFilter"`
			Expires int64    `json:"expirationDate"`
		} `json:"values"`
	}
	if err := c.get(ctx, "webhook", url.Values{"maxResults": {"100"}}, &page); err != nil {
		return nil, err
	}
	unsigned := false
	var out []Webhook
	for _, v := range page.Values {
		slices.Sort(v.Events)
		w := Webhook{ID: strconv.FormatInt(v.ID, 10), URL: v.URL, Events: v.Events, JQL: v.JQL, Enabled: true, Signed: &unsigned}
		if v.Expires > 0 {
			w.Expires = time.UnixMilli(v.Expires)
		}
		out = append(out, w)
	}
	return out, nil
}

// WireEvent is the name under which Jira registers an event: those of issues and
// versions have the prefix "jira:".
func WireEvent(name string) string {
	name = strings.TrimPrefix(name, "jira:")
	switch {
	case strings.HasPrefix(name, "issue_property_"):
		return name
	case strings.HasPrefix(name, "issue_"), strings.HasPrefix(name, "version_"):
		return "jira:" + name
	default:
		return name
	}
}
