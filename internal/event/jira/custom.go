package jira

import (
	"strings"
)

// setCustom keeps a custom field under its id, and under its name if that is
// known. Of several fields of one name the first that has a value gets it.
func (n *normalizer) setCustom(custom map[string]any, name string, r raw) {
	n.customBytes += len(r)
	if len(custom) >= maxItems || len(r) > maxCustom || n.customBytes > maxCustomAll {
		n.truncated = append(n.truncated, "issue_custom."+clip(clean(name), 80))
		return
	}
	v := plainValue(r, 0)
	if v == nil {
		return
	}
	custom[clean(name)] = v
	if n.opt.FieldName == nil {
		return
	}
	if label := clean(n.opt.FieldName(name)); label != "" && custom[label] == nil {
		custom[label] = v
	}
}

// plainValue returns a field's value in the form in which people know it: a
// select option as its text, a user as the display name, a version or sprint as
// its name. Other objects keep their members. nil stands for null and for what
// is nested too deep.
func plainValue(r raw, depth int) any {
	switch {
	case r.isString():
		return clip(clean(r.text()), maxCustom)
	case r.isNumber():
		return number(r)
	case r.isBool():
		return r == "true"
	case depth == maxValueNest:
		return nil
	case r.isArray():
		return plainList(r, depth)
	case r.isObject():
		return plainObject(r, depth)
	default:
		return nil
	}
}

// plainList returns a list, as []string if it holds nothing else.
func plainList(r raw, depth int) any {
	list := []any{}
	texts := 0
	elements(r, func(item raw) bool {
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

func plainObject(r raw, depth int) any {
	var value, child, display, name raw
	count := 0
	fields(r, func(key string, v raw) {
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
	case value.isString() && child.isObject():
		return str(value) + " / " + str(member(child, "value"))
	case value.isString():
		return str(value)
	case display.isString():
		return str(display)
	case name.isString():
		return str(name)
	case member(r, "type").text() == "doc":
		return strings.TrimSpace(adfText(r))
	}
	m := make(map[string]any, min(count, maxItems))
	fields(r, func(key string, v raw) {
		if plain := plainValue(v, depth+1); plain != nil && len(m) < maxItems {
			m[clean(key)] = plain
		}
	})
	return m
}
