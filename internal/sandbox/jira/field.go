package jira

import (
	"strconv"
	"strings"
)

// Kind is what a field holds.
type Kind string

// The kinds of fields. Text is one line; Rich is wiki markup in API v2 and an
// Atlassian Document in v3.
const (
	Text       Kind = "text"
	Rich       Kind = "rich"
	Number     Kind = "number"
	Date       Kind = "date"
	DateTime   Kind = "datetime"
	Person     Kind = "user"
	Labels     Kind = "labels"
	Select     Kind = "option"
	MultiPick  Kind = "options"
	Components Kind = "components"
	Versions   Kind = "versions"
	Sprints    Kind = "sprints"

	kindType       Kind = "issuetype"
	kindPriority   Kind = "priority"
	kindStatus     Kind = "status"
	kindResolution Kind = "resolution"
	kindProject    Kind = "project"
	kindParent     Kind = "parent"
	kindTime       Kind = "timetracking"
	kindComputed   Kind = "computed"
)

// Option is a choice of a Select or MultiPick field.
type Option struct {
	ID    string
	Value string
}

// Field is a field of issues.
type Field struct {
	// ID is Jira's id, such as "summary" or "customfield_10016".
	ID   string
	Name string
	Kind Kind
	// Options are the choices of Select and MultiPick.
	Options []Option
}

func (f *Field) custom() bool { return strings.HasPrefix(f.ID, "customfield_") }

// readOnly fields cannot be set through fields or update.
func (f *Field) readOnly() bool { return f.Kind == kindComputed || f.Kind == kindStatus }

// schema is the field's JsonTypeBean.
func (f *Field) schema() obj {
	typ, items := f.jsonType()
	out := obj{"type": typ}
	if items != "" {
		out["items"] = items
	}
	if !f.custom() {
		out["system"] = f.ID
		return out
	}
	out["custom"] = "com.atlassian.jira.plugin.system.customfieldtypes:" + f.customType()
	switch {
	case f.Kind == Sprints:
		out["custom"] = "com.pyxis.greenhopper.jira:gh-sprint"
	case f.Kind == kindEpic:
		out["custom"] = "com.pyxis.greenhopper.jira:gh-epic-link"
	case f.Name == "Epic Name" && f.Kind == Text:
		out["custom"] = "com.pyxis.greenhopper.jira:gh-epic-label"
	}
	out["customId"], _ = strconv.Atoi(strings.TrimPrefix(f.ID, "customfield_"))
	return out
}

// jsonType is the schema's type and, for arrays, that of the items.
func (f *Field) jsonType() (typ, items string) {
	switch f.Kind {
	case Text, Rich:
		return "string", ""
	case Labels:
		return "array", "string"
	case MultiPick:
		return "array", "option"
	case Components:
		return "array", "component"
	case Versions:
		return "array", "version"
	case Sprints:
		return "array", "json"
	case kindParent:
		return "issuelink", ""
	case kindEpic:
		return "any", ""
	case kindComputed:
		return computedType(f.ID), computedItems(f.ID)
	}
	return string(f.Kind), ""
}

func computedType(id string) string {
	switch id {
	case "created", "updated", "resolutiondate", "statuscategorychangedate", "lastViewed":
		return "datetime"
	case "creator":
		return "user"
	case "comment":
		return "comments-page"
	case "issuelinks", "subtasks", "attachment", "worklog":
		return "array"
	case "progress", "aggregateprogress":
		return "progress"
	case "votes", "watches":
		return id
	case "security":
		return "securitylevel"
	}
	return "number"
}

func computedItems(id string) string {
	switch id {
	case "issuelinks", "subtasks":
		return "issuelinks"
	case "attachment", "worklog":
		return id
	}
	return ""
}

func (f *Field) customType() string {
	switch f.Kind {
	case Text:
		return "textfield"
	case Rich:
		return "textarea"
	case Number:
		return "float"
	case Date:
		return "datepicker"
	case Person:
		return "userpicker"
	case MultiPick:
		return "multiselect"
	case Select:
		return "select"
	}
	return string(f.Kind)
}

// render is the field as GET /field lists it.
func (f *Field) render() obj {
	names := []string{f.ID}
	if f.custom() {
		names = []string{"cf[" + strings.TrimPrefix(f.ID, "customfield_") + "]", f.Name}
	}
	return obj{
		"id": f.ID, "key": f.ID, "name": f.Name, "custom": f.custom(), "orderable": !f.readOnly(),
		"navigable": true, "searchable": f.Kind != kindComputed, "clauseNames": names, "schema": f.schema(),
	}
}

// option finds a choice by id or, exactly, by value.
func (f *Field) option(id, value string) *Option {
	for i := range f.Options {
		o := &f.Options[i]
		if (id != "" && o.ID == id) || (id == "" && o.Value == value) {
			return o
		}
	}
	return nil
}
