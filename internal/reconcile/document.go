package reconcile

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
)

// raws are the members of a JSON object as they came: payloads are made of what
// Jira said, not of what we understood of it.
type raws = map[string]json.RawMessage

// document is an issue with its history and its comments.
type document struct {
	ID        string `json:"id"`
	Self      string `json:"self"`
	Key       string `json:"key"`
	Fields    raws   `json:"fields"`
	Changelog struct {
		Total     int       `json:"total"`
		Histories []history `json:"histories"`
	} `json:"changelog"`
}

// history is one edit of an issue.
type history struct {
	ID      json.RawMessage   `json:"id"`
	Author  json.RawMessage   `json:"author"`
	Created jira.Time         `json:"created"`
	Items   []json.RawMessage `json:"items"`
}

// comments is one page of comments.
type comments struct {
	Total    int    `json:"total"`
	Comments []raws `json:"comments"`
}

// change is something that happened to an issue, as a webhook would tell it.
type change struct {
	at      time.Time
	by      jira.User
	payload map[string]any
}

func (d *document) field(name string, into any) { _ = json.Unmarshal(d.Fields[name], into) }

// person reads a user; nobody from what is none.
func person(raw json.RawMessage) (u jira.User) {
	_ = json.Unmarshal(raw, &u)
	return u
}

// moment reads a time; zero from what is none.
func moment(raw json.RawMessage) time.Time {
	var t jira.Time
	_ = json.Unmarshal(raw, &t)
	return t.Time
}

// issue is the issue as webhooks carry it: its comments and worklogs have events
// of their own.
func (d *document) issue() map[string]any {
	fields := raws{}
	for name, value := range d.Fields {
		if name != "comment" && name != "worklog" {
			fields[name] = value
		}
	}
	return map[string]any{"id": d.ID, "self": d.Self, "key": d.Key, "fields": fields}
}

// changes are what happened from one moment until another, in order.
func (d *document) changes(from, until time.Time, cloud bool) []change {
	var list []change
	list = append(list, d.creation()...)
	for _, h := range d.Changelog.Histories {
		if !silent(h, cloud) {
			list = append(list, d.update(h))
		}
	}
	list = append(list, d.commentChanges()...)
	list = slices.DeleteFunc(list, func(c change) bool { return c.at.Before(from) || c.at.After(until) })
	slices.SortStableFunc(list, func(a, b change) int { return a.at.Compare(b.at) })
	return list
}

func (d *document) creation() []change {
	by := d.Fields["creator"]
	if person(by) == (jira.User{}) {
		by = d.Fields["reporter"]
	}
	at := moment(d.Fields["created"])
	return []change{{at: at, by: person(by), payload: map[string]any{
		"timestamp": at.UnixMilli(), "webhookEvent": "jira:issue_created", "issue_event_type_name": "issue_created",
		"user": by, "issue": d.issue(),
	}}}
}

func (d *document) update(h history) change {
	return change{at: h.Created.Time, by: person(h.Author), payload: map[string]any{
		"timestamp": h.Created.UnixMilli(), "webhookEvent": "jira:issue_updated", "issue_event_type_name": "issue_updated",
		"user": h.Author, "issue": d.issue(), "changelog": map[string]any{"id": h.ID, "items": h.Items},
	}}
}

// silent reports whether Jira sends no jira:issue_updated for an edit: links,
// ranks and deleted comments are in the history and have other events or none, as
// has logged work on Data Center.
func silent(h history, cloud bool) bool {
	quiet := 0
	for _, raw := range h.Items {
		var item struct {
			Field string `json:"field"`
		}
		_ = json.Unmarshal(raw, &item)
		switch item.Field {
		case "Link", "RemoteIssueLink", "RemoteWorkItemLink", "Comment", "Rank":
			quiet++
		case "WorklogId", "timespent":
			if !cloud {
				return true
			}
		}
	}
	return quiet == len(h.Items)
}

func (d *document) commentChanges() []change {
	var page comments
	d.field("comment", &page)
	var list []change
	for _, c := range page.Comments {
		created, updated := moment(c["created"]), moment(c["updated"])
		list = append(list, d.comment("comment_created", c, created, c["author"]))
		if updated.After(created) {
			by := c["updateAuthor"]
			if person(by) == (jira.User{}) {
				by = c["author"]
			}
			list = append(list, d.comment("comment_updated", c, updated, by))
		}
	}
	return list
}

// comment tells of a comment. When it was written its date of change was that of
// its creation, also if it was edited since.
func (d *document) comment(name string, c raws, at time.Time, by json.RawMessage) change {
	told := raws{}
	maps.Copy(told, c)
	if name == "comment_created" {
		told["updated"] = c["created"] // who changed it stays: the words may not be the author's
	}
	return change{at: at, by: person(by), payload: map[string]any{
		"timestamp": at.UnixMilli(), "webhookEvent": name, "comment": told, "issue": d.issue(),
	}}
}

// complete reports whether the history and the comments that came reach back to
// a moment.
func (d *document) complete(from time.Time) bool {
	if all := d.Changelog.Histories; len(all) < d.Changelog.Total && len(all) > 0 {
		oldest := all[0].Created.Time
		for _, h := range all {
			if h.Created.Before(oldest) {
				oldest = h.Created.Time
			}
		}
		if oldest.After(from) {
			return false
		}
	}
	return true
}
