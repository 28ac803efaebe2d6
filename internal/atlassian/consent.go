package atlassian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// consentDelay is how soon a request is worth another try that lacked the user's
// consent: Jira asks after a task every few seconds, and each time brings a token.
const consentDelay = 15 * time.Second

// AuthRequiredError says that Atlassian does not let us act for a user until the
// user, or an administrator, does something about it. The request was not carried
// out. It is the cause of an *Error that is Temporary, Refused and has a
// RetryDelay: once there is a newer token, the same request may succeed.
type AuthRequiredError struct {
	// Scopes are the permissions that the app lacks, as far as Atlassian told, and
	// Scoped is true if it lacks some, known or not.
	Scopes []string
	Scoped bool

	cause error
}

// NoToken is the error of a Bearer that has no token of the user which still holds.
func NoToken(cause error) *AuthRequiredError { return &AuthRequiredError{cause: cause} }

// Error says what is missing.
func (e *AuthRequiredError) Error() string {
	switch {
	case e.cause != nil:
		return e.cause.Error()
	case len(e.Scopes) > 0:
		return "the user's token lacks the scope " + strings.Join(e.Scopes, ", ")
	case e.Scoped:
		return "the user's token lacks a scope"
	default:
		return "the user's token is not accepted, and there is no newer one"
	}
}

// Unwrap returns the cause; nil if an answer is the cause.
func (e *AuthRequiredError) Unwrap() error { return e.cause }

// AuthRequired is what the user is to be told, in Markdown.
func (e *AuthRequiredError) AuthRequired() string {
	switch {
	case len(e.Scopes) > 0:
		return fmt.Sprintf("I am not allowed to do this for you yet: the app lacks the permission `%s`. "+
			"An administrator of the site has to approve the app's new version; I go on by myself afterwards.", strings.Join(e.Scopes, "`, `"))
	case e.Scoped:
		return "I am not allowed to do this for you yet: the app lacks a permission. " +
			"An administrator of the site has to approve the app's new version; I go on by myself afterwards."
	default:
		return "I can no longer act for you: your session with me has expired. Open this issue again, or send me a message, and I go on by myself."
	}
}

// Temporary reports that the same may succeed later.
func (*AuthRequiredError) Temporary() bool { return true }

// RetryDelay is how long to wait before another try.
func (*AuthRequiredError) RetryDelay() time.Duration { return consentDelay }

// consenting makes an *AuthRequiredError of what the gateway answers where the
// user's token does not serve. All else, such as that the user may not see an
// issue, stays as it is.
type consenting struct {
	next   http.RoundTripper
	origin *url.URL
	// rejected is told tokens that are not accepted; nil for nobody.
	rejected func(ctx context.Context, token string)
}

// RoundTrip implements http.RoundTripper.
func (c *consenting) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.next.RoundTrip(req)
	if err != nil || !sameOrigin(req.URL, c.origin) {
		return resp, err
	}
	if resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusForbidden {
		return resp, nil
	}
	text := peek(resp)
	scoped := lacksScope(resp.Header, text)
	if resp.StatusCode == http.StatusForbidden && !scoped {
		return resp, nil
	}
	discard(resp)
	refused := &AuthRequiredError{Scoped: scoped}
	if !scoped && c.rejected != nil && resp.Request != nil {
		c.rejected(req.Context(), strings.TrimPrefix(resp.Request.Header.Get("Authorization"), bearer))
	}
	if scoped {
		refused.Scopes = scopesIn(strings.Join(resp.Header.Values("WWW-Authenticate"), " ") + " " + text)
	}
	return nil, unsent(req, &loginError{refused})
}

// peek reads the beginning of an answer's body and leaves the body as it was.
func peek(resp *http.Response) string {
	const most = 16 << 10
	head, _ := io.ReadAll(io.LimitReader(resp.Body, most)) // what cannot be read the next reader meets, too
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), resp.Body), resp.Body}
	return string(head)
}

// lacksScope reports whether an answer is about the app's scopes: the gateway says
// 401 "scope does not match" or names the category of the failure in a header, and
// RFC 6750, 3.1 has the error insufficient_scope.
func lacksScope(h http.Header, text string) bool {
	category := strings.ToUpper(h.Get("X-Failure-Category") + " " + h.Get("X-Failure"))
	text = strings.ToLower(text + " " + strings.Join(h.Values("WWW-Authenticate"), " "))
	return strings.Contains(category, "SCOPE") || strings.Contains(text, "scope does not match") ||
		strings.Contains(text, "insufficient_scope") || strings.Contains(text, "required scope")
}

var scopePattern = regexp.MustCompile(`\b(?:read|write|delete|manage|admin|storage|report):[a-z][a-z-]*(?:[.:][a-z-]+)*`)

// scopesIn finds the names of scopes in a text, such as "write:jira-work" or
// "read:issue:jira".
func scopesIn(text string) []string {
	const most = 10
	found := scopePattern.FindAllString(text, -1)
	slices.Sort(found)
	found = slices.Compact(found)
	return found[:min(len(found), most)]
}

// AuthRequired returns what the user is to be told if an error means that we may
// not act for the user yet: that of the first error in the chain with a method
// AuthRequired() string.
func AuthRequired(err error) (markdown string, required bool) {
	var e interface{ AuthRequired() string }
	if errors.As(err, &e) {
		return e.AuthRequired(), true
	}
	return "", false
}
