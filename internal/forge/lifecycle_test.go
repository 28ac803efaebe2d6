package forge

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/store"
)

// seedEvent is the event of an installation as Atlassian's guide shows it, for the
// installation of claims.
const seedEvent = `{
 "app": {"id": "b9c0e1ec-3d22-4560-a650-34ff4155692c", "name": "agent-forge-app", "ownerAccountId": "557058:owner", "version": "%v"},
 "context": "ari:cloud:jira::site/cloud-acme",
 "environment": {"id": "f11e5c8c-4f17-4547-b236-dc0ffbfff13b"},
 "eventType": "avi:forge:installed:app",
 "id": "installation-acme",
 "installerAccountId": "557058:installer",
 "permissions": {"scopes": ["read:jira-work"]}
}`

func TestEventsMayComeTwiceAndInAnyOrder(t *testing.T) {
	five := strings.ReplaceAll(seedEvent, "%v", "5.2.0")
	six := strings.NewReplacer("%v", "6.0.0", `["read:jira-work"]`, `["read:jira-work","write:jira-work"]`, "installerAccountId", "upgraderAccountId",
		"557058:installer", "557058:upgrader").Replace(seedEvent)
	const installed, upgraded = "/atlassian/installed", "/atlassian/upgraded"
	for name, events := range map[string][][2]string{
		"in order":              {{installed, five}, {upgraded, six}},
		"twice":                 {{installed, five}, {installed, five}, {upgraded, six}, {upgraded, six}},
		"the upgrade first":     {{upgraded, six}, {installed, five}},
		"the installation late": {{installed, five}, {upgraded, six}, {installed, five}},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				for _, e := range events {
					token := w.verifier.let(e[0], claims("acme", "", "aof-"+strings.TrimPrefix(e[0], "/atlassian/")))
					w.want(http.StatusNoContent, request{method: "POST", path: e[0], token: token, body: e[1]}, nil)
				}
				in, err := w.i.Get(w.ctx(), "installation-acme")
				must(t, err)
				in.CreatedAt, in.UpdatedAt = time.Time{}, time.Time{}
				want := store.Installation{
					ID: "installation-acme", App: "8db33809-1f32-48bb-8c52-5877dab48107", Cloud: "cloud-acme",
					Environment: "aa911f10-c54b-4b93-9e27-dd2947840b9e", EnvironmentType: "PRODUCTION",
					APIBase: "https://api.atlassian.com/ex/jira/cloud-acme", SiteURL: "https://acme.atlassian.net", Version: "6.0.0",
					Scopes: []string{"read:jira-work", "write:jira-work"}, ScopesVersion: "6.0.0", InstalledBy: "557058:installer",
				}
				if diff := cmp.Diff(want, in); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestWhatAnEventSaysOfAnotherInstallationIsNotBelieved(t *testing.T) {
	for name, body := range map[string]string{
		"another installation":  `{"id":"installation-other","installerAccountId":"mallory","permissions":{"scopes":["all"]},"app":{"version":"99.0.0"}}`,
		"another site":          `{"id":"installation-acme","context":"ari:cloud:jira::site/cloud-other","installerAccountId":"mallory","app":{"version":"99.0.0"}}`,
		"another site's object": `{"context":{"cloudId":"cloud-other"},"installerAccountId":"mallory","app":{"version":"99.0.0"}}`,
		"no JSON":               `%%%`,
		"a list":                `[]`,
		"nothing":               ``,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			token := w.verifier.let("t", claims("acme", "", "aof-installed"))
			w.want(http.StatusNoContent, request{method: "POST", path: "/atlassian/installed", token: token, body: body}, nil)
			list, err := w.i.List(w.ctx())
			must(t, err)
			if len(list) != 1 || list[0].ID != "installation-acme" || list[0].InstalledBy != "" || list[0].Version != "2.0.0" || list[0].Scopes != nil {
				t.Errorf("kept %+v", list)
			}
		})
	}
}

func TestTheVersionIsLearnedFromRequests(t *testing.T) {
	w := newWorld(t)
	w.installed("acme")
	for _, v := range []struct{ seen, want string }{{"2.1.0", "2.1.0"}, {"2.0.9", "2.1.0"}, {"2.10.0", "2.10.0"}, {"", "2.10.0"}, {"3", "3"}} {
		c := claims("acme", "ann", "a2a")
		c.AppVersion = v.seen
		in, err := w.i.Observe(w.ctx(), c)
		must(t, err)
		if in.Version != v.want {
			t.Errorf("after %q it is %q, want %q", v.seen, in.Version, v.want)
		}
	}
	c := claims("acme", "ann", "a2a")
	c.CloudID = "cloud-other"
	if _, err := w.i.Observe(w.ctx(), c); !errors.Is(err, ErrOtherSite) {
		t.Errorf("a token of another site for the same installation: %v", err)
	}
}

