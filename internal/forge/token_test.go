package forge

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/store"
)

// jwtOf makes a text of the form of Atlassian's tokens.
func jwtOf(exp any, mark string) string {
	payload, err := json.Marshal(map[string]any{"exp": exp, "mark": mark})
	if err != nil {
		panic(err)
	}
	return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString(payload) + "." + mark
}

func (w *world) userToken(site, account string) string {
	w.Helper()
	token, base, err := w.i.UserToken(w.ctx(), "installation-"+site, account)
	if errors.Is(err, ErrNoToken) {
		return ""
	}
	must(w.T, err)
	if base != "https://api.atlassian.com/ex/jira/cloud-"+site {
		w.Errorf("the token of %s goes to %s", site, base)
	}
	return token
}

func TestNobodyActsForAUserWhoDisconnectedThoughTokensStillCome(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.configured("acme", Settings{RequireMapping: true})
		keep := func() { must(t, w.i.KeepUser(w.ctx(), "installation-acme", "ann", "token-of-ann")) }
		keep()
		if got := w.userToken("acme", "ann"); got != "" {
			t.Errorf("before ann connected: %q", got)
		}
		_, err := w.store.MapAccount(w.ctx(), store.AccountMapping{Installation: "installation-acme", Account: "ann", Subject: "s"})
		must(t, err)
		if got := w.userToken("acme", "ann"); got != "token-of-ann" {
			t.Errorf("connected: %q", got)
		}
		must(t, w.store.UnmapAccount(w.ctx(), "installation-acme", "ann"))
		keep() // with the next poll for work that goes on
		if got := w.userToken("acme", "ann"); got != "" {
			t.Errorf("after ann disconnected: %q", got)
		}
	})
}

func TestEachUserOfEachSiteHasATokenOfTheirOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for _, site := range []string{"acme", "other"} {
			w.configured(site, Settings{})
			must(t, w.i.KeepSystem(w.ctx(), "installation-"+site, "system-"+site))
			for _, account := range []string{"ann", "bob"} {
				must(t, w.i.KeepUser(w.ctx(), "installation-"+site, account, site+"-"+account))
			}
		}
		for _, site := range []string{"acme", "other"} {
			for _, account := range []string{"ann", "bob"} {
				if got := w.userToken(site, account); got != site+"-"+account {
					t.Errorf("%s of %s has %q", account, site, got)
				}
			}
			for _, nobody := range []string{"", "carl", "system", "user"} {
				if got := w.userToken(site, nobody); got != "" {
					t.Errorf("%q of %s has %q", nobody, site, got)
				}
			}
			if token, _, err := w.i.SystemToken(w.ctx(), "installation-"+site); err != nil || token != "system-"+site {
				t.Errorf("the app has %q, %v", token, err)
			}
		}
		if err := w.i.KeepUser(w.ctx(), "installation-acme", "", "token"); err == nil {
			t.Error("kept a token of nobody")
		}
		must(t, w.i.Forget(w.ctx(), "installation-acme", "ann"))
		if w.userToken("acme", "ann") != "" || w.userToken("other", "ann") == "" || w.userToken("acme", "bob") == "" {
			t.Error("forgot another token than that of ann of acme")
		}
	})
}

func TestATokenMovedToAnotherPlaceDoesNotOpen(t *testing.T) {
	w := newWorld(t)
	w.configured("acme", Settings{})
	w.configured("other", Settings{})
	must(t, w.i.KeepUser(w.ctx(), "installation-acme", "ann", "token"))
	sealed, err := w.store.UserToken(w.ctx(), "installation-acme", "ann")
	must(t, err)
	must(t, w.store.KeepUserToken(w.ctx(), "installation-acme", "bob", sealed))
	must(t, w.store.KeepUserToken(w.ctx(), "installation-other", "ann", sealed))
	must(t, w.store.KeepSystemToken(w.ctx(), "installation-acme", sealed))
	if w.userToken("acme", "bob") != "" || w.userToken("other", "ann") != "" {
		t.Error("it opens for somebody else")
	}
	if _, _, err := w.i.SystemToken(w.ctx(), "installation-acme"); !errors.Is(err, ErrNoToken) {
		t.Errorf("it opens as the app's: %v", err)
	}
	must(t, w.i.KeepSystem(w.ctx(), "installation-acme", "system"))
	sealed, err = w.store.SystemToken(w.ctx(), "installation-acme")
	must(t, err)
	w.clock.add(2 * settled)
	sealed.Seen = w.clock.now()
	for _, account := range []string{"ann", "bob"} {
		must(t, w.store.KeepUserToken(w.ctx(), "installation-acme", account, sealed))
		if got := w.userToken("acme", account); got != "" {
			t.Errorf("the app's token opens as that of %s: %q", account, got)
		}
	}
}

