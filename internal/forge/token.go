package forge

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/store"
)

// ErrNoToken is returned when there is no token of a user that still holds. A new
// one comes with the next request that Jira makes for the user.
var ErrNoToken = errors.New("there is no token of this user that still holds")

const (
	// tokenLife is how long Atlassian guarantees a token that does not say itself.
	// https://developer.atlassian.com/platform/forge/remote/calling-product-apis/
	tokenLife = 2 * time.Hour
	// longestLife bounds what a token says of itself.
	longestLife = 12 * time.Hour
	// settled is how long a token counts as the newest: Jira polls every few
	// seconds, maybe with another token each time.
	settled = time.Minute
	// maxToken is far above what Atlassian issues.
	maxToken = 16 << 10
)

// The kinds of tokens, which are part of what a sealed one is bound to.
const (
	userKind   = "user"
	systemKind = "system"
)

// KeepUser keeps a token of a user, sealed, instead of the one before. The user
// and the installation are those of the verified request that it came with. One
// that came within a minute after another is left, while that holds.
func (i *Installations) KeepUser(ctx context.Context, installation, account, token string) error {
	if installation == "" || account == "" {
		return errors.New("keep a user's token: nobody's it is")
	}
	old, err := i.store.UserToken(ctx, installation, account)
	if err == nil && i.fresh(old, installation, account, userKind, token) {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	sealed, err := i.seal(installation, account, userKind, token)
	if err != nil {
		return fmt.Errorf("keep a user's token: %w", err)
	}
	return i.store.KeepUserToken(ctx, installation, account, sealed)
}

// RejectUser notes that Jira did not accept a token of a user, though it should hold
// still: the user may have signed out everywhere. It is not used again, and whatever
// waits for a token goes on with the next. One that is not the newest is left alone.
func (i *Installations) RejectUser(ctx context.Context, installation, account, token string) error {
	old, err := i.store.UserToken(ctx, installation, account)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if text, err := i.unseal(old, installation, account, userKind); err != nil || text != token {
		return nil //nolint:nilerr // it was sealed with a key that is gone: nobody can use it
	}
	return i.store.RejectUserToken(ctx, installation, account, old.Sealed, i.opts.Now())
}

// KeepSystem keeps the token of the app itself, as KeepUser does.
func (i *Installations) KeepSystem(ctx context.Context, installation, token string) error {
	old, err := i.store.SystemToken(ctx, installation)
	if err == nil && i.fresh(old, installation, "", systemKind, token) {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	sealed, err := i.seal(installation, "", systemKind, token)
	if err != nil {
		return fmt.Errorf("keep the app's token: %w", err)
	}
	return i.store.KeepSystemToken(ctx, installation, sealed)
}

// UserToken returns the token by which work acts with the rights of a user, and
// where the API of the user's site is. It is read for each request, so that the
// newest is used. The error is ErrNoToken if there is none, or it has expired, or
// the installation was deleted, or the user has to be connected and is not: whoever
// disconnects takes the permission from work that goes on, too, for which Jira's
// polls bring tokens still.
func (i *Installations) UserToken(ctx context.Context, installation, account string) (token, apiBase string, err error) {
	if account == "" {
		return "", "", ErrNoToken
	}
	in, err := i.live(ctx, installation)
	if err != nil {
		return "", "", err
	}
	if err := i.connected(ctx, in, account); err != nil {
		return "", "", err
	}
	token, err = i.kept(ctx, installation, account)
	return token, in.APIBase, err
}

// kept is the token of a user, whether it may be used or not.
func (i *Installations) kept(ctx context.Context, installation, account string) (string, error) {
	sealed, err := i.store.UserToken(ctx, installation, account)
	return i.open(sealed, err, installation, account, userKind)
}

// connected is ErrNoToken for a user who has to be connected and is not.
func (i *Installations) connected(ctx context.Context, in store.Installation, account string) error {
	settings, _, err := settingsOf(in)
	if err != nil || !settings.RequireMapping && !i.opts.RequireMapping {
		return err
	}
	_, err = i.store.AccountMapping(ctx, in.ID, account)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: the account is not connected", ErrNoToken)
	}
	return err
}

// SystemToken is UserToken for what the app does as itself. It may see what a user
// may not, and must not be used for work that a user asked for.
func (i *Installations) SystemToken(ctx context.Context, installation string) (token, apiBase string, err error) {
	in, err := i.live(ctx, installation)
	if err != nil {
		return "", "", err
	}
	sealed, err := i.store.SystemToken(ctx, installation)
	token, err = i.open(sealed, err, installation, "", systemKind)
	return token, in.APIBase, err
}

// Forget deletes the token of a user, unless a task that has not ended needs it.
// Run does the same by itself a few minutes after the last request for the user.
func (i *Installations) Forget(ctx context.Context, installation, account string) error {
	_, err := i.store.UserToken(ctx, installation, account)
	if errors.Is(err, store.ErrNotFound) {
		return nil // as nearly always: Jira asks again for what has ended
	}
	if err != nil {
		return err
	}
	_, err = i.store.ForgetUserToken(ctx, installation, account)
	return err
}

// live reads an installation that tokens may be used for.
func (i *Installations) live(ctx context.Context, installation string) (store.Installation, error) {
	in, err := i.store.Installation(ctx, installation)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && in.Leaving:
		return in, ErrNoToken
	case err != nil:
		return in, err
	}
	return in, nil
}

