package jira

import (
	"context"
	"net/url"
	"strconv"
	"strings"
)

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

// Users is a question for people.
type Users struct {
	// Text is matched against names and e-mail addresses.
	Text string
	// Issue asks for those who can be assigned the issue, Projects for those who
	// can be assigned issues of at least one of the projects. Neither asks for
	// everybody.
	Issue    string
	Projects []string
	// Start and Limit choose a part of the answer; Limit 0 is 20.
	Start int
	Limit int
}

const defaultUsers = 20

// Users finds people.
func (c *Client) Users(ctx context.Context, q Users) ([]User, error) {
	cloud, err := c.cloud(ctx)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = defaultUsers
	}
	path, query := q.where()
	query.Set("maxResults", strconv.Itoa(q.Start+q.Limit))
	if cloud {
		query.Set("query", q.Text)
	} else {
		query.Set("username", q.Text)
	}
	var users []User
	if err := c.get(ctx, path, query, &users); err != nil {
		return nil, err
	}
	// Data Center has no startAt where people of projects are asked for.
	return users[min(q.Start, len(users)):min(q.Start+q.Limit, len(users))], nil
}

func (q Users) where() (string, url.Values) {
	switch {
	case q.Issue != "":
		return "user/assignable/search", url.Values{"issueKey": {q.Issue}}
	case len(q.Projects) == 1:
		return "user/assignable/search", url.Values{"project": {q.Projects[0]}}
	case len(q.Projects) > 1:
		return "user/assignable/multiProjectSearch", url.Values{"projectKeys": {strings.Join(q.Projects, ",")}}
	default:
		return "user/search", url.Values{}
	}
}