func TestEachInstallationHasAKeyOfItsOwn(t *testing.T) {
	keys, err := atlassian.ParseKeys(testKey)
	must(t, err)
	one, err := keys.Sealer(purpose("one"))
	must(t, err)
	other, err := keys.Sealer(purpose("other"))
	must(t, err)
	// Even what is bound to nobody opens with its own key alone.
	if _, err := other.Open("x", one.Seal("x", []byte("token"))); err == nil {
		t.Error("what one sealed opens with the key of another")
	}
}

func TestTheNewestTokenIsUsedAndWritesAreFew(t *testing.T) {
	w := newWorld(t)
	w.configured("acme", Settings{})
	keep := func(token string) {
		t.Helper()
		must(t, w.i.KeepUser(w.ctx(), "installation-acme", "ann", token))
	}
	seen := func() time.Time {
		sealed, err := w.store.UserToken(w.ctx(), "installation-acme", "ann")
		must(t, err)
		return sealed.Seen
	}
	keep("first")
	first := seen()
	w.clock.add(settled / 2)
	keep("first")
	keep("second") // within the minute the first will do
	if !seen().Equal(first) || w.userToken("acme", "ann") != "first" {
		t.Error("it was written again at once")
	}
	w.clock.add(settled)
	keep("third")
	if w.userToken("acme", "ann") != "third" {
		t.Error("the newest is not used")
	}
	ending := jwtOf(w.clock.now().Add(settled/2).Unix(), "ending")
	w.clock.add(settled)
	keep(jwtOf(w.clock.now().Add(settled/2).Unix(), "ending"))
	keep("fourth") // the one that is kept ends too soon
	if got := w.userToken("acme", "ann"); got != "fourth" {
		t.Errorf("%q is used, not the one that lasts", got)
	}
	if err := w.i.KeepUser(w.ctx(), "installation-acme", "ann", ending); err != nil && !strings.Contains(err.Error(), "expired") {
		t.Error(err)
	}
}

func TestATokenThatJiraRejectsIsReplacedByTheNext(t *testing.T) {
	w := newWorld(t)
	w.configured("acme", Settings{})
	w.running(w.i)
	keep := func(token string) { must(t, w.i.KeepUser(w.ctx(), "installation-acme", "ann", token)) }
	reject := func(token string) { must(t, w.i.RejectUser(w.ctx(), "installation-acme", "ann", token)) }
	reject("none yet")
	keep("first")
	reject("another")
	if got := w.userToken("acme", "ann"); got != "first" {
		t.Errorf("%q is used after another was rejected", got)
	}
	reject("first")
	keep("first") // it is no better for coming again
	if got, why := w.userToken("acme", "ann"), w.reason("acme", "ann"); got != "" || why != NoUserToken {
		t.Errorf("%q is used, and %q is missing, after it was rejected", got, why)
	}
	changed := w.i.Changed()
	keep("second")
	if got := w.userToken("acme", "ann"); got != "second" {
		t.Errorf("%q is used", got)
	}
	select {
	case <-changed:
	case <-time.After(2 * time.Minute):
		t.Error("nobody was told of the token")
	}
	reject("first") // by whom it was used before
	if got := w.userToken("acme", "ann"); got != "second" {
		t.Errorf("%q is used after the one before was rejected", got)
	}
	reject("second")
	w.clock.add(settled)
	keep("second") // Jira may have been wrong for a moment
	if got := w.userToken("acme", "ann"); got != "second" {
		t.Errorf("%q is used a while later", got)
	}
}

