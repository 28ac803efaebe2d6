package jira

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// RemoteLink is a link from an issue to a page elsewhere. GlobalID names the
// link: posting one with a known GlobalID changes the link that is there.
type RemoteLink struct {
	ID           json.Number  `json:"id,omitempty"`
	GlobalID     string       `json:"globalId,omitempty"`
	Relationship string       `json:"relationship,omitempty"`
	Object       RemoteObject `json:"object"`
}

// RemoteObject is the page that a remote link leads to.
type RemoteObject struct {
	URL     string `json:"url"`
	Title   string `json:"title"`
	Summary string `json:"summary,omitempty"`
}

// RemoteLinks reads the remote links of an issue.
func (c *Client) RemoteLinks(ctx context.Context, issue string) ([]RemoteLink, error) {
	var raw json.RawMessage
	if err := c.get(ctx, issuePath(issue, "remotelink"), nil, &raw); err != nil {
		return nil, err
	}
	// Some servers answer a single link by itself.
	if trimmed := bytes.TrimSpace(raw); len(trimmed) > 0 && trimmed[0] == '{' {
		raw = append(append([]byte{'['}, trimmed...), ']')
	}
	var links []RemoteLink
	if err := json.Unmarshal(raw, &links); err != nil {
		return nil, &decodeError{what: "remote links of " + issue, cause: err}
	}
	return links, nil
}

// PutRemoteLink makes a remote link, or changes the one with the same GlobalID.
func (c *Client) PutRemoteLink(ctx context.Context, issue string, link RemoteLink) (string, error) {
	link.ID = ""
	var made struct {
		ID json.Number `json:"id"`
	}
	err := c.do(ctx, request{method: http.MethodPost, path: issuePath(issue, "remotelink"), body: link}, &made)
	return made.ID.String(), err
}

// decodeError is an answer whose shape is not known.
type decodeError struct {
	what  string
	cause error
}

// Error implements error.
func (e *decodeError) Error() string { return "decode " + e.what + ": " + e.cause.Error() }

// Unwrap returns the cause.
func (e *decodeError) Unwrap() error { return e.cause }

// RemoveRemoteLink removes the remote link with a GlobalID from an issue. One that
// is not there is NotFound by Jira's answer.
func (c *Client) RemoveRemoteLink(ctx context.Context, issue, globalID string) error {
	return c.do(ctx, request{
		method: http.MethodDelete, path: issuePath(issue, "remotelink"), query: url.Values{"globalId": {globalID}},
	}, nil)
}
