package atlassian

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// TokenStore keeps sealed tokens, each under a name. All replicas of the daemon
// share one.
type TokenStore interface {
	// LoadToken returns what is stored under the name; nil if nothing is.
	LoadToken(ctx context.Context, name string) ([]byte, error)
	// SwapToken stores value under the name, durably, if what is stored there is
	// still old (nil for nothing), and reports whether it was. Between the
	// comparison and the storing nobody else may store.
	SwapToken(ctx context.Context, name string, old, value []byte) (bool, error)
}

const (
	// claimFor is how long a replica may take to exchange a refresh token. Others
	// leave the token alone meanwhile.
	claimFor = 30 * time.Second
	// pollEvery is how often a token that another replica exchanges is looked at.
	pollEvery = 200 * time.Millisecond
	// lookAgainFor is how long a refused refresh token may turn out to have been
	// exchanged by another replica.
	lookAgainFor = 2 * time.Second
)

// stored is what is kept, sealed, of one grant.
type stored struct {
	// Generation counts the exchanges of the refresh token.
	Generation int       `json:"generation"`
	Refresh    string    `json:"refresh"`
	Access     string    `json:"access,omitempty"`
	Obtained   time.Time `json:"obtained,omitzero"`
	Expires    time.Time `json:"expires,omitzero"`
	// Claim is who is exchanging the refresh token, until ClaimUntil.
	Claim      string    `json:"claim,omitempty"`
	ClaimUntil time.Time `json:"claim_until,omitzero"`

	sealed []byte
}

func (s stored) token() accessToken {
	return accessToken{value: s.Access, obtained: s.Obtained, expires: s.Expires}
}

// vault renews by a refresh token that changes with each use. The new one is
// stored before anything is done with the access token that came with it. A
// replica that exchanges the token claims it first, so that no other spends it
// too, and all use the access token that is stored.
type vault struct {
	granter *granter
	tokens  TokenStore
	sealer  *Sealer
	name    string
	first   string
	me      string
	// unsaved is the outcome of an exchange that the store did not take yet. It
	// belongs to the one renewal under way.
	unsaved *stored
}

// newVault names the grant after its first refresh token: sites that share it
// share what becomes of it, and a new consent begins anew.
func newVault(g *granter, o OAuthConfig) *vault {
	sum := sha256.Sum256([]byte(o.ClientID + "\x00" + o.RefreshToken))
	return &vault{granter: g, tokens: o.Tokens, sealer: o.Sealer, first: o.RefreshToken,
		name: "oauth2/" + hex.EncodeToString(sum[:8]), me: rand.Text()}
}

// renew implements renewer.
func (v *vault) renew(ctx context.Context, rejected string) (accessToken, error) {
	if err := v.saveUnsaved(ctx); err != nil {
		return accessToken{}, err
	}
	for deadline := time.Now().Add(maxWait); ; {
		now, err := v.load(ctx)
		if err != nil {
			return accessToken{}, err
		}
		if now.token().fresh(rejected, time.Now()) {
			return now.token(), nil
		}
		if left := time.Until(now.ClaimUntil); left > 0 && now.Claim != v.me {
			if time.Now().After(deadline) {
				return accessToken{}, &PausedError{Reason: "another replica renews the token", For: left}
			}
			if err := pause(ctx, pollEvery); err != nil {
				return accessToken{}, err
			}
			continue
		}
		mine := now
		mine.Claim, mine.ClaimUntil = v.me, time.Now().Add(claimFor)
		if taken, err := v.swap(ctx, now, &mine); err != nil {
			return accessToken{}, err
		} else if taken {
			return v.exchange(ctx, mine, rejected)
		}
	}
}

// exchange spends the refresh token.
func (v *vault) exchange(ctx context.Context, mine stored, rejected string) (accessToken, error) {
	g, err := v.granter.refresh(ctx, mine.Refresh)
	if err != nil {
		return v.failed(ctx, mine, rejected, err)
	}
	now := time.Now()
	next := stored{Generation: mine.Generation + 1, Refresh: g.refresh, Access: g.access, Obtained: now, Expires: now.Add(g.expires), sealed: mine.sealed}
	if next.Refresh == "" {
		next.Refresh = mine.Refresh // it does not rotate here
	}
	v.unsaved = &next
	if err := v.saveUnsaved(ctx); err != nil {
		return accessToken{}, err
	}
	latest, err := v.load(ctx)
	return latest.token(), err
}

// failed looks, when the refresh token was refused, whether a slow replica whose
// claim had ended has exchanged it after all, and gives our claim back.
func (v *vault) failed(ctx context.Context, mine stored, rejected string, cause error) (accessToken, error) {
	var failure *Error
	refused := errors.As(cause, &failure) && failure.Unauthorized()
	for deadline := time.Now().Add(lookAgainFor); ; {
		latest, err := v.load(ctx)
		switch {
		case err == nil && latest.Generation > mine.Generation && latest.token().fresh(rejected, time.Now()):
			return latest.token(), nil
		case refused && time.Now().Before(deadline) && pause(ctx, pollEvery) == nil:
			continue
		case err == nil && latest.Claim == v.me:
			free := latest
			free.Claim, free.ClaimUntil = "", time.Time{}
			_, _ = v.swap(ctx, latest, &free) // if this fails the claim ends by itself
		}
		if refused {
			return accessToken{}, fmt.Errorf("renew the access token: %w; authorise the app again and set the new refresh token", cause)
		}
		return accessToken{}, fmt.Errorf("renew the access token: %w", cause)
	}
}

// saveUnsaved stores the outcome of an exchange. As long as the store does not
// take it, it is kept here and nothing is done with it.
func (v *vault) saveUnsaved(ctx context.Context) error {
	if v.unsaved == nil {
		return nil
	}
	var err error
	for wait := 100 * time.Millisecond; wait < 3*time.Second; wait *= 2 {
		var done bool
		if done, err = v.store(ctx); done {
			v.unsaved = nil
			return nil
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
	return fmt.Errorf("store the new refresh token: %w", err)
}

// store overwrites what is stored unless an exchange of the same token got there
// first: then ours is the one too many.
func (v *vault) store(ctx context.Context) (bool, error) {
	latest, err := v.load(ctx)
	if err != nil {
		return false, err
	}
	if latest.Generation >= v.unsaved.Generation {
		return true, nil
	}
	return v.swap(ctx, latest, v.unsaved)
}

// load reads what is stored; the configured refresh token if nothing is yet.
func (v *vault) load(ctx context.Context) (stored, error) {
	sealed, err := v.tokens.LoadToken(ctx, v.name)
	if err != nil {
		return stored{}, fmt.Errorf("load the refresh token: %w", err)
	}
	if len(sealed) == 0 {
		return stored{Refresh: v.first}, nil
	}
	s := stored{}
	text, err := v.sealer.Open(v.name, sealed)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		return stored{}, &finalError{err.Error() + "; set the AOF_MASTER_KEY that it was sealed with, or authorise the app again and set the new refresh token"}
	}
	s.sealed = bytes.Clone(sealed)
	return s, nil
}

// swap stores next in place of old, if it is there still.
func (v *vault) swap(ctx context.Context, old stored, next *stored) (bool, error) {
	text, err := json.Marshal(next)
	if err != nil {
		return false, fmt.Errorf("store the refresh token: %w", err)
	}
	sealed := v.sealer.Seal(v.name, text)
	ok, err := v.tokens.SwapToken(ctx, v.name, old.sealed, sealed)
	if err != nil {
		return false, fmt.Errorf("store the refresh token: %w", err)
	}
	if ok {
		next.sealed = sealed
	}
	return ok, nil
}
