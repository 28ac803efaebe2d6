package rovo

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/forge/fit"
)

// verifier is another one than the remote's, with a clock of its own.
func (st *stage) verifier(now time.Time) *fit.Verifier {
	st.t.Helper()
	v, err := fit.New(fit.Config{
		AppID: st.rovo.App().ID, KeysURL: st.rovo.JWKSURL(), Gateways: []string{st.rovo.opts.BaseURL}, Environments: []string{"PRODUCTION"},
		Carrier: st.rovo.opts.Client.Transport, Now: func() time.Time { return now },
	})
	if err != nil {
		st.t.Fatal(err)
	}
	return v
}

func TestGoodTokensAreTakenAndSpoiledOnesAreNot(t *testing.T) {
	st := newStage(t, Options{})
	alice := st.acme.User("alice")
	why := alice.invocation(Agent{Name: "triage"})
	token, err := st.acme.InvocationToken(why)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := st.verifier(time.Now()).Verify(st.ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	if claims.Account != alice.Account() || claims.Installation != st.acme.Installation() || claims.CloudID != st.acme.CloudID() ||
		claims.APIBase != st.acme.APIBase() || claims.Agent != "triage" || claims.Module.Key != "a2a-triage" || claims.Environment.ID != EnvironmentID ||
		claims.AppVersion != "1.0.0" || claims.SiteURL != st.acme.Jira().BaseURL() || claims.Expires.Sub(claims.IssuedAt) != 25*time.Second {
		t.Errorf("the token says %+v", claims)
	}
	names := map[string]bool{}
	for _, spoil := range Spoils() {
		if names[spoil.Name] {
			t.Errorf("two spoils are called %q", spoil.Name)
		}
		names[spoil.Name] = true
		why.Spoil = spoil
		token, err := st.acme.InvocationToken(why)
		if err != nil {
			t.Fatalf("%s: %v", spoil.Name, err)
		}
		var wrong *fit.Error
		if claims, err := st.verifier(time.Now()).Verify(st.ctx, token); !errors.As(err, &wrong) {
			t.Errorf("%s was taken: %+v %v", spoil.Name, claims, err)
		}
	}
	if _, err := st.verifier(time.Now().Add(time.Minute)).Verify(st.ctx, token); err == nil {
		t.Error("a token was taken after its 25 seconds")
	}
}

func TestASpoiledUserIsNotLetIn(t *testing.T) {
	st := newStage(t, Options{})
	for _, spoil := range Spoils() {
		var refused *client.HTTPError
		if _, err := st.acme.User("alice").Spoiled(spoil).Assign(st.ctx, Agent{}, "PROJ-1"); !errors.As(err, &refused) || refused.Status < 400 || refused.Status > 431 {
			t.Errorf("%s: %v", spoil.Name, err)
		}
	}
	if len(st.tasks.sent) != 0 {
		t.Errorf("%d messages came through", len(st.tasks.sent))
	}
	st.clean()
}

func TestPrincipalAndContextMayBeMissing(t *testing.T) {
	st := newStage(t, Options{NoPrincipal: true, NoContext: true})
	token, err := st.acme.InvocationToken(st.acme.User("alice").invocation(Agent{}))
	if err != nil {
		t.Fatal(err)
	}
	claims, err := st.verifier(time.Now()).Verify(st.ctx, token)
	if err != nil || claims.Account != "" || claims.Agent != "" || claims.CloudID != st.acme.CloudID() {
		t.Errorf("%+v %v", claims, err)
	}
}

// keys are the names of the published keys.
func (st *stage) keys() (int, []string, http.Header) {
	st.t.Helper()
	w := httptest.NewRecorder()
	st.rovo.ServeHTTP(w, httptest.NewRequest(http.MethodGet, JWKSPath, nil))
	var set struct {
		Keys []struct{ Kid, Kty, Alg, Use, N, E string }
	}
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
			st.t.Fatal(err)
		}
	}
	var names []string
	for _, k := range set.Keys {
		if k.Kty != "RSA" || k.Alg != "RS256" || k.Use != "sig" || k.E != "AQAB" || len(k.N) != 342 {
			st.t.Errorf("a key is %+v", k)
		}
		names = append(names, k.Kid)
	}
	return w.Code, names, w.Header()
}

func TestKeysRotateAndFail(t *testing.T) {
	st := newStage(t, Options{})
	sign := func() error {
		t.Helper()
		token, err := st.acme.InvocationToken(Invocation{Endpoint: InstalledEndpoint})
		if err != nil {
			t.Fatal(err)
		}
		_, err = st.verifier(time.Now()).Verify(st.ctx, token)
		return err
	}
	if err := sign(); err != nil {
		t.Fatal(err)
	}
	_, before, _ := st.keys()
	if err := st.rovo.RotateKeys(false); err != nil {
		t.Fatal(err)
	}
	_, both, _ := st.keys()
	if len(before) != 1 || len(both) != 2 || both[1] != before[0] {
		t.Errorf("%v became %v", before, both)
	}
	if err := sign(); err != nil {
		t.Errorf("after the rotation: %v", err)
	}
	if err := st.rovo.RotateKeys(true); err != nil {
		t.Fatal(err)
	}
	st.rovo.KeysMaxAge(5 * time.Minute)
	_, last, header := st.keys()
	if len(last) != 1 || last[0] == both[0] || header.Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("%v became %v, %v", both, last, header)
	}
	st.rovo.FailKeys(http.StatusServiceUnavailable)
	fetched := st.rovo.KeyFetches()
	var none *fit.KeysError
	if err := sign(); !errors.As(err, &none) || st.rovo.KeyFetches() == fetched {
		t.Errorf("while the keys are out of reach: %v after %d fetches", err, st.rovo.KeyFetches()-fetched)
	}
	st.rovo.FailKeys(0)
	if err := sign(); err != nil {
		t.Errorf("after the outage: %v", err)
	}
}
