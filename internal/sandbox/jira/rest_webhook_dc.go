package jira

import (
	"net/http"
	"strconv"
)

// dcWebhook is a registration as Data Center has it since version 10. FILTERS of
// the configuration is JQL, EXCLUDE_BODY is "true" or "false", secret signs.
type dcWebhook struct {
	ID            int               `json:"id,omitempty"`
	Name          string            `json:"name"`
	URL           string            `json:"url"`
	Events        []string          `json:"events"`
	Configuration map[string]string `json:"configuration"`
	Active        *bool             `json:"active"`
	SSL           *bool             `json:"sslVerificationRequired,omitempty"`
}

func (s *Server) dcWebhookEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/webhooks", status: 200, do: s.restWebhooksDC},
		{method: "POST", path: "/webhooks", status: 201, do: s.restRegisterDC},
		{method: "GET", path: "/webhooks/{id}", status: 200, do: s.restWebhookDC},
		{method: "PUT", path: "/webhooks/{id}", status: 200, do: s.restUpdateWebhookDC},
		{method: "DELETE", path: "/webhooks/{id}", status: 204, do: s.restUnregister},
	}
}

// input reads the body as the registration of the older interface.
func (in dcWebhook) input() webhookInput {
	return webhookInput{
		Name: in.Name, URL: in.URL, Secret: in.Configuration["secret"], Events: in.Events, Enabled: in.Active,
		Filters:     map[string]string{jqlFilter: in.Configuration["FILTERS"]},
		ExcludeBody: in.Configuration["EXCLUDE_BODY"] == "true",
	}
}

func (s *Server) readWebhookDC(t *tx, c *call) (Webhook, error) {
	var in dcWebhook
	if err := c.decode(&in); err != nil {
		return Webhook{}, err
	}
	old := in.input()
	if err := old.check(t, s.known); err != nil {
		return Webhook{}, err
	}
	return old.webhook(), nil
}

func (s *Server) restRegisterDC(t *tx, c *call) (any, error) {
	w, err := s.readWebhookDC(t, c)
	if err != nil {
		return nil, err
	}
	return t.renderWebhookDC(s.post.register(w)), nil
}

func (s *Server) restUpdateWebhookDC(t *tx, c *call) (any, error) {
	w, err := s.readWebhookDC(t, c)
	if err != nil {
		return nil, err
	}
	w.ID = atoi(c.path("id"))
	changed, ok := s.post.replace(w)
	if !ok {
		return nil, noWebhook(c)
	}
	return t.renderWebhookDC(changed), nil
}

// renderWebhookDC does not show the secret.
func (t *tx) renderWebhookDC(w Webhook) obj {
	events := w.shown()
	return obj{
		"id": w.ID, "name": w.Name, "url": w.URL, "events": events, "active": !w.Disabled, "sslVerificationRequired": true,
		"configuration": obj{"FILTERS": w.JQL, "EXCLUDE_BODY": strconv.FormatBool(w.ExcludeBody)}, "scopeType": "global",
		"self": t.st.base + "/rest/jira-webhook/1.0/webhooks/" + strconv.Itoa(w.ID),
	}
}

func (s *Server) restWebhooksDC(t *tx, _ *call) (any, error) {
	if t.by == nil {
		return nil, notAuthenticated()
	}
	return renderEach(s.registered(), func(w Webhook) any { return t.renderWebhookDC(w) }), nil
}

func (s *Server) restWebhookDC(t *tx, c *call) (any, error) {
	for _, w := range s.registered() {
		if w.ID == atoi(c.path("id")) && t.by != nil {
			return t.renderWebhookDC(w), nil
		}
	}
	return nil, refuse(http.StatusNotFound, "The webhook with id '%s' does not exist.", c.path("id"))
}
