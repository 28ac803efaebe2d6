package jira

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Project is a project that we see.
type Project struct {
	ID          string `json:"id"`
	Key         string `json:"key"`
	Name        string `json:"name"`
	ProjectType string `json:"projectTypeKey"`
}

// Projects lists all projects that we see. The answer is kept for a while.
func (c *Client) Projects(ctx context.Context) ([]Project, error) {
	return c.projects.get(ctx, c.fetchProjects)
}

// ProjectKeys lists the keys of all projects that we see, as Projects does.
func (c *Client) ProjectKeys(ctx context.Context) ([]string, error) {
	list, err := c.Projects(ctx)
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(list))
	for _, p := range list {
		keys = append(keys, p.Key)
	}
	return keys, nil
}

func (c *Client) fetchProjects(ctx context.Context) ([]Project, error) {
	cloud, err := c.cloud(ctx)
	if err != nil {
		return nil, err
	}
	if !cloud {
		var list []Project
		err := c.get(ctx, "project", nil, &list)
		return list, err
	}
	var all []Project
	for {
		var page struct {
			Values []Project `json:"values"`
			IsLast bool      `json:"isLast"`
			Total  int       `json:"total"`
		}
		query := url.Values{"startAt": {strconv.Itoa(len(all))}, "maxResults": {"100"}}
		if err := c.do(ctx, request{method: http.MethodGet, path: "project/search", query: query}, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Values...)
		if page.IsLast || len(page.Values) == 0 || len(all) >= page.Total {
			return all, nil
		}
	}
}

// Version is a version of a project. Its dates are days, such as 2024-01-31.
type Version struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Released    bool   `json:"released"`
	Archived    bool   `json:"archived"`
	StartDate   string `json:"startDate"`
	ReleaseDate string `json:"releaseDate"`
}

// Versions lists the versions of a project, in the project's order.
func (c *Client) Versions(ctx context.Context, project string) ([]Version, error) {
	var list []Version
	err := c.get(ctx, "project/"+url.PathEscape(project)+"/versions", nil, &list)
	return list, err
}

// Version reads a version by id.
func (c *Client) Version(ctx context.Context, id string) (Version, error) {
	var v Version
	err := c.get(ctx, "version/"+url.PathEscape(id), nil, &v)
	return v, err
}

// UpdateVersion sets what is given of a version: name, description, startDate,
// releaseDate, released, archived.
func (c *Client) UpdateVersion(ctx context.Context, id string, values map[string]any) error {
	return c.do(ctx, request{method: http.MethodPut, path: "version/" + url.PathEscape(id), body: values}, nil)
}
