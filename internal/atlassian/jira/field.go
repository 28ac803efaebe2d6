package jira

import (
	"cmp"
	"context"
	"encoding/json"
)

// Field is a field of issues, built in or custom.
type Field struct {
	ID     string      `json:"id"`
	Name   string      `json:"name"`
	Custom bool        `json:"custom"`
	Schema FieldSchema `json:"schema"`
}

// FieldSchema is a field's type: Type is "string", "number", "array" …, Items the
// type of an array's elements, Custom the plugin's type of a custom field.
type FieldSchema struct {
	Type   string `json:"type"`
	Items  string `json:"items"`
	System string `json:"system"`
	Custom string `json:"custom"`
}

// Fields lists all fields. The answer is kept for a while.
func (c *Client) Fields(ctx context.Context) ([]Field, error) {
	return c.fields.get(ctx, func(ctx context.Context) (fields []Field, err error) {
		err = c.get(ctx, "field", nil, &fields)
		return fields, err
	})
}

// Named is something that Jira knows by id and by name.
type Named struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	Key   string `json:"key,omitempty"`
}

// Priorities lists the priorities, the highest first.
func (c *Client) Priorities(ctx context.Context) ([]Named, error) {
	var list []Named
	err := c.get(ctx, "priority", nil, &list)
	return list, err
}

// EditField is what Jira tells of a field that can be set in an issue.
type EditField struct {
	// ID is only told of fields for new issues; elsewhere it is the key of a map.
	ID            string      `json:"fieldId"`
	Name          string      `json:"name"`
	Required      bool        `json:"required"`
	HasDefault    bool        `json:"hasDefaultValue"`
	Schema        FieldSchema `json:"schema"`
	AllowedValues []Choice    `json:"allowedValues"`
}

// Choice is a value that a field may be set to.
type Choice struct {
	ID   string
	Text string
	// Closed is true if it can no longer be chosen: a disabled option, an
	// archived version.
	Closed bool
	// Children are the options below this one in a cascading list.
	Children []Choice
}

// UnmarshalJSON reads a choice of any shape. What has no text that is known is
// kept as it stands: one odd choice must not hide the others.
func (c *Choice) UnmarshalJSON(raw []byte) error {
	var plain string
	if json.Unmarshal(raw, &plain) == nil {
		c.Text = plain
		return nil
	}
	var o struct {
		ID          json.RawMessage `json:"id"`
		Name        string          `json:"name"`
		Value       string          `json:"value"`
		DisplayName string          `json:"displayName"`
		Key         string          `json:"key"`
		Disabled    bool            `json:"disabled"`
		Archived    bool            `json:"archived"`
		Children    []Choice        `json:"children"`
	}
	if json.Unmarshal(raw, &o) != nil {
		c.Text = string(raw)
		return nil //nolint:nilerr // see above
	}
	if json.Unmarshal(o.ID, &c.ID) != nil {
		c.ID = string(o.ID)
	}
	c.Text = cmp.Or(o.Name, o.Value, o.DisplayName, o.Key, c.ID)
	c.Closed, c.Children = o.Disabled || o.Archived, o.Children
	return nil
}

// EditMeta tells which fields of an issue can be set, by id, and to what.
func (c *Client) EditMeta(ctx context.Context, issue string) (map[string]EditField, error) {
	var meta struct {
		Fields map[string]EditField `json:"fields"`
	}
	err := c.get(ctx, issuePath(issue, "editmeta"), nil, &meta)
	return meta.Fields, err
}
