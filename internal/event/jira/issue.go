package jira

import (
	"strings"

	"github.com/tidwall/gjson"
)

// readIssue reads the issue object: id, key and whatever fields it has.
func (n *normalizer) readIssue(r gjson.Result) {
	fields(r, func(name string, value gjson.Result) {
		switch name {
		case "id":
			n.ev.IssueID = str(value)
		case "key":
			n.ev.IssueKey = str(value)
		case "fields":
			n.readFields(value)
		}
	})
}

// readFields reads the fields of an issue.
func (n *normalizer) readFields(r gjson.Result) {
	custom := map[string]any{}
	told := false
	fields(r, func(name string, value gjson.Result) {
		if strings.HasPrefix(name, "customfield_") {
			told = true
			if present(value) {
				n.setCustom(custom, name, value)
			}
			return
		}
		n.readField(name, value)
	})
	if told {
		n.ev.Vars["issue_custom"] = custom
	}
}

// readField reads one of Jira's own fields.
func (n *normalizer) readField(name string, value gjson.Result) {
	switch name {
	case "summary":
		n.setKnown("issue_summary", value)
	case "description":
		n.description = value
		n.setText("issue_description", value)
	case "issuetype":
		n.setKnown("issue_type", named(value))
	case "status":
		n.setKnown("issue_status", named(value))
	case "priority":
		n.set("issue_priority", named(value))
	case "resolution":
		n.set("issue_resolution", named(value))
	case "assignee":
		n.setUser("issue_assignee", value)
	case "reporter":
		n.setUser("issue_reporter", value)
	case "creator":
		n.setUser("issue_creator", value)
	case "labels":
		n.setList("issue_labels", value)
	case "components":
		n.setList("issue_components", value)
	case "fixVersions":
		n.setList("issue_fix_versions", value)
	case "created":
		n.setKnown("issue_created", value)
	case "updated":
		n.setKnown("issue_updated", value)
	case "duedate":
		n.set("issue_due_date", value)
	case "parent":
		n.readParent(value)
	case "project":
		n.readProject(value)
	case "comment":
		n.comment.listed = value
	}
}

// named returns the name of an object such as a status. Automation rules often
// send the name itself, which is then returned; null stays null.
func named(r gjson.Result) gjson.Result {
	if !r.IsObject() {
		return r
	}
	return member(r, "name")
}

// member returns the last member of that name.
func member(r gjson.Result, want string) gjson.Result {
	var found gjson.Result
	fields(r, func(name string, value gjson.Result) {
		if name == want {
			found = value
		}
	})
	return found
}

// readParent reads the key of the issue above this one.
func (n *normalizer) readParent(r gjson.Result) {
	if r.IsObject() {
		r = member(r, "key")
	}
	n.set("issue_parent_key", r)
}

// setList keeps a list of strings or of objects that have a name. Automation
// rules may send it as one string with commas.
func (n *normalizer) setList(name string, r gjson.Result) {
	switch {
	case r.Type == gjson.Null && r.Exists():
		n.ev.Vars[name] = []string{}
	case r.Type == gjson.String:
		n.ev.Vars[name] = splitList(str(r))
	case r.IsArray():
		list := []string{}
		r.ForEach(func(_, item gjson.Result) bool {
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
func (n *normalizer) readProject(r gjson.Result) {
	if r.Type == gjson.String {
		n.ev.Project = str(r)
		return
	}
	fields(r, func(name string, value gjson.Result) {
		switch name {
		case "id":
			n.projectID = str(value)
		case "key":
			n.ev.Project = str(value)
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
