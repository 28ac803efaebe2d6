package jira

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Issue is an issue as Jira tells it, with the fields that were asked for.
type Issue struct {
	ID     string                     `json:"id"`
	Key    string                     `json:"key"`
	Fields map[string]json.RawMessage `json:"fields"`
	// Changelog is there if it was asked for by expand.
	Changelog *Changelog `json:"changelog"`
	// Properties are there if a search asked for them.
	Properties map[string]json.RawMessage `json:"properties"`
	// Raw is the whole answer.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps the answer as it came, too.
func (i *Issue) UnmarshalJSON(raw []byte) error {
	type plain Issue
	if err := json.Unmarshal(raw, (*plain)(i)); err != nil {
		return err
	}
	i.Raw = append(json.RawMessage(nil), raw...)
	return nil
}

// Changelog is the history of an issue, in Jira's order.
type Changelog struct {
	Total     int       `json:"total"`
	Histories []History `json:"histories"`
}

// History is one edit of an issue.
type History struct {
	Author  User   `json:"author"`
	Created Time   `json:"created"`
	Items   []Item `json:"items"`
}

// Item is one field's change. Its names are Jira's: ToText is "toString".
type Item struct {
	Field    string `json:"field"`
	To       string `json:"to"`
	FromText string `json:"fromString"`
	ToText   string `json:"toString"`
}

// GetIssue reads an issue by key or id. No fields means all of them.
func (c *Client) GetIssue(ctx context.Context, key string, fields, expand []string) (Issue, error) {
	query := url.Values{}
	if len(fields) > 0 {
		query.Set("fields", strings.Join(fields, ","))
	}
	if len(expand) > 0 {
		query.Set("expand", strings.Join(expand, ","))
	}
	var issue Issue
	err := c.get(ctx, issuePath(key), query, &issue)
	return issue, err
}

// UpdateIssue sets fields, by id, and applies operations such as adding a label.
func (c *Client) UpdateIssue(ctx context.Context, key string, fields map[string]any, update map[string][]map[string]any) error {
	body := map[string]any{}
	if len(fields) > 0 {
		body["fields"] = fields
	}
	if len(update) > 0 {
		body["update"] = update
	}
	return c.do(ctx, request{method: http.MethodPut, path: issuePath(key), body: body}, nil)
}

// Assign gives the issue to a user, or to nobody if user is nil.
func (c *Client) Assign(ctx context.Context, key string, user *User) error {
	body, err := c.assignee(ctx, user)
	if err != nil {
		return err
	}
	return c.do(ctx, request{method: http.MethodPut, path: issuePath(key, "assignee"), body: body}, nil)
}

func (c *Client) assignee(ctx context.Context, user *User) (map[string]any, error) {
	if user != nil {
		return user.Ref(), nil
	}
	cloud, err := c.cloud(ctx)
	if err != nil {
		return nil, err
	}
	if cloud {
		return map[string]any{"accountId": nil}, nil
	}
	return map[string]any{"name": nil}, nil
}
