package jira

import (
	"encoding/json"
	"maps"
	"strconv"
	"time"
)

// Issue is a copy of an issue at one moment, for assertions.
type Issue struct {
	ID  string `json:"id"`
	Key string `json:"key"`
	// Fields are all fields as API v2 shows them, decoded from JSON.
	Fields map[string]any `json:"fields"`
	// The most asked for fields by themselves; names, not ids.
	Summary     string   `json:"summary"`
	Description string   `json:"description"`
	Type        string   `json:"type"`
	Status      string   `json:"status"`
	Priority    string   `json:"priority"`
	Resolution  string   `json:"resolution"`
	Assignee    string   `json:"assignee"`
	Reporter    string   `json:"reporter"`
	Labels      []string `json:"labels"`

	Comments    []Comment                  `json:"comments"`
	Worklogs    []Worklog                  `json:"worklogs"`
	Links       []Link                     `json:"links"`
	RemoteLinks []RemoteLink               `json:"remoteLinks"`
	Properties  map[string]json.RawMessage `json:"properties"`
	History     []Change                   `json:"history"`
	// Writes are all changes in the order in which they happened.
	Writes []Write `json:"writes"`
}

// Comment is a comment in a snapshot.
type Comment struct {
	ID string `json:"id"`
	// Author is the author's account id.
	Author     string                     `json:"author"`
	Body       string                     `json:"body"`
	Created    time.Time                  `json:"created"`
	Updated    time.Time                  `json:"updated"`
	Properties map[string]json.RawMessage `json:"properties"`
}

// Worklog is a worklog in a snapshot.
type Worklog struct {
	ID         string                     `json:"id"`
	Author     string                     `json:"author"`
	Comment    string                     `json:"comment"`
	Seconds    int                        `json:"seconds"`
	Started    time.Time                  `json:"started"`
	Properties map[string]json.RawMessage `json:"properties"`
}

// Link is a link in a snapshot, by the keys of its ends.
type Link struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Inward  string `json:"inward"`
	Outward string `json:"outward"`
}

// RemoteLink is a remote link in a snapshot.
type RemoteLink struct {
	ID           string          `json:"id"`
	GlobalID     string          `json:"globalId"`
	Relationship string          `json:"relationship"`
	Object       json.RawMessage `json:"object"`
}

// Change is one field that changed.
type Change struct {
	By    string    `json:"by"`
	At    time.Time `json:"at"`
	Field string    `json:"field"`
	From  string    `json:"from"`
	To    string    `json:"to"`
}

// Issue copies an issue by key or id; false if there is none.
func (s *Server) Issue(keyOrID string) (Issue, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := s.st.issue(keyOrID)
	if i == nil {
		return Issue{}, false
	}
	t := &tx{st: s.st, by: i.creator, now: s.opts.Now(), api: 2}
	return t.snapshot(i), true
}

// Keys lists the keys of all issues in the order of creation.
func (s *Server) Keys() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]string, len(s.st.issues))
	for n, i := range s.st.issues {
		out[n] = i.key
	}
	return out
}

// Counts is how many writes of each kind happened: issue, comment,
// comment_updated, worklog, update, assign, transition, link, remotelink and so on.
func (s *Server) Counts() map[string]int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return maps.Clone(s.st.counts)
}

func (t *tx) snapshot(i *issue) Issue {
	text := func(id string) string {
		_, s := describe(i.values[id])
		out, _ := s.(string)
		return out
	}
	account := func(id string) string {
		if u, ok := i.values[id].(*User); ok {
			return u.AccountID
		}
		return ""
	}
	out := Issue{
		ID: i.ref(), Key: i.key, Fields: plain(t.renderFields(i, wanted{all: true}, true)),
		Summary: text("summary"), Description: text("description"), Type: text("issuetype"), Status: text("status"),
		Priority: text("priority"), Resolution: text("resolution"), Assignee: account("assignee"),
		Reporter: account("reporter"), Labels: []string{}, Properties: i.properties.copied(),
		Writes: append([]Write{}, i.writes...), Comments: []Comment{}, Worklogs: []Worklog{}, Links: []Link{},
		RemoteLinks: []RemoteLink{}, History: []Change{},
	}
	list, _ := i.values["labels"].([]any)
	for _, v := range list {
		if s, ok := v.(string); ok {
			out.Labels = append(out.Labels, s)
		}
	}
	out.addActivity(i)
	return out
}

// plain is what a client would decode: copies, no shared values.
func plain(fields obj) map[string]any {
	var out map[string]any
	raw, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return map[string]any{}
	}
	return out
}

func (out *Issue) addActivity(i *issue) {
	for _, c := range i.comments {
		out.Comments = append(out.Comments, Comment{
			ID: strconv.Itoa(c.id), Author: c.author.AccountID, Body: c.body, Created: c.created,
			Updated: c.updated, Properties: c.properties.copied(),
		})
	}
	for _, w := range i.worklogs {
		out.Worklogs = append(out.Worklogs, Worklog{
			ID: strconv.Itoa(w.id), Author: w.author.AccountID, Comment: w.comment, Seconds: w.seconds,
			Started: w.started, Properties: w.properties.copied(),
		})
	}
	for _, l := range i.links {
		out.Links = append(out.Links, Link{ID: strconv.Itoa(l.id), Type: l.kind.Name, Inward: l.inward.key, Outward: l.outward.key})
	}
	for _, r := range i.remotes {
		out.RemoteLinks = append(out.RemoteLinks, RemoteLink{
			ID: strconv.Itoa(r.id), GlobalID: r.globalID, Relationship: r.relationship, Object: r.object,
		})
	}
	for _, c := range i.history {
		for _, item := range c.items {
			from, _ := item.fromString.(string)
			to, _ := item.toString.(string)
			out.History = append(out.History, Change{By: c.by.AccountID, At: c.at, Field: item.field, From: from, To: to})
		}
	}
}
