package jira

import (
	"context"
	"net/url"
	"strings"
	"time"
)

// Permissions tells which of the named permissions, such as "ADD_COMMENTS", our
// account has in a project; "" for the project asks for those of the whole site.
// One that this Jira does not know is not in the answer.
func (c *Client) Permissions(ctx context.Context, project string, names []string) (map[string]bool, error) {
	query := url.Values{"permissions": {strings.Join(names, ",")}}
	if project != "" {
		query.Set("projectKey", project)
	}
	var answer struct {
		Permissions map[string]struct {
			Have bool `json:"havePermission"`
		} `json:"permissions"`
	}
	if err := c.get(ctx, "mypermissions", query, &answer); err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, name := range names {
		if p, ok := answer.Permissions[name]; ok {
			have[name] = p.Have
		}
	}
	return have, nil
}

// PersonalToken is a personal access token of our account on Data Center.
type PersonalToken struct {
	Name string `json:"name"`
	// Expires is zero if it does not.
	Expires Time `json:"expiringAt"`
	// Used is when it was used last, as far as Jira tells.
	Used Time `json:"lastAccessedAt"`
}

// PersonalTokens lists the personal access tokens of our account on Data Center,
// without telling which of them we use. Cloud has none.
func (c *Client) PersonalTokens(ctx context.Context) ([]PersonalToken, error) {
	var list []PersonalToken
	err := c.do(ctx, request{method: "GET", api: "rest/pat/latest/", path: "tokens"}, &list)
	return list, err
}

// NextToExpire returns the token that expires first; false if none does.
func NextToExpire(list []PersonalToken) (PersonalToken, bool) {
	var next PersonalToken
	var at time.Time
	for _, t := range list {
		if !t.Expires.IsZero() && (at.IsZero() || t.Expires.Before(at)) {
			next, at = t, t.Expires.Time
		}
	}
	return next, !at.IsZero()
}
