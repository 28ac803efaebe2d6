package jira

import (
	"context"
	"net/url"
	"slices"
	"strconv"
)

// History reads the newest changes of an issue.
func (c *Client) History(ctx context.Context, issue string, n Newest) (Page[History], error) {
	cloud, err := c.cloud(ctx)
	if err != nil {
		return Page[History]{}, err
	}
	if cloud {
		return tail(ctx, n, func(ctx context.Context, start, limit int) (listed[History], error) {
			return c.historyPage(ctx, issue, start, limit)
		})
	}
	return tail(ctx, n, func(ctx context.Context, _, _ int) (listed[History], error) { return c.wholeHistory(ctx, issue) })
}

func (c *Client) historyPage(ctx context.Context, issue string, start, limit int) (listed[History], error) {
	query := url.Values{"startAt": {strconv.Itoa(start)}, "maxResults": {strconv.Itoa(limit)}}
	var page struct {
		Values []History `json:"values"`
		Total  int       `json:"total"`
	}
	err := c.get(ctx, issuePath(issue, "changelog"), query, &page)
	return listed[History]{page.Values, page.Total}, err
}

// wholeHistory is Data Center's way, which has no pages of a history.
func (c *Client) wholeHistory(ctx context.Context, issue string) (listed[History], error) {
	got, err := c.GetIssue(ctx, issue, []string{"updated"}, []string{"changelog"})
	if err != nil || got.Changelog == nil {
		return listed[History]{}, err
	}
	all := got.Changelog.Histories
	slices.SortStableFunc(all, func(a, b History) int { return a.Created.Compare(b.Created.Time) })
	return listed[History]{all, len(all)}, nil
}
