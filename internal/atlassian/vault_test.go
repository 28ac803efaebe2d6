package atlassian

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// drawer is a TokenStore of one value.
type drawer struct {
	mu   sync.Mutex
	held []byte
}

func (d *drawer) LoadToken(context.Context, string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Clone(d.held), nil
}

func (d *drawer) SwapToken(_ context.Context, _ string, old, value []byte) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !bytes.Equal(d.held, old) {
		return false, nil
	}
	d.held = bytes.Clone(value)
	return true, nil
}

// endpoint answers each request for a token by a function.
type endpointFunc func() (int, string)

func (f endpointFunc) RoundTrip(req *http.Request) (*http.Response, error) {
	status, body := f()
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

const (
	good    = `{"access_token":"new","refresh_token":"r1","expires_in":3600}`
	refusal = `{"error":"invalid_grant"}`
)

func newTestVault(t *testing.T, store TokenStore, answer endpointFunc) *vault {
	t.Helper()
	sealer, err := NewSealer(testKey)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{CloudID: "ab", OAuth: OAuthConfig{ClientID: "id", ClientSecret: "s", RefreshToken: "r0", Tokens: store, Sealer: sealer}}
	g, err := newGranter(cfg, answer)
	if err != nil {
		t.Fatal(err)
	}
	return newVault(g, cfg.OAuth)
}

// put stores what another replica would.
func put(t *testing.T, v *vault, s stored) {
	t.Helper()
	old, err := v.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := v.swap(t.Context(), old, &s); !ok || err != nil {
		t.Fatalf("%v, %v", ok, err)
	}
}

func TestAClaimOfADeadReplicaEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTestVault(t, &drawer{}, func() (int, string) { return 200, good })
		put(t, v, stored{Refresh: "r0", Claim: "dead", ClaimUntil: time.Now().Add(claimFor)})
		began := time.Now()
		_, err := v.renew(t.Context(), "")
		var paused *PausedError
		if !errors.As(err, &paused) || time.Since(began) > 2*maxWait || paused.For > claimFor {
			t.Fatalf("%v after %s: a long pause is the caller's", err, time.Since(began))
		}
		time.Sleep(paused.For)
		if token, err := v.renew(t.Context(), ""); err != nil || token.value != "new" {
			t.Errorf("%+v, %v", token, err)
		}
	})
}

func TestARefusalIsForgottenIfASlowReplicaStoresItsTokenAfterAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &drawer{}
		v := newTestVault(t, store, func() (int, string) { return 403, refusal })
		slow := newTestVault(t, store, func() (int, string) {
			time.Sleep(claimFor + time.Second) // longer than its claim
			return 200, good
		})
		go func() { _, _ = slow.renew(t.Context(), "") }()
		time.Sleep(claimFor + 500*time.Millisecond)
		token, err := v.renew(t.Context(), "")
		if err != nil || token.value != "new" {
			t.Errorf("%+v, %v", token, err)
		}
	})
}

func TestOfTwoExchangesTheOneStoredFirstCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &drawer{}
		var other *vault
		v := newTestVault(t, store, func() (int, string) {
			now := time.Now() // the platform took the same refresh token twice
			put(t, other, stored{Generation: 1, Refresh: "r-other", Access: "other", Obtained: now, Expires: now.Add(time.Hour)})
			return 200, good
		})
		other = newTestVault(t, store, nil)
		token, err := v.renew(t.Context(), "")
		if err != nil || token.value != "other" {
			t.Errorf("%+v, %v", token, err)
		}
		if kept, _ := v.load(t.Context()); kept.Refresh != "r-other" {
			t.Errorf("kept %+v", kept)
		}
	})
}

func TestAFailedExchangeGivesItsClaimBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for status, body := range map[int]string{403: refusal, 503: ""} {
			store := &drawer{}
			v := newTestVault(t, store, func() (int, string) { return status, body })
			if _, err := v.renew(t.Context(), ""); err == nil {
				t.Fatal("it worked")
			}
			next := newTestVault(t, store, func() (int, string) { return 200, good })
			began := time.Now()
			if _, err := next.renew(t.Context(), ""); err != nil || time.Since(began) > 0 {
				t.Errorf("after %d: %v, waited %s", status, err, time.Since(began))
			}
		}
	})
}

func TestARefreshTokenThatDoesNotRotateIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTestVault(t, &drawer{}, func() (int, string) { return 200, `{"access_token":"new"}` })
		token, err := v.renew(t.Context(), "")
		if err != nil || token.expires.Sub(token.obtained) != defaultLife {
			t.Errorf("%+v, %v", token, err)
		}
		if kept, _ := v.load(t.Context()); kept.Refresh != "r0" || kept.Generation != 1 {
			t.Errorf("kept %+v", kept)
		}
	})
}

func FuzzReadGrant(f *testing.F) {
	for _, seed := range []string{good, refusal, `{"access_token":"a","expires_in":"60"}`, `{"access_token":"a","expires_in":-1}`, `{"access_token":"a","expires_in":1e400}`, `[]`, "\xff"} {
		f.Add([]byte(seed))
	}
	req, _ := http.NewRequest(http.MethodPost, "https://auth.atlassian.com/oauth/token", nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		g, err := readGrant(req, body)
		if err == nil && (g.access == "" || strings.ContainsAny(g.access, "\r\n") || g.expires <= 0 || g.expires > longestLife) {
			t.Errorf("%+v", g)
		}
	})
}
