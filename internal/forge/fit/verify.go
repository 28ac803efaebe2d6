package fit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Where Atlassian has the keys of Forge.
const (
	ProductionKeys = "https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json"
	StagingKeys    = "https://forge.cdn.stg.atlassian-dev.net/.well-known/jwks.json"
)

// Config says which tokens are good.
type Config struct {
	// AppID is our app, as an ARI or its UUID.
	AppID string
	// KeysURL is where the keys are; "" means ProductionKeys. It is https, or http
	// on this machine.
	KeysURL string
	// Environments are the environments of the app whose tokens are taken, by their
	// types (PRODUCTION, STAGING, DEVELOPMENT), UUIDs or ARIs. With none, all of the
	// app's are.
	Environments []string
	// IsolatedClouds are the labels of isolated clouds whose tokens are taken, for
	// which KeysURL and Gateways have to fit.
	IsolatedClouds []string
	// Gateways are where the APIs of all sites are, such as https://api.atlassian.com;
	// with none, the two of Atlassian. Users' tokens are sent there and nowhere else.
	Gateways []string
	// Carrier sends the requests for keys; nil means http.DefaultTransport.
	Carrier http.RoundTripper
	// Observer is told what happens; nil for nobody.
	Observer Observer
	// Now is the clock that tokens are compared with; nil means time.Now.
	Now func() time.Time
}

// Observer counts. Its methods are called at the same time by many.
type Observer interface {
	// Token tells of a token that was looked at; "" is the reason for good ones.
	Token(refused Reason)
	// Keys tells of a request for keys, and whether it brought some.
	Keys(ok bool)
}

// Verifier verifies tokens. Its methods may be called at the same time.
type Verifier struct {
	app                              string
	environments, isolated, gateways []string
	now                              func() time.Time
	observer                         Observer
	parser                           *jwt.Parser
	keys                             *keyring
}

// New makes a Verifier. Its error says which part of the configuration is wrong.
func New(cfg Config) (*Verifier, error) {
	app, ok := UUID(App, cfg.AppID)
	if !ok {
		return nil, fmt.Errorf("read app id %q: it is neither ari:cloud:ecosystem::app/<uuid> nor a UUID", cfg.AppID)
	}
	v := &Verifier{
		app: app, isolated: cfg.IsolatedClouds, now: cfg.Now, observer: cfg.Observer,
		parser: jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation()),
	}
	if v.now == nil {
		v.now = time.Now
	}
	if v.observer == nil {
		v.observer = silent{}
	}
	var err error
	if v.environments, err = readEnvironments(app, cfg.Environments); err != nil {
		return nil, err
	}
	if v.gateways, err = readGateways(cfg.Gateways); err != nil {
		return nil, err
	}
	keysURL := cfg.KeysURL
	if keysURL == "" {
		keysURL = ProductionKeys
	}
	if _, err := safeURL(keysURL); err != nil {
		return nil, fmt.Errorf("read the address of Forge's keys: %w", err)
	}
	v.keys = newKeyring(keysURL, cfg.Carrier, v.observer)
	return v, nil
}

// Run keeps the keys fresh until ctx is done. Verify works without it, at the price
// of waiting for keys now and then.
func (v *Verifier) Run(ctx context.Context) { v.keys.run(ctx) }

// Ready is nil once there are keys to verify with, and for as long as they are
// young enough.
func (v *Verifier) Ready() error { return v.keys.ready() }

// Verify says what a token says, if Forge signed it for our app, for one of the
// modules if any are given, and lately. Its error is a *Error if the token is bad, a
// *KeysError if it cannot be checked, or ctx's.
func (v *Verifier) Verify(ctx context.Context, token string, modules ...string) (Claims, error) {
	claims, err := v.verify(ctx, token, modules)
	v.observer.Token(reasonOf(err))
	return claims, err
}

func (v *Verifier) verify(ctx context.Context, token string, modules []string) (Claims, error) {
	if err := checkShape(token); err != nil {
		return Claims{}, err
	}
	var claims Claims
	// Claims are checked before the key is looked for, so that only tokens that
	// could be good make us ask for keys.
	find := func(t *jwt.Token) (any, error) {
		b, ok := t.Claims.(*body)
		if !ok {
			return nil, bad(Malformed, "has no claims")
		}
		var err error
		if claims, err = v.check(b, modules); err != nil {
			return nil, err
		}
		kid, _ := t.Header["kid"].(string)
		return v.keys.find(ctx, kid)
	}
	if _, err := v.parser.ParseWithClaims(token, &body{}, find); err != nil {
		return Claims{}, plainly(err)
	}
	return claims, nil
}

// plainly takes the library's wrapping off.
func plainly(err error) error {
	var wrong *Error
	var keys *KeysError
	switch {
	case errors.As(err, &wrong):
		return wrong
	case errors.As(err, &keys):
		return keys
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("wait for the keys of Forge: %w", context.Canceled)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("wait for the keys of Forge: %w", context.DeadlineExceeded)
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return bad(Signature, "is not signed by Forge")
	default:
		return bad(Malformed, "has claims of the wrong form")
	}
}

func reasonOf(err error) Reason {
	var wrong *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &wrong):
		return wrong.Reason
	default:
		return NoKeys
	}
}

func readEnvironments(app string, list []string) ([]string, error) {
	var environments []string
	for _, name := range list {
		switch kind := strings.ToUpper(name); kind {
		case "PRODUCTION", "STAGING", "DEVELOPMENT":
			environments = append(environments, kind)
			continue
		}
		of, id, ok := splitARI(Environment, name)
		if !ok {
			return nil, fmt.Errorf("read environment %q: it is neither PRODUCTION, STAGING, DEVELOPMENT nor the id of one", name)
		}
		if of != "" && of != app {
			return nil, fmt.Errorf("read environment %q: it is of another app", name)
		}
		environments = append(environments, id)
	}
	return environments, nil
}

func readGateways(list []string) ([]string, error) {
	if len(list) == 0 {
		list = []string{"https://api.atlassian.com", "https://api.stg.atlassian.com"}
	}
	var gateways []string
	for _, s := range list {
		u, err := safeURL(s)
		if err != nil {
			return nil, fmt.Errorf("read the address of Atlassian's API: %w", err)
		}
		gateways = append(gateways, strings.ToLower(u.Scheme+"://"+u.Host)+strings.TrimRight(u.Path, "/"))
	}
	return gateways, nil
}

// safeURL lets nothing pass that somebody on the way could change.
func safeURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, err
	case u.Host == "" || u.User != nil:
		return nil, fmt.Errorf("%q is not an address", s)
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return nil, fmt.Errorf("%q has to begin with https", s)
	}
	return u, nil
}

// silent observes nothing.
type silent struct{}

func (silent) Token(Reason) {}
func (silent) Keys(bool)    {}
