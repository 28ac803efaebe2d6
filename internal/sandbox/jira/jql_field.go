package jira

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// attribute finds what a name in JQL means: a system name, cf[10016], or the id
// or the name of a custom field.
func (t *tx) attribute(name string) (attribute, bool) {
	switch name {
	case "key", "issuekey", "issue", "id":
		return t.keyAttribute(), true
	case "project":
		return attribute{texts: func(i *issue) []string {
			return []string{i.project.Key, i.project.ID, i.project.Name}
		}, check: func(s string) bool { return t.projectNamed(s) }}, true
	case "text":
		return attribute{texts: allText, long: true}, true
	case "comment":
		return attribute{texts: commentText, long: true}, true
	case "statuscategory":
		return attribute{texts: func(i *issue) []string {
			c := i.status().category("")
			return []string{fmt.Sprint(c["key"]), fmt.Sprint(c["name"])}
		}}, true
	case "created", "createddate":
		return t.timeAttribute(func(i *issue) time.Time { return i.created }), true
	case "updated", "updateddate":
		return t.timeAttribute(func(i *issue) time.Time { return i.updated }), true
	case "resolved", "resolutiondate":
		return t.resolvedAttribute(), true
	case "watcher":
		return attribute{texts: func(i *issue) []string {
			var out []string
			for _, u := range i.watchers {
				out = append(out, valueTexts(u)...)
			}
			return out
		}, check: t.userNamed}, true
	case "worklogauthor":
		return attribute{texts: func(i *issue) []string {
			var out []string
			for _, w := range i.worklogs {
				out = append(out, valueTexts(w.author)...)
			}
			return out
		}, check: t.userNamed}, true
	case "issuelinktype":
		return attribute{texts: func(i *issue) []string {
			var out []string
			for _, l := range i.links {
				out = append(out, l.kind.Name, l.kind.ID)
			}
			return out
		}}, true
	case "attachments":
		return attribute{texts: func(i *issue) []string {
			var out []string
			for _, f := range i.files {
				out = append(out, f.name)
			}
			return out
		}}, true
	case "creator":
		return attribute{texts: func(i *issue) []string { return valueTexts(i.creator) }}, true
	}
	f := t.st.queried(name)
	if f == nil {
		return attribute{}, false
	}
	return t.fieldAttribute(f), true
}

func (t *tx) projectNamed(s string) bool {
	for _, p := range t.st.projects {
		if strings.EqualFold(p.Key, s) || p.ID == s || strings.EqualFold(p.Name, s) {
			return true
		}
	}
	return false
}

// userNamed tells whether a value of a field of users means one.
func (t *tx) userNamed(s string) bool {
	return slices.ContainsFunc(t.st.users, func(u *User) bool {
		return slices.ContainsFunc(valueTexts(u), func(text string) bool { return strings.EqualFold(text, s) })
	})
}

// resolvedAttribute is when an issue was resolved, if it is.
func (t *tx) resolvedAttribute() attribute {
	return attribute{
		number: func(i *issue) (float64, bool) { return millis(i.resolved), i.values["resolution"] != nil },
		parse:  t.parseMoment,
	}
}

// keyAttribute compares keys by number, so that PROJ-2 comes before PROJ-10.
func (t *tx) keyAttribute() attribute {
	return attribute{
		texts: func(i *issue) []string { return []string{i.key, i.ref()} },
		check: func(s string) bool { return t.st.issue(s) != nil },
	}
}

// queried finds the field for a name in JQL.
func (st *state) queried(name string) *Field {
	aliases := map[string]string{
		"type": "issuetype", "fixversion": "fixVersions", "affectedversion": "versions", "component": "components",
		"due": "duedate", "labels": "labels",
	}
	if id, ok := aliases[name]; ok {
		name = strings.ToLower(id)
	}
	if inner, ok := strings.CutPrefix(name, "cf["); ok {
		name = "customfield_" + strings.TrimSuffix(inner, "]")
	}
	for _, f := range st.fields {
		if f.Kind == kindComputed {
			continue
		}
		if strings.ToLower(f.ID) == name || f.custom() && strings.ToLower(f.Name) == name {
			return f
		}
	}
	return nil
}

