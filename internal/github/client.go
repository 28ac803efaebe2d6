// Package github is a thin client of GitHub's REST API: github.com's, or that of
// an Enterprise Server. It sends each request once; what fails for a moment says
// so, and when to come again.
package github

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
	"sync"
	"time"
)

const (
	// apiVersion is the version of the API that requests ask for
	// (https://docs.github.com/rest/about-the-rest-api/api-versions).
	apiVersion = "2022-11-28"
	// timeout bounds a request, its answer's body included.
	timeout = 30 * time.Second
	// maxAnswer bounds an answer, in bytes.
	maxAnswer = 16 << 20
)

// Config describes a server.
type Config struct {
	// APIURL is where the API is, such as "https://api.github.com" or
	// "https://github.company.com/api/v3".
	APIURL string
	Token  string
	// HTTPProxy, HTTPSProxy and NoProxy are as in the environment variables of
	// these names, which apply if all three are empty.
	HTTPProxy  string
	HTTPSProxy string
	NoProxy    string
	// InsecureSkipVerify accepts any certificate, CACertPath is a PEM file of further
	// authorities.
	InsecureSkipVerify bool
	CACertPath         string
	// Permit, if given, is asked right before each request that changes something;
	// its error stops the request, which then counts as not sent.
	Permit func(ctx context.Context) error
	// Observer, if given, is told of each request that was sent: its status is 0 if
	// there was no answer.
	Observer func(method string, status int, took time.Duration, limits Limits)
	// Version and BotName are told in the User-Agent.
	Version string
	BotName string
	// Now is the clock; nil for the system's.
	Now func() time.Time
}

// Limits are what GitHub says of the account's rate limit
// (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
type Limits struct {
	// Remaining is how many requests are left until Reset; -1 if GitHub did not say.
	Remaining int64
	Reset     time.Time
}

// Client talks to one server. It is safe for concurrent use.
type Client struct {
	cfg  Config
	base *url.URL
	http *http.Client

	mu sync.Mutex
	// paused is until when GitHub wants to be left alone.
	paused time.Time
}

// New makes a Client. It asks nobody.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(cfg.APIURL, "/"))
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("make client of GitHub: %q is no address", cfg.APIURL)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	transport, err := dialer(cfg)
	if err != nil {
		return nil, fmt.Errorf("make client of GitHub: %w", err)
	}
	return &Client{cfg: cfg, base: base, http: &http.Client{Transport: transport, Timeout: timeout, CheckRedirect: stayHere}}, nil
}

// stayHere follows redirects, as renamed repositories have them, on the same host
// only: the token goes along. A write is never sent to another place.
func stayHere(req *http.Request, via []*http.Request) error {
	if len(via) >= 5 || req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme || via[0].Method != http.MethodGet {
		return http.ErrUseLastResponse
	}
	return nil
}

// Host is the server's name, for people.
func (c *Client) Host() string {
	if c.base.Host == "api.github.com" {
		return "github.com"
	}
	return c.base.Host
}

// Close lets connections go that nobody uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// get reads what is at a path below the API's.
func (c *Client) get(ctx context.Context, path string, query url.Values, into any) (http.Header, error) {
	return c.do(ctx, http.MethodGet, path, query, nil, into)
}

// do sends one request and decodes its answer. The error is an *Error unless the
// request could not even be made.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body, into any) (http.Header, error) {
	req, err := c.request(ctx, method, path, query, body)
	if err != nil {
		return nil, err
	}
	if err := c.admit(ctx, req); err != nil {
		return nil, err
	}
	start := c.cfg.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		c.observe(method, 0, start, http.Header{})
		return nil, noAnswer(req, err)
	}
	defer func() { _ = resp.Body.Close() }()
	c.observe(method, resp.StatusCode, start, resp.Header)
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, &Error{Method: method, Path: path, Status: resp.StatusCode, cause: fmt.Errorf("read answer: %w", err), unread: true}
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return nil, c.refused(req, path, resp, content)
	case len(content) > maxAnswer:
		return nil, &Error{Method: method, Path: path, Status: resp.StatusCode, Message: "the answer is too large"}
	case into == nil:
		return resp.Header, nil
	}
	if err := json.Unmarshal(content, into); err != nil {
		return nil, &Error{Method: method, Path: path, Status: resp.StatusCode, cause: fmt.Errorf("decode answer: %w", err), unread: true}
	}
	return resp.Header, nil
}

func (c *Client) request(ctx context.Context, method, path string, query url.Values, body any) (*http.Request, error) {
	target := c.base.JoinPath(path)
	target.RawQuery = query.Encode()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), content)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("X-GitHub-Api-Version", apiVersion)
	req.Header.Set("User-Agent", c.agent())
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.cfg.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.cfg.Token)
	}
	return req, nil
}

func (c *Client) agent() string {
	name := "aofctl/" + c.cfg.Version
	if c.cfg.BotName != "" {
		name += " (" + c.cfg.BotName + ")"
	}
	return name
}

// ErrNoToken says that the configuration has no token, so nobody can be asked.
var ErrNoToken = errors.New("platforms.github in the daemon's configuration has no token: token_env is missing")

// admit stops a request that must not go out now.
func (c *Client) admit(ctx context.Context, req *http.Request) error {
	if c.cfg.Token == "" {
		return ErrNoToken
	}
	c.mu.Lock()
	wait := c.paused.Sub(c.cfg.Now())
	c.mu.Unlock()
	if wait > 0 {
		return &Error{Method: req.Method, Path: req.URL.Path, Message: "GitHub asked to be left alone for a while", retryAfter: wait, unsent: true}
	}
	if req.Method == http.MethodGet || c.cfg.Permit == nil {
		return nil
	}
	if err := c.cfg.Permit(ctx); err != nil {
		return &Error{Method: req.Method, Path: req.URL.Path, cause: err, unsent: true}
	}
	return nil
}

func (c *Client) observe(method string, status int, start time.Time, h http.Header) {
	if c.cfg.Observer != nil {
		c.cfg.Observer(method, status, c.cfg.Now().Sub(start), limitsOf(h))
	}
}
