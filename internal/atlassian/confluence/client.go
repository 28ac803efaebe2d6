// Package confluence is a thin client for Confluence's REST API: of Cloud the
// version 2, with version 1 where that has no successor, and of Data Center the
// version 1. Texts are in the storage format, as they are kept.
package confluence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/aofctl/aofctl/internal/atlassian"
)

// Client is the way to one Confluence. It is safe for concurrent use.
type Client struct {
	http *http.Client
	// base is where requests go, site where people find it; both without a slash
	// at the end and without Cloud's "/wiki".
	base string
	site string
	// wiki tells that the address given ended with "/wiki", which Cloud's does and
	// a Data Center's may.
	wiki    bool
	gateway bool

	mu  sync.Mutex
	api API
}

// New makes a Client on a site's transport. It does not connect. The address is
// that of the site or of its Confluence: on Cloud with or without "/wiki".
func New(t *atlassian.Transport) *Client {
	base, wiki := strings.CutSuffix(t.ConfluenceURL(), wikiPath)
	return &Client{
		http: t.Client(), base: base, wiki: wiki, gateway: t.ViaGateway(),
		site: strings.TrimSuffix(t.SiteURL(), wikiPath),
	}
}

// wikiPath is where Cloud has Confluence beside Jira.
const wikiPath = "/wiki"

// API finds out, once, which kind of Confluence this is and returns what speaks to
// it. A Confluence that does not answer is an error and is asked again next time.
func (c *Client) API(ctx context.Context) (API, error) {
	c.mu.Lock()
	known := c.api
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	api, err := c.detect(ctx)
	if err != nil {
		return nil, fmt.Errorf("find out the kind of Confluence: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.api == nil {
		c.api = api
	}
	return c.api, nil
}

// detect tells the kinds apart by the one thing that both have: who we are, of
// which Cloud knows an account id and Data Center a user key.
func (c *Client) detect(ctx context.Context) (API, error) {
	if c.gateway || cloudHost(c.base) {
		return newCloud(c), nil
	}
	roots := []string{"", wikiPath}
	if c.wiki {
		roots = []string{wikiPath}
	}
	var last error
	for _, root := range roots {
		var me rawUser
		err := c.do(ctx, request{method: http.MethodGet, path: root + "/rest/api/user/current"}, &me)
		switch {
		case err == nil && me.AccountID != "":
			return newCloud(c), nil
		case err == nil:
			return newDataCenter(c, root), nil
		case !NotFound(err):
			return nil, err
		}
		last = err
	}
	return nil, last
}

// cloudHost reports whether an address is one that only Cloud has.
func cloudHost(base string) bool {
	u, err := url.Parse(base)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return strings.HasSuffix(host, ".atlassian.net") || strings.HasSuffix(host, ".jira.com")
}

// request is one call of the API.
type request struct {
	method string
	// path begins with a slash, its parts escaped.
	path  string
	query url.Values
	body  any
	// read marks a POST that only reads.
	read bool
	// file is uploaded in place of a JSON body.
	file *File
	// download marks a GET of a file's content.
	download bool
}

// do sends a request and decodes the answer into out, if it is given. Every error
// is an *atlassian.Error or says that the request could not be built.
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
	if r.download {
		ctx = atlassian.AsDownload(ctx)
	}
	req, err := c.build(ctx, r)
	if err != nil {
		return atlassian.Answer{}, fmt.Errorf("build request %s %s: %w", r.method, r.path, err)
	}
	resp, err := c.http.Do(req) //nolint:bodyclose // ReadAnswer closes it
	if err != nil {
		return atlassian.Answer{}, atlassian.FromDo(req, err)
	}
	return atlassian.ReadAnswer(resp)
}

func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	target := c.base + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	if r.file != nil {
		return buildUpload(ctx, r.method, target, *r.file)
	}
	if r.body == nil {
		req, err := http.NewRequestWithContext(ctx, r.method, target, http.NoBody)
		if err == nil && r.download {
			req.Header.Set("Accept", "*/*")
		}
		return req, err
	}
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false) // pages are markup, and Confluence bounds the bytes of a request
	if err := enc.Encode(r.body); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, bytes.NewReader(raw.Bytes()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}
