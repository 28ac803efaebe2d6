package jira

import (
	"errors"
	"net/http"
	"time"
)

// action is the body of POST /__sandbox/act: who does what.
type action struct {
	// As is a handle, account id, e-mail or display name.
	As string `json:"as"`
	// Action is create_issue, comment, edit_comment, delete_comment, transition,
	// update, add_labels, remove_labels, assign, log_work, link, delete_issue, hide and show
	// (an issue or a project from As, and to it again),
	// start_sprint, close_sprint, or one of those in control_site.go.
	Action string `json:"action"`
	Issue  string `json:"issue"`
	// Body is the text of a comment or worklog; ID that of a comment.
	Body       string         `json:"body"`
	ID         string         `json:"id"`
	Properties map[string]any `json:"properties"`
	// To is the target of a transition, the assignee, or the other issue of a link.
	To     string         `json:"to"`
	Labels []string       `json:"labels"`
	Fields map[string]any `json:"fields"`
	// Project, Type, Summary and Description are for create_issue; Type is also
	// the type of a link.
	Project     string `json:"project"`
	Type        string `json:"type"`
	Summary     string `json:"summary"`
	Description string `json:"description"`
	TimeSpent   string `json:"time_spent"`
	Sprint      int    `json:"sprint"`
	Board       int    `json:"board"`
	// Name is that of what is made, Email that of a user.
	Name  string `json:"name"`
	Email string `json:"email"`
}

// controlAct carries out an action and answers {"key": …} or {"id": …} for what
// it made.
func (s *Server) controlAct(w http.ResponseWriter, r *http.Request) {
	var in action
	if !controlBody(w, r, &in) {
		return
	}
	out, err := in.carryOut(s.As(in.As))
	if err != nil {
		controlError(w, http.StatusBadRequest, err)
		return
	}
	writeJSON(w, http.StatusOK, out)
}

func (in action) carryOut(a *Actor) (obj, error) {
	switch in.Action {
	case "create_issue":
		key, err := a.CreateIssue(NewIssue{
			Project: in.Project, Type: in.Type, Summary: in.Summary, Description: in.Description,
			Labels: in.Labels, Fields: in.Fields,
		})
		return obj{"key": key}, err
	case "comment":
		id, err := a.Comment(in.Issue, in.Body, in.Properties)
		return obj{"id": id}, err
	case "log_work":
		id, err := a.LogWork(in.Issue, in.TimeSpent, in.Body)
		return obj{"id": id}, err
	}
	if out, known, err := in.make(a); known {
		return out, err
	}
	return obj{}, in.change(a)
}

// change carries out the actions that make nothing.
func (in action) change(a *Actor) error {
	switch in.Action {
	case "edit_comment":
		return a.EditComment(in.Issue, in.ID, in.Body)
	case "delete_comment":
		return a.DeleteComment(in.Issue, in.ID)
	case "transition":
		return a.Transition(in.Issue, in.To)
	case "update":
		return a.Update(in.Issue, in.Fields)
	case "add_labels":
		return a.AddLabels(in.Issue, in.Labels...)
	case "remove_labels":
		return a.RemoveLabels(in.Issue, in.Labels...)
	case "assign":
		return a.Assign(in.Issue, in.To)
	case "hide": // from As
		return a.s.Hide(a.who, in.Issue)
	case "show":
		return a.s.Show(a.who, in.Issue)
	case "link":
		return a.Link(in.Type, in.Issue, in.To)
	case "delete_issue":
		return a.DeleteIssue(in.Issue)
	case "start_sprint":
		return a.StartSprint(in.Sprint)
	case "close_sprint":
		return a.CloseSprint(in.Sprint)
	}
	return in.changeSite(a)
}

// controlHook is a Webhook as the control interface has it. Unlike the REST
// registration it can set what only a sandbox has.
type controlHook struct {
	ID          int      `json:"id"`
	Name        string   `json:"name"`
	URL         string   `json:"url"`
	Secret      string   `json:"secret,omitempty"`
	Events      []string `json:"events"`
	JQL         string   `json:"jql,omitempty"`
	ExcludeBody bool     `json:"exclude_body,omitempty"`
	Disabled    bool     `json:"disabled,omitempty"`
	Retries     int      `json:"retries"`
	// BackoffMS is the pause before each retry; 0 means the default of Webhook.
	BackoffMS  int     `json:"backoff_ms,omitempty"`
	Lanes      int     `json:"lanes"`
	Duplicates float64 `json:"duplicates,omitempty"`
}

func (in controlHook) webhook() Webhook {
	w := Webhook{
		Name: in.Name, URL: in.URL, Secret: in.Secret, Events: in.Events, JQL: in.JQL, ExcludeBody: in.ExcludeBody,
		Disabled: in.Disabled, Retries: in.Retries, Lanes: in.Lanes, Duplicates: in.Duplicates,
	}
	if in.BackoffMS > 0 {
		pause := time.Duration(in.BackoffMS) * time.Millisecond
		w.Backoff = func(int) time.Duration { return pause }
	}
	return w
}

func (s *Server) controlRegister(w http.ResponseWriter, r *http.Request) {
	var in controlHook
	if !controlBody(w, r, &in) {
		return
	}
	if in.URL == "" {
		controlError(w, http.StatusBadRequest, errors.New("register webhook: url is missing"))
		return
	}
	writeJSON(w, http.StatusCreated, obj{"id": s.Register(in.webhook()).ID})
}

func (s *Server) controlWebhooks(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, renderEach(s.Webhooks(), func(h Webhook) any {
		return controlHook{
			ID: h.ID, Name: h.Name, URL: h.URL, Events: h.Events, JQL: h.JQL, ExcludeBody: h.ExcludeBody,
			Disabled: h.Disabled, Retries: h.Retries, Lanes: h.Lanes, Duplicates: h.Duplicates,
		}
	}))
}
