package jira

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// jqlFilter is the only filter section that registrations of Jira Cloud have.
const jqlFilter = "issue-related-events-section"

// webhookInput is the body of POST /rest/webhooks/1.0/webhook.
type webhookInput struct {
	Name        string            `json:"name"`
	Description string            `json:"description"`
	URL         string            `json:"url"`
	Secret      string            `json:"secret"`
	Events      []string          `json:"events"`
	Filters     map[string]string `json:"filters"`
	ExcludeBody bool              `json:"excludeBody"`
	Enabled     *bool             `json:"enabled"`
}

func (s *Server) webhookEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/webhook", status: 200, do: s.restWebhooks},
		{method: "POST", path: "/webhook", status: 201, do: s.restRegister},
		{method: "GET", path: "/webhook/{id}", status: 200, do: s.restWebhook},
		{method: "PUT", path: "/webhook/{id}", status: 200, do: s.restUpdateHook},
		{method: "DELETE", path: "/webhook/{id}", status: 204, do: s.restUnregister},
	}
}

// check refuses what Jira refuses, except that plain HTTP is allowed: the
// receivers of a sandbox are on the same machine.
func (in webhookInput) check(t *tx, known map[string]bool) error {
	u, err := url.Parse(in.URL)
	switch {
	case in.Name == "":
		return refuse(http.StatusBadRequest, "The webhook must have a name.")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return refuse(http.StatusBadRequest, "The webhook URL is not valid: %s", in.URL)
	}
	for _, e := range in.Events {
		if !known[e] {
			return refuse(http.StatusBadRequest, "The event '%s' is not valid.", e)
		}
	}
	if jql := in.Filters[jqlFilter]; jql != "" {
		q, err := parseJQL(jql)
		if err == nil {
			_, err = t.compile(q.where)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) restRegister(t *tx, c *call) (any, error) {
	var in webhookInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := in.check(t, s.known); err != nil {
		return nil, err
	}
	return t.renderWebhook(s.post.register(in.webhook())), nil
}

func (in webhookInput) webhook() Webhook {
	return Webhook{
		Name: in.Name, URL: in.URL, Secret: in.Secret, Events: in.Events, JQL: in.Filters[jqlFilter],
		ExcludeBody: in.ExcludeBody, Disabled: in.Enabled != nil && !*in.Enabled,
	}
}

// restUpdateHook changes a registration; a secret that is not given stays.
func (s *Server) restUpdateHook(t *tx, c *call) (any, error) {
	var in webhookInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := in.check(t, s.known); err != nil {
		return nil, err
	}
	w := in.webhook()
	w.ID = atoi(c.path("id"))
	changed, ok := s.post.replace(w)
	if !ok {
		return nil, noWebhook(c)
	}
	return t.renderWebhook(changed), nil
}

// registered lists what administrators registered.
func (s *Server) registered() []Webhook {
	return slices.DeleteFunc(s.post.list(), func(w Webhook) bool { return w.Dynamic })
}

// renderWebhook never shows the secret, only that there is one.
func (t *tx) renderWebhook(w Webhook) obj {
	events := w.shown()
	return obj{
		"name": w.Name, "url": w.URL, "excludeBody": w.ExcludeBody, "events": events, "enabled": !w.Disabled,
		"filters": obj{jqlFilter: w.JQL}, "isSigned": w.Secret != "", "lastUpdatedUser": t.by.id(),
		"lastUpdatedDisplayName": t.by.DisplayName, "lastUpdated": t.now.UnixMilli(),
		"self": t.st.base + "/rest/webhooks/1.0/webhook/" + strconv.Itoa(w.ID),
	}
}

func (s *Server) restWebhooks(t *tx, _ *call) (any, error) {
	if t.by == nil {
		return nil, notAuthenticated()
	}
	return renderEach(s.registered(), func(w Webhook) any { return t.renderWebhook(w) }), nil
}

func (s *Server) restWebhook(t *tx, c *call) (any, error) {
	for _, w := range s.registered() {
		if w.ID == atoi(c.path("id")) && t.by != nil {
			return t.renderWebhook(w), nil
		}
	}
	return nil, noWebhook(c)
}

func (s *Server) restUnregister(_ *tx, c *call) (any, error) {
	if !s.post.unregister(atoi(c.path("id"))) {
		return nil, noWebhook(c)
	}
	return nil, nil
}

func noWebhook(c *call) *Refusal {
	return refuse(http.StatusNotFound, "The webhook with id '%s' does not exist.", c.path("id"))
}
