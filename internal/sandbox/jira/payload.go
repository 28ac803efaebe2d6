package jira

import (
	"encoding/json"
	"strconv"
)

// event is a change on its way to the webhooks. The payload is made at the
// moment of the change, so later changes do not show in it.
type event struct {
	name string
	// issue is the issue that the event is about, or nil; key orders events.
	issue *issue
	key   string
	// secondary marks fallout of another change (X-Atlassian-Webhook-Flow).
	secondary bool
	payload   obj
}

// body is what goes over the wire.
func (e event) body() ([]byte, error) { return json.Marshal(e.payload) }

// emit queues an event. The shapes are those of captured payloads of the real
// Cloud, which differ from the documented ones: comment events have no user and
// six issue fields only, worklog events have no issue, link events only ids.
func (t *tx) emit(name string, i *issue, payload obj) {
	payload["timestamp"] = t.now.UnixMilli()
	payload["webhookEvent"] = name
	e := event{name: name, issue: i, payload: payload}
	if i != nil {
		e.key = i.key
	}
	t.events = append(t.events, e)
}

// inWebhook is the transaction as webhooks render it: API v2.
func (t *tx) inWebhook() *tx {
	return &tx{st: t.st, by: t.by, now: t.now, api: 2}
}

// hookIssue is an issue in a webhook. Its self lacks "issue/" on the real Cloud.
func (t *tx) hookIssue(i *issue, fields obj) obj {
	return obj{"id": i.ref(), "self": t.st.base + "/rest/api/2/" + i.ref(), "key": i.key, "fields": fields}
}

func (t *tx) hookFields(i *issue) obj {
	v := t.inWebhook()
	fields := v.renderFields(i, wanted{all: true, hide: map[string]bool{"comment": true, "worklog": true}}, false)
	fields["issuerestriction"] = obj{"issuerestrictions": obj{}, "shouldDisplay": false}
	return fields
}

func (t *tx) emitIssue(name, eventType string, i *issue, c *change) {
	t.emit(name, i, obj{
		"issue_event_type_name": eventType, "user": t.by.render(t.st.base, false),
		"issue": t.hookIssue(i, t.hookFields(i)), "changelog": c.renderItems(),
	})
}

// emitDeleted tells that an issue goes away, and then what goes with it.
func (t *tx) emitDeleted(i *issue) {
	fields := t.hookFields(i)
	fields["comment"] = obj{"comments": []any{}, "maxResults": 0, "total": 0, "startAt": 0}
	fields["worklog"] = obj{"startAt": 0, "maxResults": 20, "total": 0, "worklogs": []any{}}
	t.emit("jira:issue_deleted", i, obj{"user": t.by.render(t.st.base, false), "issue": t.hookIssue(i, fields)})
	first := len(t.events)
	for _, c := range i.comments {
		t.emitComment("comment_deleted", c)
	}
	for at := first; at < len(t.events); at++ {
		t.events[at].secondary = true
	}
}

func (t *tx) emitComment(name string, c *comment) {
	v := t.inWebhook()
	six := wanted{yes: map[string]bool{
		"assignee": true, "issuetype": true, "priority": true, "project": true, "status": true, "summary": true,
	}}
	t.emit(name, c.issue, obj{
		"comment": v.renderComment(c, false, false),
		"issue":   t.hookIssue(c.issue, v.renderFields(c.issue, six, false)),
	})
}

func (t *tx) emitWorklog(name string, w *worklog) {
	v := t.inWebhook()
	t.emit(name, w.issue, obj{"worklog": v.renderWorklog(w, false, false), "isFromIssueLimitTransformation": false})
}

func (t *tx) emitLink(name string, l *link) {
	id, _ := strconv.Atoi(l.kind.ID)
	t.emit(name, nil, obj{"issueLink": obj{
		"id": l.id, "sourceIssueId": l.inward.id, "destinationIssueId": l.outward.id, "systemLink": false,
		"issueLinkType": obj{
			"id": id, "name": l.kind.Name, "outwardName": l.kind.Outward, "inwardName": l.kind.Inward,
			"isSubTaskLinkType": false, "isSystemLinkType": false,
		},
	}})
}

func (t *tx) emitSprint(name string, s, before *Sprint) {
	payload := obj{"sprint": s.render(t.st.base)}
	if before != nil {
		payload["oldValue"] = before.render(t.st.base)
	}
	t.emit(name, nil, payload)
}

func (t *tx) emitVersion(name string, p *project, v *Version) {
	project, _ := strconv.Atoi(p.ID)
	rendered := v.render(t.st.base)
	rendered["projectId"] = project
	t.emit(name, nil, obj{"version": rendered})
}
