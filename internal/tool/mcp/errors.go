package mcp

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Error says why a server could not be used.
type Error struct {
	// Server names it.
	Server string
	// Reason is for the operator; it holds nothing that the server said.
	Reason string
	// Lasting is true if trying again helps only after somebody mended something.
	Lasting bool
	// After is when to try again; 0 for whenever.
	After time.Duration
	// Err is the cause, if there is one.
	Err error
}

// Error names the server and the reason.
func (e *Error) Error() string { return fmt.Sprintf("MCP server %s: %s", e.Server, e.Reason) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether asking again may help.
func (e *Error) Temporary() bool { return !e.Lasting }

// RetryDelay is how long to wait before.
func (e *Error) RetryDelay() time.Duration { return e.After }

// errUnsent marks a call of which it is certain that the server did not get it.
var errUnsent = errors.New("the call was not sent")

// refusedError is an HTTP answer that refuses a request as such: nothing happened.
type refusedError struct {
	status int
	after  time.Duration
}

// Error names the status.
func (e *refusedError) Error() string {
	switch e.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Sprintf("it refuses the credentials (%d %s): check its headers", e.status, http.StatusText(e.status))
	case http.StatusTooManyRequests:
		return "it asks for fewer requests (429)"
	}
	return fmt.Sprintf("it answers %d %s: check its url", e.status, http.StatusText(e.status))
}
