package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// coercion turns a model's value into the shape that a field's schema demands.
// What already has the shape, as an object {"name": …}, passes as it is.
type coercion struct {
	job
	at     place
	field  jira.Field
	format string
}

func (c coercion) convert(ctx context.Context, v any) (any, error) {
	schema := c.field.Schema
	if schema.Type == "array" {
		return c.array(ctx, v)
	}
	if v == nil {
		return nil, nil
	}
	return c.scalar(ctx, schema.Type, v)
}

// array takes a list, or one value for a list of one. null empties it.
func (c coercion) array(ctx context.Context, v any) (any, error) {
	items, ok := v.([]any)
	if !ok && v != nil {
		items = []any{v}
	}
	if strings.HasSuffix(c.field.Schema.Custom, ":gh-sprint") {
		return c.sprint(ctx, items)
	}
	out := make([]any, 0, len(items))
	for _, item := range items {
		one, err := c.scalar(ctx, c.field.Schema.Items, item)
		if err != nil {
			return nil, err
		}
		if c.field.ID == "labels" || strings.HasSuffix(c.field.Schema.Custom, ":labels") {
			if err := checkLabel(one); err != nil {
				return nil, err
			}
		}
		out = append(out, one)
	}
	return out, nil
}

func (c coercion) scalar(ctx context.Context, kind string, v any) (any, error) {
	if object, ok := v.(map[string]any); ok {
		return c.object(kind, object)
	}
	switch kind {
	case "string":
		return c.text(v)
	case "number":
		return c.number(v)
	case "date":
		return c.date(v)
	case "datetime":
		return c.datetime(v)
	case "user":
		return c.user(ctx, v)
	case "option":
		return c.named("value", v)
	case "option-with-child":
		return c.cascade(v)
	case "issuelink":
		return c.parent(fmt.Sprint(v))
	case "any":
		return c.epic(v)
	case "priority", "issuetype", "resolution", "version", "component", "group", "securitylevel":
		return c.named("name", v)
	default:
		return v, nil
	}
}

// object passes, but an issue must be within the scope.
func (c coercion) object(kind string, object map[string]any) (any, error) {
	if kind == "issuelink" {
		return c.parent(display(object["key"]))
	}
	return object, nil
}

func (c coercion) parent(s string) (any, error) {
	key, err := c.key(s)
	if err != nil {
		return nil, err
	}
	return map[string]any{"key": key}, nil
}

// epic takes an epic's key where that is what the field holds.
func (c coercion) epic(v any) (any, error) {
	if c.field.Schema.Custom != jira.EpicLink {
		return v, nil
	}
	key, err := c.key(fmt.Sprint(v))
	return key, err
}

func (c coercion) key(s string) (string, error) {
	key, err := ParseKey(s)
	if err != nil {
		return "", refuse("%s: %v", c.field.Name, err)
	}
	if !tool.InProjects(c.call.Projects, key.Project()) {
		return "", refuse("%s: %s is in a project outside the scope of this run", c.field.Name, key)
	}
	return key.String(), nil
}

// text converts Markdown where Jira renders markup, and only there.
func (c coercion) text(v any) (any, error) {
	s, err := c.plainText(v)
	if err != nil {
		return nil, err
	}
	if c.markup() && c.format != "wiki" {
		s = c.conv.ToWiki(s)
	}
	if length(s) > maxText {
		return nil, refuse("%s has %d characters, at most %d are possible", c.field.Name, length(s), maxText)
	}
	if c.field.ID == "summary" {
		s = line(s)
	}
	return s, nil
}

func (c coercion) markup() bool {
	return c.field.ID == "description" || c.field.ID == "environment" || strings.HasSuffix(c.field.Schema.Custom, ":textarea")
}

func (c coercion) plainText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	default:
		return "", refuse("%s takes a string", c.field.Name)
	}
}

func (c coercion) number(v any) (any, error) {
	n := json.Number(strings.TrimSpace(fmt.Sprint(v)))
	if _, err := n.Float64(); err != nil || !json.Valid([]byte(n)) {
		return nil, refuse("%s takes a number, not %q", c.field.Name, fmt.Sprint(v))
	}
	return n, nil
}

func (c coercion) date(v any) (any, error) {
	s := strings.TrimSpace(fmt.Sprint(v))
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		s = at.Format(time.DateOnly)
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return nil, refuse("%s takes a date such as 2024-01-31, not %q", c.field.Name, s)
	}
	return s, nil
}

func (c coercion) datetime(v any) (any, error) {
	at, err := parseTime(fmt.Sprint(v))
	if err != nil {
		return nil, refuse("%s: %v", c.field.Name, err)
	}
	return jira.FormatTime(at), nil
}

func (c coercion) user(ctx context.Context, v any) (any, error) {
	user, err := c.findUser(ctx, c.at, fmt.Sprint(v), c.field.ID != "assignee")
	if err != nil {
		return nil, err
	}
	return user.Ref(), nil
}

// named makes {"name": "High"}, or {"id": "3"} of a number.
func (c coercion) named(by string, v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		return map[string]any{"id": v.String()}, nil
	case string:
		if v = strings.TrimSpace(v); v == "" {
			return nil, refuse("%s: an empty name; use null to clear the field", c.field.Name)
		}
		return map[string]any{by: v}, nil
	default:
		return nil, refuse("%s takes a name", c.field.Name)
	}
}

// cascade takes "Parent > Child", ["Parent", "Child"] or "Parent".
func (c coercion) cascade(v any) (any, error) {
	parts, _ := v.([]any)
	if parts == nil {
		for _, part := range strings.SplitN(fmt.Sprint(v), ">", 2) {
			parts = append(parts, strings.TrimSpace(part))
		}
	}
	switch len(parts) {
	case 1:
		return map[string]any{"value": fmt.Sprint(parts[0])}, nil
	case 2:
		return map[string]any{"value": fmt.Sprint(parts[0]), "child": map[string]any{"value": fmt.Sprint(parts[1])}}, nil
	default:
		return nil, refuse("%s takes one option and at most one below it, as in \"A > B\"", c.field.Name)
	}
}
