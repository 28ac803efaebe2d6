package jira

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// worklog is a worklog at work.
type worklog struct {
	id         int
	issue      *issue
	author     *User
	updater    *User
	comment    string
	seconds    int
	started    time.Time
	created    time.Time
	updated    time.Time
	properties properties
}

// worklogInput is the body of POST worklog.
type worklogInput struct {
	Comment          json.RawMessage
	Started          string
	TimeSpent        string
	TimeSpentSeconds *int
	Properties       json.RawMessage
}

// checked is a worklogInput that has been understood.
type checkedWorklog struct {
	comment    string
	seconds    int
	started    time.Time
	properties []property
}

func (t *tx) checkWorklog(in worklogInput) (checkedWorklog, error) {
	out := checkedWorklog{started: t.now}
	if t.st.dc && !isNull(in.Properties) {
		return out, refuse(http.StatusBadRequest, "Unrecognized field \"properties\" (Class com.atlassian.jira.issue.fields.rest.json.beans.WorklogJsonBean), not marked as ignorable")
	}
	if !isNull(in.Comment) {
		text, objection := t.parseRich(in.Comment)
		if objection != "" {
			return out, refuseField("comment", "%s", objection)
		}
		out.comment, _ = text.(string)
	}
	if in.Started != "" {
		at, err := time.Parse(timeLayout, in.Started)
		if err != nil {
			return out, refuse(http.StatusBadRequest, "Worklog started date is not valid: %s", in.Started)
		}
		out.started = at
	}
	if !isNull(in.Properties) && decodeStrict(in.Properties, &out.properties) != nil {
		return out, refusePayload()
	}
	if err := (properties{}).check(out.properties); err != nil {
		return out, err
	}
	var err error
	out.seconds, err = spentSeconds(in)
	return out, err
}

func spentSeconds(in worklogInput) (int, error) {
	if in.TimeSpent == "" && in.TimeSpentSeconds == nil {
		return 0, refuseField("timeLogged", "You must indicate the time spent working.")
	}
	if in.TimeSpentSeconds != nil && in.TimeSpent == "" {
		if *in.TimeSpentSeconds < 60 {
			return 0, refuseField("timeLogged", "Worklog must not be less than 1 minute.")
		}
		return *in.TimeSpentSeconds, nil
	}
	n, ok := secondsOf(in.TimeSpent)
	switch {
	case !ok:
		return 0, refuseField("timeLogged", "Invalid time duration entered")
	case n < 60:
		return 0, refuseField("timeLogged", "Time Spent can not be zero.")
	}
	return n, nil
}

// postWorklog carries out POST /issue/{key}/worklog.
func (t *tx) postWorklog(i *issue, raw worklogInput) (*worklog, error) {
	in, err := t.checkWorklog(raw)
	if err != nil {
		return nil, err
	}
	t.touch(i)
	w := &worklog{
		id: t.st.id("worklog", 10001), issue: i, author: t.by, updater: t.by, comment: in.comment, seconds: in.seconds,
		started: in.started, created: t.now, updated: t.now, properties: properties{},
	}
	if err := w.properties.setAll(in.properties); err != nil {
		return nil, err
	}
	before := i.spent
	i.worklogs = append(i.worklogs, w)
	t.st.worklogs[w.id] = w
	i.spent += w.seconds
	t.wrote(i, "worklog", strconv.Itoa(w.id))
	t.emitWorklog("worklog_created", w)
	t.tellSpent(i, before, w, "issue_work_logged")
	return w, nil
}

// tellSpent records the time in the history; Jira sends it as an update too.
func (t *tx) tellSpent(i *issue, before int, w *worklog, name string) {
	item := changeItem{field: "timespent", fieldID: "timespent", to: strconv.Itoa(i.spent), toString: strconv.Itoa(i.spent)}
	if before > 0 {
		item.from, item.fromString = strconv.Itoa(before), strconv.Itoa(before)
	}
	id := strconv.Itoa(w.id)
	c := &change{id: t.st.id("change", 10001), by: t.by, at: t.now, items: []changeItem{
		item, {field: "WorklogId", fieldID: "WorklogId", from: id, fromString: id},
	}}
	i.history = append(i.history, c)
	t.emitIssue("jira:issue_updated", name, i, c)
	if t.st.dc {
		t.emitIssue("jira:worklog_updated", name, i, c)
	}
}

// updateWorklog carries out PUT worklog. What the request leaves out stays.
func (t *tx) updateWorklog(w *worklog, raw worklogInput) error {
	if raw.TimeSpent == "" && raw.TimeSpentSeconds == nil {
		raw.TimeSpentSeconds = &w.seconds
	}
	in, err := t.checkWorklog(raw)
	if err != nil {
		return err
	}
	if err := w.properties.setAll(in.properties); err != nil {
		return err
	}
	i, before := w.issue, w.issue.spent
	t.touch(i)
	if !isNull(raw.Comment) {
		w.comment = in.comment
	}
	if raw.Started != "" {
		w.started = in.started
	}
	i.spent += in.seconds - w.seconds
	w.seconds, w.updater, w.updated = in.seconds, t.by, t.now
	t.wrote(i, "worklog_updated", strconv.Itoa(w.id))
	t.emitWorklog("worklog_updated", w)
	if i.spent != before {
		t.tellSpent(i, before, w, "issue_worklog_updated")
	}
	return nil
}

// deleteWorklog takes logged time back.
func (t *tx) deleteWorklog(w *worklog) {
	i, before := w.issue, w.issue.spent
	t.touch(i)
	i.worklogs = without(i.worklogs, w)
	delete(t.st.worklogs, w.id)
	i.spent -= w.seconds
	t.wrote(i, "worklog_deleted", strconv.Itoa(w.id))
	t.emitWorklog("worklog_deleted", w)
	t.tellSpent(i, before, w, "issue_worklog_deleted")
}

func (i *issue) worklog(id string) (*worklog, error) {
	for _, w := range i.worklogs {
		if strconv.Itoa(w.id) == id {
			return w, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "Cannot find worklog with id: '%s'.", id)
}

// renderWorklog is the worklog as REST and webhooks have it.
func (t *tx) renderWorklog(w *worklog, withEmail, withProperties bool) obj {
	base := t.st.base
	out := obj{
		"self":   base + "/rest/api/2/issue/" + w.issue.ref() + "/worklog/" + strconv.Itoa(w.id),
		"author": w.author.render(base, withEmail), "updateAuthor": w.updater.render(base, withEmail),
		"comment": w.comment, "created": jiraTime(w.created), "updated": jiraTime(w.updated),
		"started": jiraTime(w.started), "timeSpent": spell(w.seconds), "timeSpentSeconds": w.seconds,
		"id": strconv.Itoa(w.id), "issueId": w.issue.ref(),
	}
	if t.api == 3 {
		out["comment"] = toDocument(w.comment)
	}
	if withProperties {
		out["properties"] = w.properties.render()
	}
	return out
}
