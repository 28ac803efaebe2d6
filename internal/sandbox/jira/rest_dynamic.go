package jira

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

// dynamicLife is how long a registration of an app lasts unless it is refreshed
// (developer.atlassian.com, "Webhooks", section "Refreshing webhooks").
const dynamicLife = 30 * 24 * time.Hour

// dynamicEndpoints are the registrations of apps that use OAuth 2.0.
func (s *Server) dynamicEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/webhook", status: 200, only: Cloud, do: s.restDynamicList},
		{method: "POST", path: "/webhook", status: 200, only: Cloud, do: s.restDynamicCreate},
		{method: "DELETE", path: "/webhook", status: 202, only: Cloud, body: true, do: s.restDynamicDelete},
		{method: "PUT", path: "/webhook/refresh", status: 200, only: Cloud, do: s.restDynamicRefresh},
	}
}

// byApp refuses who did not come as an app.
func (c *call) byApp(t *tx) error {
	if t.by == nil || !viaGateway(c.r) || !strings.HasPrefix(c.r.Header.Get("Authorization"), "Bearer ") {
		return refuse(http.StatusForbidden, "Only Connect and OAuth 2.0 apps can use this operation.")
	}
	return nil
}

// dynamicInput is the body of POST /webhook; its schemas allow nothing else.
type dynamicInput struct {
	URL      string          `json:"url"`
	Webhooks []dynamicDetail `json:"webhooks"`
}

type dynamicDetail struct {
	Events                  []string `json:"events"`
	JQLFilter               string   `json:"jqlFilter"`
	FieldIDsFilter          []string `json:"fieldIdsFilter"`
	IssuePropertyKeysFilter []string `json:"issuePropertyKeysFilter"`
}

// dynamicEvents are those that apps can register for.
func dynamicEvents() []string {
	return []string{
		"jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created", "comment_updated", "comment_deleted",
		"issue_property_set", "issue_property_deleted",
	}
}

func (d dynamicDetail) objections(t *tx) []string {
	var out []string
	if len(d.Events) == 0 {
		out = append(out, "At least one event must be specified.")
	}
	for _, e := range d.Events {
		if !slices.Contains(dynamicEvents(), e) {
			out = append(out, "The event "+e+" is not supported.")
		}
	}
	if len(d.IssuePropertyKeysFilter) > 0 {
		out = append(out, "The filter issuePropertyKeysFilter is not supported here.")
	}
	q, err := parseJQL(d.JQLFilter)
	if err == nil && q.where != nil {
		_, err = t.compile(q.where)
	}
	if err != nil || q.where == nil {
		out = append(out, "The JQL filter is not valid: "+d.JQLFilter)
	}
	return out
}

func (s *Server) restDynamicCreate(t *tx, c *call) (any, error) {
	if err := c.byApp(t); err != nil {
		return nil, err
	}
	var in dynamicInput
	if err := c.strict(&in); err != nil {
		return nil, err
	}
	u, err := url.Parse(in.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, refuse(http.StatusBadRequest, "The URL of the webhook is not valid: %s", in.URL)
	}
	return obj{"webhookRegistrationResult": renderEach(in.Webhooks, func(d dynamicDetail) any {
		if objections := d.objections(t); len(objections) > 0 {
			return obj{"errors": objections}
		}
		w := s.post.register(Webhook{
			Name: "app", URL: in.URL, Events: d.Events, JQL: d.JQLFilter, Fields: d.FieldIDsFilter,
			Dynamic: true, Expires: t.now.Add(dynamicLife),
		})
		return obj{"createdWebhookId": w.ID}
	})}, nil
}

// dynamic lists the registrations of apps that have not expired.
func (s *Server) dynamic(now time.Time) []Webhook {
	return slices.DeleteFunc(s.post.list(), func(w Webhook) bool { return !w.Dynamic || !now.Before(w.Expires) })
}

func (s *Server) restDynamicList(t *tx, c *call) (any, error) {
	if err := c.byApp(t); err != nil {
		return nil, err
	}
	return page(c, s.dynamic(t.now), "values", 100, func(w Webhook) any {
		out := obj{"id": w.ID, "jqlFilter": w.JQL, "events": w.Events, "expirationDate": w.Expires.UnixMilli(), "url": w.URL}
		if len(w.Fields) > 0 {
			out["fieldIdsFilter"] = w.Fields
		}
		return out
	})
}

type webhookIDs struct {
	WebhookIDs []int `json:"webhookIds"`
}

func (s *Server) restDynamicDelete(t *tx, c *call) (any, error) {
	if err := c.byApp(t); err != nil {
		return nil, err
	}
	var in webhookIDs
	if err := c.strict(&in); err != nil {
		return nil, err
	}
	for _, w := range s.dynamic(t.now) {
		if slices.Contains(in.WebhookIDs, w.ID) {
			s.post.unregister(w.ID)
		}
	}
	return nil, nil
}

func (s *Server) restDynamicRefresh(t *tx, c *call) (any, error) {
	if err := c.byApp(t); err != nil {
		return nil, err
	}
	var in webhookIDs
	if err := c.strict(&in); err != nil {
		return nil, err
	}
	until := t.now.Add(dynamicLife)
	s.post.extend(in.WebhookIDs, until)
	return obj{"expirationDate": until.UnixMilli()}, nil
}

// mountWebhooks puts the registrations of administrators where they are: Data
// Center moved them in its version 10.
func (s *Server) mountWebhooks(mux chi.Router) {
	if s.dc() && s.post.version >= 10 {
		s.mount(mux, "/rest/jira-webhook/1.0", 2, s.dcWebhookEndpoints())
		return
	}
	s.mount(mux, "/rest/webhooks/1.0", 2, s.webhookEndpoints())
}
