// Package atlassian is the way to one Atlassian site: authentication, proxy,
// TLS, a cap on our own requests, time-outs and retries, and the errors that
// Atlassian's products answer with. The products' clients are in sub-packages.
package atlassian

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
	"golang.org/x/time/rate"
)

// AuthType says how requests are authenticated.
type AuthType string

// The ways to authenticate.
const (
	// AuthAPIToken is Basic authentication with an account's e-mail address and
	// API token, as Cloud has it, or with a user name and password.
	AuthAPIToken AuthType = "api_token"
	// AuthPAT is a personal access token of Data Center, sent as a bearer.
	AuthPAT AuthType = "pat"
)

// DefaultTimeout bounds one try of a request, its answer's body included.
const DefaultTimeout = 30 * time.Second

// Config describes a site.
type Config struct {
	// BaseURL is where people find the site, such as
	// "https://example.atlassian.net" or "https://jira.example.com/jira".
	BaseURL string
	// CloudID, if given, sends requests through api.atlassian.com, as tokens
	// with scopes need it.
	CloudID string
	// AuthType, Email and Token authenticate. Email is not used by AuthPAT.
	AuthType AuthType
	Email    string
	Token    string
	// HTTPProxy, HTTPSProxy and NoProxy are as in the environment variables of
	// these names, which apply if all three are empty.
	HTTPProxy  string
	HTTPSProxy string
	NoProxy    string
	// InsecureSkipVerify accepts any certificate. It gives a warning.
	InsecureSkipVerify bool
	// CACertPath is a PEM file of further certificate authorities.
	CACertPath string
	// RequestsPerSecond caps our own requests; 0 for no cap.
	RequestsPerSecond float64
	// Timeout bounds one try; 0 for DefaultTimeout.
	Timeout time.Duration
	// FirstBackoff is the first pause before another try, which doubles from
	// there; 0 for a second.
	FirstBackoff time.Duration
	// Version and BotName are told in the User-Agent.
	Version string
	BotName string
	// GatewayURL replaces https://api.atlassian.com; for tests.
	GatewayURL string
	// Jitter returns a number in [0, 1) that spreads retries; nil for chance.
	Jitter func() float64
}

// Transport is the way to one site. It is safe for concurrent use.
type Transport struct {
	client   *http.Client
	site     *url.URL
	api      string
	cloud    bool
	warnings []string
}

// NewTransport makes a Transport. It does not connect.
func NewTransport(cfg Config) (*Transport, error) {
	site, err := parseBase(cfg.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("parse base_url: %w", err)
	}
	api, err := apiBase(cfg, site)
	if err != nil {
		return nil, err
	}
	auth, err := newAuth(cfg, api)
	if err != nil {
		return nil, err
	}
	base, err := dialer(cfg)
	if err != nil {
		return nil, err
	}
	chain := &retrier{
		next:    &authenticator{next: base, header: auth, origin: api, agent: userAgent(cfg)},
		limiter: newLimiter(cfg.RequestsPerSecond),
		timeout: cfg.Timeout,
		first:   cfg.FirstBackoff,
		jitter:  cfg.Jitter,
	}
	chain.setDefaults()
	return &Transport{
		client:   &http.Client{Transport: chain, CheckRedirect: sameOriginReads},
		site:     site,
		api:      strings.TrimSuffix(api.String(), "/"),
		cloud:    cfg.CloudID != "",
		warnings: warnings(cfg, site),
	}, nil
}

// Client returns the HTTP client that authenticates, limits and retries.
func (t *Transport) Client() *http.Client { return t.client }

// SiteURL is where people find the site, without a slash at the end.
func (t *Transport) SiteURL() string { return strings.TrimSuffix(t.site.String(), "/") }

// JiraURL is where Jira's REST API is, without a slash at the end: the site, or
// the gateway's address of it if there is a cloud id.
func (t *Transport) JiraURL() string { return t.api }

// ViaGateway reports whether requests go through api.atlassian.com, which only
// serves Cloud.
func (t *Transport) ViaGateway() bool { return t.cloud }

// Warnings are what an operator should know about the configuration.
func (t *Transport) Warnings() []string { return t.warnings }

func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return nil, fmt.Errorf("%q is not an http or https URL", u.Redacted())
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q must not have a user, query or fragment", u.Redacted())
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

func apiBase(cfg Config, site *url.URL) (*url.URL, error) {
	if cfg.CloudID == "" {
		return site, nil
	}
	gateway := cfg.GatewayURL
	if gateway == "" {
		gateway = "https://api.atlassian.com"
	}
	u, err := parseBase(gateway)
	if err != nil {
		return nil, fmt.Errorf("parse gateway URL: %w", err)
	}
	if strings.Trim(cfg.CloudID, "0123456789abcdefABCDEF-") != "" {
		return nil, fmt.Errorf("parse cloud_id: %q is not the id of a site, such as 11223344-a1b2-3b33-c444-def123456789", cfg.CloudID)
	}
	return u.JoinPath("ex", "jira", cfg.CloudID), nil
}

func warnings(cfg Config, site *url.URL) []string {
	var list []string
	if cfg.InsecureSkipVerify {
		list = append(list, "certificates of "+site.Host+" are not verified (tls.verify is false): anybody on the way can read the token")
	}
	if site.Scheme == "http" && !loopback(site.Hostname()) {
		list = append(list, site.Host+" is called without TLS: anybody on the way can read the token")
	}
	return list
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func userAgent(cfg Config) string {
	agent := "aofctl"
	if cfg.Version != "" {
		agent += "/" + clean(cfg.Version)
	}
	if cfg.BotName != "" {
		agent += " (" + clean(cfg.BotName) + ")"
	}
	return agent
}

// clean keeps what may stand in a header.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '(' || r == ')' {
			return -1
		}
		return r
	}, s)
}

func dialer(cfg Config) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          20,
		MaxIdleConnsPerHost:   20,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
	if cfg.HTTPProxy != "" || cfg.HTTPSProxy != "" || cfg.NoProxy != "" {
		proxy, err := proxyFunc(cfg)
		if err != nil {
			return nil, err
		}
		t.Proxy = proxy
	}
	roots, err := certPool(cfg.CACertPath)
	if err != nil {
		return nil, err
	}
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, InsecureSkipVerify: cfg.InsecureSkipVerify}
	return t, nil
}

// proxyFunc refuses a proxy that is not a URL, which httpproxy would ignore.
func proxyFunc(cfg Config) (func(*http.Request) (*url.URL, error), error) {
	for name, raw := range map[string]string{"http_proxy": cfg.HTTPProxy, "https_proxy": cfg.HTTPSProxy} {
		if raw == "" {
			continue
		}
		if !strings.Contains(raw, "://") {
			raw = "http://" + raw
		}
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("parse proxy.%s: it is not a URL or host:port", name)
		}
	}
	pick := (&httpproxy.Config{HTTPProxy: cfg.HTTPProxy, HTTPSProxy: cfg.HTTPSProxy, NoProxy: cfg.NoProxy}).ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return pick(r.URL) }, nil
}

func certPool(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read tls.ca_cert_path: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read tls.ca_cert_path: %s holds no PEM certificate", path)
	}
	return pool, nil
}

func newLimiter(perSecond float64) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond)))
}

func (r *retrier) setDefaults() {
	if r.timeout <= 0 {
		r.timeout = DefaultTimeout
	}
	if r.first <= 0 {
		r.first = firstBackoff
	}
	if r.jitter == nil {
		r.jitter = rand.Float64
	}
}
