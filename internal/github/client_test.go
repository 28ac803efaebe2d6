package github_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/github"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/github"
)

// hub is a simulated GitHub and a client of it.
func hub(t *testing.T, change func(*github.Config)) (*sandbox.Server, *github.Client) {
	t.Helper()
	s := sandbox.New(sandbox.Options{})
	t.Cleanup(s.Close)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.AddRepository("acme/shop", map[string]string{"README.md": "# Shop\n", "src/main.go": "package main\n"})
	cfg := github.Config{APIURL: srv.URL + "/api/v3", Token: sandbox.Token, Version: "test"}
	if change != nil {
		change(&cfg)
	}
	c, err := github.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return s, c
}

func TestPullRequestsFilesAndCommentsAreRead(t *testing.T) {
	s, c := hub(t, nil)
	for range 3 {
		if _, err := s.As("alice").OpenPull(sandbox.NewPull{Repository: "acme/shop", Title: "A", Head: "x", Files: []string{"a", "b", "c"}}); err != nil {
			t.Fatal(err)
		}
	}
	me, err := c.Me(t.Context())
	if err != nil || me.Login != "aofbot" {
		t.Errorf("%+v %v", me, err)
	}
	list, next, err := c.PullRequests(t.Context(), "acme/shop", "", "", "", github.Page{Size: 2})
	if err != nil || len(list) != 2 || next != 2 || list[0].Number != 3 {
		t.Errorf("%d of page 1, next %d, %v", len(list), next, err)
	}
	list, next, err = c.PullRequests(t.Context(), "acme/shop", "all", "acme:x", "main", github.Page{Number: 2, Size: 2})
	if err != nil || len(list) != 1 || next != 0 {
		t.Errorf("%d of page 2, next %d, %v", len(list), next, err)
	}
	files, _, err := c.ChangedFiles(t.Context(), "acme/shop", 1, github.Page{})
	if err != nil || len(files) != 3 {
		t.Errorf("%v %v", files, err)
	}
	file, err := c.Content(t.Context(), "acme/shop", "src/main.go", "")
	if err != nil || string(file.Text) != "package main\n" {
		t.Errorf("%+v %v", file, err)
	}
	top, err := c.Content(t.Context(), "acme/shop", "", "")
	if err != nil || len(top.Entries) != 2 {
		t.Errorf("%+v %v", top, err)
	}
	if _, err := c.Content(t.Context(), "acme/shop", "../../user", ""); err == nil || !strings.Contains(err.Error(), "leads out") {
		t.Errorf("%v", err)
	}
	for _, r := range s.Requests() {
		if strings.HasSuffix(r, "/user") && r != "GET /api/v3/user" {
			t.Errorf("asked for %s", r)
		}
	}
	var refused *github.Error
	if _, err := c.PullRequest(t.Context(), "acme/shop", 99); !errors.As(err, &refused) || refused.Status != 404 || refused.Temporary() || !refused.NotSent() {
		t.Errorf("%v", err)
	}
}

