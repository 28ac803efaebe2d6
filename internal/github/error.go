package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// Error is a request that GitHub refused or did not answer.
type Error struct {
	Method, Path string
	// Status is the answer's; 0 if there was none.
	Status int
	// Message is GitHub's own explanation, with what it says of single fields.
	Message string

	retryAfter time.Duration
	// unsent is true if the request did not go out, unread if its answer is lost.
	unsent, unread bool
	cause          error
}

// Error says what was asked and what came of it.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s %s", e.Method, e.Path)
	if e.Status != 0 {
		text += fmt.Sprintf(": %d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Temporary reports whether the same request may succeed later.
func (e *Error) Temporary() bool {
	switch {
	case e.retryAfter > 0, e.unread, e.Status >= 500, e.Status == http.StatusRequestTimeout:
		return true
	case e.Status != 0:
		return false
	}
	var t interface{ Temporary() bool }
	if e.unsent && errors.As(e.cause, &t) {
		return t.Temporary()
	}
	return e.cause != nil && !e.unsent || e.connecting()
}

// RetryDelay is how long GitHub asks to be left alone; 0 if it does not say.
func (e *Error) RetryDelay() time.Duration { return e.retryAfter }

// NotSent reports whether it is certain that the request changed nothing: it did
// not go out, only asked, or was refused.
func (e *Error) NotSent() bool {
	return e.unsent || e.Method == http.MethodGet || e.connecting() || e.Status >= 300 && e.Status < 500 && e.Status != http.StatusRequestTimeout
}

// Unauthorized reports whether the token is not accepted.
func (e *Error) Unauthorized() bool { return e.Status == http.StatusUnauthorized }

// connecting reports whether no connection came about.
func (e *Error) connecting() bool {
	var op *net.OpError
	return errors.As(e.cause, &op) && op.Op == "dial"
}

// noAnswer is the error of a request without an answer. The URL in Go's own error
// says nothing that Path does not.
func noAnswer(req *http.Request, err error) *Error {
	var outer interface{ Unwrap() error }
	if errors.As(err, &outer) && outer.Unwrap() != nil {
		err = outer.Unwrap()
	}
	return &Error{Method: req.Method, Path: req.URL.Path, cause: err}
}

// refused is the error of an answer that says no.
func (c *Client) refused(req *http.Request, path string, resp *http.Response, content []byte) *Error {
	now := c.cfg.Now()
	e := &Error{Method: req.Method, Path: path, Status: resp.StatusCode, Message: explanation(content)}
	if e.retryAfter = limited(resp.StatusCode, resp.Header, e.Message, now); e.retryAfter > 0 {
		c.mu.Lock()
		c.paused = now.Add(e.retryAfter)
		c.mu.Unlock()
	} else if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "" {
		e.retryAfter = retryAfter(resp.Header, now)
	}
	return e
}

// explanation reads GitHub's error document
// (https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api).
func explanation(content []byte) string {
	var doc struct {
		Message string `json:"message"`
		Errors  []struct {
			Resource, Field, Code, Message string
		} `json:"errors"`
	}
	if json.Unmarshal(content, &doc) != nil && doc.Message == "" {
		return ""
	}
	parts := []string{doc.Message}
	for _, e := range doc.Errors {
		if part := strings.TrimSpace(strings.Join([]string{e.Field, e.Code, e.Message}, " ")); part != "" {
			parts = append(parts, part)
		}
	}
	const most = 500
	text := strings.Join(parts, "; ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
