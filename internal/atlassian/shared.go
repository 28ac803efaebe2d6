package atlassian

import (
	"math/rand/v2"
	"net/http"
)

// Shared is what the transports of one site's users have in common. The site
// limits what an app may ask of it, whoever the app asks for, and is away for all
// of them at once.
type Shared struct {
	line    *http.Transport
	limits  *limits
	breaker *breaker
}

// NewShared makes a Shared of the settings of proxy, TLS, limits and breaker.
func NewShared(cfg Config) (*Shared, error) {
	line, err := dialer(cfg)
	if err != nil {
		return nil, err
	}
	jitter := cfg.Jitter
	if jitter == nil {
		jitter = rand.Float64
	}
	return &Shared{line: line, limits: newLimits(cfg, jitter), breaker: newBreaker(cfg.Breaker)}, nil
}

// Health tells whether the site answers.
func (s *Shared) Health() Health { return s.breaker.health() }

// Close closes connections that nobody uses. Requests under way go on.
func (s *Shared) Close() { s.line.CloseIdleConnections() }

// lineOf is what requests of a transport leave by.
func lineOf(cfg Config) (*http.Transport, error) {
	if cfg.Shared != nil {
		return cfg.Shared.line, nil
	}
	return dialer(cfg)
}