func (t *tx) fieldAttribute(f *Field) attribute {
	switch f.Kind {
	case Number:
		return attribute{
			number: func(i *issue) (float64, bool) { n, ok := i.values[f.ID].(float64); return n, ok },
			parse:  func(s string) (float64, bool) { n, err := strconv.ParseFloat(s, 64); return n, err == nil },
		}
	case Date, DateTime:
		return t.dateAttribute(f)
	}
	a := attribute{texts: func(i *issue) []string { return valueTexts(i.values[f.ID]) }}
	switch f.Kind {
	case Text, Rich:
		a.long = true
	case Person:
		a.check = t.userNamed
	case kindPriority, kindType, kindStatus, kindResolution, Components, Versions, Select, MultiPick, Sprints:
		a.check = func(s string) bool { return t.exists(f, s) }
	}
	return a
}

// exists tells whether a value of a closed list is in the list.
func (t *tx) exists(f *Field, s string) bool {
	known := func(id, name string) bool { return id == s || strings.EqualFold(name, s) }
	switch f.Kind {
	case kindStatus:
		return t.st.status(s) != nil
	case kindPriority:
		return slices.ContainsFunc(t.st.priorities, func(p *Priority) bool { return known(p.ID, p.Name) })
	case kindType:
		return slices.ContainsFunc(t.st.types, func(i *IssueType) bool { return known(i.ID, i.Name) })
	case kindResolution:
		return strings.EqualFold(s, "unresolved") || slices.ContainsFunc(t.st.resolutions, func(r *Resolution) bool { return known(r.ID, r.Name) })
	case Sprints:
		return slices.ContainsFunc(t.st.sprints, func(x *Sprint) bool { return x.is(s) })
	case Components:
		return slices.ContainsFunc(t.st.projects, func(p *project) bool {
			return slices.ContainsFunc(p.components, func(c *Component) bool { return known(c.ID, c.Name) })
		})
	case Versions:
		return slices.ContainsFunc(t.st.projects, func(p *project) bool {
			return slices.ContainsFunc(p.versions, func(v *Version) bool { return known(v.ID, v.Name) })
		})
	}
	return slices.ContainsFunc(f.Options, func(o Option) bool { return known(o.ID, o.Value) })
}

// valueTexts are the ids and names by which a value can be found.
func valueTexts(v any) []string {
	if list, ok := v.([]any); ok {
		var out []string
		for _, e := range list {
			out = append(out, valueTexts(e)...)
		}
		return out
	}
	if u, ok := v.(*User); ok && u != nil {
		if u.dc {
			return []string{u.Name, u.Key, u.DisplayName, u.Email}
		}
		return []string{u.AccountID, u.DisplayName, u.Email}
	}
	var out []string
	id, text := describe(v)
	for _, s := range []any{id, text} {
		if s, ok := s.(string); ok && s != "" {
			out = append(out, s)
		}
	}
	return out
}

func allText(i *issue) []string {
	out := commentText(i)
	for _, v := range i.values {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func commentText(i *issue) []string {
	out := make([]string, 0, len(i.comments))
	for _, c := range i.comments {
		out = append(out, c.body)
	}
	return out
}

// timeAttribute looks at a moment, to the millisecond.
func (t *tx) timeAttribute(of func(*issue) time.Time) attribute {
	return attribute{
		number: func(i *issue) (float64, bool) { return float64(of(i).UnixMilli()), true },
		parse:  t.parseMoment,
	}
}

func (t *tx) dateAttribute(f *Field) attribute {
	layout := dateLayout
	if f.Kind == DateTime {
		layout = timeLayout
	}
	return attribute{
		number: func(i *issue) (float64, bool) {
			s, ok := i.values[f.ID].(string)
			at, err := time.Parse(layout, s)
			return float64(at.UnixMilli()), ok && err == nil
		},
		parse: t.parseMoment,
	}
}

// parseMoment reads a date, a date with time, or a distance from now such as
// -15m, -1h, 2d or -1w.
func (t *tx) parseMoment(s string) (float64, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006/01/02 15:04", dateLayout, "2006/01/02"} {
		if at, err := time.ParseInLocation(layout, s, t.now.Location()); err == nil {
			return float64(at.UnixMilli()), true
		}
	}
	units := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	if len(s) < 2 {
		return 0, false
	}
	unit, ok := units[strings.ToLower(s[len(s)-1:])]
	n, err := strconv.ParseFloat(s[:len(s)-1], 64)
	if !ok || err != nil || math.IsNaN(n) || math.Abs(n) > 1e5 {
		return 0, false
	}
	return float64(t.now.Add(time.Duration(n * float64(unit))).UnixMilli()), true
}
