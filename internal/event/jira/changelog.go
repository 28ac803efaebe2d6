package jira

// readChangelog reads what an update changed. Every item has all six names, ""
// where the payload has none or null: Data Center gives no field ids.
func (n *normalizer) readChangelog(c *cursor) {
	n.changed = c.peek() == '{'
	c.object(func(name string) {
		switch name {
		case "id":
			n.changelogID = str(c.value())
			setIf(n.ev.Vars, "changelog_id", n.changelogID)
		case "items":
			n.readItems(c)
		}
	})
}

func (n *normalizer) readItems(c *cursor) {
	if c.peek() != '[' {
		return
	}
	items := []any{}
	c.array(func() bool {
		if len(items) == maxItems {
			n.truncated = append(n.truncated, "changelog_items")
			return false
		}
		if c.peek() == '{' {
			items = append(items, changelogItem(c))
		}
		return true
	})
	n.ev.Vars["changelog_items"] = items
}

func changelogItem(c *cursor) map[string]any {
	item := map[string]any{"field": "", "field_id": "", "from": "", "to": "", "from_string": "", "to_string": ""}
	c.object(func(name string) {
		switch name {
		case "field":
			item["field"] = str(c.value())
		case "fieldId":
			item["field_id"] = str(c.value())
		case "from":
			item["from"] = str(c.value())
		case "to":
			item["to"] = str(c.value())
		case "fromString":
			item["from_string"] = str(c.value())
		case "toString":
			item["to_string"] = str(c.value())
		}
	})
	return item
}
