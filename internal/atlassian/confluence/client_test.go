package confluence_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/confluence"
)

func TestTheKindIsFoundOutFromAnyAddress(t *testing.T) {
	for name, e := range map[string]struct {
		kind          sandbox.Kind
		context, path string
		want          confluence.Kind
	}{
		"Cloud by its site":           {sandbox.Cloud, "", "", confluence.Cloud},
		"Cloud by its Confluence":     {sandbox.Cloud, "", "/wiki", confluence.Cloud},
		"Cloud with a slash":          {sandbox.Cloud, "", "/wiki/", confluence.Cloud},
		"Data Center":                 {sandbox.DataCenter, "", "", confluence.DataCenter},
		"Data Center below a path":    {sandbox.DataCenter, "/confluence", "/confluence", confluence.DataCenter},
		"Data Center at Cloud's path": {sandbox.DataCenter, "/wiki", "/wiki", confluence.DataCenter},
	} {
		t.Run(name, func(t *testing.T) {
			server, err := sandbox.New(sandbox.Options{Kind: e.kind, ContextPath: e.context})
			if err != nil {
				t.Fatal(err)
			}
			web := httptest.NewServer(server)
			t.Cleanup(func() { server.Close(); web.Close() })
			c := client(t, config(e.kind, web.URL+e.path))
			api := ok(c.API(t.Context()))(t)
			if api.Kind() != e.want {
				t.Errorf("kind %q", api.Kind())
			}
			page := ok(api.CreatePage(t.Context(), confluence.NewPage{SpaceKey: "DOC", Title: "X"}))(t)
			if !strings.HasPrefix(page.URL, web.URL+e.path) {
				t.Errorf("URL %q", page.URL)
			}
			file := ok(api.Attach(t.Context(), page.ID, confluence.File{Name: "a", Content: []byte("x")}))(t)
			if got := ok(api.Download(t.Context(), file))(t); string(got) != "x" {
				t.Errorf("%q", got)
			}
			before := len(server.Requests())
			ok(c.API(t.Context()))(t)
			if len(server.Requests()) != before {
				t.Error("the kind was asked for again")
			}
		})
	}
}

func TestTheGatewayIsCloud(t *testing.T) {
	s := open(t, sandbox.Options{})
	cfg := config(sandbox.Cloud, "https://example.atlassian.net")
	cfg.AuthType, cfg.CloudID, cfg.GatewayURL = atlassian.AuthPAT, sandbox.CloudID, s.url
	api := connect(t, cfg)
	page := ok(api.CreatePage(t.Context(), confluence.NewPage{SpaceKey: "DOC", Title: "X"}))(t)
	if !strings.HasPrefix(page.URL, "https://example.atlassian.net/wiki/spaces/DOC/pages/") {
		t.Errorf("URL %q", page.URL)
	}
	file := ok(api.Attach(t.Context(), page.ID, confluence.File{Name: "a", Content: []byte("x")}))(t)
	if got := ok(api.Download(t.Context(), file))(t); string(got) != "x" {
		t.Errorf("%q", got)
	}
	cfg.CloudID = "99999999-a1b2-3b33-c444-def123456789"
	if _, err := connect(t, cfg).Me(t.Context()); !confluence.NotFound(err) {
		t.Errorf("another site: %v", err)
	}
}

func TestAConfluenceThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	server, err := sandbox.New(sandbox.Options{Kind: sandbox.DataCenter})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); web.Close() })
	if _, err := server.AddFault(sandbox.Fault{Effect: sandbox.Answer, Status: 403, Count: 1}); err != nil {
		t.Fatal(err)
	}
	c := client(t, config(sandbox.DataCenter, web.URL))
	if _, err := c.API(t.Context()); err == nil || confluence.NotFound(err) {
		t.Fatalf("error %v", err)
	}
	ok(c.API(t.Context()))(t)
}

func TestSomethingElseIsNoConfluence(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	if _, err := client(t, config(sandbox.Cloud, web.URL)).API(t.Context()); !confluence.NotFound(err) {
		t.Errorf("error %v", err)
	}
}

