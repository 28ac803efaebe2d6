package atlassian

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// grantTimeout bounds one request for a token.
const grantTimeout = 20 * time.Second

// granted is what a token endpoint gives (RFC 6749, 5.1).
type granted struct {
	access  string
	refresh string
	expires time.Duration
}

// granter asks a token endpoint for tokens.
type granter struct {
	client   *http.Client
	url      string
	agent    string
	id       string
	secret   string
	jsonBody bool
}

// newGranter knows two endpoints: Cloud's, whose documents show JSON, and that of
// a Data Center, which takes a form as the standard has it.
func newGranter(cfg Config, line http.RoundTripper) (*granter, error) {
	g := &granter{
		client: &http.Client{Transport: line, Timeout: grantTimeout, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // the secret goes to nobody else
		}},
		agent: userAgent(cfg), id: cfg.OAuth.ClientID, secret: cfg.OAuth.ClientSecret,
		url: cfg.OAuth.TokenURL, jsonBody: cfg.CloudID != "",
	}
	switch {
	case g.url != "":
	case cfg.CloudID != "":
		g.url = "https://auth.atlassian.com/oauth/token"
	default:
		g.url = strings.TrimRight(cfg.BaseURL, "/") + "/rest/oauth2/latest/token"
	}
	if _, err := url.Parse(g.url); err != nil {
		return nil, errors.New("authenticate: the token URL is not a URL")
	}
	return g, nil
}

// refresh exchanges a refresh token (RFC 6749, 6), which is spent by that.
func (g *granter) refresh(ctx context.Context, token string) (granted, error) {
	return g.ask(ctx, map[string]string{"grant_type": "refresh_token", "refresh_token": token})
}

// own authenticates the client as itself (RFC 6749, 4.4), as service accounts do.
// A Data Center wants to be told the scope.
func (g *granter) own(ctx context.Context) (granted, error) {
	fields := map[string]string{"grant_type": "client_credentials"}
	if !g.jsonBody {
		fields["scope"] = "WRITE"
	}
	return g.ask(ctx, fields)
}

func (g *granter) ask(ctx context.Context, fields map[string]string) (granted, error) {
	req, err := g.request(ctx, fields)
	if err != nil {
		return granted{}, fmt.Errorf("build token request: %w", err)
	}
	resp, err := g.client.Do(req)
	if err != nil {
		return granted{}, FromDo(req, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	switch {
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated:
		failure := answered(resp, body)
		failure.login = refuses(resp.StatusCode)
		return granted{}, failure
	case err != nil:
		return granted{}, &Error{Method: req.Method, Path: req.URL.Path, Err: &cutOffError{err}}
	}
	return readGrant(req, body)
}

// refuses reports whether a status is about what we sent. Atlassian says 403 to a
// refresh token that is not valid, the standard 400 or 401.
func refuses(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusUnauthorized || status == http.StatusForbidden
}

func (g *granter) request(ctx context.Context, fields map[string]string) (*http.Request, error) {
	fields["client_id"], fields["client_secret"] = g.id, g.secret
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	kind, body := "application/x-www-form-urlencoded", []byte(form.Encode())
	if g.jsonBody {
		text, err := json.Marshal(fields)
		if err != nil {
			return nil, err
		}
		kind, body = "application/json", text
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", g.agent)
	return req, nil
}

// Bounds of what a token's life can be. An hour is what Cloud gives.
const (
	defaultLife = time.Hour
	longestLife = 24 * time.Hour
)

func readGrant(req *http.Request, body []byte) (granted, error) {
	var doc struct {
		AccessToken  string      `json:"access_token"`
		RefreshToken string      `json:"refresh_token"`
		ExpiresIn    json.Number `json:"expires_in"`
	}
	err := json.Unmarshal(body, &doc)
	if err == nil && (doc.AccessToken == "" || strings.ContainsAny(doc.AccessToken, "\r\n")) {
		err = errors.New("there is no access_token in it")
	}
	if err != nil {
		return granted{}, &Error{Method: req.Method, Path: req.URL.Path, Err: fmt.Errorf("read token answer: %w", err)}
	}
	life := defaultLife
	if seconds, err := doc.ExpiresIn.Float64(); err == nil && seconds >= 1 {
		life = time.Duration(min(seconds, longestLife.Seconds()) * float64(time.Second))
	}
	return granted{access: doc.AccessToken, refresh: doc.RefreshToken, expires: life}, nil
}
