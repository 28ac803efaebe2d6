package jira

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// NewIssue is an issue to be created.
type NewIssue struct {
	Project string
	// Type is the name of an issue type; "Task" if empty.
	Type        string
	Summary     string
	Description string
	Labels      []string
	// Priority and Assignee may be empty; Assignee is an account id.
	Priority string
	Assignee string
	// Parent is the key of the parent, for sub-tasks and children of epics.
	Parent string
	// Fields are further fields by id, as REST takes them.
	Fields map[string]any
	// Reporter is a handle; it is used for seeded issues only.
	Reporter string
}

// input turns the issue into the body of POST /issue of a site.
func (n NewIssue) input(st *state) (issueInput, error) {
	kind := n.Type
	if kind == "" {
		kind = "Task"
	}
	fields := obj{"project": obj{"key": n.Project}, "issuetype": obj{"name": kind}, "summary": n.Summary}
	if n.Description != "" {
		fields["description"] = n.Description
	}
	if len(n.Labels) > 0 {
		fields["labels"] = n.Labels
	}
	if n.Priority != "" {
		fields["priority"] = obj{"name": n.Priority}
	}
	if u := st.account(n.Assignee); u != nil && st.dc {
		fields["assignee"] = obj{"name": u.Name}
	} else if n.Assignee != "" {
		fields["assignee"] = obj{"accountId": n.Assignee}
	}
	if n.Parent != "" {
		fields["parent"] = obj{"key": n.Parent}
	}
	maps.Copy(fields, n.Fields)
	return fieldsInput(fields)
}

func fieldsInput(fields map[string]any) (issueInput, error) {
	in := issueInput{Fields: map[string]json.RawMessage{}}
	for id, v := range fields {
		raw, err := json.Marshal(v)
		if err != nil {
			return in, fmt.Errorf("encode field %s: %w", id, err)
		}
		in.Fields[id] = raw
	}
	return in, nil
}

// Actor acts as one user. What it does goes the same way as a REST request of
// that user: it is checked, it changes the state, and webhooks fire. Errors of
// the site are *Refusal.
type Actor struct {
	s   *Server
	who string
}

// As acts as the user with the given handle, account id, e-mail or display
// name. An unknown user shows as an error of each action.
func (s *Server) As(who string) *Actor { return &Actor{s: s, who: who} }

// User finds a user by handle, account id, e-mail or display name.
func (s *Server) User(who string) (User, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if u := s.st.user(who); u != nil {
		return *u, true
	}
	return User{}, false
}

func (a *Actor) write(fn func(*tx) error) error {
	return a.s.write(nil, 2, func(t *tx) error {
		t.by = t.st.user(a.who)
		if t.by == nil {
			return fmt.Errorf("act as %q: no such user", a.who)
		}
		return fn(t)
	})
}

func (a *Actor) onIssue(key string, fn func(*tx, *issue) error) error {
	return a.write(func(t *tx) error {
		i, err := t.issue(key)
		if err != nil {
			return err
		}
		return fn(t, i)
	})
}

// CreateIssue creates an issue and returns its key.
func (a *Actor) CreateIssue(n NewIssue) (string, error) {
	key := ""
	err := a.write(func(t *tx) error {
		in, err := n.input(t.st)
		if err != nil {
			return err
		}
		i, err := t.createIssue(in)
		if err == nil {
			key = i.key
		}
		return err
	})
	return key, err
}

// Comment adds a comment, with entity properties if given, and returns its id.
func (a *Actor) Comment(key, body string, props map[string]any) (string, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("encode comment: %w", err)
	}
	in := commentInput{Body: raw}
	for _, name := range sorted(props) {
		value, err := json.Marshal(props[name])
		if err != nil {
			return "", fmt.Errorf("encode property %s: %w", name, err)
		}
		in.Properties = append(in.Properties, property{Key: name, Value: value})
	}
	id := ""
	err = a.onIssue(key, func(t *tx, i *issue) error {
		c, err := t.postComment(i, in)
		if err == nil {
			id = strconv.Itoa(c.id)
		}
		return err
	})
	return id, err
}

// EditComment replaces the text of a comment.
func (a *Actor) EditComment(key, id, body string) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode comment: %w", err)
	}
	return a.onIssue(key, func(t *tx, i *issue) error {
		c, err := t.findComment(i, id)
		if err != nil {
			return err
		}
		return t.updateComment(c, commentInput{Body: raw})
	})
}

