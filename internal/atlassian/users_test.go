package atlassian_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
)

// people makes Users at a gateway; a user's token is installation/account.
func (g *gateway) people(t *testing.T, change func(*atlassian.UsersConfig)) *atlassian.Users[*atlassian.Transport] {
	t.Helper()
	cfg := atlassian.UsersConfig{
		Config: func(atlassian.User) atlassian.Config {
			return atlassian.Config{GatewayURL: g.URL, FirstBackoff: time.Millisecond, Breaker: atlassian.BreakerConfig{Failures: 1, Pause: time.Hour}}
		},
		Token: func(_ context.Context, u atlassian.User) (string, error) {
			return u.Installation + "/" + u.Account, nil
		},
	}
	if change != nil {
		change(&cfg)
	}
	users := atlassian.NewUsers(cfg, func(_ atlassian.User, tr *atlassian.Transport) (*atlassian.Transport, error) { return tr, nil })
	t.Cleanup(users.Close)
	return users
}

func person(installation, account string) atlassian.User {
	return atlassian.User{Installation: installation, Account: account, CloudID: cloudID, SiteURL: "https://x.atlassian.net"}
}

func of(t *testing.T, users *atlassian.Users[*atlassian.Transport], u atlassian.User) *atlassian.Transport {
	t.Helper()
	tr, err := users.Of(u)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestUsersOfOneSiteShareItsLimitsAndNoToken(t *testing.T) {
	g := newGateway(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer one/ann" {
			w.Header().Set("Retry-After", "3000")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	users := g.people(t, nil)
	if _, err := ask(t, of(t, users, person("one", "ann")), http.MethodGet, "/rest/api/2/myself", ""); err == nil {
		t.Fatal("no limit was met")
	}
	_, err := ask(t, of(t, users, person("one", "ben")), http.MethodGet, "/rest/api/2/myself", "")
	var paused *atlassian.PausedError
	if !errors.As(err, &paused) {
		t.Errorf("another user of the site is not held back: %v", err)
	}
	if _, err := ask(t, of(t, users, person("two", "ann")), http.MethodGet, "/rest/api/2/myself", ""); err != nil {
		t.Errorf("another tenant is held back: %v", err)
	}
	if diff := cmp.Diff([]string{"one/ann", "two/ann"}, g.tokens()); diff != "" {
		t.Error(diff)
	}
}

func TestWhoeverGaveATokenIsToldThatItIsRejected(t *testing.T) {
	g := newGateway(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Authorization") {
		case "Bearer one/ann":
			w.WriteHeader(http.StatusUnauthorized)
		case "Bearer one/ben":
			http.Error(w, "Unauthorized; scope does not match", http.StatusUnauthorized)
		case "Bearer one/cat":
			w.WriteHeader(http.StatusForbidden)
		}
	})
	var told []string
	users := g.people(t, func(cfg *atlassian.UsersConfig) {
		cfg.Rejected = func(_ context.Context, u atlassian.User, token string) { told = append(told, u.Account+" "+token) }
	})
	for _, account := range []string{"ann", "ben", "cat", "dan"} {
		_, err := ask(t, of(t, users, person("one", account)), http.MethodPost, "/rest/api/2/issue", "{}")
		if (err == nil) != (account == "dan") {
			t.Errorf("%s: %v", account, err)
		}
	}
	if diff := cmp.Diff([]string{"ann one/ann"}, told); diff != "" {
		t.Error(diff)
	}
}

func TestASiteThatIsAwayIsAwayForAllItsUsers(t *testing.T) {
	g := newGateway(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer one/") {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	users := g.people(t, nil)
	for _, account := range []string{"ann", "ben"} {
		_, _ = ask(t, of(t, users, person("one", account)), http.MethodPost, "/rest/api/2/issue", "{}")
	}
	if _, err := ask(t, of(t, users, person("two", "ann")), http.MethodPost, "/rest/api/2/issue", "{}"); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"one/ann", "two/ann"}, g.tokens()); diff != "" {
		t.Error(diff)
	}
}

func TestUsersAreKeptWithinBoundsAndMadeAgain(t *testing.T) {
	g := newGateway(t, nil)
	users := g.people(t, func(c *atlassian.UsersConfig) { c.Most = 2 })
	ann, ben := person("one", "ann"), person("two", "ben")
	first, second := of(t, users, ann), of(t, users, ben)
	if of(t, users, ann) != first {
		t.Error("a user is made twice")
	}
	of(t, users, person("one", "cem")) // ben was not asked for the longest time
	if of(t, users, ann) != first {
		t.Error("the wrong user went")
	}
	if of(t, users, ben) == second {
		t.Error("nobody went")
	}
	// Who still holds what was dropped can use it.
	if _, err := ask(t, second, http.MethodGet, "/rest/api/2/myself", ""); err != nil {
		t.Error(err)
	}
}

func TestUsersOfAnInstallationAreForgotten(t *testing.T) {
	g := newGateway(t, nil)
	users := g.people(t, nil)
	ann, ben := of(t, users, person("one", "ann")), of(t, users, person("two", "ben"))
	users.Forget("ONE")
	if of(t, users, person("one", "ann")) == ann {
		t.Error("a user of the installation is still kept")
	}
	if of(t, users, person("two", "ben")) != ben {
		t.Error("users of others are forgotten")
	}
}

func TestNobodyInParticularHasNoTransport(t *testing.T) {
	users := newGateway(t, nil).people(t, nil)
	for name, u := range map[string]atlassian.User{
		"nobody": {}, "no account": {Installation: "i", CloudID: cloudID}, "no tenant": {Account: "a", CloudID: cloudID},
		"no site": {Installation: "i", Account: "a"}, "an odd site": {Installation: "i", Account: "a", CloudID: "x/y"},
	} {
		if _, err := users.Of(u); err == nil {
			t.Errorf("%s has one", name)
		}
	}
}

func TestTheGuardKnowsWhoseTransportItIs(t *testing.T) {
	g := newGateway(t, nil)
	users := g.people(t, func(c *atlassian.UsersConfig) {
		c.Guard = func(_ context.Context, u atlassian.User) error {
			if u.Account != "ann" {
				return errors.New("not ann")
			}
			return nil
		}
	})
	for _, account := range []string{"ann", "ben"} {
		_, err := ask(t, of(t, users, person("one", account)), http.MethodGet, "/rest/api/2/myself", "")
		if (err == nil) != (account == "ann") {
			t.Errorf("%s: %v", account, err)
		}
	}
}

func TestUsersAreAskedForByManyAtOnce(t *testing.T) {
	g := newGateway(t, nil)
	users := g.people(t, func(c *atlassian.UsersConfig) { c.Most = 3 })
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			name := string(rune('a' + i%7))
			tr, err := users.Of(person("one", name))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := ask(t, tr, http.MethodGet, "/rest/api/2/myself?who="+name, ""); err != nil {
				t.Error(err)
			}
			if i%9 == 0 {
				users.Forget("one")
			}
		})
	}
	all.Wait()
	if n := len(g.tokens()); n != 40 {
		t.Errorf("%d requests", n)
	}
}
