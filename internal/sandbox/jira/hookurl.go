package jira

import (
	"net/url"
	"strconv"
	"strings"
)

// target is where an event goes: the URL of the registration with its variables
// filled in. Data Center also says in the query who caused the event.
func (p *post) target(raw string, e event) string {
	if strings.Contains(raw, "{") {
		raw = p.fill(raw, e)
	}
	if !p.dc || e.by == nil {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	q := u.Query()
	q.Set("user_id", e.by.Name)
	q.Set("user_key", e.by.Key)
	u.RawQuery = q.Encode()
	return u.String()
}

// fill replaces ${issue.key} and the like; Data Center writes {issue.key} since
// its version 10. Variables that the event does not have become empty.
func (p *post) fill(raw string, e event) string {
	begin, values := "${", map[string]string{}
	if p.dc && p.version >= 10 {
		begin = "{"
	}
	if e.issue != nil {
		values["issue.id"], values["issue.key"] = e.issue.ref(), e.issue.key
		values["project.id"], values["project.key"] = e.issue.project.ID, e.issue.project.Key
	}
	for kind, part := range map[string]string{"comment": "comment", "worklog": "worklog", "sprint": "sprint", "board": "board", "version": "version", "project": "project", "attachment": "attachment"} {
		inner, _ := e.payload[part].(obj)
		for _, name := range []string{"id", "key"} {
			switch v := inner[name].(type) {
			case string:
				values[kind+"."+name] = v
			case int:
				values[kind+"."+name] = strconv.Itoa(v)
			}
		}
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(raw, begin)
		name, after, closed := strings.Cut(rest, "}")
		out.WriteString(before)
		if !found || !closed {
			out.WriteString(raw[len(before):])
			return out.String()
		}
		out.WriteString(url.QueryEscape(values[name]))
		raw = after
	}
}
