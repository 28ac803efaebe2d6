package jira

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
)

// MarkerKey is the key of the property that marks what we wrote.
const MarkerKey = "aofctl"

// Marker is the property's value. Its ID identifies the write, so that it can be
// found again and is not repeated.
type Marker struct {
	ID       string `json:"id"`
	Run      string `json:"run,omitempty"`
	Delivery string `json:"delivery,omitempty"`
	Agent    string `json:"agent,omitempty"`
	// Depth is how many answers of automations to each other led to the write.
	Depth int `json:"depth,omitempty"`
}

// ErrCannotTell says that too much was written since to find out whether a
// marked comment or worklog is among it.
var ErrCannotTell = errors.New("too many entries to look through")

// Comment is a comment, its body in wiki markup.
type Comment struct {
	ID         string     `json:"id"`
	Author     User       `json:"author"`
	Body       string     `json:"body"`
	Created    Time       `json:"created"`
	Updated    Time       `json:"updated"`
	Properties []Property `json:"properties"`
}

// Property is a named value that an app keeps at a comment or worklog.
type Property struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

func marked(properties []Property, id string) bool {
	for _, p := range properties {
		var m Marker
		if p.Key == MarkerKey && json.Unmarshal(p.Value, &m) == nil && m.ID == id {
			return true
		}
	}
	return false
}

func markerProperty(m Marker) []map[string]any {
	return []map[string]any{{"key": MarkerKey, "value": m}}
}

// AddComment posts a comment and marks it in the same request.
func (c *Client) AddComment(ctx context.Context, issue, wiki string, m Marker) (Comment, error) {
	body := map[string]any{"body": wiki, "properties": markerProperty(m)}
	var comment Comment
	err := c.do(ctx, request{method: http.MethodPost, path: issuePath(issue, "comment"), body: body}, &comment)
	return comment, err
}

type commentPage struct {
	Comments []Comment `json:"comments"`
	StartAt  int       `json:"startAt"`
	Total    int       `json:"total"`
}

func (c *Client) commentPage(ctx context.Context, issue string, start, limit int) (commentPage, error) {
	query := url.Values{"orderBy": {"-created"}, "startAt": {strconv.Itoa(start)}, "maxResults": {strconv.Itoa(limit)}}
	var page commentPage
	err := c.get(ctx, issuePath(issue, "comment"), query, &page)
	return page, err
}

// newestFirst reports whether a page came in the order that was asked for. Old
// servers do not know orderBy.
func (p commentPage) newestFirst() bool {
	n := len(p.Comments)
	return n < 2 || !p.Comments[0].Created.Before(p.Comments[n-1].Created.Time)
}

// Comments returns some of the newest comments.
func (c *Client) Comments(ctx context.Context, issue string, n Newest) (Page[Comment], error) {
	answer, err := c.commentPage(ctx, issue, n.Skip, n.Limit)
	if err != nil {
		return Page[Comment]{}, err
	}
	total := max(answer.Total, n.Skip+len(answer.Comments))
	if !answer.newestFirst() && total > len(answer.Comments) {
		return tail(ctx, n, func(ctx context.Context, start, limit int) (listed[Comment], error) {
			p, err := c.commentPage(ctx, issue, start, limit)
			return listed[Comment]{p.Comments, p.Total}, err
		})
	}
	slices.SortStableFunc(answer.Comments, func(a, b Comment) int {
		return cmp.Or(b.Created.Compare(a.Created.Time), cmp.Compare(len(b.ID), len(a.ID)), cmp.Compare(b.ID, a.ID))
	})
	page := Page[Comment]{Items: answer.Comments[:min(n.Limit, len(answer.Comments))], Total: total}
	if seen := n.Skip + len(page.Items); seen < total && len(page.Items) > 0 {
		page.Next = seen
	}
	return page, nil
}

// Comment reads one comment of an issue.
func (c *Client) Comment(ctx context.Context, issue, id string) (Comment, error) {
	var comment Comment
	err := c.get(ctx, commentPath(issue, id), nil, &comment)
	return comment, err
}

