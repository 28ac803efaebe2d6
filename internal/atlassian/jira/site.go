package jira

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// ServerInfo says what kind of Jira this is.
type ServerInfo struct {
	BaseURL        string `json:"baseUrl"`
	Version        string `json:"version"`
	DeploymentType string `json:"deploymentType"`
	ServerTitle    string `json:"serverTitle"`
	VersionNumbers []int  `json:"versionNumbers"`
}

// Major is the first number of the version; 0 if Jira does not tell it.
func (i ServerInfo) Major() int {
	if len(i.VersionNumbers) == 0 {
		return 0
	}
	return i.VersionNumbers[0]
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

// Contact is what one request to a Jira shows of it.
type Contact struct {
	ServerInfo
	// Date is the clock of who answered, in whole seconds; zero if it does not
	// tell. Sent and Received are when we asked and had the answer, by our clock.
	Date, Sent, Received time.Time
}

// Contact asks what kind of Jira this is, anew. If it answers with a refusal, the
// Contact has its date all the same.
func (c *Client) Contact(ctx context.Context) (Contact, error) {
	out := Contact{Sent: time.Now()}
	a, err := c.send(ctx, request{method: http.MethodGet, path: "serverInfo"})
	out.Received = time.Now()
	if a.Response != nil {
		if at, err := http.ParseTime(a.Response.Header.Get("Date")); err == nil {
			out.Date = at
		}
	}
	if err != nil {
		return out, err
	}
	return out, a.Decode(&out.ServerInfo)
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
