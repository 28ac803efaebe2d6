package forge

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

const stateApp = "8db33809-1f32-48bb-8c52-5877dab48107"

func newSigner(t testing.TB, secrets string, now func() time.Time) *Signer {
	t.Helper()
	s, err := NewSigner(secrets, now)
	must(t, err)
	return s
}

func TestAStateSaysWhoAskedForIt(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := newSigner(t, testSecret, func() time.Time { return now })
	for _, typ := range []StateType{TenantState, AccountState} {
		text, err := s.Sign(typ, claims("acme", "ann", "x"), "https://acme.atlassian.net")
		must(t, err)
		got, err := s.Read(text, TenantState, AccountState)
		must(t, err)
		again, err := s.Sign(typ, claims("acme", "ann", "x"), "")
		must(t, err)
		other, err := s.Read(again, typ)
		must(t, err)
		if got.Nonce == other.Nonce || len(got.Nonce) < 20 {
			t.Errorf("the nonces are %q and %q", got.Nonce, other.Nonce)
		}
		got.Nonce, got.Expires = "", got.Expires.UTC()
		want := State{
			Type: typ, App: stateApp, Installation: "installation-acme", CloudID: "cloud-acme", Account: "ann", SiteURL: "https://acme.atlassian.net",
			Expires: now.Add(10 * time.Minute).UTC(),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if _, err := s.Sign(AccountState, claims("acme", "", "x"), ""); err == nil {
		t.Error("signed for nobody")
	}
}

// forged makes a state with a change of its claims, signed as the mutation says.
func forged(t *testing.T, s *Signer, typ StateType, change func(*stateClaims), sign func(*jwt.Token) (string, error)) string {
	t.Helper()
	text, err := s.Sign(typ, claims("acme", "ann", "x"), "")
	must(t, err)
	var c stateClaims
	token, _, err := jwt.NewParser().ParseUnverified(text, &c)
	must(t, err)
	change(&c)
	token.Claims = &c
	if sign == nil {
		key := s.keys[0].byType[typ]
		sign = func(token *jwt.Token) (string, error) { return token.SignedString(key) }
	}
	out, err := sign(token)
	must(t, err)
	return out
}

func TestStatesThatDoNotHoldAreRefused(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	clock := func() time.Time { return now }
	s := newSigner(t, testSecret, clock)
	same := func(*stateClaims) {}
	good, err := s.Sign(AccountState, claims("acme", "ann", "x"), "")
	must(t, err)
	parts := strings.Split(good, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(t, err)
	bob := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), `"ann"`, `"bob"`, 1)))
	other := newSigner(t, strings.Repeat("z", minSecret), clock)
	foreign, err := other.Sign(AccountState, claims("acme", "ann", "x"), "")
	must(t, err)
	for name, text := range map[string]string{
		"empty":                                "",
		"no token":                             "x.y.z",
		"too long":                             good + strings.Repeat("x", maxState),
		"of another secret":                    foreign,
		"tampered":                             parts[0] + "." + bob + "." + parts[2],
		"without signature":                    parts[0] + "." + parts[1] + ".",
		"of another type":                      forged(t, s, TenantState, same, nil),
		"of another type, told to be this one": forged(t, s, TenantState, func(c *stateClaims) { c.Type = AccountState }, nil),
		"of no type":                           forged(t, s, AccountState, func(c *stateClaims) { c.Type = "" }, nil),
		"not ours":                             forged(t, s, AccountState, func(c *stateClaims) { c.Issuer = "forge/invocation-token" }, nil),
		"of nobody":                            forged(t, s, AccountState, func(c *stateClaims) { c.Subject = "" }, nil),
		"of no site":                           forged(t, s, AccountState, func(c *stateClaims) { c.Installation = "" }, nil),
		"of no app":                            forged(t, s, AccountState, func(c *stateClaims) { c.Audience = nil }, nil),
		"without nonce":                        forged(t, s, AccountState, func(c *stateClaims) { c.Nonce = "" }, nil),
		"without end":                          forged(t, s, AccountState, func(c *stateClaims) { c.ExpiresAt = nil }, nil),
		"without beginning":                    forged(t, s, AccountState, func(c *stateClaims) { c.IssuedAt = nil }, nil),
		"for an hour":                          forged(t, s, AccountState, func(c *stateClaims) { c.ExpiresAt = jwt.NewNumericDate(now.Add(time.Hour)) }, nil),
		"of the future": forged(t, s, AccountState, func(c *stateClaims) {
			c.IssuedAt, c.ExpiresAt = jwt.NewNumericDate(now.Add(time.Hour)), jwt.NewNumericDate(now.Add(time.Hour+time.Minute))
		}, nil),
		"expired": forged(t, s, AccountState, func(c *stateClaims) {
			c.IssuedAt, c.ExpiresAt = jwt.NewNumericDate(now.Add(-10*time.Minute)), jwt.NewNumericDate(now)
		}, nil),
		"signed by nothing": forged(t, s, AccountState, same, func(token *jwt.Token) (string, error) {
			token.Method, token.Header["alg"] = jwt.SigningMethodNone, "none"
			return token.SignedString(jwt.UnsafeAllowNoneSignatureType)
		}),
		"signed otherwise": forged(t, s, AccountState, same, func(token *jwt.Token) (string, error) {
			token.Method, token.Header["alg"] = jwt.SigningMethodHS512, "HS512"
			return token.SignedString(s.keys[0].byType[AccountState])
		}),
		"of an unknown key": forged(t, s, AccountState, same, func(token *jwt.Token) (string, error) {
			token.Header["kid"] = "x"
			return token.SignedString(s.keys[0].byType[AccountState])
		}),
		"without a key": forged(t, s, AccountState, same, func(token *jwt.Token) (string, error) {
			delete(token.Header, "kid")
			return token.SignedString(s.keys[0].byType[AccountState])
		}),
	} {
		if got, err := s.Read(text, AccountState); !errors.Is(err, ErrState) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := s.Read(good, AccountState); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestSigningSecretsAreReplacedWithoutBreakingLinks(t *testing.T) {
	clock := func() time.Time { return time.Unix(1_800_000_000, 0) }
	old, next := testSecret, strings.Repeat("n", minSecret)
	text, err := newSigner(t, old, clock).Sign(AccountState, claims("acme", "ann", "x"), "")
	must(t, err)
	if _, err := newSigner(t, next+", "+old, clock).Read(text, AccountState); err != nil {
		t.Errorf("while both are there: %v", err)
	}
	if _, err := newSigner(t, next, clock).Read(text, AccountState); !errors.Is(err, ErrState) {
		t.Errorf("without the old one: %v", err)
	}
	text, err = newSigner(t, next+","+old, clock).Sign(AccountState, claims("acme", "ann", "x"), "")
	must(t, err)
	if _, err := newSigner(t, next, clock).Read(text, AccountState); err != nil {
		t.Errorf("the first one signs: %v", err)
	}
	for _, bad := range []string{"", "short-geheim", old + ",", strings.Repeat("x", minSecret-1)} {
		if _, err := NewSigner(bad, nil); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzStates(f *testing.F) {
	clock := func() time.Time { return time.Unix(1_800_000_000, 0) }
	s := newSigner(f, testSecret, clock)
	good, err := s.Sign(AccountState, claims("acme", "ann", "x"), "")
	must(f, err)
	want, err := s.Read(good, AccountState)
	must(f, err)
	f.Add(good)
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := s.Read(text, AccountState)
		if err != nil && !errors.Is(err, ErrState) {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil && got.Account != want.Account {
			t.Errorf("%q was taken: %+v", text, got)
		}
	})
}

// connecting is a world in which the operator's proxy signs people in.
func connecting(w *world) {
	w.handler = HandlerOptions{PublicURL: "https://agents.example/", People: ProxyPeople{Subject: "X-Person", Name: "X-Person-Name"}}
}

func signedIn(subject string, more ...string) http.Header {
	h := http.Header{"X-Person": {subject}, "X-Person-Name": {"Ann <b>A</b>"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	for i := 0; i+1 < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return h
}

func TestAPersonConnectsTheAccountOrTheSiteThatTheLinkIsFor(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		connecting(w)
		w.configured("acme", Settings{RequireMapping: true})
		must(t, w.i.KeepUser(w.ctx(), "installation-acme", "ann", "token"))
		var a accountAnswer
		ann := w.page("acme", "ann", "aof-personal")
		w.want(http.StatusOK, request{method: "GET", path: "/atlassian/account", token: ann}, &a)
		if a.Confirms != "connect" || !strings.HasPrefix(a.ConnectURL, "https://agents.example/atlassian/connect?state=") {
			t.Errorf("the page: %+v", a)
		}
		w.want(http.StatusConflict, request{method: "PUT", path: "/atlassian/account", token: ann}, nil)
		link := strings.TrimPrefix(a.ConnectURL, "https://agents.example")
		shown := w.want(http.StatusOK, request{method: "GET", path: link, header: signedIn("p-1")}, nil)
		for _, want := range []string{"ann", "https://acme.atlassian.net", "Ann &lt;b&gt;A&lt;/b&gt;", `<form method="post"`} {
			if !strings.Contains(shown.body, want) {
				t.Errorf("the page lacks %q: %s", want, shown.body)
			}
		}
		if csp := shown.header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("others may frame it: %q", csp)
		}
		if r := w.reason("acme", "ann"); r != NotMapped {
			t.Errorf("the link alone connected her: %q", r)
		}
		form := url.Values{"state": {a.State}}.Encode()
		post := request{method: "POST", path: "/atlassian/connect", body: form, header: signedIn("p-1")}
		w.want(http.StatusOK, post, nil)
		if m, err := w.i.Account(w.ctx(), "installation-acme", "ann"); err != nil || m.Subject != "p-1" || m.Name != "Ann <b>A</b>" {
			t.Errorf("mapped %+v, %v", m, err)
		}
		post.header = signedIn("p-2")
		w.want(http.StatusBadRequest, post, nil) // used up
		if m, err := w.i.Account(w.ctx(), "installation-acme", "ann"); err != nil || m.Subject != "p-1" {
			t.Errorf("mapped again: %+v, %v", m, err)
		}

		var c configAnswer
		admin := request{method: "GET", path: "/atlassian/config", token: w.page("acme", "ann", "aof-admin")}
		w.want(http.StatusOK, admin, &c)
		w.want(http.StatusOK, request{method: "POST", path: "/atlassian/connect", body: url.Values{"state": {c.State}}.Encode(), header: signedIn("p-3")}, nil)
		w.want(http.StatusOK, admin, &c)
		if c.Owner == nil || c.Owner.Subject != "p-3" {
			t.Errorf("the site is %+v's", c.Owner)
		}
	})
}

func TestNothingIsConnectedByWhoMayNot(t *testing.T) {
	w := newWorld(t)
	connecting(w)
	w.configured("acme", Settings{RequireMapping: true})
	state, err := w.signer.Sign(AccountState, claims("acme", "ann", "x"), "")
	must(t, err)
	gone, err := w.signer.Sign(AccountState, claims("gone", "ann", "x"), "")
	must(t, err)
	moved := claims("acme", "ann", "x")
	moved.CloudID = "cloud-other"
	elsewhere, err := w.signer.Sign(AccountState, moved, "")
	must(t, err)
	form := func(state string) string { return url.Values{"state": {state}}.Encode() }
	twice := signedIn("p-1")
	twice["X-Person"] = []string{"p-1", "p-2"}
	for name, tt := range map[string]struct {
		r    request
		want int
	}{
		"nobody":              {request{method: "POST", body: form(state), header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}, 403},
		"two at once":         {request{method: "POST", body: form(state), header: twice}, 403},
		"from another page":   {request{method: "POST", body: form(state), header: signedIn("p-1", "Sec-Fetch-Site", "cross-site")}, 403},
		"from another origin": {request{method: "POST", body: form(state), header: signedIn("p-1", "Origin", "https://evil.example")}, 403},
		"no state":            {request{method: "POST", header: signedIn("p-1")}, 400},
		"a bad state":         {request{method: "POST", body: form("x.y.z"), header: signedIn("p-1")}, 400},
		"a gone site":         {request{method: "POST", body: form(gone), header: signedIn("p-1")}, 403},
		"another site":        {request{method: "POST", body: form(elsewhere), header: signedIn("p-1")}, 400},
		"another method":      {request{method: "PUT", body: form(state), header: signedIn("p-1")}, 405},
		"a link that is none": {request{method: "GET", header: signedIn("p-1")}, 400},
	} {
		tt.r.path = "/atlassian/connect"
		a := w.do(tt.r)
		if a.status != tt.want || !strings.Contains(a.body, "<p>") {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.body, tt.want)
		}
	}
	w.clock.add(stateLife)
	w.want(http.StatusBadRequest, request{method: "POST", path: "/atlassian/connect", body: form(state), header: signedIn("p-1")}, nil)
	if r := w.reason("acme", "ann"); r != NotMapped {
		t.Errorf("it is connected: %q", r)
	}
	w.handler.People = nil
	w.want(http.StatusNotFound, request{method: "GET", path: "/atlassian/connect?state=" + state, header: signedIn("p-1")}, nil)
}

func TestAStateDoesNotTellMoreThanItMust(t *testing.T) {
	s := newSigner(t, testSecret, nil)
	text, err := s.Sign(AccountState, claims("acme", "ann", "x"), "https://acme.atlassian.net")
	must(t, err)
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1])
	must(t, err)
	var members map[string]any
	must(t, json.Unmarshal(payload, &members))
	for name := range members {
		if !strings.Contains(" iss aud sub iat exp typ inst cloudId site nonce ", " "+name+" ") {
			t.Errorf("it has %s", name)
		}
	}
}