// UpdateComment replaces the text of a comment.
func (c *Client) UpdateComment(ctx context.Context, issue, id, wiki string) error {
	return c.do(ctx, request{method: http.MethodPut, path: commentPath(issue, id), body: map[string]any{"body": wiki}}, nil)
}

func commentPath(issue, id string) string { return issuePath(issue, "comment", url.PathEscape(id)) }

// Bounds of looking for a marked entry. Clocks differ, so that somewhat older
// entries are looked at, too.
const (
	clockSkew   = 10 * time.Minute
	findPage    = 50
	findPageMax = 40
)

// FindComment looks for the comment with the given marker id that was posted at
// the given time or later, by our clock. It returns its id, or "".
func (c *Client) FindComment(ctx context.Context, issue, id string, since time.Time) (string, error) {
	since = since.Add(-clockSkew)
	var top Time
	for n, start := 0, 0; ; n++ {
		page, err := c.commentPage(ctx, issue, start, findPage)
		if err != nil {
			return "", err
		}
		recent := slices.DeleteFunc(slices.Clone(page.Comments), func(comment Comment) bool {
			return !comment.Created.IsZero() && comment.Created.Before(since)
		})
		found, err := c.markedAmong(ctx, recent, id)
		if err != nil || found != "" {
			return found, err
		}
		start += len(page.Comments)
		if len(page.Comments) == 0 || start >= page.Total {
			return "", nil
		}
		if start == len(page.Comments) {
			top = page.Comments[0].Created
		}
		// Only a server that does put the newest first has nothing behind an old one.
		last := page.Comments[len(page.Comments)-1].Created
		if last.Before(since) && last.Before(top.Time) {
			return "", nil
		}
		if n+1 >= findPageMax {
			return "", ErrCannotTell
		}
	}
}

// markedAmong asks for the properties of comments, which lists of an issue's
// comments do not tell.
func (c *Client) markedAmong(ctx context.Context, comments []Comment, id string) (string, error) {
	if len(comments) == 0 {
		return "", nil
	}
	cloud, err := c.cloud(ctx)
	if err != nil {
		return "", err
	}
	if cloud {
		return c.markedCloud(ctx, comments, id)
	}
	return c.markedDataCenter(ctx, comments, id)
}

func (c *Client) markedCloud(ctx context.Context, comments []Comment, id string) (string, error) {
	ids := make([]int64, 0, len(comments))
	for _, comment := range comments {
		if n, err := strconv.ParseInt(comment.ID, 10, 64); err == nil {
			ids = append(ids, n)
		}
	}
	var answer struct {
		Values []Comment `json:"values"`
	}
	r := request{
		method: http.MethodPost, path: "comment/list", query: url.Values{"expand": {"properties"}},
		body: map[string]any{"ids": ids}, read: true,
	}
	if err := c.do(ctx, r, &answer); err != nil {
		return "", err
	}
	for _, comment := range answer.Values {
		if marked(comment.Properties, id) {
			return comment.ID, nil
		}
	}
	return "", nil
}

func (c *Client) markedDataCenter(ctx context.Context, comments []Comment, id string) (string, error) {
	me, err := c.Me(ctx)
	if err != nil {
		return "", err
	}
	for _, comment := range comments {
		if !comment.Author.Same(me) {
			continue
		}
		property, err := c.property(ctx, "comment/"+url.PathEscape(comment.ID))
		if err != nil {
			return "", err
		}
		if marked([]Property{property}, id) {
			return comment.ID, nil
		}
	}
	return "", nil
}

// property reads our property of an entity; none is the zero Property.
func (c *Client) property(ctx context.Context, entity string) (Property, error) {
	return c.propertyAt(ctx, entity+"/properties/"+MarkerKey)
}

func (c *Client) propertyAt(ctx context.Context, path string) (Property, error) {
	var p Property
	err := c.get(ctx, path, nil, &p)
	var failure *atlassian.Error
	if errors.As(err, &failure) && failure.Status == http.StatusNotFound {
		return Property{}, nil
	}
	return p, err
}
