package jira

import (
	"encoding/json"
	"maps"
	"strconv"
)

// event is a change on its way to the webhooks. The payload is made at the
// moment of the change, so later changes do not show in it.
type event struct {
	name string
	// issue is the issue that the event is about, or nil; key orders events.
	issue *issue
	key   string
	// fields are the ids of the fields that changed.
	fields []string
	by     *User
	// secondary marks fallout of another change (X-Atlassian-Webhook-Flow).
	secondary bool
	payload   obj
}

// body is what goes over the wire. Registrations of apps learn their ids, too.
func (e event) body(matched []int) ([]byte, error) {
	if len(matched) == 0 {
		return json.Marshal(e.payload)
	}
	with := obj{"matchedWebhookIds": matched}
	maps.Copy(with, e.payload)
	return json.Marshal(with)
}

// emit queues an event if somebody listens to it. The shapes are those of
// captured payloads, which differ from the documented ones: on Cloud comment
// events have no user and six issue fields only, on Data Center no issue at all;
// worklog events have no issue, link events only ids.
func (t *tx) emit(name string, i *issue, payload func() obj) *event {
	if t.heard == nil || !t.heard(name) {
		return &event{}
	}
	e := event{name: name, issue: i, by: t.by, payload: payload()}
	if _, bare := e.payload["username"]; !bare {
		e.payload["timestamp"], e.payload["webhookEvent"] = t.now.UnixMilli(), name
	}
	if i != nil {
		e.key = i.key
	}
	t.events = append(t.events, e)
	return &t.events[len(t.events)-1]
}

// inWebhook is the transaction as webhooks render it: API v2.
func (t *tx) inWebhook() *tx {
	return &tx{st: t.st, by: t.by, now: t.now, api: 2}
}

// hookIssue is an issue in a webhook. Its self lacks "issue/" on the real Cloud.
func (t *tx) hookIssue(i *issue, fields obj) obj {
	self := t.st.base + "/rest/api/2/" + i.ref()
	if t.st.dc {
		self = t.st.base + "/rest/api/2/issue/" + i.ref()
	}
	return obj{"id": i.ref(), "self": self, "key": i.key, "fields": fields}
}

func (t *tx) hookFields(i *issue) obj {
	v := t.inWebhook()
	if t.st.dc {
		return v.renderFields(i, wanted{all: true}, true)
	}
	fields := v.renderFields(i, wanted{all: true, hide: map[string]bool{"comment": true, "worklog": true}}, false)
	fields["issuerestriction"] = obj{"issuerestrictions": obj{}, "shouldDisplay": false}
	return fields
}

func (t *tx) emitIssue(name, eventType string, i *issue, c *change) {
	e := t.emit(name, i, func() obj {
		return obj{
			"issue_event_type_name": eventType, "user": t.by.render(t.st.base, false),
			"issue": t.hookIssue(i, t.hookFields(i)), "changelog": c.renderItems(),
		}
	})
	for _, item := range c.items {
		e.fields = append(e.fields, item.fieldID)
	}
}

// emitDeleted tells that an issue goes away, and then what goes with it.
func (t *tx) emitDeleted(i *issue) {
	t.emit("jira:issue_deleted", i, func() obj {
		fields := t.hookFields(i)
		fields["comment"] = obj{"comments": []any{}, "maxResults": 0, "total": 0, "startAt": 0}
		fields["worklog"] = obj{"startAt": 0, "maxResults": 20, "total": 0, "worklogs": []any{}}
		return obj{"user": t.by.render(t.st.base, false), "issue": t.hookIssue(i, fields)}
	})
	first := len(t.events)
	for _, c := range i.comments {
		t.emitComment("comment_deleted", "", c)
	}
	for _, f := range i.files {
		t.emitFile("attachment_deleted", f)
	}
	for at := first; at < len(t.events); at++ {
		t.events[at].secondary = true
	}
}

