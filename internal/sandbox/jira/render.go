package jira

import (
	"slices"
	"strings"
)

// renderStub is an issue as links, parents and sub-task lists show it.
func (t *tx) renderStub(i *issue) obj {
	fields := obj{}
	for _, id := range []string{"summary", "status", "priority", "issuetype"} {
		fields[id] = t.value(i, t.st.fieldByID[id], false)
	}
	return obj{"id": i.ref(), "key": i.key, "self": t.st.base + "/rest/api/2/issue/" + i.ref(), "fields": fields}
}

// value is one field of an issue as REST and webhooks have it.
func (t *tx) value(i *issue, f *Field, withEmail bool) any {
	if f == nil {
		return nil
	}
	switch f.Kind {
	case kindComputed:
		return t.computed(i, f.ID, withEmail)
	case kindProject:
		return i.project.render(t.st.base)
	case kindTime:
		return i.timeTracking()
	}
	return t.render(f, i.values[f.ID], withEmail)
}

func (i *issue) timeTracking() obj {
	out := obj{}
	if e, ok := i.values["timetracking"].(*estimates); ok && e.original >= 0 {
		out["originalEstimate"], out["originalEstimateSeconds"] = spell(e.original), e.original
	}
	if left := i.remaining(); left >= 0 {
		out["remainingEstimate"], out["remainingEstimateSeconds"] = spell(left), left
	}
	if i.spent > 0 {
		out["timeSpent"], out["timeSpentSeconds"] = spell(i.spent), i.spent
	}
	return out
}

// remaining is the remaining estimate in seconds; -1 if none is known.
func (i *issue) remaining() int {
	e, ok := i.values["timetracking"].(*estimates)
	if !ok || e.remaining < 0 {
		return -1
	}
	return max(0, e.remaining-i.spent)
}

// computed is the value of a field that nobody sets.
func (t *tx) computed(i *issue, id string, withEmail bool) any {
	switch id {
	case "creator":
		return i.creator.render(t.st.base, withEmail)
	case "created":
		return jiraTime(i.created)
	case "updated":
		return jiraTime(i.updated)
	case "statuscategorychangedate":
		return jiraTime(i.statusChanged)
	case "resolutiondate":
		if i.values["resolution"] == nil {
			return nil
		}
		return jiraTime(i.resolved)
	case "workratio":
		return -1
	case "votes":
		return obj{"self": t.st.base + "/rest/api/2/issue/" + i.key + "/votes", "votes": 0, "hasVoted": false}
	case "watches":
		return obj{"self": t.st.base + "/rest/api/2/issue/" + i.key + "/watchers", "watchCount": len(i.watchers), "isWatching": t.watching(i)}
	}
	return t.computedList(i, id)
}

func (t *tx) watching(i *issue) bool {
	return slices.Contains(i.watchers, t.by)
}

func (t *tx) computedList(i *issue, id string) any {
	switch id {
	case "comment":
		return t.commentPage(i)
	case "worklog":
		return t.worklogPage(i)
	case "issuelinks":
		return renderEach(t.shown(i), func(l *link) any { return t.renderLink(l, i) })
	case "subtasks":
		return renderEach(slices.DeleteFunc(slices.Clone(i.subtasks()), t.conceals), func(s *issue) any { return t.renderStub(s) })
	case "attachment":
		return renderEach(i.files, func(f *attachment) any { return t.renderFile(f) })
	case "progress", "aggregateprogress":
		return obj{"progress": i.spent, "total": max(i.spent, i.spent+i.remaining())}
	case "timespent", "aggregatetimespent":
		return seconds(i.spent, 1)
	case "timeestimate", "aggregatetimeestimate":
		return seconds(i.remaining(), 0)
	case "timeoriginalestimate", "aggregatetimeoriginalestimate":
		if e, ok := i.values["timetracking"].(*estimates); ok {
			return seconds(e.original, 0)
		}
	}
	return nil
}

// seconds is null below the least meaningful value.
func seconds(n, least int) any {
	if n < least {
		return nil
	}
	return n
}

func (t *tx) commentPage(i *issue) obj {
	out := obj{
		"comments":   renderEach(i.comments, func(c *comment) any { return t.renderComment(c, true, false) }),
		"maxResults": len(i.comments), "total": len(i.comments), "startAt": 0,
	}
	if !t.st.dc {
		out["self"] = t.st.base + "/rest/api/2/issue/" + i.ref() + "/comment"
	}
	return out
}

func (t *tx) worklogPage(i *issue) obj {
	shown := i.worklogs[:min(20, len(i.worklogs))]
	return obj{
		"startAt": 0, "maxResults": 20, "total": len(i.worklogs),
		"worklogs": renderEach(shown, func(w *worklog) any { return t.renderWorklog(w, true, false) }),
	}
}

// wanted is the fields parameter: which fields to show.
type wanted struct {
	all  bool
	yes  map[string]bool
	hide map[string]bool
}

// wantedFields reads names such as summary, *all, *navigable and -comment. An
// empty list means the fallback.
func wantedFields(names []string, fallback string) wanted {
	w := wanted{yes: map[string]bool{}, hide: map[string]bool{}}
	any := false
	for _, name := range splitList(names) {
		name = strings.TrimSpace(name)
		switch {
		case name == "*all":
			w.all, any = true, true
		case name == "*navigable":
			w.navigable()
			any = true
		case strings.HasPrefix(name, "-"):
			w.hide[strings.TrimPrefix(name, "-")] = true
		case name != "":
			w.yes[name], any = true, true
		}
	}
	if any {
		return w
	}
	switch fallback {
	case "*all":
		w.all = true
	case "*navigable":
		w.navigable()
	}
	return w
}

// navigable shows all but the long lists.
func (w *wanted) navigable() {
	w.all = true
	for _, id := range []string{"comment", "worklog", "attachment"} {
		w.hide[id] = w.hide[id] || !w.yes[id]
	}
}

func splitList(names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, strings.Split(name, ",")...)
	}
	return out
}

func (w wanted) has(id string) bool {
	if w.yes[id] {
		return true
	}
	return w.all && !w.hide[id]
}

// renderFields shows the wanted fields of an issue.
func (t *tx) renderFields(i *issue, w wanted, withEmail bool) obj {
	out := obj{}
	for _, f := range t.st.fields {
		if w.has(f.ID) {
			out[f.ID] = t.value(i, f, withEmail)
		}
	}
	if out["parent"] == nil {
		delete(out, "parent")
	}
	return out
}
