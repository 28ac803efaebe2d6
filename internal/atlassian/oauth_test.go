package atlassian_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
)

const masterKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// shelf is a TokenStore that can fail.
type shelf struct {
	mu    sync.Mutex
	held  map[string][]byte
	saves int
	// onSwap is called before each swap; its error makes it fail.
	onSwap func(saves int) error
}

func (s *shelf) LoadToken(_ context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.held[name]), nil
}

func (s *shelf) SwapToken(_ context.Context, name string, old, value []byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saves++
	if s.onSwap != nil {
		if err := s.onSwap(s.saves); err != nil {
			return false, err
		}
	}
	if !bytes.Equal(s.held[name], old) {
		return false, nil
	}
	if s.held == nil {
		s.held = map[string][]byte{}
	}
	s.held[name] = bytes.Clone(value)
	return true, nil
}

// cloud is a site behind a gateway, and its token endpoint. Refresh tokens are
// good for one use, and the access token of the last exchange is the valid one.
type cloud struct {
	*httptest.Server
	mu       sync.Mutex
	valid    string // the refresh token
	access   string
	life     int
	grants   int
	requests int
	bodies   []string
	// answer, if given, answers requests for tokens instead.
	answer func(w http.ResponseWriter, form map[string]string) bool
	// hold, if given, is received from before an exchange is answered.
	hold chan struct{}
	// onRequest is called with each request for the site that is accepted.
	onRequest func()
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{valid: "refresh-0", life: 3600}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/token", c.grant)
	mux.HandleFunc("/ex/jira/ab-12/", c.serve)
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

func (c *cloud) grant(w http.ResponseWriter, r *http.Request) {
	var form map[string]string
	if r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&form) != nil || form["client_secret"] != "geheim" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if c.hold != nil {
		<-c.hold
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answer != nil && c.answer(w, form) {
		return
	}
	if form["grant_type"] == "refresh_token" && form["refresh_token"] != c.valid {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}`)
		return
	}
	c.grants++
	c.access = fmt.Sprint("access-", c.grants)
	out := map[string]any{"access_token": c.access, "expires_in": c.life, "token_type": "Bearer"}
	if form["grant_type"] == "refresh_token" {
		c.valid = fmt.Sprint("refresh-", c.grants)
		out["refresh_token"] = c.valid
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (c *cloud) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	if c.access == "" || r.Header.Get("Authorization") != "Bearer "+c.access {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	c.bodies = append(c.bodies, string(body))
	if c.onRequest != nil {
		c.onRequest()
	}
}

func (c *cloud) config(t *testing.T, store atlassian.TokenStore) atlassian.Config {
	t.Helper()
	sealer, err := atlassian.NewSealer(masterKey)
	if err != nil {
		t.Fatal(err)
	}
	return atlassian.Config{
		BaseURL: "https://x.atlassian.net", GatewayURL: c.URL, CloudID: "ab-12", AuthType: atlassian.AuthOAuth2, FirstBackoff: time.Millisecond,
		OAuth: atlassian.OAuthConfig{ClientID: "id", ClientSecret: "geheim", RefreshToken: "refresh-0", TokenURL: c.URL + "/oauth/token", Tokens: store, Sealer: sealer},
	}
}

// write posts to the site and fails the test if it is not accepted.
func (c *cloud) write(t *testing.T, tr *atlassian.Transport) {
	t.Helper()
	if _, failure := send(t, tr, "POST", tr.JiraURL()+"/rest/api/2/issue", `{"a":1}`); failure != nil {
		t.Error(failure)
	}
}

func (c *cloud) count(t *testing.T, grants, requests int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.grants != grants || c.requests != requests {
		t.Errorf("%d tokens granted and %d requests, want %d and %d", c.grants, c.requests, grants, requests)
	}
}

func TestAnAccessTokenServesUntilItExpires(t *testing.T) {
	c := newCloud(t)
	tr := transport(t, c.config(t, &shelf{}))
	for range 3 {
		c.write(t, tr)
	}
	c.count(t, 1, 3)
	c.mu.Lock()
	c.life = 1 // from the next one on
	c.access = ""
	c.mu.Unlock()
	// The token is young, so a refusal is not about its age.
	if status, failure := send(t, tr, "GET", tr.JiraURL()+"/x", ""); status != 401 || !failure.Unauthorized() {
		t.Errorf("status %d, %v", status, failure)
	}
	c.count(t, 1, 4)
}

func TestAnExpiredTokenIsRenewedFirst(t *testing.T) {
	c := newCloud(t)
	c.life = 1
	tr := transport(t, c.config(t, &shelf{}))
	c.write(t, tr)
	deadline := time.Now().Add(2 * time.Minute)
	for time.Now().Before(deadline) { // within the token's second of life there is no other grant
		c.write(t, tr)
		if c.mu.Lock(); c.grants > 1 {
			c.mu.Unlock()
			break
		}
		c.mu.Unlock()
	}
	if c.grants < 2 || len(c.bodies) != c.requests {
		t.Errorf("%d tokens granted, %d of %d requests accepted", c.grants, len(c.bodies), c.requests)
	}
}

func TestARefusedTokenIsRenewedOnceAndTheWriteSentAgain(t *testing.T) {
	c := newCloud(t)
	cfg := c.config(t, &shelf{})
	cfg.Token = "access-of-old"
	asked := atomic.Int32{}
	cfg.Permit = func(context.Context) error { asked.Add(1); return nil }
	tr := transport(t, cfg)
	c.write(t, tr)
	c.count(t, 1, 2)
	if len(c.bodies) != 1 || c.bodies[0] != `{"a":1}` || asked.Load() != 2 {
		t.Errorf("accepted %q, permits %d", c.bodies, asked.Load())
	}
}

func TestManyWhoWaitShareOneRenewal(t *testing.T) {
	c := newCloud(t)
	c.hold = make(chan struct{})
	tr := transport(t, c.config(t, &shelf{}))
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { // gives up; the renewal goes on
		req, _ := http.NewRequestWithContext(ctx, "GET", tr.JiraURL()+"/x", nil)
		if resp, err := tr.Client().Do(req); !errors.Is(err, context.Canceled) {
			resp.Body.Close()
			t.Errorf("err %v", err)
		}
		c.hold <- struct{}{}
	})
	for range 10 {
		all.Go(func() { c.write(t, tr) })
	}
	cancel()
	all.Wait()
	c.count(t, 1, 10)
}

func TestANewRefreshTokenIsStoredSealedBeforeItsAccessTokenIsUsed(t *testing.T) {
	c := newCloud(t)
	store := &shelf{}
	tr := transport(t, c.config(t, store))
	c.onRequest = func() {
		store.mu.Lock()
		defer store.mu.Unlock()
		if len(store.held) != 1 || store.saves != 2 {
			t.Errorf("%d names, %d saves before the first request", len(store.held), store.saves)
		}
		for name, sealed := range store.held {
			for _, secret := range []string{"refresh-", "access-", "geheim"} {
				if bytes.Contains(sealed, []byte(secret)) || strings.Contains(name, secret) {
					t.Errorf("%s stands open in the store", secret)
				}
			}
		}
	}
	c.write(t, tr)
	// A restart goes on with what is stored; the variable's token is spent.
	c.onRequest = nil
	c.write(t, transport(t, c.config(t, store)))
	c.count(t, 1, 2)
}

func TestAStoreThatFailsLosesNoToken(t *testing.T) {
	c := newCloud(t)
	errDisk := errors.New("the disk is full")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	store := &shelf{onSwap: func(saves int) error {
		if saves > 1 { // the claim is stored, the new token is not
			cancel()
			return errDisk
		}
		return nil
	}}
	tr := transport(t, c.config(t, store))
	req, _ := http.NewRequestWithContext(ctx, "GET", tr.JiraURL()+"/x", nil)
	if resp, err := tr.Client().Do(req); err == nil {
		resp.Body.Close()
		t.Fatal("the token was used although it is not stored")
	}
	c.count(t, 1, 0)
	store.mu.Lock()
	store.onSwap = nil
	store.mu.Unlock()
	c.write(t, tr)
	c.count(t, 1, 1)
}

func TestReplicasDoNotSpendEachOthersToken(t *testing.T) {
	c := newCloud(t)
	store := &shelf{}
	c.hold = make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		tr := transport(t, c.config(t, store))
		all.Go(func() { c.write(t, tr) })
	}
	c.hold <- struct{}{} // only one of them asks
	all.Wait()
	c.count(t, 1, 4)
}

func TestAReplicaWhoseTokenAnotherRenewedTakesTheStoredOne(t *testing.T) {
	c := newCloud(t)
	store := &shelf{}
	first := transport(t, c.config(t, store))
	c.write(t, first)
	// Another replica finds the token too old, as if an hour had passed.
	c.mu.Lock()
	c.access = ""
	c.mu.Unlock()
	other := c.config(t, store)
	other.Token = "access-1"
	// Its token is the stored one and refused, so it exchanges.
	c.write(t, transport(t, other))
	c.count(t, 2, 3)
	c.mu.Lock()
	c.access = "access-2"
	c.mu.Unlock()
	third := c.config(t, store)
	third.Token = "access-1"
	c.write(t, transport(t, third)) // refused, finds access-2 in the store
	c.count(t, 2, 5)
}

func TestARefusedRefreshTokenIsTheOperatorsMatter(t *testing.T) {
	c := newCloud(t)
	c.valid = "another"
	tr := transport(t, c.config(t, &shelf{}))
	asked := 0
	c.answer = func(http.ResponseWriter, map[string]string) bool { asked++; return false }
	for range 3 {
		_, failure := send(t, tr, "POST", tr.JiraURL()+"/x", "{}")
		if failure == nil || !failure.Unauthorized() || failure.Temporary() || !failure.Refused() {
			t.Fatalf("%v", failure)
		}
		for _, word := range []string{"invalid_grant", "authorise the app again"} {
			if !strings.Contains(failure.Error(), word) {
				t.Errorf("%v: it does not say %q", failure, word)
			}
		}
		if strings.Contains(failure.Error(), "geheim") || strings.Contains(failure.Error(), "refresh-0") {
			t.Errorf("%v tells a secret", failure)
		}
	}
	if asked != 1 || tr.Health().Failures != 0 {
		t.Errorf("asked %d times, site blamed %d times", asked, tr.Health().Failures)
	}
	c.count(t, 0, 0)
}

func TestTroubleAtTheTokenEndpointPasses(t *testing.T) {
	c := newCloud(t)
	for name, trouble := range map[string]func(w http.ResponseWriter){
		"429":       func(w http.ResponseWriter) { w.Header().Set("Retry-After", "0"); w.WriteHeader(429) },
		"503":       func(w http.ResponseWriter) { w.WriteHeader(503) },
		"web page":  func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>maintenance") },
		"no token":  func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"access_token":""}`) },
		"line feed": func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"access_token":"a\r\nX-Evil: 1"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			c.mu.Lock()
			c.valid, c.grants, c.requests = "refresh-0", 0, 0
			troubles := 2
			c.answer = func(w http.ResponseWriter, _ map[string]string) bool {
				if troubles--; troubles >= 0 {
					trouble(w)
				}
				return troubles >= 0
			}
			c.mu.Unlock()
			c.write(t, transport(t, c.config(t, &shelf{})))
			c.count(t, 1, 1)
		})
	}
}

