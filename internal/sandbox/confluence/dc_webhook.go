package confluence

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// webhookEndpoints are how administrators of a Data Center manage webhooks.
func (s *Server) webhookEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/webhooks", status: 200, admin: true, do: func(t *tx, c *call) (any, error) {
			return listV1(t, c, s.Webhooks(), 100, Webhook.listed)
		}},
		{method: "POST", path: "/webhooks", status: 201, admin: true, do: s.createWebhook},
		{method: "GET", path: "/webhooks/{id}", status: 200, admin: true, do: s.getWebhook},
		{method: "PUT", path: "/webhooks/{id}", status: 200, admin: true, do: s.putWebhook},
		{method: "DELETE", path: "/webhooks/{id}", status: 204, admin: true, do: s.removeWebhook},
	}
}

// listed is a webhook as it is read. The secret is told to administrators.
func (w Webhook) listed() obj {
	configuration := obj{}
	if w.Secret != "" {
		configuration["secret"] = w.Secret
	}
	return obj{
		"id": w.ID, "name": w.Name, "url": w.URL, "events": append([]string{}, w.Events...), "active": !w.Disabled, "configuration": configuration,
		"scopeType": "global", "sslVerificationRequired": true,
	}
}

// made is a webhook as the answer to its making has it.
func (w Webhook) made() obj {
	out, events := w.listed(), []obj{}
	for _, name := range w.Events {
		events = append(events, obj{"id": name, "i18nKey": "confluence.webhooks.event." + name})
	}
	delete(out, "scopeType")
	out["events"], out["scope"] = events, obj{"type": "global"}
	return out
}

// maxSecret is the longest secret.
const maxSecret = 255

func readWebhook(c *call) (Webhook, error) {
	var in struct {
		Name          string
		URL           string
		Events        []string
		Active        *bool
		Configuration struct{ Secret string }
	}
	if err := c.decode(&in); err != nil {
		return Webhook{}, err
	}
	u, err := url.Parse(in.URL)
	known := knownEvents()
	switch {
	case in.Name == "":
		return Webhook{}, refuse(http.StatusBadRequest, "name is required")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return Webhook{}, refuse(http.StatusBadRequest, "url is not valid: %s", in.URL)
	case len(in.Events) == 0:
		return Webhook{}, refuse(http.StatusBadRequest, "at least one event is required")
	case len(in.Configuration.Secret) > maxSecret:
		return Webhook{}, refuse(http.StatusBadRequest, "The secret must not have more than 255 characters")
	}
	for _, name := range in.Events {
		if !known[name] {
			return Webhook{}, refuse(http.StatusBadRequest, "The event %s is not known", name)
		}
	}
	return Webhook{Name: in.Name, URL: in.URL, Events: in.Events, Secret: in.Configuration.Secret, Disabled: in.Active != nil && !*in.Active}, nil
}

func (s *Server) createWebhook(_ *tx, c *call) (any, error) {
	w, err := readWebhook(c)
	if err != nil {
		return nil, err
	}
	if w, err = s.Register(w); err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return w.made(), nil
}

func (s *Server) getWebhook(_ *tx, c *call) (any, error) {
	for _, w := range s.Webhooks() {
		if strconv.Itoa(w.ID) == c.path("id") {
			return w.listed(), nil
		}
	}
	return nil, missing("No webhook found with id: " + c.path("id"))
}

func (s *Server) putWebhook(_ *tx, c *call) (any, error) {
	in, err := readWebhook(c)
	if err != nil {
		return nil, err
	}
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	for i, w := range s.post.hooks {
		if strconv.Itoa(w.ID) == c.path("id") {
			in.ID = w.ID
			if in.Secret == "" {
				in.Secret = w.Secret
			}
			s.post.hooks[i] = in
			return in.listed(), nil
		}
	}
	return nil, missing("No webhook found with id: " + c.path("id"))
}

func (s *Server) removeWebhook(_ *tx, c *call) (any, error) {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	before := len(s.post.hooks)
	s.post.hooks = slices.DeleteFunc(s.post.hooks, func(w Webhook) bool { return strconv.Itoa(w.ID) == c.path("id") })
	if len(s.post.hooks) == before {
		return nil, missing("No webhook found with id: " + c.path("id"))
	}
	return nil, nil
}

// serveWebhookTest sends what a connection is tested with, signed if a webhook has
// the address, and tells the answer.
func (s *Server) serveWebhookTest(w http.ResponseWriter, r *http.Request) {
	by, err := s.authenticate(w, r)
	if err == nil && (by == nil || !by.Admin) {
		err = refuse(http.StatusUnauthorized, "The authenticated user is not an administrator")
	}
	if err != nil {
		writeError(w, 1, err)
		return
	}
	d := delivery{event: "test", url: r.URL.Query().Get("url"), body: []byte(`{"test":true}`), header: http.Header{}}
	for _, hook := range s.Webhooks() {
		if hook.URL == d.url && hook.Secret != "" {
			d.header.Set("X-Hub-Signature", Sign(hook.Secret, d.body))
		}
	}
	a := s.post.deliver(d)
	writeJSON(w, http.StatusOK, obj{
		"request": obj{"url": a.URL, "method": "POST", "body": a.Body}, "response": obj{"statusCode": a.Status, "error": a.Error},
	})
}
