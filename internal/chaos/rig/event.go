package rig

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Kind is what an event makes the daemon write to Jira.
type Kind string

// The kinds of writes. Every event asks for a comment and a worklog; most ask
// for one of the others.
const (
	Comment    Kind = "comment"
	Worklog    Kind = "worklog"
	Create     Kind = "created issue"
	Label      Kind = "label"
	Transition Kind = "transition"
	Link       Kind = "link"
	Remote     Kind = "remote link"
)

// Event is one webhook: somebody's comment that asks for writes. Its token is in
// each of them, so that doubles and losses can be counted.
type Event struct {
	// N numbers the events of a scenario from 1, in the order of sending for
	// each issue.
	N       int
	Token   string
	Project string
	Issue   string
	// Kinds are the writes that it asks for.
	Kinds []Kind
	// Partner is the issue to be linked, Status where the issue is to be moved.
	Partner string
	Status  string
}

// NewEvent makes the nth event of an issue, which asks for nothing yet.
func NewEvent(n int, issue string) Event {
	project, _, _ := strings.Cut(issue, "-")
	return Event{N: n, Token: fmt.Sprintf("E%06d", n), Project: project, Issue: issue}
}

// Wants adds writes.
func (e Event) Wants(kinds ...Kind) Event {
	e.Kinds = append(append([]Kind(nil), e.Kinds...), kinds...)
	return e
}

// Plan makes the next n events on the site's issues, in random order. Each asks
// for a comment and a worklog, and five of six for something more.
func (s *Site) Plan(rnd *rand.Rand, n int) []Event {
	events := make([]Event, 0, n)
	for range n {
		s.planned++
		e := NewEvent(s.planned, s.Issues[rnd.IntN(len(s.Issues))]).Wants(Comment, Worklog)
		events = append(events, s.enrich(e))
	}
	return events
}

// enrich lets an event ask for one thing more.
func (s *Site) enrich(e Event) Event {
	switch e.N % 6 {
	case 1:
		return e.Wants(Create)
	case 2:
		return e.Wants(Label)
	case 3:
		e.Status = s.nextStatus(e.Issue)
		return e.Wants(Transition)
	case 4:
		if len(s.partners) == 0 {
			return e
		}
		e.Partner, s.partners = s.partners[0], s.partners[1:]
		return e.Wants(Link)
	case 5:
		return e.Wants(Remote)
	default:
		return e
	}
}

// order is the text of the comment, which the model's rules read.
func (e Event) order() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s at=%s project=%s", e.Token, e.Issue, e.Project)
	for _, k := range e.Kinds {
		switch k {
		case Transition:
			fmt.Fprintf(&b, " to=%s", strings.ReplaceAll(e.Status, " ", ""))
		case Link:
			fmt.Fprintf(&b, " with=%s", e.Partner)
		default:
			fmt.Fprintf(&b, " plan-%s", strings.Fields(string(k))[0])
		}
	}
	return b.String()
}

// firstComment is above the ids of the comments that the simulated Jira gives.
const firstComment = 900_000_000

// payload is the event as Jira Cloud tells of a comment.
func (e Event) payload(issueID string) ([]byte, error) {
	type obj = map[string]any
	alice := obj{"accountId": "5b10a2844c20165700ede21a", "displayName": "Alice Developer", "accountType": "atlassian"}
	at := fmt.Sprintf("2026-03-01T10:%02d:%02d.000+0000", e.N/60%60, e.N%60)
	body, err := json.Marshal(obj{
		"timestamp": 1_772_359_200_000 + e.N, "webhookEvent": "comment_created",
		"comment": obj{"id": strconv.Itoa(firstComment + e.N), "author": alice, "updateAuthor": alice, "body": e.order(), "created": at, "updated": at},
		"issue": obj{"id": issueID, "key": e.Issue, "fields": obj{
			"summary": "Chaos", "issuetype": obj{"name": "Task"}, "project": obj{"key": e.Project, "name": e.Project},
			"status": obj{"name": "To Do"}, "priority": obj{"name": "Medium"}, "assignee": nil,
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.Token, err)
	}
	return body, nil
}

// WithAll lets an event ask for every kind of write.
func (s *Site) WithAll(e Event) Event {
	for _, k := range []Kind{Create, Label, Transition, Link, Remote} {
		if slices.Contains(e.Kinds, k) {
			continue
		}
		switch k {
		case Transition:
			e.Status = s.nextStatus(e.Issue)
		case Link:
			if len(s.partners) == 0 {
				continue
			}
			e.Partner, s.partners = s.partners[0], s.partners[1:]
		}
		e = e.Wants(k)
	}
	return e
}

// nextStatus is each time the other status, so that leaving one out would show.
func (s *Site) nextStatus(issue string) string {
	next := [...]string{"In Progress", "To Do"}[s.moved[issue]%2]
	s.moved[issue]++
	return next
}
