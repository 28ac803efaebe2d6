package jira

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// Read gets the JSON at a path below /rest/ as it is, such as
// "agile/1.0/board/7": for callers that understand what webhooks send, which has
// the same form. The path's parts have to be escaped.
func (c *Client) Read(ctx context.Context, path string, query url.Values) (json.RawMessage, error) {
	var body json.RawMessage
	err := c.do(ctx, request{method: http.MethodGet, api: "rest/", path: path, query: query}, &body)
	return body, err
}
