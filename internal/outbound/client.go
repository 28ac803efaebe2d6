// Package outbound makes HTTP requests to the hosts outside that the operator
// allows, and to nothing else: agents ask for addresses that strangers may have
// talked them into. The list is checked for the URL and for every redirect, and
// the address that a name leads to when the connection is made.
package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aofctl/aofctl/internal/hosts"
)

// Bounds of a request, unless Config says otherwise.
const (
	DefaultTimeout = 20 * time.Second
	DefaultMaxBody = 1 << 20
	// MaxRedirects is how many redirects are followed, MaxRequest how large a
	// request's body may be, in bytes.
	MaxRedirects = 3
	MaxRequest   = 1 << 20
	maxHeader    = 64 << 10
	maxValue     = 1 << 10
)

// Resolver finds the addresses of a host, as net.Resolver does.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Target is a host that may be reached, and what requests to it carry.
type Target struct {
	hosts.Host
	// Header is added to requests to this host alone, such as credentials. It is
	// the operator's, and replaces what the request has of the same name.
	Header http.Header
}

// Config is what a Client is made of.
type Config struct {
	Targets []Target
	// UserAgent is told to every host.
	UserAgent string
	// Timeout bounds a request with its redirects and the reading of its answer; 0
	// for DefaultTimeout.
	Timeout time.Duration
	// MaxBody bounds what is read of an answer, after decompression, in bytes; 0
	// for DefaultMaxBody.
	MaxBody int64
	// Permit, if given, is asked just before a request that is not GET or HEAD is
	// sent. Its error stops the request.
	Permit func(ctx context.Context) error
	// Resolver finds addresses; nil for the system's.
	Resolver Resolver
	// TLS is for hosts whose certificates the system does not know; nil for the
	// default.
	TLS *tls.Config
	// Carrier takes the place of connections, for tests; nil for these. What it is
	// given passed every check but that of the host's addresses.
	Carrier http.RoundTripper
}

// Client makes requests. It is safe for concurrent use.
type Client struct {
	cfg  Config
	list hosts.List
	http *http.Transport
	// dial connects to an address that was checked.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// New makes a Client.
func New(cfg Config) *Client {
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = DefaultMaxBody
	}
	if cfg.Resolver == nil {
		cfg.Resolver = net.DefaultResolver
	}
	c := &Client{cfg: cfg, dial: (&net.Dialer{Timeout: 10 * time.Second}).DialContext}
	for _, t := range cfg.Targets {
		c.list = append(c.list, t.Host)
	}
	security := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.TLS != nil {
		security = cfg.TLS.Clone()
	}
	c.http = &http.Transport{
		Proxy:                  nil, // a proxy would look names up where nothing checks them
		DialContext:            c.connect,
		TLSClientConfig:        security,
		TLSHandshakeTimeout:    10 * time.Second,
		DisableKeepAlives:      true, // every request has its address checked
		MaxResponseHeaderBytes: maxHeader,
	}
	return c
}

// Hosts are those that may be reached.
func (c *Client) Hosts() hosts.List { return slices.Clone(c.list) }

// Request is what to send.
type Request struct {
	// Method is GET, HEAD, POST, PUT, PATCH or DELETE; "" for GET.
	Method string
	URL    string
	// Header may have the names that AllowedHeaders lists.
	Header http.Header
	Body   []byte
}

// Response is an answer.
type Response struct {
	Status int
	Header http.Header
	// Body is its beginning if Truncated is true.
	Body      []byte
	Truncated bool
	// URL is where the answer came from in the end.
	URL *url.URL
}

// AllowedHeaders are the headers that a Request may set: none that says who sends
// it, or where it goes.
func AllowedHeaders() []string {
	return []string{"Accept", "Accept-Language", "Content-Type", "Idempotency-Key", "If-Match", "If-Modified-Since", "If-None-Match"}
}

// SendError says that there is no answer.
type SendError struct {
	Host string
	// Sent is true if the request, or a part of it, may have reached the host.
	Sent bool
	Err  error
}

// Error names the host.
func (e *SendError) Error() string { return fmt.Sprintf("request to %s: %v", e.Host, e.Err) }

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }

