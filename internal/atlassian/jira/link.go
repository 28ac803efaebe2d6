package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

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

// RemoveLink removes a link between issues by its id.
func (c *Client) RemoveLink(ctx context.Context, id string) error {
	return c.do(ctx, request{method: http.MethodDelete, path: "issueLink/" + url.PathEscape(id)}, nil)
}
