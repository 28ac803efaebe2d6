package jira

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
)

// Search is a question in JQL.
type Search struct {
	JQL string
	// Fields are ids; none means that only keys are told.
	Fields []string
	// Limit is the size of a page; 0 for 50.
	Limit int
	// Page is a token of the page before; "" for the first.
	Page string
	// Properties are keys of properties that Cloud tells with each issue.
	Properties []string
}

// Found is one page of issues.
type Found struct {
	Issues []Issue
	// Next is the token of the next page; "" if this is the last.
	Next string
	// Total is how many there are in all; -1 where Jira does not tell, as Cloud.
	Total int
}

const defaultLimit = 50

// Search finds issues. The token of a page is the server's own and only good for
// the same question.
func (c *Client) Search(ctx context.Context, s Search) (Found, error) {
	if s.Limit <= 0 {
		s.Limit = defaultLimit
	}
	if len(s.Fields) == 0 {
		s.Fields = []string{"summary"}
	}
	cloud, err := c.cloud(ctx)
	if err != nil {
		return Found{}, err
	}
	if cloud {
		return c.searchCloud(ctx, s)
	}
	return c.searchDataCenter(ctx, s)
}

func (c *Client) searchCloud(ctx context.Context, s Search) (Found, error) {
	body := map[string]any{"jql": s.JQL, "fields": s.Fields, "maxResults": s.Limit}
	if s.Page != "" {
		body["nextPageToken"] = s.Page
	}
	if len(s.Properties) > 0 {
		body["properties"] = s.Properties
	}
	var answer struct {
		Issues        []Issue `json:"issues"`
		NextPageToken string  `json:"nextPageToken"`
	}
	err := c.do(ctx, request{method: http.MethodPost, path: "search/jql", body: body, read: true}, &answer)
	return Found{Issues: answer.Issues, Next: answer.NextPageToken, Total: -1}, err
}

func (c *Client) searchDataCenter(ctx context.Context, s Search) (Found, error) {
	start, err := Position(s.Page)
	if err != nil {
		return Found{}, err
	}
	body := map[string]any{"jql": s.JQL, "fields": s.Fields, "maxResults": s.Limit, "startAt": start}
	var page positioned
	if err := c.do(ctx, request{method: http.MethodPost, path: "search", body: body, read: true}, &page); err != nil {
		return Found{}, err
	}
	return page.found(start), nil
}

// positioned is a page of issues whose token is a position.
type positioned struct {
	Issues []Issue `json:"issues"`
	Total  int     `json:"total"`
}

func (p positioned) found(start int) Found {
	found := Found{Issues: p.Issues, Total: p.Total}
	if next := start + len(p.Issues); len(p.Issues) > 0 && next < p.Total {
		found.Next = strconv.Itoa(next)
	}
	return found
}

// Position reads a page token that is a position; "" is the beginning. Any other
// text is a *PageError.
func Position(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	start, err := strconv.Atoi(token)
	if err != nil || start < 0 {
		return 0, &PageError{Token: token}
	}
	return start, nil
}

// PageError is a page token that no search gave.
type PageError struct{ Token string }

// Error says what is wrong with the token.
func (e *PageError) Error() string { return fmt.Sprintf("%q is not a page token of a search", e.Token) }
