package jira

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// ServerInfo says what kind of Jira this is.
type ServerInfo struct {
	BaseURL        string `json:"baseUrl"`
	Version        string `json:"version"`
	DeploymentType string `json:"deploymentType"`
	ServerTitle    string `json:"serverTitle"`
}

// Cloud reports whether it is Jira Cloud and not Data Center.
func (i ServerInfo) Cloud() bool { return strings.EqualFold(i.DeploymentType, "Cloud") }

// ServerInfo asks what kind of Jira this is. The answer is kept for a while.
func (c *Client) ServerInfo(ctx context.Context) (ServerInfo, error) {
	return c.info.get(ctx, func(ctx context.Context) (info ServerInfo, err error) {
		err = c.get(ctx, "serverInfo", nil, &info)
		return info, err
	})
}

// cloud reports whether this is Cloud, which differs in how users are named and
// searches are paged.
func (c *Client) cloud(ctx context.Context) (bool, error) {
	if c.gateway {
		return true, nil
	}
	info, err := c.ServerInfo(ctx)
	return info.Cloud(), err
}

// User is an account. Cloud tells AccountID, Data Center Name and Key.
type User struct {
	AccountID    string `json:"accountId,omitempty"`
	Name         string `json:"name,omitempty"`
	Key          string `json:"key,omitempty"`
	DisplayName  string `json:"displayName,omitempty"`
	EmailAddress string `json:"emailAddress,omitempty"`
}

// Same reports whether two descriptions are of one account.
func (u User) Same(other User) bool {
	if u.AccountID != "" || other.AccountID != "" {
		return u.AccountID == other.AccountID
	}
	if u.Key != "" && other.Key != "" {
		return u.Key == other.Key
	}
	return u.Name != "" && u.Name == other.Name
}

// Ref is what Jira takes for this user in a field.
func (u User) Ref() map[string]any {
	if u.AccountID != "" {
		return map[string]any{"accountId": u.AccountID}
	}
	return map[string]any{"name": u.Name}
}

// Myself asks who we are. A Jira that does not accept our credentials and
// answers all the same gives an *atlassian.Error with Anonymous.
func (c *Client) Myself(ctx context.Context) (User, error) {
	var me User
	err := c.get(ctx, "myself", nil, &me)
	return me, err
}

// Me is Myself, kept for a while.
func (c *Client) Me(ctx context.Context) (User, error) { return c.me.get(ctx, c.Myself) }

// AssignableUsers finds up to 20 users who can be assigned the issue and whose
// name or e-mail address matches the query.
func (c *Client) AssignableUsers(ctx context.Context, issue, query string) ([]User, error) {
	cloud, err := c.cloud(ctx)
	if err != nil {
		return nil, err
	}
	values := url.Values{"issueKey": {issue}, "maxResults": {"20"}}
	if cloud {
		values.Set("query", query)
	} else {
		values.Set("username", query)
	}
	var users []User
	err = c.get(ctx, "user/assignable/search", values, &users)
	return users, err
}

// Field is a field of issues, built in or custom.
type Field struct {
	ID     string      `json:"id"`
	Name   string      `json:"name"`
	Custom bool        `json:"custom"`
	Schema FieldSchema `json:"schema"`
}

// FieldSchema is a field's type: Type is "string", "number", "array" …, Items the
// type of an array's elements, Custom the plugin's type of a custom field.
type FieldSchema struct {
	Type   string `json:"type"`
	Items  string `json:"items"`
	System string `json:"system"`
	Custom string `json:"custom"`
}

// Fields lists all fields. The answer is kept for a while.
func (c *Client) Fields(ctx context.Context) ([]Field, error) {
	return c.fields.get(ctx, func(ctx context.Context) (fields []Field, err error) {
		err = c.get(ctx, "field", nil, &fields)
		return fields, err
	})
}

// Named is something that Jira knows by id and by name.
type Named struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	Key   string `json:"key,omitempty"`
}

// Priorities lists the priorities, the highest first.
func (c *Client) Priorities(ctx context.Context) ([]Named, error) {
	var list []Named
	err := c.get(ctx, "priority", nil, &list)
	return list, err
}

// EditField is what Jira tells of a field that can be set in an issue.
type EditField struct {
	Name          string      `json:"name"`
	Required      bool        `json:"required"`
	Schema        FieldSchema `json:"schema"`
	AllowedValues []Named     `json:"allowedValues"`
}

// EditMeta tells which fields of an issue can be set, by id, and to what.
func (c *Client) EditMeta(ctx context.Context, issue string) (map[string]EditField, error) {
	var meta struct {
		Fields map[string]EditField `json:"fields"`
	}
	err := c.get(ctx, issuePath(issue, "editmeta"), nil, &meta)
	return meta.Fields, err
}

// ProjectKeys lists the keys of all projects that we see. The answer is kept
// for a while.
func (c *Client) ProjectKeys(ctx context.Context) ([]string, error) {
	return c.projects.get(ctx, c.fetchProjectKeys)
}

func (c *Client) fetchProjectKeys(ctx context.Context) ([]string, error) {
	cloud, err := c.cloud(ctx)
	if err != nil {
		return nil, err
	}
	if !cloud {
		var list []Named
		err := c.get(ctx, "project", nil, &list)
		return keysOf(list), err
	}
	var keys []string
	for {
		var page struct {
			Values []Named `json:"values"`
			IsLast bool    `json:"isLast"`
			Total  int     `json:"total"`
		}
		query := url.Values{"startAt": {strconv.Itoa(len(keys))}, "maxResults": {"100"}}
		if err := c.do(ctx, request{method: http.MethodGet, path: "project/search", query: query}, &page); err != nil {
			return nil, err
		}
		keys = append(keys, keysOf(page.Values)...)
		if page.IsLast || len(page.Values) == 0 || len(keys) >= page.Total {
			return keys, nil
		}
	}
}

func keysOf(list []Named) []string {
	keys := make([]string, 0, len(list))
	for _, p := range list {
		keys = append(keys, p.Key)
	}
	return keys
}
