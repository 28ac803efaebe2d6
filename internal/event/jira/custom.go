package jira

import (
	"strings"

	"github.com/tidwall/gjson"
)

// setCustom keeps a custom field under its id.
func (n *normalizer) setCustom(custom map[string]any, name string, r gjson.Result) {
	n.customBytes += len(r.Raw)
	if len(custom) == maxItems || len(r.Raw) > maxCustom || n.customBytes > maxCustomAll {
		n.truncated = append(n.truncated, "issue_custom."+clip(clean(name), 80))
		return
	}
	if v := plainValue(r, 0); v != nil {
		custom[clean(name)] = v
	}
}

// plainValue returns a field's value in the form in which people know it: a
// select option as its text, a user as the display name, a version or sprint as
// its name. Other objects keep their members. nil stands for null and for what
// is nested too deep.
func plainValue(r gjson.Result, depth int) any {
	switch {
	case r.Type == gjson.String:
		return clip(clean(r.Str), maxCustom)
	case r.Type == gjson.Number:
		return number(r)
	case r.IsBool():
		return r.Bool()
	case depth == maxValueNest:
		return nil
	case r.IsArray():
		return plainList(r, depth)
	case r.IsObject():
		return plainObject(r, depth)
	default:
		return nil
	}
}

// plainList returns a list, as []string if it holds nothing else.
func plainList(r gjson.Result, depth int) any {
	list := []any{}
	texts := 0
	r.ForEach(func(_, item gjson.Result) bool {
		v := plainValue(item, depth+1)
		if v == nil {
			return true
		}
		if _, ok := v.(string); ok {
			texts++
		}
		list = append(list, v)
		return len(list) < maxItems
	})
	if texts < len(list) {
		return list
	}
	strs := make([]string, len(list))
	for i, v := range list {
		strs[i], _ = v.(string)
	}
	return strs
}

func plainObject(r gjson.Result, depth int) any {
	var value, child, display, name gjson.Result
	count := 0
	fields(r, func(key string, v gjson.Result) {
		count++
		switch key {
		case "value":
			value = v
		case "child":
			child = v
		case "displayName":
			display = v
		case "name":
			name = v
		}
	})
	switch {
	case value.Type == gjson.String && child.IsObject():
		return str(value) + " / " + str(member(child, "value"))
	case value.Type == gjson.String:
		return str(value)
	case display.Type == gjson.String:
		return str(display)
	case name.Type == gjson.String:
		return str(name)
	case member(r, "type").Str == "doc":
		return strings.TrimSpace(adfText(r))
	}
	m := make(map[string]any, min(count, maxItems))
	fields(r, func(key string, v gjson.Result) {
		if plain := plainValue(v, depth+1); plain != nil && len(m) < maxItems {
			m[clean(key)] = plain
		}
	})
	return m
}
