package forge

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/signin"
	"github.com/aofctl/aofctl/internal/forge/fit"
	"github.com/aofctl/aofctl/internal/store"
)

func TestWhatIsMissingIsToldOneByOneWithTheRightLink(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const (
			admin    = "https://acme.atlassian.net/jira/settings/apps/configure/8db33809-1f32-48bb-8c52-5877dab48107/aa911f10-c54b-4b93-9e27-dd2947840b9e"
			personal = "https://acme.atlassian.net/jira/settings/personal/apps/8db33809-1f32-48bb-8c52-5877dab48107/aa911f10-c54b-4b93-9e27-dd2947840b9e"
		)
		is := func(reason Reason, link string, scopes ...string) {
			t.Helper()
			m, err := w.i.Readiness(w.ctx(), "installation-acme", "ann")
			must(t, err)
			if m.Reason != reason || m.Link != link || !strings.Contains(m.Text, link) || (reason == Ready) != (m.Text == "") {
				t.Errorf("missing %+v, want %q with %s", m, reason, link)
			}
			if diff := cmp.Diff(scopes, m.Scopes); diff != "" {
				t.Error(diff)
			}
		}
		event := func(path, module, version, scopes string) {
			t.Helper()
			c := claims("acme", "", module)
			c.AppVersion = version
			body := `{"app":{"version":"` + version + `"}` + scopes + `}`
			w.want(http.StatusNoContent, request{method: "POST", path: path, token: w.verifier.let(path+version+scopes, c), body: body}, nil)
		}
		is(Uninstalled, "")
		event("/atlassian/installed", "aof-installed", "2.0.0", `,"permissions":{"scopes":["read:jira-work"]}`)
		is(NotConfigured, admin)
		set := request{method: "PUT", path: "/atlassian/config", token: w.page("acme", "root", "aof-config"), body: `{"requireAccountMapping":true}`}
		w.want(http.StatusOK, set, nil)
		is(ScopesOutdated, admin, "write:jira-work")
		event("/atlassian/upgraded", "aof-upgraded", "3.0.0", ``) // a new consent, of which nobody tells what it was
		is(NotMapped, personal)
		event("/atlassian/upgraded", "aof-upgraded", "3.0.0", `,"permissions":{"scopes":["read:jira-work","write:jira-work","x"]}`)
		is(NotMapped, personal)
		w.want(http.StatusOK, request{method: "PUT", path: "/atlassian/account", token: w.page("acme", "ann", "aof-personal")}, nil)
		is(NoUserToken, personal)
		must(t, w.i.KeepUser(w.ctx(), "installation-acme", "ann", "token"))
		is(Ready, "")
		w.clock.add(tokenLife)
		is(NoUserToken, personal)
		w.want(http.StatusOK, request{method: "PUT", path: "/atlassian/config", token: set.token, body: `{}`}, nil)
		w.opts.RequireMapping = true
		w.restart()
		is(NoUserToken, personal)
		w.want(http.StatusOK, request{method: "DELETE", path: "/atlassian/account", token: w.page("acme", "ann", "aof-personal")}, nil)
		is(NotMapped, personal)
	})
}

func TestTextsDoWithoutALinkWhileTheSiteIsNotKnown(t *testing.T) {
	w := newWorld(t)
	for _, site := range []string{"", "javascript:alert(1)", "https://x.example/)[y](https://evil.example", "https://ann@x.example", "http://x.example", "https://x y", "https://x(y).example"} {
		c := claims("acme", "", "aof-installed")
		c.SiteURL = site
		if _, err := w.i.Observe(w.ctx(), c); err != nil {
			t.Fatal(err)
		}
		m, err := w.i.Readiness(w.ctx(), "installation-acme", "ann")
		must(t, err)
		if strings.HasPrefix(site, "https://x.example/") {
			if !strings.HasPrefix(m.Link, "https://x.example/jira/") || strings.Contains(m.Text, "evil") {
				t.Errorf("%q: %+v", site, m)
			}
			w = newWorld(t)
			continue
		}
		if m.Link != "" || strings.Contains(m.Text, "](") {
			t.Errorf("%q: %+v", site, m)
		}
	}
}

// running lets the background work go on until the test ends.
func (w *world) running(i *Installations) {
	ctx, cancel := context.WithCancel(w.ctx())
	ended := make(chan struct{})
	go func() { defer close(ended); i.Run(ctx) }()
	w.Cleanup(func() { cancel(); <-ended })
}

func TestWhoWaitsIsToldOfChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.installed("acme")
		w.running(w.i)
		told := func(what string, change func()) {
			t.Helper()
			// Changes are told some time after they were made, so that an earlier one
			// may be told only now: who is told looks again, as here.
			news := w.i.Changed()
			change()
			select {
			case <-news:
			case <-time.After(2 * time.Minute):
				t.Fatalf("nobody was told of %s", what)
			}
		}
		told("settings", func() {
			_, _, err := w.i.Configure(w.ctx(), "installation-acme", "root", Settings{})
			must(t, err)
		})
		told("a first token", func() { must(t, w.i.KeepUser(w.ctx(), "installation-acme", "ann", "token")) })
		told("a mapping", func() {
			w.want(http.StatusOK, request{method: "PUT", path: "/atlassian/account", token: w.page("acme", "ann", "aof-personal")}, nil)
		})
	})
}

