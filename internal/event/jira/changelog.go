package jira

import "github.com/tidwall/gjson"

// readChangelog reads what an update changed. Every item has all six names, ""
// where the payload has none or null: Data Center gives no field ids.
func (n *normalizer) readChangelog(r gjson.Result) {
	fields(r, func(name string, value gjson.Result) {
		switch name {
		case "id":
			n.changelogID = str(value)
			setIf(n.ev.Vars, "changelog_id", n.changelogID)
		case "items":
			n.readItems(value)
		}
	})
}

func (n *normalizer) readItems(r gjson.Result) {
	if !r.IsArray() {
		return
	}
	items := []any{}
	r.ForEach(func(_, value gjson.Result) bool {
		if len(items) == maxItems {
			n.truncated = append(n.truncated, "changelog_items")
			return false
		}
		if value.IsObject() {
			items = append(items, changelogItem(value))
		}
		return true
	})
	n.ev.Vars["changelog_items"] = items
}

func changelogItem(r gjson.Result) map[string]any {
	item := map[string]any{"field": "", "field_id": "", "from": "", "to": "", "from_string": "", "to_string": ""}
	fields(r, func(name string, value gjson.Result) {
		switch name {
		case "field":
			item["field"] = str(value)
		case "fieldId":
			item["field_id"] = str(value)
		case "from":
			item["from"] = str(value)
		case "to":
			item["to"] = str(value)
		case "fromString":
			item["from_string"] = str(value)
		case "toString":
			item["to_string"] = str(value)
		}
	})
	return item
}