func TestALongPauseOfTheTokenEndpointIsTheCallers(t *testing.T) {
	c := newCloud(t)
	c.answer = func(w http.ResponseWriter, _ map[string]string) bool {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}
	tr := transport(t, c.config(t, &shelf{}))
	_, failure := send(t, tr, "POST", tr.JiraURL()+"/x", "{}")
	if failure == nil || !failure.Temporary() || failure.RetryDelay() != 90*time.Second || !failure.Refused() {
		t.Errorf("%v", failure)
	}
}

func TestAServiceAccountSignsInAsItself(t *testing.T) {
	c := newCloud(t)
	cfg := c.config(t, nil)
	cfg.OAuth.RefreshToken, cfg.OAuth.Sealer = "", nil
	c.answer = func(_ http.ResponseWriter, form map[string]string) bool {
		if form["grant_type"] != "client_credentials" || form["client_id"] != "id" {
			t.Errorf("asked with %v", form)
		}
		return false
	}
	c.write(t, transport(t, cfg))
	c.count(t, 1, 1)
}

func TestADataCenterGrantsTokensItself(t *testing.T) {
	var forms []string
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/jira/rest/oauth2/latest/token" {
			_ = r.ParseForm()
			forms = append(forms, r.PostForm.Encode())
			_, _ = io.WriteString(w, `{"access_token":"a","refresh_token":"r1","expires_in":"7200"}`)
			return
		}
		if r.Header.Get("Authorization") != "Bearer a" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer site.Close()
	sealer, _ := atlassian.NewSealer(masterKey)
	cfg := atlassian.Config{BaseURL: site.URL + "/jira/", AuthType: atlassian.AuthOAuth2,
		OAuth: atlassian.OAuthConfig{ClientID: "id", ClientSecret: "s", RefreshToken: "r0", Tokens: &shelf{}, Sealer: sealer}}
	for _, refresh := range []string{"r0", ""} {
		cfg.OAuth.RefreshToken = refresh
		tr := transport(t, cfg)
		if _, failure := send(t, tr, "GET", tr.JiraURL()+"/rest/api/2/myself", ""); failure != nil {
			t.Error(failure)
		}
	}
	want := []string{
		"client_id=id&client_secret=s&grant_type=refresh_token&refresh_token=r0",
		"client_id=id&client_secret=s&grant_type=client_credentials&scope=WRITE",
	}
	if len(forms) != 2 || forms[0] != want[0] || forms[1] != want[1] {
		t.Errorf("asked with %q", forms)
	}
}