func TestWrongCredentialsAreUnauthorized(t *testing.T) {
	for _, anonymous := range []bool{false, true} {
		for _, kind := range []sandbox.Kind{sandbox.Cloud, sandbox.DataCenter} {
			server, err := sandbox.New(sandbox.Options{Kind: kind, Anonymous: anonymous})
			if err != nil {
				t.Fatal(err)
			}
			web := httptest.NewServer(server)
			cfg := config(kind, web.URL)
			cfg.Token = "wrong"
			_, err = client(t, cfg).API(t.Context())
			var refusal *atlassian.Error
			if !errors.As(err, &refusal) || !refusal.Unauthorized() {
				t.Errorf("%s, anonymous %v: %v", kind, anonymous, err)
			}
			server.Close()
			web.Close()
		}
	}
}

func TestALimitOfTheRateIsTold(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "", "")
		if _, err := s.AddFault(sandbox.Fault{Method: "PUT", Effect: sandbox.Answer, Status: 429, RetryAfter: "120"}); err != nil {
			t.Fatal(err)
		}
		_, err := s.UpdatePage(t.Context(), confluence.PageUpdate{ID: page.ID, Title: "P", Version: 1})
		var refusal *atlassian.Error
		if !errors.As(err, &refusal) || !refusal.Temporary() || !refusal.Refused() || refusal.RetryAfter != 2*time.Minute {
			t.Errorf("error %v", err)
		}
		if s.state(t, page.ID).Version != 1 {
			t.Error("it was written all the same")
		}
	})
}

func TestAWriteWhoseAnswerIsLostIsNotRepeated(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "", "")
		if _, err := s.AddFault(sandbox.Fault{Method: "POST", Effect: sandbox.CutAfter}); err != nil {
			t.Fatal(err)
		}
		_, err := s.AddComment(t.Context(), confluence.NewComment{PageID: page.ID, Body: "<p>once</p>"})
		var refusal *atlassian.Error
		if !errors.As(err, &refusal) || refusal.Refused() {
			t.Errorf("error %v", err)
		}
		if got := s.state(t, page.ID).Comments; len(got) != 1 {
			t.Errorf("comments %q", got)
		}
	})
}

func TestReadsAreTriedAgainAndNonsenseIsAnError(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "<p>x</p>", "")
		if _, err := s.AddFault(sandbox.Fault{Method: "GET", Effect: sandbox.Answer, Status: 503, Count: 2}); err != nil {
			t.Fatal(err)
		}
		if got := s.read(t, page.ID, confluence.PageRead{Body: true}); got.Body != "<p>x</p>" {
			t.Errorf("%+v", got)
		}
		s.nonsense.Store(true)
		if _, err := s.AddFault(sandbox.Fault{Effect: sandbox.Malformed}); err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		for name, err := range map[string]error{
			"page":     errOf(s.API.Page(ctx, page.ID, confluence.PageRead{})),
			"children": errOf(s.Children(ctx, page.ID, confluence.Part{})),
			"search":   errOf(s.Search(ctx, confluence.Query{CQL: "type = page"})),
			"labels":   errOf(s.Labels(ctx, page.ID)),
			"versions": errOf(s.Versions(ctx, page.ID, confluence.Part{})),
			"upload":   errOf(s.Attach(ctx, page.ID, confluence.File{Name: "a"})),
			"me":       errOf(s.Me(ctx)),
		} {
			if err == nil || confluence.NotFound(err) || confluence.Conflict(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func errOf[T any](_ T, err error) error { return err }

func TestADownloadNeverLeavesTheSite(t *testing.T) {
	away := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("asked elsewhere with %q", r.Header.Get("Authorization"))
	}))
	t.Cleanup(away.Close)
	var link string
	mux := http.NewServeMux()
	mux.HandleFunc("/rest/api/user/current", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"type":"known","username":"bot","userKey":"k"}`))
	})
	mux.HandleFunc("/rest/api/content/1/child/attachment", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"results":[{"id":"att2","title":"a","_links":{"download":"` + link + `"}}]}`))
	})
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	api := connect(t, config(sandbox.DataCenter, web.URL))
	for _, link = range []string{away.URL + "/x", "//" + strings.TrimPrefix(away.URL, "http://") + "/x", "@" + strings.TrimPrefix(away.URL, "http://"), "x:y", "/"} {
		list := ok(api.Attachments(t.Context(), "1", "", confluence.Part{}))(t)
		if _, err := api.Download(t.Context(), list.Items[0]); err == nil {
			t.Errorf("link %q was followed", link)
		}
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	s := open(t, sandbox.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Me(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
