package jira

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// IssueType is a kind of issue.
type IssueType struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Subtask     bool   `json:"subtask"`
}

// IssueTypes lists the types that an issue of the project can be made of.
func (c *Client) IssueTypes(ctx context.Context, project string) ([]IssueType, error) {
	return pages(ctx, func(ctx context.Context, start int) (listed[IssueType], error) {
		var page struct {
			Cloud  []IssueType `json:"issueTypes"`
			Server []IssueType `json:"values"`
			Total  int         `json:"total"`
		}
		err := c.get(ctx, createMeta(project), window(start, metaPage), &page)
		return listed[IssueType]{append(page.Cloud, page.Server...), page.Total}, err
	})
}

// CreateFields lists the fields that can be set in a new issue of a type.
func (c *Client) CreateFields(ctx context.Context, project, issueType string) ([]EditField, error) {
	return pages(ctx, func(ctx context.Context, start int) (listed[EditField], error) {
		var page struct {
			Cloud  []EditField `json:"fields"`
			Server []EditField `json:"values"`
			Total  int         `json:"total"`
		}
		err := c.get(ctx, createMeta(project)+"/"+url.PathEscape(issueType), window(start, metaPage), &page)
		return listed[EditField]{append(page.Cloud, page.Server...), page.Total}, err
	})
}

const metaPage = 100

func createMeta(project string) string {
	return "issue/createmeta/" + url.PathEscape(project) + "/issuetypes"
}

// pages reads a list to its end.
func pages[T any](ctx context.Context, fetch func(ctx context.Context, start int) (listed[T], error)) ([]T, error) {
	var all []T
	for {
		page, err := fetch(ctx, len(all))
		if err != nil {
			return nil, err
		}
		all = append(all, page.items...)
		if len(page.items) == 0 || len(all) >= page.total {
			return all, nil
		}
	}
}

// CreateIssue makes an issue with fields by id, and marks it in the same request.
// It returns the issue's key.
func (c *Client) CreateIssue(ctx context.Context, fields map[string]any, m Marker) (string, error) {
	body := map[string]any{"fields": fields, "properties": markerProperty(m)}
	var made struct {
		Key string `json:"key"`
	}
	err := c.do(ctx, request{method: http.MethodPost, path: "issue", body: body}, &made)
	return made.Key, err
}

// FindCreated looks for the issue with the given marker id that was made in a
// project at the given time or later, by our clock. It returns its key, or "".
// Searches may learn of a new issue some seconds late.
func (c *Client) FindCreated(ctx context.Context, project, id string, since time.Time) (string, error) {
	minutes := int(math.Ceil((time.Since(since) + clockSkew).Minutes()))
	s := Search{
		JQL: fmt.Sprintf(`project = "%s" AND creator = currentUser() AND created >= -%dm ORDER BY created DESC`,
			strings.ReplaceAll(project, `"`, ""), max(minutes, 1)),
		Fields: []string{"created"}, Limit: findPage, Properties: []string{MarkerKey},
	}
	for range findPageMax {
		found, err := c.Search(ctx, s)
		if err != nil {
			return "", err
		}
		key, err := c.markedIssue(ctx, found, id)
		if err != nil || key != "" || found.Next == "" {
			return key, err
		}
		s.Page = found.Next
	}
	return "", ErrCannotTell
}

// markedIssue asks for the properties of issues where the search does not tell
// them, as Data Center's does not.
func (c *Client) markedIssue(ctx context.Context, found Found, id string) (string, error) {
	cloud, err := c.cloud(ctx)
	if err != nil {
		return "", err
	}
	for _, issue := range found.Issues {
		raw := issue.Properties[MarkerKey]
		if !cloud {
			property, err := c.property(ctx, issuePath(issue.Key))
			if err != nil {
				return "", err
			}
			raw = property.Value
		}
		if markedValue(raw, id) {
			return issue.Key, nil
		}
	}
	return "", nil
}

// EpicLink and EpicName are the kinds of the custom fields by which Data Center
// puts an issue into an epic and names an epic.
const (
	EpicLink = "com.pyxis.greenhopper.jira:gh-epic-link"
	EpicName = "com.pyxis.greenhopper.jira:gh-epic-label"
)

// Cloud reports whether this is Jira Cloud, as ServerInfo tells.
func (c *Client) Cloud(ctx context.Context) (bool, error) { return c.cloud(ctx) }
