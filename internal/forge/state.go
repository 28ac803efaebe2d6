package forge

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/aofctl/aofctl/internal/forge/fit"
)

// StateType is what a state is for. One for an account cannot be used for a site,
// nor the other way round: each is signed with a key of its own.
type StateType string

// The types of states.
const (
	TenantState  StateType = "tenant-map"
	AccountState StateType = "account-map"
)

const (
	// stateLife is how long a browser may take.
	stateLife  = 10 * time.Minute
	maxState   = 4 << 10
	minSecret  = 32
	stateIssue = "aofctl"
)

// ErrState is returned for a state that does not hold: it is not ours, was changed,
// is for something else, or has expired. Which of these is told to nobody.
var ErrState = errors.New("the link is not valid, or not any more")

// State is what a browser carries from a page in Jira to one of ours: who it is
// that is to be connected, as the token of the request that asked for it said.
type State struct {
	Type                       StateType
	App, Installation, CloudID string
	Account, SiteURL           string
	Nonce                      string
	Expires                    time.Time
}

// stateClaims are a State as JWT claims, RFC 7519.
type stateClaims struct {
	jwt.RegisteredClaims

	Type         StateType `json:"typ"`
	Installation string    `json:"inst"`
	CloudID      string    `json:"cloudId"`
	SiteURL      string    `json:"site,omitempty"`
	Nonce        string    `json:"nonce"`
}

// Signer signs states and reads them.
type Signer struct {
	keys []stateKey
	now  func() time.Time
}

type stateKey struct {
	id     string
	byType map[StateType][]byte
}

// NewSigner makes a Signer of one secret, or of two and more separated by commas of
// which the first signs and all verify, while a secret is being replaced. Each has
// 32 characters or more. The error never tells one. now is the clock; nil for the
// system's.
func NewSigner(secrets string, now func() time.Time) (*Signer, error) {
	if now == nil {
		now = time.Now
	}
	s := &Signer{now: now}
	for secret := range strings.SplitSeq(secrets, ",") {
		key, err := newStateKey(strings.TrimSpace(secret))
		if err != nil {
			return nil, fmt.Errorf("read signing secret: %w", err)
		}
		s.keys = append(s.keys, key)
	}
	return s, nil
}

func newStateKey(secret string) (stateKey, error) {
	if len(secret) < minSecret {
		return stateKey{}, fmt.Errorf(`it has fewer than %d characters; make one with "openssl rand -hex 32"`, minSecret)
	}
	id, err := hkdf.Key(sha256.New, []byte(secret), nil, "aofctl name of a signing secret", 8)
	if err != nil {
		return stateKey{}, err
	}
	k := stateKey{id: base64.RawURLEncoding.EncodeToString(id), byType: map[StateType][]byte{}}
	for _, typ := range []StateType{TenantState, AccountState} {
		if k.byType[typ], err = hkdf.Key(sha256.New, []byte(secret), nil, "aofctl state "+string(typ), sha256.Size); err != nil {
			return stateKey{}, err
		}
	}
	return k, nil
}

// Sign makes a state for the user of a verified request. It can be used once,
// within ten minutes.
func (s *Signer) Sign(typ StateType, c fit.Claims, siteURL string) (string, error) {
	if c.Account == "" {
		return "", errors.New("sign a state: the request is no user's")
	}
	now := s.now()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, &stateClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: stateIssue, Audience: jwt.ClaimStrings{c.AppID}, Subject: c.Account,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(stateLife)),
		},
		Type: typ, Installation: c.Installation, CloudID: c.CloudID, SiteURL: siteURL, Nonce: rand.Text(),
	})
	token.Header["kid"] = s.keys[0].id
	text, err := token.SignedString(s.keys[0].byType[typ])
	if err != nil {
		return "", fmt.Errorf("sign a state: %w", err)
	}
	return text, nil
}

// Read returns the state of a text that Sign made for one of the types. It may
// have been used. The error is ErrState.
func (s *Signer) Read(text string, types ...StateType) (State, error) {
	if len(text) > maxState {
		return State{}, ErrState
	}
	var c stateClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithStrictDecoding(), jwt.WithIssuer(stateIssue),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(s.now))
	if _, err := parser.ParseWithClaims(text, &c, func(t *jwt.Token) (any, error) { return s.key(t, types) }); err != nil {
		return State{}, ErrState
	}
	if c.IssuedAt == nil || c.ExpiresAt.Sub(c.IssuedAt.Time) > stateLife || len(c.Audience) != 1 ||
		c.Nonce == "" || c.Installation == "" || c.Subject == "" || c.Audience[0] == "" {
		return State{}, ErrState
	}
	return State{
		Type: c.Type, App: c.Audience[0], Installation: c.Installation, CloudID: c.CloudID, Account: c.Subject, SiteURL: c.SiteURL,
		Nonce: c.Nonce, Expires: c.ExpiresAt.Time,
	}, nil
}

// key finds the key that the header and the type name.
func (s *Signer) key(t *jwt.Token, types []StateType) (any, error) {
	c, ok := t.Claims.(*stateClaims)
	if !ok {
		return nil, ErrState
	}
	for _, typ := range types {
		for _, k := range s.keys {
			if typ == c.Type && t.Header["kid"] == k.id {
				return k.byType[typ], nil
			}
		}
	}
	return nil, ErrState
}
