package atlassian

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// credentials are what we sign in with.
type credentials interface {
	// header returns the Authorization header. rejected is the one that the site
	// has just refused, or ""; the same one again means that there is no other.
	header(ctx context.Context, rejected string) (string, error)
	// close waits for what must not be interrupted.
	close()
}

// fixed are credentials that never change.
type fixed string

func (f fixed) header(context.Context, string) (string, error) { return string(f), nil }
func (f fixed) close()                                         {}

// loginError is why we could not sign in, so that the request was not sent.
type loginError struct{ cause error }

func (e *loginError) Error() string { return "sign in: " + e.cause.Error() }
func (e *loginError) Unwrap() error { return e.cause }

// authenticator adds our identity to requests to the site and to no others: a
// redirect must not carry the token to somebody else.
type authenticator struct {
	next   http.RoundTripper
	login  credentials
	origin *url.URL
	agent  string
}

// RoundTrip implements http.RoundTripper. An answer that our credentials are not
// accepted is proof that nothing was carried out, so the request is sent once
// more if there are newer ones.
func (a *authenticator) RoundTrip(req *http.Request) (*http.Response, error) {
	if !sameOrigin(req.URL, a.origin) {
		return a.send(req, "")
	}
	header, err := a.login.header(req.Context(), "")
	if err != nil {
		closeBody(req)
		return nil, notSignedIn(req, err)
	}
	resp, err := a.send(req, header)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || (req.Body != nil && req.GetBody == nil) {
		return resp, err
	}
	newer, err := a.login.header(req.Context(), header)
	if err != nil {
		discard(resp)
		return nil, notSignedIn(req, err)
	}
	if newer == header {
		return resp, nil
	}
	discard(resp)
	again := req.Clone(req.Context())
	if req.GetBody != nil {
		if again.Body, err = req.GetBody(); err != nil {
			return nil, unsent(req, err)
		}
	}
	return a.send(again, newer)
}

func (a *authenticator) send(req *http.Request, header string) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", a.agent)
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	req.Header.Del("Authorization")
	if header != "" {
		req.Header.Set("Authorization", header)
	}
	return a.next.RoundTrip(req)
}

// notSignedIn keeps of a failed renewal whether it is transient, when to try
// again and whether the credentials are to blame.
func notSignedIn(req *http.Request, cause error) *Error {
	e := unsent(req, &loginError{cause})
	var failure *Error
	if errors.As(cause, &failure) {
		e.RetryAfter = failure.RetryAfter
		e.login = failure.Unauthorized() || (failure.Status != 0 && !failure.Temporary())
	}
	var final *finalError
	e.login = e.login || errors.As(cause, &final)
	return e
}

// newCredentials checks how we sign in. Mistakes that a request would only meet
// as a puzzling 401 are told here.
func newCredentials(cfg Config, api *url.URL, line http.RoundTripper) (credentials, error) {
	token := strings.TrimSpace(cfg.Token)
	if strings.ContainsAny(token, "\r\n") {
		return nil, fmt.Errorf("authenticate at %s: the token has a line break in it", api.Host)
	}
	switch cfg.AuthType {
	case AuthOAuth2:
		return newOAuthCredentials(cfg, token, line)
	case AuthUser:
		return newUserCredentials(cfg, api)
	}
	if token == "" {
		return nil, fmt.Errorf("authenticate at %s: the token is empty", api.Host)
	}
	switch cfg.AuthType {
	case AuthAPIToken:
		email := strings.TrimSpace(cfg.Email)
		if email == "" {
			return nil, errors.New("authenticate: auth type api_token needs an e-mail address")
		}
		if strings.ContainsAny(email, ":\r\n") {
			return nil, errors.New("authenticate: the e-mail address must not have a colon or line break")
		}
		return fixed("Basic " + base64.StdEncoding.EncodeToString([]byte(email+":"+token))), nil
	case AuthPAT:
		return fixed("Bearer " + token), nil
	default:
		return nil, fmt.Errorf("authenticate: auth type %q is none of api_token, pat and oauth2", cfg.AuthType)
	}
}
