// Package jira is the client for Jira's REST API, version 2, which Cloud and
// Data Center both serve and in which texts are wiki markup. It stands on
// go-jira for building and sending requests and decodes the answers itself.
package jira

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	gojira "github.com/andygrunwald/go-jira"

	"github.com/aofctl/aofctl/internal/atlassian"
)

// Client talks to one Jira. It is safe for concurrent use.
type Client struct {
	api     *gojira.Client
	site    string
	gateway bool

	info     cached[ServerInfo]
	me       cached[User]
	fields   cached[[]Field]
	projects cached[[]Project]
}

// New makes a Client on a site's transport. It does not connect.
func New(t *atlassian.Transport) (*Client, error) {
	api, err := gojira.NewClient(t.Client(), t.JiraURL()+"/")
	if err != nil {
		return nil, fmt.Errorf("make Jira client: %w", err)
	}
	return &Client{api: api, site: t.SiteURL(), gateway: t.ViaGateway()}, nil
}

// BrowseURL is where people see an issue.
func (c *Client) BrowseURL(key string) string { return c.site + "/browse/" + url.PathEscape(key) }

// SiteURL is where people find this Jira, without a slash at the end.
func (c *Client) SiteURL() string { return c.site }

// The APIs of Jira that are called, by their paths.
const (
	restAPI  = "rest/api/2/"
	agileAPI = "rest/agile/1.0/"
)

// request is one call of the API.
type request struct {
	method string
	// api is where path begins; "" is restAPI.
	api string
	// path is below the API, its parts escaped.
	path  string
	query url.Values
	body  any
	// read marks a POST that only reads.
	read bool
	// file is uploaded in place of a JSON body.
	file *File
	// accept is the type of answer that is wanted, if not JSON.
	accept string
}

// do sends a request and decodes the answer into out, if it is given. Every
// error is an *atlassian.Error or says that the request could not be built.
func (c *Client) do(ctx context.Context, r request, out any) error {
	a, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	return a.Decode(out)
}

// send sends a request and reads the answer.
func (c *Client) send(ctx context.Context, r request) (atlassian.Answer, error) {
	if r.read {
		ctx = atlassian.AsRead(ctx)
	}
	req, err := c.build(ctx, r)
	if err != nil {
		return atlassian.Answer{}, fmt.Errorf("build request %s %s: %w", r.method, r.path, err)
	}
	// Given a value, go-jira would decode without bounds and take the empty
	// answer to a write for an error; given none, it leaves the body to us.
	resp, err := c.api.Do(req, nil)
	if resp == nil || resp.Response == nil {
		return atlassian.Answer{}, atlassian.FromDo(req, err)
	}
	return atlassian.ReadAnswer(resp.Response)
}

func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	target := cmp.Or(r.api, restAPI) + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	if r.file != nil {
		return c.buildUpload(ctx, target, *r.file)
	}
	req, err := c.api.NewRequestWithContext(ctx, r.method, target, r.body)
	if err == nil && r.accept != "" {
		req.Header.Set("Accept", r.accept)
	}
	return req, err
}

// agile reads from the agile API.
func (c *Client) agile(ctx context.Context, path string, query url.Values, out any) error {
	return c.do(ctx, request{method: http.MethodGet, api: agileAPI, path: path, query: query}, out)
}

func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	return c.do(ctx, request{method: http.MethodGet, path: path, query: query}, out)
}

func issuePath(key string, rest ...string) string {
	return strings.Join(append([]string{"issue", url.PathEscape(key)}, rest...), "/")
}

// cacheFor is how long answers about the site's configuration are kept.
const cacheFor = 5 * time.Minute

// cached keeps an answer for some time. Two callers may ask at once; that costs
// a request and no more.
type cached[T any] struct {
	mu    sync.Mutex
	value T
	until time.Time
}

func (c *cached[T]) get(ctx context.Context, fetch func(context.Context) (T, error)) (T, error) {
	c.mu.Lock()
	value, fresh := c.value, time.Now().Before(c.until)
	c.mu.Unlock()
	if fresh {
		return value, nil
	}
	value, err := fetch(ctx)
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	c.value, c.until = value, time.Now().Add(cacheFor)
	c.mu.Unlock()
	return value, nil
}

// Time is a moment as Jira writes it. What cannot be read is the zero time: one
// odd date must not make an issue unreadable.
type Time struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil //nolint:nilerr // see the type
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999-0700", time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			t.Time = at
			return nil
		}
	}
	return nil
}

// FormatTime writes a moment as Jira reads it.
func FormatTime(t time.Time) string { return t.Format("2006-01-02T15:04:05.000-0700") }