func TestRefusalsSayWhetherAndWhenToComeAgain(t *testing.T) {
	for _, f := range []struct {
		name      string
		fault     sandbox.Fault
		temporary bool
		notSent   bool
		delay     time.Duration
	}{
		{"a secondary limit", sandbox.Fault{Effect: sandbox.Answer, Status: 403, Headers: map[string]string{"Retry-After": "7"}}, true, true, 7 * time.Second},
		{"a limit of the hour", sandbox.Fault{Effect: sandbox.Answer, Status: 403, Headers: map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000000100"}}, true, true, 101 * time.Second},
		{"a limit without a time", sandbox.Fault{Effect: sandbox.Answer, Status: 403, Message: "You have exceeded a secondary rate limit."}, true, true, time.Minute},
		{"too many requests", sandbox.Fault{Effect: sandbox.Answer, Status: 429}, true, true, time.Minute},
		{"a limit for ever", sandbox.Fault{Effect: sandbox.Answer, Status: 429, Headers: map[string]string{"Retry-After": "999999"}}, true, true, time.Hour},
		{"no permission", sandbox.Fault{Effect: sandbox.Answer, Status: 403, Message: "Resource not accessible by integration"}, false, true, 0},
		{"no such thing", sandbox.Fault{Effect: sandbox.Answer, Status: 404}, false, true, 0},
		{"invalid", sandbox.Fault{Effect: sandbox.Answer, Status: 422}, false, true, 0},
		{"broken", sandbox.Fault{Effect: sandbox.Answer, Status: 502}, true, false, 0},
		{"a lost connection", sandbox.Fault{Effect: sandbox.CutBefore}, true, false, 0},
		{"a lost answer", sandbox.Fault{Effect: sandbox.CutAfter}, true, false, 0},
	} {
		s, c := hub(t, func(cfg *github.Config) { cfg.Now = func() time.Time { return time.Unix(1000000000, 0) } })
		if _, err := s.As("alice").OpenIssue("acme/shop", "A", ""); err != nil {
			t.Fatal(err)
		}
		f.fault.Method, f.fault.Count = http.MethodPost, 1
		if err := s.AddFault(f.fault); err != nil {
			t.Fatal(err)
		}
		_, err := c.AddComment(t.Context(), "acme/shop", 1, "x")
		var e *github.Error
		if !errors.As(err, &e) || e.Temporary() != f.temporary || e.NotSent() != f.notSent || e.RetryDelay() != f.delay {
			t.Errorf("%s: %v, temporary %v, not sent %v, delay %s", f.name, err, e.Temporary(), e.NotSent(), e.RetryDelay())
		}
		if strings.Contains(err.Error(), sandbox.Token) {
			t.Errorf("%s: the error tells the token", f.name)
		}
		asked := len(s.Requests())
		_, err = c.AddComment(t.Context(), "acme/shop", 1, "again")
		if f.delay > 0 && (err == nil || len(s.Requests()) != asked) {
			t.Errorf("%s: GitHub is not left alone: %v", f.name, err)
		}
	}
}

func TestWritesNeedPermissionAndRequestsAToken(t *testing.T) {
	halt := errors.New("not ours any more")
	s, c := hub(t, func(cfg *github.Config) { cfg.Permit = func(context.Context) error { return halt } })
	if _, err := s.As("alice").OpenIssue("acme/shop", "A", ""); err != nil {
		t.Fatal(err)
	}
	_, err := c.AddComment(t.Context(), "acme/shop", 1, "x")
	var e *github.Error
	if !errors.Is(err, halt) || !errors.As(err, &e) || !e.NotSent() || len(s.Requests()) != 0 {
		t.Errorf("%v after %v", err, s.Requests())
	}
	if _, err := c.Me(t.Context()); err != nil {
		t.Errorf("reading needs no permission: %v", err)
	}
	_, anonymous := hub(t, func(cfg *github.Config) { cfg.Token = "" })
	if _, err := anonymous.Me(t.Context()); !errors.Is(err, github.ErrNoToken) {
		t.Errorf("%v", err)
	}
	_, wrong := hub(t, func(cfg *github.Config) { cfg.Token = "wrong" })
	if _, err := wrong.Me(t.Context()); !errors.As(err, &e) || !e.Unauthorized() || e.Temporary() {
		t.Errorf("%v", err)
	}
	_, nowhere := hub(t, func(cfg *github.Config) { cfg.APIURL = "http://127.0.0.1:1" })
	if _, err := nowhere.AddComment(t.Context(), "acme/shop", 1, "x"); !errors.As(err, &e) || !e.NotSent() || !e.Temporary() {
		t.Errorf("%v", err)
	}
}

func TestATokenStaysOnItsHost(t *testing.T) {
	var seen string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header.Get("Authorization") }))
	t.Cleanup(other.Close)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) }))
	t.Cleanup(srv.Close)
	_, c := hub(t, func(cfg *github.Config) { cfg.APIURL = srv.URL })
	if _, err := c.Me(t.Context()); err == nil || seen != "" {
		t.Errorf("%v; the other host saw %q", err, seen)
	}
}