func TestRequestsWithoutAGoodTokenAreRefused(t *testing.T) {
	w := newWorld(t)
	w.installed("acme")
	users := w.verifier.let("personal", claims("acme", "ann", "aof-personal"))
	events := w.verifier.let("event", claims("acme", "", "aof-installed"))
	nobody := w.verifier.let("nobody", claims("acme", "", "aof-admin"))
	routes := map[string][]string{
		"/atlassian/installed": {"POST"}, "/atlassian/upgraded": {"POST"}, "/atlassian/uninstalled": {"POST"},
		"/atlassian/config": {"GET", "PUT"}, "/atlassian/account": {"GET", "PUT", "DELETE"},
	}
	for path, methods := range routes {
		for _, method := range methods {
			for token, want := range map[string]int{"": 401, "forged": 401, "no-keys": 503} {
				a := w.want(want, request{method: method, path: path, token: token, body: `{}`}, nil)
				if (want == 401) != (a.header.Get("WWW-Authenticate") != "") || want == 503 && a.header.Get("Retry-After") == "" {
					t.Errorf("%s %s with %q has the headers %v", method, path, token, a.header)
				}
			}
			if path != "/atlassian/account" {
				// Whatever a user's page has Forge call, it is not an administrator's.
				w.want(http.StatusUnauthorized, request{method: method, path: path, token: users, body: `{}`}, nil)
			}
		}
		w.want(http.StatusMethodNotAllowed, request{method: "PATCH", path: path, token: users}, nil)
	}
	w.want(http.StatusUnauthorized, request{method: "POST", path: "/atlassian/uninstalled", token: events}, nil)
	w.want(http.StatusForbidden, request{method: "GET", path: "/atlassian/config", token: nobody}, nil)
	w.want(http.StatusRequestEntityTooLarge, request{method: "POST", path: "/atlassian/installed", token: events, body: strings.Repeat(" ", maxBody+1)}, nil)
	twice := http.Header{"X-Forge-Oauth-System": {"a", "b"}}
	w.want(http.StatusBadRequest, request{method: "POST", path: "/atlassian/installed", token: events, header: twice}, nil)
	if len(w.purged) > 0 {
		t.Errorf("purged %v", w.purged)
	}
}

func TestUninstallingDeletesAllOfTheSiteAndNothingOfOthers(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for _, site := range []string{"acme", "other"} {
			w.configured(site, Settings{})
			must(t, w.i.KeepUser(w.ctx(), "installation-"+site, "ann", "token-"+site))
			must(t, w.i.KeepSystem(w.ctx(), "installation-"+site, "system-"+site))
		}
		token := w.verifier.let("u", claims("acme", "", "aof-uninstall"))
		// The body names the other site, which means nothing.
		gone := request{method: "POST", path: "/atlassian/uninstalled", token: token, body: `{"id":"installation-other"}`}
		w.want(http.StatusNoContent, gone, nil)
		w.want(http.StatusNoContent, gone, nil)
		if diff := cmp.Diff([]string{"installation-acme", "installation-acme"}, w.purged); diff != "" {
			t.Errorf("purged (-want +got):\n%s", diff)
		}
		if r := w.reason("acme", "ann"); r != Uninstalled {
			t.Errorf("its work waits for %q", r)
		}
		if _, _, err := w.i.UserToken(w.ctx(), "installation-acme", "ann"); !errors.Is(err, ErrNoToken) {
			t.Errorf("the user's token: %v", err)
		}
		if _, _, err := w.i.SystemToken(w.ctx(), "installation-acme"); !errors.Is(err, ErrNoToken) {
			t.Errorf("the app's token: %v", err)
		}
		if r := w.reason("other", "ann"); r != Ready {
			t.Errorf("the other site's work waits for %q", r)
		}
		// What was under way does not bring it back.
		late := w.verifier.let("late", claims("acme", "", "aof-installed"))
		w.want(http.StatusNoContent, request{method: "POST", path: "/atlassian/installed", token: late, body: `{}`}, nil)
		page := w.verifier.let("page", claims("acme", "ann", "aof-account"))
		w.want(http.StatusForbidden, request{method: "PUT", path: "/atlassian/account", token: page}, nil)
		if list, err := w.i.List(w.ctx()); err != nil || len(list) != 1 {
			t.Errorf("left %+v, %v", list, err)
		}
	})
}