func TestTheAddressOfASiteIsAskedForInTheBackground(t *testing.T) {
	w := newWorld(t)
	var asked http.Header
	answers := make(chan string, 10)
	jira := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked = r.Header.Clone()
		if r.URL.Path != "/ex/jira/cloud-acme/rest/api/3/serverInfo" {
			t.Errorf("asked %s", r.URL.Path)
		}
		_, _ = io.WriteString(rw, <-answers)
	}))
	defer jira.Close()
	w.opts.HTTP = jira.Client()
	w.restart()
	w.running(w.i)
	c := claims("acme", "ann", "a2a")
	c.SiteURL, c.APIBase = "", jira.URL+"/ex/jira/cloud-acme"
	observe := func() string {
		in, err := w.i.Observe(w.ctx(), c)
		must(t, err)
		in, err = w.i.Get(w.ctx(), in.ID)
		must(t, err)
		return in.SiteURL
	}
	answers <- `{"baseUrl":"javascript:x"}`
	answers <- `<html>`
	answers <- `{"baseUrl":"https://Acme.atlassian.net/"}`
	var site string
	eventually(t, func() bool {
		c.AppVersion += ".1" // which is news, so that it is asked again
		site = observe()
		return site != ""
	})
	if site != "https://acme.atlassian.net" || asked.Get("Authorization") != "" {
		t.Errorf("learned %q with %v", site, asked)
	}
}

// tasks answers with one task.
type tasks struct {
	a2a.Tasks

	state a2a.State
	err   error
}

func (f *tasks) task() a2a.Task { return a2a.Task{ID: "t", Status: a2a.Status{State: f.state}} }

func (f *tasks) Send(context.Context, a2a.Call, a2a.SendRequest) (a2a.Reply, error) {
	if f.err != nil {
		return a2a.Reply{}, f.err
	}
	t := f.task()
	return a2a.Reply{Task: &t}, nil
}

func (f *tasks) Get(context.Context, a2a.Call, a2a.GetRequest) (a2a.Task, error) {
	return f.task(), f.err
}

func (f *tasks) Cancel(context.Context, a2a.Call, a2a.CancelRequest) (a2a.Task, error) {
	return f.task(), f.err
}

func TestTokensAreKeptWhileTasksNeedThemAndDroppedAtTheEnd(t *testing.T) {
	w := newWorld(t)
	w.configured("acme", Settings{})
	back := &tasks{state: a2a.Working}
	front := w.i.Tasks(back)
	in, err := signin.New(signin.Config{Forge: w.verifier, Keeper: w.i})
	must(t, err)
	request := func(account, token string) (context.Context, a2a.Call) {
		w.verifier.let("head.of."+account, claims("acme", account, "a2a"))
		r := httptest.NewRequestWithContext(w.ctx(), http.MethodPost, "/a2a/json-rpc", nil)
		// What looks like a token of Forge is verified as one.
		r.Header.Set("Authorization", "Bearer "+w.verifier.let("eyJhIjoxfQ.x."+account, claims("acme", account, "a2a")))
		if token != "" {
			r.Header.Set("x-forge-oauth-user", token)
		}
		r.Header.Set("x-forge-oauth-system", "system")
		ctx, caller, err := in.Authenticate(r)
		must(t, err)
		return ctx, a2a.Call{Caller: caller}
	}
	ctx, call := request("ann", "token-1")
	if w.userToken("acme", "ann") != "" {
		t.Error("it is kept before anybody needs it")
	}
	_, err = front.Send(ctx, call, a2a.SendRequest{})
	must(t, err)
	if w.userToken("acme", "ann") != "token-1" || w.userToken("acme", "bob") != "" {
		t.Error("it is not kept for her alone while she has a task")
	}
	w.clock.add(2 * settled)
	ctx, call = request("ann", "token-2")
	_, err = front.Get(ctx, call, a2a.GetRequest{})
	must(t, err)
	if w.userToken("acme", "ann") != "token-2" {
		t.Error("a poll does not bring the newest")
	}
	back.state = a2a.Completed
	_, err = front.Get(ctx, call, a2a.GetRequest{})
	must(t, err)
	if w.userToken("acme", "ann") != "" {
		t.Error("it is kept beyond the end")
	}
	back.state = a2a.Canceled
	must(t, w.i.KeepUser(w.ctx(), "installation-acme", "ann", "token-3"))
	_, err = front.Cancel(ctx, call, a2a.CancelRequest{})
	must(t, err)
	back.err = a2a.TaskNotFound("x")
	if _, err := front.Send(ctx, call, a2a.SendRequest{}); err == nil || w.userToken("acme", "ann") != "" {
		t.Errorf("it is kept for a message that was refused: %v", err)
	}
	if _, err := front.Get(ctx, call, a2a.GetRequest{}); err == nil || w.userToken("acme", "ann") != "" {
		t.Errorf("it is kept for a task that is not hers: %v", err)
	}
	back.err, back.state = nil, a2a.Working
	plain := a2a.Call{Caller: a2a.Caller{Installation: "installation-acme", Account: "ann"}}
	_, err = front.Send(ctx, plain, a2a.SendRequest{})
	must(t, err)
	if w.userToken("acme", "ann") != "" {
		t.Error("it is kept for a caller who is not Jira")
	}
	if _, _, err := w.i.SystemToken(w.ctx(), "installation-acme"); err == nil {
		t.Error("the app's token is kept of a user's request")
	}
}

func TestRequestsOfADeletedInstallationAreRefused(t *testing.T) {
	w := newWorld(t)
	w.installed("acme")
	must(t, w.i.Uninstall(w.ctx(), "installation-acme"))
	err := w.i.Keep(w.ctx(), claims("acme", "ann", "a2a"), fit.Tokens{})
	if r := refuse(err); r.Status != http.StatusForbidden {
		t.Errorf("refused by %+v", r)
	}
	if r := refuse(store.ErrClosed); r.Status != http.StatusServiceUnavailable || r.RetryAfter == 0 {
		t.Errorf("a database that is away: %+v", r)
	}
}
