package jira

import (
	"strconv"
	"time"
)

// change is one entry of an issue's history.
type change struct {
	id    int
	by    *User
	at    time.Time
	items []changeItem
}

// changeItem is one field that changed. from, to and their texts are strings or
// nil, as in Jira's changelog.
type changeItem struct {
	field      string
	fieldID    string
	custom     bool
	account    bool
	from, to   any
	fromString any
	toString   any
}

func newItem(f *Field, before, after any) changeItem {
	item := changeItem{field: changelogName(f), fieldID: f.ID, custom: f.custom(), account: f.Kind == Person}
	item.from, item.fromString = describe(before)
	item.to, item.toString = describe(after)
	if f.Kind == Labels {
		item.fromString, item.toString = textOrEmpty(item.fromString), textOrEmpty(item.toString)
	}
	return item
}

func textOrEmpty(v any) any {
	if v == nil {
		return ""
	}
	return v
}

// changelogName is the field's name in changelogs: the id of system fields, with
// a few exceptions that Jira makes, and the display name of custom ones.
func changelogName(f *Field) string {
	switch {
	case f.custom():
		return f.Name
	case f.ID == "fixVersions":
		return "Fix Version"
	case f.ID == "versions":
		return "Version"
	case f.ID == "components":
		return "Component"
	case f.ID == "parent":
		return "IssueParentAssociation"
	case f.ID == "timetracking":
		return "timeestimate"
	}
	return f.ID
}

// creationItems is the changelog of jira:issue_created: Jira lists there what
// the issue began with, and spells Status with a capital.
func creationItems(i *issue) []changeItem {
	items := []changeItem{}
	for _, id := range []string{"assignee", "description", "priority", "reporter", "status", "summary"} {
		v, ok := i.values[id]
		if !ok {
			continue
		}
		kind := Text
		if id == "assignee" || id == "reporter" {
			kind = Person
		}
		item := newItem(&Field{ID: id, Kind: kind}, nil, v)
		if id == "status" {
			item.field = "Status"
		}
		items = append(items, item)
	}
	return items
}

// render is the item as webhooks and REST have it.
func (c changeItem) render(dc bool) obj {
	kind := "jira"
	if c.custom {
		kind = "custom"
	}
	out := obj{
		"field": c.field, "fieldtype": kind,
		"from": c.from, "fromString": c.fromString, "to": c.to, "toString": c.toString,
	}
	if dc {
		return out
	}
	out["fieldId"] = c.fieldID
	if c.account {
		out["tmpFromAccountId"], out["tmpToAccountId"] = c.from, c.to
	}
	return out
}

// renderItems is the changelog of a webhook.
func (c *change) renderItems() obj {
	return obj{"id": strconv.Itoa(c.id), "items": renderEach(c.items, func(i changeItem) any { return i.render(c.by.dc) })}
}

// render is the change as REST's changelog has it.
func (c *change) render(base string) obj {
	out := c.renderItems()
	out["author"], out["created"] = c.by.render(base, true), jiraTime(c.at)
	return out
}
