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
	var answer struct {
		Issues        []Issue `json:"issues"`
		NextPageToken string  `json:"nextPageToken"`
	}
	err := c.do(ctx, request{method: http.MethodPost, path: "search/jql", body: body, read: true}, &answer)
	return Found{Issues: answer.Issues, Next: answer.NextPageToken, Total: -1}, err
}

func (c *Client) searchDataCenter(ctx context.Context, s Search) (Found, error) {
	start := 0
	if s.Page != "" {
		var err error
		if start, err = strconv.Atoi(s.Page); err != nil || start < 0 {
			return Found{}, &PageError{Token: s.Page}
		}
	}
	body := map[string]any{"jql": s.JQL, "fields": s.Fields, "maxResults": s.Limit, "startAt": start}
	var answer struct {
		Issues []Issue `json:"issues"`
		Total  int     `json:"total"`
	}
	if err := c.do(ctx, request{method: http.MethodPost, path: "search", body: body, read: true}, &answer); err != nil {
		return Found{}, err
	}
	found := Found{Issues: answer.Issues, Total: answer.Total}
	if next := start + len(answer.Issues); len(answer.Issues) > 0 && next < answer.Total {
		found.Next = strconv.Itoa(next)
	}
	return found, nil
}

// PageError is a page token that no search gave.
type PageError struct{ Token string }

// Error says what is wrong with the token.
func (e *PageError) Error() string { return fmt.Sprintf("%q is not a page token of a search", e.Token) }