func TestAnInterruptedDeletionIsEndedAfterARestart(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.configured("acme", Settings{})
		must(t, w.i.KeepUser(w.ctx(), "installation-acme", "ann", "token"))
		fails := true
		w.purge = func(context.Context, string) error {
			if fails {
				return errors.New("the disk is full")
			}
			return nil
		}
		token := w.verifier.let("u", claims("acme", "", "aof-uninstall"))
		a := w.want(http.StatusServiceUnavailable, request{method: "POST", path: "/atlassian/uninstalled", token: token}, nil)
		if strings.Contains(a.body, "disk") {
			t.Errorf("a stranger is told %s", a.body)
		}
		// Half-way through, nothing can be used any more and nothing new is kept.
		if _, _, err := w.i.UserToken(w.ctx(), "installation-acme", "ann"); !errors.Is(err, ErrNoToken) {
			t.Errorf("its token can be used: %v", err)
		}
		if err := w.i.KeepUser(w.ctx(), "installation-acme", "bob", "token"); !errors.Is(err, store.ErrGone) {
			t.Errorf("kept something new: %v", err)
		}
		if _, err := w.i.Observe(w.ctx(), claims("acme", "ann", "a2a")); !errors.Is(err, store.ErrGone) {
			t.Errorf("it is taken for installed: %v", err)
		}
		w.purgeMu.Lock()
		fails = false
		w.purgeMu.Unlock()
		w.restart()
		ctx, cancel := context.WithCancel(w.ctx())
		ended := make(chan struct{})
		go func() { defer close(ended); w.i.Run(ctx) }()
		defer func() { cancel(); <-ended }()
		eventually(t, func() bool {
			list, err := w.i.List(w.ctx())
			must(t, err)
			return len(list) == 0
		})
	})
}

// eventually polls until it is so.
func eventually(t testing.TB, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come to it")
		}
	}
}

func TestEventsAreReadWhateverTheirForm(t *testing.T) {
	full := LifecycleEvent{Installation: "i", Cloud: "c", Environment: "e", Version: "5.2.0", By: "ann", Scopes: []string{"a", "b"}}
	for name, tt := range map[string]struct {
		body string
		want LifecycleEvent
		ok   bool
	}{
		"ARIs": {`{"id":"ari:cloud:ecosystem::installation/I","context":"ari:cloud:jira::site/C","environment":{"id":"ari:cloud:ecosystem::environment/app/E"},
			"app":{"version":"5.2.0"},"installerAccountId":"ann","permissions":{"scopes":["a","b"]}}`, full, true},
		"UUIDs and objects": {`{"id":"i","context":{"cloudId":"c"},"environment":{"id":"e"},"app":{"version":"5.2.0"},"upgraderAccountId":"ann",
			"permissions":{"scopes":[{"name":"a"},{"name":"b"},{},7.0e400,null,["x"]]},"eventType":7}`, LifecycleEvent{
			Installation: "i", Cloud: "c", Environment: "e", Version: "5.2.0", By: "ann", Scopes: []string{"a", "b", "7.0e400"},
		}, true},
		"a number as version": {`{"app":{"version":16}}`, LifecycleEvent{Version: "16"}, true},
		"empty":               {`{}`, LifecycleEvent{}, true},
		"no scopes granted":   {`{"permissions":{"scopes":[]}}`, LifecycleEvent{Scopes: []string{}}, true},
		"odd types":           {`{"id":{},"context":["x"],"environment":"e","app":[],"installerAccountId":true,"permissions":"all"}`, LifecycleEvent{}, true},
		"too long":            {`{"installerAccountId":"` + strings.Repeat("x", maxWord+1) + `"}`, LifecycleEvent{}, true},
		"no ARI":              {`{"context":"somewhere"}`, LifecycleEvent{}, true},
		"no object":           {`"x"`, LifecycleEvent{}, false},
		"no JSON":             {`{"id":`, LifecycleEvent{}, false},
	} {
		got, ok := ReadEvent([]byte(tt.body))
		if diff := cmp.Diff(tt.want, got); diff != "" || ok != tt.ok {
			t.Errorf("%s: %t (-want +got):\n%s", name, ok, diff)
		}
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte(strings.ReplaceAll(seedEvent, "%v", "5.2.0")))
	f.Add([]byte(`{"context":{"cloudId":"c"},"permissions":{"scopes":[{"name":"a"}]}}`))
	f.Add([]byte(`{"id":"ari:cloud:ecosystem::installation/","context":"/"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, ok := ReadEvent(body)
		if !ok && !cmp.Equal(e, LifecycleEvent{}) {
			t.Errorf("%q is no event and became %+v", body, e)
		}
		if len(e.Scopes) > maxScopes || len(e.By) > maxWord*3 {
			t.Errorf("%q became too much", body)
		}
		compareVersions(e.Version, e.By)
	})
}

func TestVersionsAreOrderedByTheirNumbers(t *testing.T) {
	for _, ascending := range [][]string{{"", "1", "2", "10"}, {"1.9.9", "1.10.0", "2.0.0"}, {"1.x", "1.0", "1.0.1"}, {"-1", "0"}} {
		for i := range ascending {
			for j := range ascending {
				got, want := compareVersions(ascending[i], ascending[j]), 0
				switch {
				case i < j:
					want = -1
				case i > j:
					want = 1
				}
				if got != want {
					t.Errorf("%q and %q: %d, want %d", ascending[i], ascending[j], got, want)
				}
			}
		}
	}
	if compareVersions("16", "16.0.0") != 0 {
		t.Error("16 is not 16.0.0")
	}
}
