package jira

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Worklog is time that somebody spent on an issue.
type Worklog struct {
	ID               string     `json:"id"`
	Author           User       `json:"author"`
	Comment          string     `json:"comment"`
	Created          Time       `json:"created"`
	Started          Time       `json:"started"`
	TimeSpent        string     `json:"timeSpent"`
	TimeSpentSeconds int64      `json:"timeSpentSeconds"`
	Properties       []Property `json:"properties"`
}

// Work is time to be logged. TimeSpent is as Jira writes it ("1d 4h"), Comment is
// wiki markup, a zero Started is now. Seconds is the same time where a day has
// eight hours and a week five days.
type Work struct {
	TimeSpent string
	Seconds   int64
	Comment   string
	Started   time.Time
}

// AddWorklog logs work and marks it: on Cloud in the same request. Data Center's
// worklogs have no properties; there a property of the issue says afterwards
// which write the worklog came from, see FindWorklog.
func (c *Client) AddWorklog(ctx context.Context, issue string, w Work, m Marker) (Worklog, error) {
	cloud, err := c.cloud(ctx)
	if err != nil {
		return Worklog{}, err
	}
	body := map[string]any{"timeSpent": w.TimeSpent}
	if w.Comment != "" {
		body["comment"] = w.Comment
	}
	if !w.Started.IsZero() {
		body["started"] = FormatTime(w.Started)
	}
	if cloud {
		body["properties"] = markerProperty(m)
	}
	var entry Worklog
	if err := c.do(ctx, request{method: http.MethodPost, path: issuePath(issue, "worklog"), body: body}, &entry); err != nil || cloud {
		return entry, err
	}
	path := issuePath(issue, "properties", worklogMarker(entry.ID))
	if err := c.do(ctx, request{method: http.MethodPut, path: path, body: m}, nil); err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Str("issue", issue).Str("worklog", entry.ID).Msg("worklog could not be marked as ours")
	}
	return entry, nil
}

// worklogMarker is the key of the issue's property that marks a worklog.
func worklogMarker(id string) string { return MarkerKey + ".worklog." + url.PathEscape(id) }

// FindWorklog looks for the worklog with the given marker id that was made at the
// given time or later, by our clock. It returns its id, or "".
//
// On Data Center a worklog of ours without any marker counts, too, if it says
// the same: the process may have died between the two requests.
func (c *Client) FindWorklog(ctx context.Context, issue string, w Work, id string, since time.Time) (string, error) {
	cloud, err := c.cloud(ctx)
	if err != nil {
		return "", err
	}
	for n, start := 0, 0; n < findPageMax; n++ {
		page, total, err := c.worklogs(ctx, issue, start, cloud)
		if err != nil {
			return "", err
		}
		for _, entry := range page {
			if !entry.Created.IsZero() && entry.Created.Before(since.Add(-clockSkew)) {
				continue
			}
			ours, err := c.isOurs(ctx, issue, entry, w, id, cloud)
			if err != nil || ours {
				return entry.ID, err
			}
		}
		start += len(page)
		if len(page) == 0 || start >= total {
			return "", nil
		}
	}
	return "", ErrCannotTell
}

func (c *Client) worklogs(ctx context.Context, issue string, start int, cloud bool) ([]Worklog, int, error) {
	page, err := c.worklogPage(ctx, issue, start, 1000, cloud)
	return page.items, page.total, err
}

// worklogPage reads a page, the oldest first. Data Center always answers with all.
func (c *Client) worklogPage(ctx context.Context, issue string, start, limit int, cloud bool) (listed[Worklog], error) {
	var query url.Values
	if cloud {
		query = window(start, limit)
		query.Set("expand", "properties")
	}
	var page struct {
		Worklogs []Worklog `json:"worklogs"`
		Total    int       `json:"total"`
	}
	err := c.get(ctx, issuePath(issue, "worklog"), query, &page)
	return listed[Worklog]{page.Worklogs, page.Total}, err
}

// Worklogs reads some of the newest worklogs of an issue.
func (c *Client) Worklogs(ctx context.Context, issue string, n Newest) (Page[Worklog], error) {
	cloud, err := c.cloud(ctx)
	if err != nil {
		return Page[Worklog]{}, err
	}
	return tail(ctx, n, func(ctx context.Context, start, limit int) (listed[Worklog], error) {
		return c.worklogPage(ctx, issue, start, limit, cloud)
	})
}

func (c *Client) isOurs(ctx context.Context, issue string, entry Worklog, w Work, id string, cloud bool) (bool, error) {
	if cloud {
		return marked(entry.Properties, id), nil
	}
	me, err := c.Me(ctx)
	if err != nil || !entry.Author.Same(me) {
		return false, err
	}
	property, err := c.propertyAt(ctx, issuePath(issue, "properties", worklogMarker(entry.ID)))
	if err != nil {
		return false, err
	}
	if property.Key != "" {
		return markedValue(property.Value, id), nil
	}
	return saysTheSame(entry, w), nil
}

func markedValue(raw json.RawMessage, id string) bool {
	return marked([]Property{{Key: MarkerKey, Value: raw}}, id)
}

func saysTheSame(entry Worklog, w Work) bool {
	if !w.Started.IsZero() && !w.Started.Truncate(time.Second).Equal(entry.Started.Truncate(time.Second)) {
		return false
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	sameTime := strings.EqualFold(squeeze(entry.TimeSpent), squeeze(w.TimeSpent)) || entry.TimeSpentSeconds == w.Seconds
	return sameTime && squeeze(entry.Comment) == squeeze(w.Comment)
}