// fresh reports whether the kept token serves as well as the one that came.
func (i *Installations) fresh(old store.SealedToken, installation, account, kind, token string) bool {
	text, err := i.unseal(old, installation, account, kind)
	now := i.opts.Now()
	switch {
	case err != nil:
		return false // it was sealed with a key that is gone
	case !old.Expires.After(old.Seen): // it was rejected, and is no better for coming again at once
		return text == token && now.Sub(old.Seen) < settled
	case !old.Expires.After(now):
		return false
	}
	return text == token || now.Sub(old.Seen) < settled && old.Expires.Sub(now) > settled
}

func (i *Installations) seal(installation, account, kind, token string) (store.SealedToken, error) {
	now := i.opts.Now()
	if token == "" || len(token) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return store.SealedToken{}, errors.New("it is not a token")
	}
	expires := expiry(token, now)
	if !expires.After(now) {
		return store.SealedToken{}, errors.New("it has expired already")
	}
	sealer, err := i.opts.Keys.Sealer(purpose(installation))
	if err != nil {
		return store.SealedToken{}, err
	}
	return store.SealedToken{Sealed: sealer.Seal(binding(installation, account, kind), []byte(token)), Expires: expires, Seen: now}, nil
}

// open unseals what a read returned.
func (i *Installations) open(t store.SealedToken, err error, installation, account, kind string) (string, error) {
	if errors.Is(err, store.ErrNotFound) || err == nil && !t.Expires.After(i.opts.Now()) {
		return "", ErrNoToken
	}
	if err != nil {
		return "", err
	}
	return i.unseal(t, installation, account, kind)
}

// unseal opens a token whether it holds or not.
func (i *Installations) unseal(t store.SealedToken, installation, account, kind string) (string, error) {
	sealer, err := i.opts.Keys.Sealer(purpose(installation))
	if err != nil {
		return "", err
	}
	text, err := sealer.Open(binding(installation, account, kind), t.Sealed)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoToken, err)
	}
	return string(text), nil
}

// purpose derives the key of an installation: those of others are not even
// opened by mistake.
func purpose(installation string) string { return "aofctl forge tokens of " + installation }

// binding is whose a sealed token is. Lengths keep the parts apart.
func binding(installation, account, kind string) string {
	return fmt.Sprintf("forge token %s %d:%s %d:%s", kind, len(installation), installation, len(account), account)
}

// expiry reads until when a token holds: Atlassian's are JWTs, though that is no
// promise.
func expiry(token string, now time.Time) time.Time {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return now.Add(tokenLife)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return now.Add(tokenLife)
	}
	var claims struct{ Exp json.Number }
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	if err := d.Decode(&claims); err != nil || claims.Exp == "" {
		return now.Add(tokenLife)
	}
	seconds, err := claims.Exp.Float64()
	if err != nil || seconds <= 0 {
		return now.Add(tokenLife)
	}
	if seconds > float64(now.Add(longestLife).Unix()) {
		return now.Add(longestLife)
	}
	return time.Unix(int64(seconds), 0)
}