// emitComment tells of a comment. Data Center tells twice: without the issue as
// a comment, and as an update of the issue under the other name, if there is one.
func (t *tx) emitComment(name, asUpdate string, c *comment) {
	v := t.inWebhook()
	t.emit(name, c.issue, func() obj {
		out := obj{"comment": v.renderComment(c, false, false)}
		if !t.st.dc {
			out["issue"] = t.hookIssue(c.issue, v.renderFields(c.issue, sixFields(), false))
		} else if name != "comment_created" {
			out["user"] = t.by.render(t.st.base, false)
		}
		return out
	})
	if !t.st.dc || asUpdate == "" {
		return
	}
	t.emit("jira:issue_updated", c.issue, func() obj {
		return obj{
			"issue_event_type_name": asUpdate, "user": t.by.render(t.st.base, false),
			"issue": t.hookIssue(c.issue, t.hookFields(c.issue)), "comment": v.renderComment(c, false, false),
		}
	})
}

// sixFields are all that Cloud tells of a comment's issue.
func sixFields() wanted {
	return wanted{yes: map[string]bool{
		"assignee": true, "issuetype": true, "priority": true, "project": true, "status": true, "summary": true,
	}}
}

func (t *tx) emitWorklog(name string, w *worklog) {
	v := t.inWebhook()
	t.emit(name, w.issue, func() obj {
		out := obj{"worklog": v.renderWorklog(w, false, false)}
		if !t.st.dc {
			out["isFromIssueLimitTransformation"] = false
		}
		return out
	})
}

func (t *tx) emitLink(name string, l *link) {
	id, _ := strconv.Atoi(l.kind.ID)
	t.emit(name, nil, func() obj {
		return obj{"issueLink": obj{
			"id": l.id, "sourceIssueId": l.inward.id, "destinationIssueId": l.outward.id, "systemLink": false,
			"issueLinkType": obj{
				"id": id, "name": l.kind.Name, "outwardName": l.kind.Outward, "inwardName": l.kind.Inward,
				"isSubTaskLinkType": false, "isSystemLinkType": false,
			},
		}}
	})
}

func (t *tx) emitSprint(name string, s, before *Sprint) {
	t.emit(name, nil, func() obj {
		if name == "sprint_deleted" {
			return obj{"sprint": s.render("")}
		}
		payload := obj{"sprint": s.render(t.st.base)}
		if before != nil {
			payload["oldValue"] = before.render(t.st.base)
		}
		return payload
	})
}

func (t *tx) emitVersion(name string, p *project, v *Version) {
	t.emit(name, nil, func() obj { return obj{"version": t.renderVersion(p, v)} })
}

func (t *tx) emitFile(name string, f *attachment) {
	t.emit(name, f.issue, func() obj { return obj{"attachment": t.inWebhook().renderFile(f)} })
}

// emitBoard tells a board without the place where it lives.
func (t *tx) emitBoard(name string, b *Board) {
	t.emit(name, nil, func() obj {
		out := t.renderBoard(b)
		delete(out, "location")
		return obj{"board": out}
	})
}

// emitProject tells a project, whose id is a number here and a string elsewhere.
func (t *tx) emitProject(name string, p *project) {
	t.emit(name, nil, func() obj {
		base := t.st.base
		return obj{"project": obj{
			"self": base + "/rest/api/2/project/" + p.ID, "id": atoi(p.ID), "key": p.Key, "name": p.Name,
			"avatarUrls":  avatars(base + "/secure/projectavatar?pid=" + p.ID + "&size="),
			"projectLead": p.lead.render(base, false), "assigneeType": "admin.assignee.type.unassigned",
		}}
	})
}

// emitUser tells of a user. Of a deleted one Cloud tells ids only, and not even
// the name of the event.
func (t *tx) emitUser(name string, u *User) {
	t.emit(name, nil, func() obj {
		if name == "user_deleted" && !t.st.dc {
			return obj{"accountId": u.AccountID, "username": u.Name}
		}
		return obj{"user": u.render(t.st.base, false)}
	})
}

func (t *tx) emitProperty(name string, i *issue, key string, value json.RawMessage) {
	t.emit(name, i, func() obj {
		out := obj{"property": obj{"key": key, "value": value}, "user": t.by.render(t.st.base, false), "issue": t.hookIssue(i, t.hookFields(i))}
		if value == nil {
			out["property"] = obj{"key": key}
		}
		return out
	})
}