// NotSent reports whether an error of Do proves that the host got nothing.
func NotSent(err error) bool {
	var refused *hosts.RefusedError
	var send *SendError
	if errors.As(err, &send) {
		return !send.Sent
	}
	return errors.As(err, &refused)
}

// Check finds out whether a request would be let go, without sending anything.
// The error is a *hosts.RefusedError.
func (c *Client) Check(req Request) (*url.URL, error) {
	u, _, err := c.list.Check(req.URL)
	if err != nil {
		return nil, err
	}
	return u, checkRequest(req)
}

// Do sends the request and reads the answer, whatever its status. An address or
// header that is not allowed is a *hosts.RefusedError, a request without an
// answer a *SendError. Redirects are followed for GET and HEAD alone.
func (c *Client) Do(ctx context.Context, req Request) (Response, error) {
	if req.Method == "" {
		req.Method = http.MethodGet
	}
	if err := checkRequest(req); err != nil {
		return Response{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	address, header := req.URL, req.Header
	for hop := 0; ; hop++ {
		u, host, err := c.list.Check(address)
		if err != nil {
			return Response{}, hopError(hop, err)
		}
		answer, err := c.send(ctx, req, u, host, header)
		if err != nil {
			return Response{}, err
		}
		next, follow := redirect(req.Method, u, answer)
		if !follow {
			return c.read(answer, u)
		}
		_ = answer.Body.Close()
		if hop == MaxRedirects {
			return Response{}, &hosts.RefusedError{Reason: fmt.Sprintf("the host redirects more than %d times", MaxRedirects)}
		}
		if next.Host != u.Host { // what the last host was to be told is not for this one
			header = kept(header)
		}
		if u.Scheme == "https" && next.Scheme != "https" {
			return Response{}, &hosts.RefusedError{Reason: "the host redirects to an address without TLS"}
		}
		address = next.String()
	}
}

func hopError(hop int, err error) error {
	var refused *hosts.RefusedError
	if hop > 0 && errors.As(err, &refused) {
		return &hosts.RefusedError{Reason: "the host redirects to an address that may not be reached: " + refused.Reason}
	}
	return err
}

// send makes one request.
func (c *Client) send(ctx context.Context, req Request, u *url.URL, host hosts.Host, header http.Header) (*http.Response, error) {
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaderField: func(string, []string) { sent.Store(true) }}
	ctx = httptrace.WithClientTrace(withHost(ctx, host), trace)
	r, err := http.NewRequestWithContext(ctx, req.Method, u.String(), bytes.NewReader(req.Body))
	if err != nil {
		return nil, &SendError{Host: u.Host, Err: err}
	}
	c.fill(r.Header, host, header)
	if writes(req.Method) && c.cfg.Permit != nil {
		if err := c.cfg.Permit(ctx); err != nil {
			return nil, &SendError{Host: u.Host, Err: err}
		}
	}
	var carrier http.RoundTripper = c.http
	if c.cfg.Carrier != nil {
		carrier = c.cfg.Carrier
	}
	answer, err := carrier.RoundTrip(r)
	if err != nil {
		return nil, &SendError{Host: u.Host, Sent: sent.Load(), Err: err}
	}
	return answer, nil
}

// fill sets the headers of a request to a host.
func (c *Client) fill(out http.Header, host hosts.Host, header http.Header) {
	out.Set("User-Agent", c.cfg.UserAgent)
	for name, list := range header {
		out[http.CanonicalHeaderKey(name)] = list
	}
	for _, t := range c.cfg.Targets {
		if t.Host != host {
			continue
		}
		for name, list := range t.Header {
			out[http.CanonicalHeaderKey(name)] = list
		}
		return
	}
}

// read reads an answer's body.
func (c *Client) read(answer *http.Response, u *url.URL) (Response, error) {
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, c.cfg.MaxBody+1))
	if err != nil {
		return Response{}, &SendError{Host: u.Host, Sent: true, Err: fmt.Errorf("read answer: %w", err)}
	}
	out := Response{Status: answer.StatusCode, Header: answer.Header, Body: body, URL: u}
	if int64(len(body)) > c.cfg.MaxBody {
		out.Body, out.Truncated = body[:c.cfg.MaxBody], true
	}
	return out, nil
}
