package jira

import (
	"context"
	"encoding/json"
	"fmt"
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

// Transition is a step of the workflow that the issue can take now.
type Transition struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	To   Named  `json:"to"`
}

// Transitions lists what the issue can do now.
func (c *Client) Transitions(ctx context.Context, key string) ([]Transition, error) {
	var answer struct {
		Transitions []Transition `json:"transitions"`
	}
	err := c.get(ctx, issuePath(key, "transitions"), nil, &answer)
	return answer.Transitions, err
}

// DoTransition takes the issue through a transition, setting fields by id.
func (c *Client) DoTransition(ctx context.Context, key, id string, fields map[string]any) error {
	body := map[string]any{"transition": map[string]any{"id": id}}
	if len(fields) > 0 {
		body["fields"] = fields
	}
	return c.do(ctx, request{method: http.MethodPost, path: issuePath(key, "transitions"), body: body}, nil)
}

// LinkType is a kind of link between issues with its two readings: the source
// Outward the target ("blocks"), the target Inward the source ("is blocked by").
type LinkType struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Inward  string `json:"inward"`
	Outward string `json:"outward"`
}

// LinkTypes lists the kinds of links.
func (c *Client) LinkTypes(ctx context.Context) ([]LinkType, error) {
	var answer struct {
		Types []LinkType `json:"issueLinkTypes"`
	}
	err := c.get(ctx, "issueLinkType", nil, &answer)
	return answer.Types, err
}

// Link makes a link: source Outward target. Jira calls the source the inward
// issue. A link that exists is answered like a new one.
func (c *Client) Link(ctx context.Context, linkType, source, target string) error {
	body := map[string]any{
		"type":         map[string]any{"name": linkType},
		"inwardIssue":  map[string]any{"key": source},
		"outwardIssue": map[string]any{"key": target},
	}
	return c.do(ctx, request{method: http.MethodPost, path: "issueLink", body: body}, nil)
}

// IssueLink is a link as one of its issues shows it: exactly one of the two
// issues is set, the other one.
type IssueLink struct {
	ID      string       `json:"id"`
	Type    LinkType     `json:"type"`
	Inward  *LinkedIssue `json:"inwardIssue"`
	Outward *LinkedIssue `json:"outwardIssue"`
}

// LinkedIssue is the other end of a link.
type LinkedIssue struct {
	Key    string `json:"key"`
	Fields struct {
		Summary string `json:"summary"`
		Status  Named  `json:"status"`
	} `json:"fields"`
}

// Links reads the links of an issue.
func (c *Client) Links(ctx context.Context, key string) ([]IssueLink, error) {
	issue, err := c.GetIssue(ctx, key, []string{"issuelinks"}, nil)
	if err != nil {
		return nil, err
	}
	var links []IssueLink
	if raw, ok := issue.Fields["issuelinks"]; ok {
		if err := json.Unmarshal(raw, &links); err != nil {
			return nil, fmt.Errorf("decode links of %s: %w", key, err)
		}
	}
	return links, nil
}