// DeleteComment removes a comment.
func (a *Actor) DeleteComment(key, id string) error {
	return a.onIssue(key, func(t *tx, i *issue) error {
		c, err := t.findComment(i, id)
		if err == nil {
			t.deleteComment(c)
		}
		return err
	})
}

// Transition moves an issue by the id or name of a transition, or to a status.
func (a *Actor) Transition(key, to string) error {
	return a.onIssue(key, func(t *tx, i *issue) error {
		for _, tr := range t.available(i) {
			if tr.ID == to || strings.EqualFold(tr.Name, to) || strings.EqualFold(tr.To, to) {
				raw, err := json.Marshal(tr.ID)
				if err != nil {
					return fmt.Errorf("encode transition: %w", err)
				}
				return t.transitionIssue(i, issueInput{Transition: &transitionInput{ID: raw}})
			}
		}
		return refuse(http.StatusBadRequest, "Transition '%s' is not valid for this issue.", to)
	})
}

// Update sets fields by id, as REST takes them; nil clears.
func (a *Actor) Update(key string, fields map[string]any) error {
	in, err := fieldsInput(fields)
	if err != nil {
		return err
	}
	return a.onIssue(key, func(t *tx, i *issue) error { return t.editIssue(i, in) })
}

// AddLabels and RemoveLabels change labels and leave the others alone.
func (a *Actor) AddLabels(key string, labels ...string) error { return a.labels(key, "add", labels) }

// RemoveLabels takes labels off an issue.
func (a *Actor) RemoveLabels(key string, labels ...string) error {
	return a.labels(key, "remove", labels)
}

func (a *Actor) labels(key, verb string, labels []string) error {
	in := issueInput{Update: map[string][]map[string]json.RawMessage{}}
	for _, label := range labels {
		raw, err := json.Marshal(label)
		if err != nil {
			return fmt.Errorf("encode label: %w", err)
		}
		in.Update["labels"] = append(in.Update["labels"], map[string]json.RawMessage{verb: raw})
	}
	return a.onIssue(key, func(t *tx, i *issue) error { return t.editIssue(i, in) })
}

// Assign gives an issue to a user, named as in As; "" unassigns.
func (a *Actor) Assign(key, who string) error {
	return a.onIssue(key, func(t *tx, i *issue) error {
		if who == "" {
			return t.assign(i, nil)
		}
		u := t.st.user(who)
		if u == nil {
			return refuseField("assignee", "User '%s' does not exist.", who)
		}
		if t.st.dc {
			return t.assignNamed(i, assignInput{Name: &u.Name})
		}
		return t.assign(i, &u.AccountID)
	})
}

// LogWork logs time such as "2h 30m" and returns the worklog's id.
func (a *Actor) LogWork(key, spent, comment string) (string, error) {
	raw, err := json.Marshal(comment)
	if err != nil {
		return "", fmt.Errorf("encode comment: %w", err)
	}
	id := ""
	err = a.onIssue(key, func(t *tx, i *issue) error {
		w, err := t.postWorklog(i, worklogInput{Comment: raw, TimeSpent: spent})
		if err == nil {
			id = strconv.Itoa(w.id)
		}
		return err
	})
	return id, err
}

// Link links two issues by the name of a link type: inward "blocks" outward.
func (a *Actor) Link(kind, inward, outward string) error {
	in := linkInput{InwardIssue: linkedInput{Key: inward}, OutwardIssue: linkedInput{Key: outward}}
	in.Type.Name = kind
	return a.write(func(t *tx) error { return t.linkIssues(in) })
}

// DeleteIssue deletes an issue with its sub-tasks.
func (a *Actor) DeleteIssue(key string) error {
	return a.onIssue(key, func(t *tx, i *issue) error { return t.deleteIssue(i, true) })
}

// StartSprint and CloseSprint change a sprint's state by its id.
func (a *Actor) StartSprint(id int) error { return a.sprint(id, SprintActive) }

// CloseSprint completes an active sprint.
func (a *Actor) CloseSprint(id int) error { return a.sprint(id, SprintClosed) }

func (a *Actor) sprint(id int, state string) error {
	return a.write(func(t *tx) error {
		s := t.st.sprint(id)
		if s == nil {
			return refuse(http.StatusNotFound, "Sprint does not exist")
		}
		return t.changeSprint(s, sprintChange{State: &state})
	})
}
