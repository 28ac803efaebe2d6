package atlassian

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Error is a request that did not succeed: a refusal or failure that Atlassian
// answered with, or no answer at all.
type Error struct {
	// Method and Path name the request, without its query.
	Method string
	Path   string
	// Status is the HTTP status; 0 if there was no answer.
	Status int
	// Messages and Fields are Jira's own words: errorMessages, and errors by
	// field. Fields is nil if there are none.
	Messages []string
	Fields   map[string]string
	// RetryAfter is how long to wait before another try, as far as the answer
	// tells; else 0.
	RetryAfter time.Duration
	// Anonymous is true if the answer shows that our credentials were not
	// accepted and the request was treated as nobody's.
	Anonymous bool
	// Err is why there was no answer, or no answer that can be read.
	Err error

	// unsent is a request that never left, shed one that was turned away before
	// any work began, and login one that nobody answers before we sign in anew.
	unsent, shed, login bool
}

// PausedError is why a request was not sent: its site, endpoint or issue is to be
// left alone for so long that it is better to do something else meanwhile. It is
// the cause of an *Error that is Temporary, Refused and has a RetryDelay.
type PausedError struct {
	Reason string
	For    time.Duration
}

// Error tells the reason and the time.
func (e *PausedError) Error() string {
	return fmt.Sprintf("%s; to be tried again in %s", e.Reason, e.For.Round(100*time.Millisecond))
}

// Error returns the request, the status and Jira's words.
func (e *Error) Error() string {
	head := strings.TrimSpace(e.Method + " " + e.Path)
	if e.Status != 0 {
		head += fmt.Sprintf(": %d %s", e.Status, http.StatusText(e.Status))
	}
	if detail := e.Detail(); detail != "" {
		head += ": " + detail
	}
	return head
}

// Detail returns the answer's own words without the request: what a model or a
// person needs to do better.
func (e *Error) Detail() string {
	parts := slices.Clone(e.Messages)
	for _, field := range slices.Sorted(maps.Keys(e.Fields)) {
		parts = append(parts, field+": "+e.Fields[field])
	}
	if e.Anonymous {
		parts = append(parts, "the credentials were not accepted; the request was treated as anonymous")
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, "; ")
}

// Refusal is the Detail, or the status in words where the answer has none.
func (e *Error) Refusal() string {
	return cmp.Or(e.Detail(), fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status)))
}

// Unwrap returns why there was no answer.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether the same request may succeed later.
func (e *Error) Temporary() bool {
	var denied *deniedError
	switch {
	case e.Status != 0:
		return transient(e.Status) || (e.Status < 300 && e.Err != nil && cutOff(e.Err))
	case e.login:
		return false
	case errors.As(e.Err, &denied):
		var t interface{ Temporary() bool }
		return errors.As(denied.cause, &t) && t.Temporary()
	default:
		return !errors.Is(e.Err, context.Canceled) && !misconfigured(e.Err)
	}
}

// RetryDelay is RetryAfter, in the form that a retrying caller asks for without
// knowing this package.
func (e *Error) RetryDelay() time.Duration { return e.RetryAfter }

// Refused reports whether it is certain that the request changed nothing: it
// never left, or the answer says that it was not carried out. A time-out or a
// server's failure proves nothing.
func (e *Error) Refused() bool {
	switch {
	case e.unsent:
		return true
	case e.Status == 0, e.Status == http.StatusRequestTimeout:
		return false
	case e.Status == http.StatusServiceUnavailable:
		return e.shed
	default:
		return e.Status >= 300 && e.Status < 500
	}
}

// Unauthorized reports whether our credentials are the cause, which no change of
// the request can cure.
func (e *Error) Unauthorized() bool {
	return e.Anonymous || e.login || e.Status == http.StatusUnauthorized
}

func transient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// misconfigured reports whether only a change of the configuration can help: a
// certificate that is not trusted, plain HTTP behind an https address, or a proxy
// that does not let us through.
func misconfigured(err error) bool {
	var notTLS tls.RecordHeaderError
	var proxy *proxyError
	if errors.As(err, &proxy) {
		return proxy.status >= 400 && proxy.status < 500
	}
	return badCertificate(err) || errors.As(err, &notTLS)
}

func badCertificate(err error) bool {
	var verify *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	return errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &host)
}

// unsent is the error of a request that never left.
func unsent(req *http.Request, cause error) *Error {
	e := &Error{Method: req.Method, Path: req.URL.Path, Err: cause, unsent: true}
	var d interface{ RetryDelay() time.Duration }
	var paused *PausedError
	switch {
	case errors.As(cause, &paused):
		e.RetryAfter = paused.For
	case errors.As(cause, &d):
		e.RetryAfter = d.RetryDelay()
	}
	return e
}

// noAnswer is the error of a request that got none.
func noAnswer(req *http.Request, cause error) *Error {
	return &Error{Method: req.Method, Path: req.URL.Path, Err: cause, unsent: dialFailed(cause) || badCertificate(cause)}
}

// FromDo makes an *Error of what http.Client.Do returned as an error.
func FromDo(req *http.Request, err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return noAnswer(req, err)
}