func TestTokensEndWhenTheySayOrAfterTwoHours(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for name, tt := range map[string]struct {
		token string
		want  time.Duration
	}{
		"says when":        {jwtOf(now.Add(time.Hour).Unix(), "x"), time.Hour},
		"with a fraction":  {jwtOf(float64(now.Add(time.Hour).Unix())+.5, "x"), time.Hour},
		"padded":           {"a." + base64.URLEncoding.EncodeToString([]byte(fmt.Sprintf(`{"exp":%d}`, now.Add(time.Hour).Unix()))) + ".c", time.Hour},
		"has ended":        {jwtOf(now.Add(-time.Hour).Unix(), "x"), -time.Hour},
		"far too long":     {jwtOf(now.Add(1000*time.Hour).Unix(), "x"), longestLife},
		"beyond all time":  {"a." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":1e300}`)) + ".c", longestLife},
		"opaque":           {"opaque", tokenLife},
		"says nothing":     {"a." + base64.RawURLEncoding.EncodeToString([]byte(`{}`)) + ".c", tokenLife},
		"no number":        {jwtOf("soon", "x"), tokenLife},
		"negative":         {jwtOf(-5, "x"), tokenLife},
		"no object":        {"a." + base64.RawURLEncoding.EncodeToString([]byte(`[]`)) + ".c", tokenLife},
		"no base64":        {"a.%.c", tokenLife},
		"of four segments": {"a.b.c.d", tokenLife},
	} {
		if got := expiry(tt.token, now).Sub(now); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	w := newWorld(t)
	w.configured("acme", Settings{})
	must(t, w.i.KeepUser(w.ctx(), "installation-acme", "ann", jwtOf(w.clock.now().Add(time.Hour).Unix(), "x")))
	w.clock.add(time.Hour - time.Second)
	if w.userToken("acme", "ann") == "" {
		t.Error("it ended early")
	}
	w.clock.add(time.Second)
	if w.userToken("acme", "ann") != "" {
		t.Error("it is used beyond its end")
	}
	for _, bad := range []string{"", "two words", "line\nend", strings.Repeat("x", maxToken+1), jwtOf(w.clock.now().Unix(), "x")} {
		if err := w.i.KeepUser(w.ctx(), "installation-acme", "ann", bad); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

func FuzzTokenExpiry(f *testing.F) {
	f.Add(jwtOf(1_800_000_000, "x"))
	f.Add("a.e30.c")
	now := time.Unix(1_800_000_000, 0)
	f.Fuzz(func(t *testing.T, token string) {
		if at := expiry(token, now); at.After(now.Add(longestLife)) {
			t.Errorf("%q lasts until %v", token, at)
		}
	})
}

func TestTokensOpenWithTheOldKeyWhileItIsReplaced(t *testing.T) {
	w := newWorld(t)
	w.configured("acme", Settings{})
	must(t, w.i.KeepUser(w.ctx(), "installation-acme", "ann", "token"))
	other := strings.Repeat("ab", 32)
	use := func(keys string) {
		t.Helper()
		var err error
		w.opts.Keys, err = atlassian.ParseKeys(keys)
		must(t, err)
		w.restart()
	}
	use(other + "," + testKey)
	if w.userToken("acme", "ann") != "token" {
		t.Error("it does not open while both keys are there")
	}
	use(other)
	if w.userToken("acme", "ann") != "" || w.reason("acme", "ann") != NoUserToken {
		t.Error("it opens without its key")
	}
	must(t, w.i.KeepUser(w.ctx(), "installation-acme", "ann", "token")) // the next request heals it, within the minute too
	if w.userToken("acme", "ann") != "token" {
		t.Error("the next token does not replace what cannot be opened")
	}
}

func TestTokensAreNeverToldNorWrittenDownInClear(t *testing.T) {
	w := newWorld(t)
	const canary, system = "canary-of-ann-4711", "canary-of-the-app-4711"
	w.installed("acme")
	token := w.verifier.let("event", claims("acme", "", "aof-upgraded"))
	w.want(http.StatusNoContent, request{method: "POST", path: "/atlassian/upgraded", token: token, body: `{}`, system: system}, nil)
	admin := w.verifier.let("admin", claims("acme", "ann", "aof-config"))
	page := w.verifier.let("page", claims("acme", "ann", "aof-account"))
	must(t, w.i.KeepUser(w.ctx(), "installation-acme", "ann", canary))
	var said []string
	for _, r := range []request{
		{method: "GET", path: "/atlassian/config", token: admin}, {method: "PUT", path: "/atlassian/config", token: admin, body: `{}`},
		{method: "PUT", path: "/atlassian/config", token: admin, body: `{"x":1}`}, {method: "GET", path: "/atlassian/account", token: page},
		{method: "PUT", path: "/atlassian/account", token: page}, {method: "GET", path: "/atlassian/account", token: "bad"},
	} {
		r.user, r.system = canary, system
		a := w.do(r)
		said = append(said, a.body, fmt.Sprint(a.header))
	}
	m, err := w.i.Readiness(w.ctx(), "installation-acme", "ann")
	must(t, err)
	if m.Reason != Ready {
		t.Errorf("the token is not there: %+v", m)
	}
	said = append(said, fmt.Sprintf("%+v", w.i))
	w.nowhere(canary, said...)
	w.nowhere(system, said...)
}