func TestAnotherMasterKeyCannotOpenTheToken(t *testing.T) {
	c := newCloud(t)
	store := &shelf{}
	c.write(t, transport(t, c.config(t, store)))
	cfg := c.config(t, store)
	cfg.OAuth.Sealer, _ = atlassian.NewSealer(strings.Repeat("ab", 32))
	tr := transport(t, cfg)
	_, failure := send(t, tr, "GET", tr.JiraURL()+"/x", "")
	if failure == nil || !failure.Unauthorized() || failure.Temporary() || !strings.Contains(failure.Error(), "AOF_MASTER_KEY") {
		t.Errorf("%v", failure)
	}
	c.count(t, 1, 1)
	cfg.OAuth.Sealer, _ = atlassian.NewSealer(strings.Repeat("ab", 32) + ", " + masterKey) // while the key is replaced
	c.write(t, transport(t, cfg))
}

func TestOAuthNeedsWhatItNeeds(t *testing.T) {
	full := newCloud(t).config(t, &shelf{})
	for says, change := range map[string]func(*atlassian.Config){
		"client id":      func(c *atlassian.Config) { c.OAuth.ClientID = "" },
		"client secret":  func(c *atlassian.Config) { c.OAuth.ClientSecret = "" },
		"no store":       func(c *atlassian.Config) { c.OAuth.Tokens = nil },
		"AOF_MASTER_KEY": func(c *atlassian.Config) { c.OAuth.Sealer = nil },
		"token URL":      func(c *atlassian.Config) { c.OAuth.TokenURL = "http://[" },
	} {
		cfg := full
		change(&cfg)
		if _, err := atlassian.NewTransport(cfg); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("err %v, want one about %q", err, says)
		}
	}
}
