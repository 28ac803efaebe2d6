package jira

import (
	"context"
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
