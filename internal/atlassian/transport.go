// Package atlassian is the way to one Atlassian site: authentication, proxy,
// TLS, limits, time-outs, retries and a circuit breaker, and the errors that
// Atlassian's products answer with. The products' clients are in sub-packages.
package atlassian

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Transport is the way to one site. It shares nothing with the transports of
// other sites, and is safe for concurrent use. Those of users of one site share
// what Config.Shared has.
type Transport struct {
	client   *http.Client
	site     *url.URL
	api      string
	cloud    bool
	warnings []string
	breaker  *breaker
	login    credentials
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
	base, err := lineOf(cfg)
	if err != nil {
		return nil, err
	}
	login, err := newCredentials(cfg, api, base)
	if err != nil {
		return nil, err
	}
	line := &wire{next: base, permit: cfg.Permit}
	var signed http.RoundTripper = &authenticator{next: line, login: login, origin: api, agent: userAgent(cfg)}
	if cfg.AuthType == AuthUser {
		signed = &consenting{next: signed, origin: api, rejected: cfg.Rejected}
	}
	chain := newRetrier(cfg, signed)
	return &Transport{
		client:   &http.Client{Transport: &guarded{next: chain, may: cfg.Guard}, CheckRedirect: redirects(cfg.DownloadHosts)},
		site:     site,
		api:      strings.TrimSuffix(api.String(), "/"),
		cloud:    cfg.CloudID != "",
		warnings: warnings(cfg, site),
		breaker:  chain.breaker,
		login:    login,
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

// Health tells whether the site answers.
func (t *Transport) Health() Health { return t.breaker.health() }

// Close waits until a renewal of tokens that is under way is stored, for no
// longer than a minute, and closes idle connections. It is to be called before
// the token store is closed.
func (t *Transport) Close() {
	t.login.close()
	t.client.CloseIdleConnections()
}
