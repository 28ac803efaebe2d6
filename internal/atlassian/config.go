package atlassian

import (
	"context"
	"time"
)

// AuthType says how requests are authenticated.
type AuthType string

// The ways to authenticate.
const (
	// AuthAPIToken is Basic authentication with an account's e-mail address and
	// API token, as Cloud has it, or with a user name and password.
	AuthAPIToken AuthType = "api_token"
	// AuthPAT is a personal access token of Data Center or the token of a service
	// account of Cloud, sent as a bearer.
	AuthPAT AuthType = "pat"
	// AuthOAuth2 is OAuth 2.0: a refresh token that a user has granted and that
	// changes with each use, or else the client's own credentials.
	AuthOAuth2 AuthType = "oauth2"
	// AuthUser is a token that somebody else obtains for a user and that Bearer
	// gives, sent as a bearer through the gateway. It is not renewed here.
	AuthUser AuthType = "user"
)

// DefaultTimeout bounds one try of a request, its answer's body included.
const DefaultTimeout = 30 * time.Second

// DefaultConcurrency is how many requests to a site are under way at most.
const DefaultConcurrency = 20

// Config describes a site.
type Config struct {
	// BaseURL is where people find the site, such as
	// "https://example.atlassian.net" or "https://jira.example.com/jira".
	BaseURL string
	// CloudID, if given, sends requests through api.atlassian.com, as OAuth and
	// tokens with scopes need it.
	CloudID string
	// AuthType, Email and Token authenticate. Email is used by AuthAPIToken alone.
	// For AuthOAuth2 Token is an access token to begin with, and may be empty.
	AuthType AuthType
	Email    string
	Token    string
	OAuth    OAuthConfig
	// Bearer gives the token of AuthUser, the newest one there is, and is asked for
	// each request. Its errors keep the request from being sent, and are tried again
	// unless they are an *Error that is not Temporary.
	Bearer func(ctx context.Context) (string, error)
	// Rejected, if given, is told the token of AuthUser that Atlassian did not accept,
	// for whatever reason but the lack of a scope: it is of no more use.
	Rejected func(ctx context.Context, token string)
	// Shared, if given, is what the transport shares with those of other users of
	// the same site: connections, limits and breaker. Its own settings of these,
	// the proxy's and TLS' are not looked at then.
	Shared *Shared
	// Guard, if given, is asked before each request, reads too, before anything is
	// waited for or signed. Its error stops the request.
	Guard func(ctx context.Context) error
	// HTTPProxy, HTTPSProxy and NoProxy are as in the environment variables of
	// these names, which apply if all three are empty.
	HTTPProxy  string
	HTTPSProxy string
	NoProxy    string
	// InsecureSkipVerify accepts any certificate. It gives a warning.
	InsecureSkipVerify bool
	// CACertPath is a PEM file of further certificate authorities.
	CACertPath string
	// RequestsPerSecond caps our own requests; 0 for no cap. Burst is how many may
	// go at once before the cap counts; 0 for those of a second.
	RequestsPerSecond float64
	Burst             int
	// Concurrency is how many requests are under way at most, until their answers
	// are read; 0 for DefaultConcurrency.
	Concurrency int
	// Breaker says when a site counts as away; zero for defaults.
	Breaker BreakerConfig
	// Timeout bounds one try; 0 for DefaultTimeout.
	Timeout time.Duration
	// FirstBackoff is the first pause before another try, which doubles from
	// there; 0 for a second.
	FirstBackoff time.Duration
	// Permit, if given, is asked just before each attempt of a request that is not
	// GET, HEAD or OPTIONS goes out, behind all waiting: with the connection open,
	// before the first byte of the body; before the connection is taken if there
	// is no body. Its error stops the request, which then counts as not sent. The
	// error is only tried again if it has a method Temporary() bool that says so.
	// Requests for OAuth tokens are not asked about.
	Permit func(ctx context.Context) error
	// Observer, if given, is told of each attempt.
	Observer Observer
	// DownloadHosts are the hosts, with those below them, to which a download
	// (see AsDownload) may be redirected; nil for Atlassian's own.
	DownloadHosts []string
	// Version and BotName are told in the User-Agent.
	Version string
	BotName string
	// GatewayURL replaces https://api.atlassian.com; for tests and the sandbox.
	GatewayURL string
	// Jitter returns a number in [0, 1) that spreads retries; nil for chance. It
	// is called by several goroutines.
	Jitter func() float64
}

// OAuthConfig is what AuthOAuth2 needs.
type OAuthConfig struct {
	// ClientID and ClientSecret are the app's or the service account's.
	ClientID     string
	ClientSecret string
	// RefreshToken is the one that a user's consent gave. Without it the client
	// authenticates as itself (client credentials).
	RefreshToken string
	// Tokens keeps the refresh token that is valid now, sealed by Sealer. Both
	// are needed if there is a RefreshToken.
	Tokens TokenStore
	Sealer *Sealer
	// TokenURL is where tokens are granted; "" for Atlassian's, or that of the
	// Data Center at BaseURL if there is no cloud id.
	TokenURL string
}
