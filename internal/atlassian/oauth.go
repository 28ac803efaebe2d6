package atlassian

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

const (
	// renewalTimeout bounds a renewal, its storing included.
	renewalTimeout = 50 * time.Second
	// young is the age below which a refused access token is not renewed: then it
	// is not its age that the site dislikes.
	young = time.Minute
	// grudge is how long refused credentials are not offered again.
	grudge = time.Minute
)

// accessToken is what requests carry.
type accessToken struct {
	value    string
	obtained time.Time
	expires  time.Time
}

// fresh reports whether the token can be used: it is not the rejected one and
// lasts for some time.
func (t accessToken) fresh(rejected string, now time.Time) bool {
	margin := min(time.Minute, t.expires.Sub(t.obtained)/10)
	return t.value != "" && t.value != rejected && (t.expires.IsZero() || now.Before(t.expires.Add(-margin)))
}

// renewer gets an access token that is not the rejected one.
type renewer interface {
	renew(ctx context.Context, rejected string) (accessToken, error)
}

// oauth are credentials that are renewed when they expire or are refused. One
// renewal serves all who wait for it, and goes on if they stop waiting: a refresh
// token that is spent must be replaced.
type oauth struct {
	renewer renewer

	mu      sync.Mutex
	token   accessToken
	flight  *flight
	refused error
	until   time.Time
	flights sync.WaitGroup
}

// flight is a renewal under way.
type flight struct {
	done  chan struct{}
	token accessToken
	err   error
}

func newOAuthCredentials(cfg Config, token string, line http.RoundTripper) (credentials, error) {
	o := cfg.OAuth
	if o.ClientID == "" || o.ClientSecret == "" {
		if token == "" || o.RefreshToken != "" {
			return nil, errors.New("authenticate: auth type oauth2 needs a client id and a client secret")
		}
		return fixed("Bearer " + token), nil
	}
	g, err := newGranter(cfg, line)
	if err != nil {
		return nil, err
	}
	s := &oauth{token: accessToken{value: token}, renewer: ownRenewer{g}}
	if o.RefreshToken == "" {
		return s, nil
	}
	if o.Tokens == nil {
		return nil, errors.New("authenticate: a refresh token changes with each use, and there is no store to keep the new one")
	}
	if o.Sealer == nil {
		return nil, errors.New("authenticate: auth type oauth2 stores refresh tokens, sealed with a master key: set AOF_MASTER_KEY to 32 random bytes in base64, as by \"openssl rand -base64 32\"")
	}
	s.renewer = newVault(g, o)
	return s, nil
}

const bearer = "Bearer "

// header implements credentials.
func (s *oauth) header(ctx context.Context, rejected string) (string, error) {
	if rejected != "" {
		rejected = rejected[len(bearer):]
	}
	f, token, err := s.join(rejected)
	if f == nil {
		return bearer + token, err
	}
	select {
	case <-f.done:
		return bearer + f.token.value, f.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// join returns the token that serves, or else the renewal to wait for.
func (s *oauth) join(rejected string) (*flight, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	switch {
	case s.token.fresh(rejected, now):
		return nil, s.token.value, nil
	case rejected != "" && rejected == s.token.value && now.Sub(s.token.obtained) < young:
		return nil, rejected, nil
	case s.flight != nil:
		return s.flight, "", nil
	case s.refused != nil && now.Before(s.until):
		return nil, "", s.refused
	}
	f := &flight{done: make(chan struct{})}
	s.flight = f
	s.flights.Go(func() { s.fly(f, rejected) })
	return f, "", nil
}

func (s *oauth) fly(f *flight, rejected string) {
	ctx, cancel := context.WithTimeout(context.Background(), renewalTimeout)
	defer cancel()
	f.token, f.err = s.renewer.renew(ctx, rejected)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight, s.refused = nil, nil
	if f.err == nil {
		s.token = f.token
	}
	var final *finalError
	var failure *Error
	if errors.As(f.err, &final) || (errors.As(f.err, &failure) && failure.Unauthorized()) {
		s.refused, s.until = f.err, time.Now().Add(grudge)
	}
	close(f.done)
}

func (s *oauth) close() { s.flights.Wait() }

// ownRenewer authenticates the client as itself; there is nothing to keep.
type ownRenewer struct{ granter *granter }

func (r ownRenewer) renew(ctx context.Context, _ string) (accessToken, error) {
	g, err := r.granter.own(ctx)
	if err != nil {
		return accessToken{}, err
	}
	now := time.Now()
	return accessToken{value: g.access, obtained: now, expires: now.Add(g.expires)}, nil
}

// finalError is a failed renewal that only an operator can cure.
type finalError struct{ text string }

func (e *finalError) Error() string { return e.text }
