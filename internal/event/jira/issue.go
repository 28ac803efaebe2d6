package jira

import (
	"strings"
)

// readIssue reads the issue object: id, key and whatever fields it has. An
// Automation rule may send no more than the key, or the fields beside it.
func (n *normalizer) readIssue(c *cursor) {
	if c.blank(); c.peek() != '{' {
		n.readBareIssue(c.value())
		return
	}
	c.object(func(name string) {
		switch name {
		case "id":
			n.ev.IssueID = str(c.value())
		case "key":
			n.ev.IssueKey = strings.TrimSpace(str(c.value()))
		case "fields":
			n.readFields(c)
		default:
			n.readField(name, c)
		}
	})
}

// readBareIssue reads an issue's key, or its id, that stands for the issue.
func (n *normalizer) readBareIssue(r raw) {
	switch text := strings.TrimSpace(str(r)); {
	case digits(text) != "":
		n.ev.IssueID = text
	case projectOf(text) != "":
		n.ev.IssueKey = text
	}
}

// readFields reads the fields of an issue.
func (n *normalizer) readFields(c *cursor) {
	var custom map[string]any
	c.object(func(name string) {
		if !strings.HasPrefix(name, "customfield_") {
			n.readField(name, c)
			return
		}
		if custom == nil {
			custom = map[string]any{}
		}
		if value := c.value(); present(value) {
			n.setCustom(custom, name, value)
		}
	})
	if custom != nil {
		n.ev.Vars["issue_custom"] = custom
	}
}

// readField reads one of Jira's own fields and leaves out what is not wanted.
func (n *normalizer) readField(name string, c *cursor) {
	switch name {
	case "summary":
		n.setKnown("issue_summary", c.value())
	case "description":
		n.description = c.value()
		n.setText("issue_description", n.description)
	case "issuetype":
		n.setKnown("issue_type", named(c.value()))
	case "status":
		n.setKnown("issue_status", named(c.value()))
	case "priority":
		n.set("issue_priority", named(c.value()))
	case "resolution":
		n.set("issue_resolution", named(c.value()))
	case "assignee":
		n.setUser("issue_assignee", c.value())
	case "reporter":
		n.setUser("issue_reporter", c.value())
	case "creator":
		n.setUser("issue_creator", c.value())
	case "labels":
		n.setList("issue_labels", c.value())
	case "components":
		n.setList("issue_components", c.value())
	case "fixVersions":
		n.setList("issue_fix_versions", c.value())
	case "created":
		n.setKnown("issue_created", c.value())
	case "updated":
		n.setKnown("issue_updated", c.value())
	case "duedate":
		n.set("issue_due_date", c.value())
	case "parent":
		n.readParent(c.value())
	case "project":
		n.readProject(c.value())
	case "comment":
		n.comment.listed = c.value()
	}
}

// named returns the name of an object such as a status. Automation rules often
// send the name itself, which is then returned; null stays null.
func named(r raw) raw {
	if !r.isObject() {
		return r
	}
	return member(r, "name")
}

// member returns the last member of that name.
func member(r raw, want string) raw {
	var found raw
	fields(r, func(name string, value raw) {
		if name == want {
			found = value
		}
	})
	return found
}

// readParent reads the key of the issue above this one.
func (n *normalizer) readParent(r raw) {
	if r.isObject() {
		r = member(r, "key")
	}
	n.set("issue_parent_key", r)
}

// setList keeps a list of strings or of objects that have a name. Automation
// rules may send it as one string with commas.
func (n *normalizer) setList(name string, r raw) {
	switch {
	case r == "null":
		n.ev.Vars[name] = []string{}
	case r.isString():
		n.ev.Vars[name] = splitList(str(r))
	case r.isArray():
		list := []string{}
		elements(r, func(item raw) bool {
			if len(list) == maxItems {
				n.truncated = append(n.truncated, name)
				return false
			}
			if s := str(named(item)); s != "" {
				list = append(list, s)
			}
			return true
		})
		n.ev.Vars[name] = list
	}
}

func splitList(s string) []string {
	list := []string{}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" && len(list) < maxItems {
			list = append(list, part)
		}
	}
	return list
}

// readProject reads a project object, wherever it stands, or a bare key.
func (n *normalizer) readProject(r raw) {
	if r.isString() {
		n.ev.Project = firstOf(strings.TrimSpace(str(r)), n.ev.Project)
		return
	}
	fields(r, func(name string, value raw) {
		switch name {
		case "id":
			n.projectID = str(value)
		case "key":
			n.ev.Project = firstOf(str(value), n.ev.Project)
		case "name":
			n.setKnown("project_name", value)
		}
	})
}

// settleIssue fills the variables that identify the issue and its project, which
// several parts of a payload may have told.
func (n *normalizer) settleIssue() {
	ev := n.ev
	if ev.IssueID == "" {
		ev.IssueID = firstOf(n.worklog.issueID, n.comment.issueID, n.linkSource)
	}
	if ev.Project == "" {
		ev.Project = projectOf(ev.IssueKey)
	}
	setIf(ev.Vars, "issue_id", ev.IssueID)
	setIf(ev.Vars, "issue_key", ev.IssueKey)
	setIf(ev.Vars, "project_key", ev.Project)
	setIf(ev.Vars, "project_id", n.projectID)
	if ev.IssueKey != "" && n.opt.BaseURL != "" {
		ev.Vars["issue_url"] = strings.TrimRight(n.opt.BaseURL, "/") + "/browse/" + ev.IssueKey
	}
}

// projectOf returns the project's part of an issue key: what stands before the
// last hyphen if a number follows it.
func projectOf(key string) string {
	i := strings.LastIndexByte(key, '-')
	if i <= 0 || digits(key[i+1:]) == "" {
		return ""
	}
	return key[:i]
}

func setIf(vars map[string]any, name, value string) {
	if value != "" {
		vars[name] = value
	}
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}
