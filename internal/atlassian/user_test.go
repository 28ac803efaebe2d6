package atlassian_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
)

// gateway takes requests of users and remembers their tokens.
type gateway struct {
	*httptest.Server

	mu     sync.Mutex
	seen   []string
	answer http.HandlerFunc
}

func newGateway(t *testing.T, answer http.HandlerFunc) *gateway {
	t.Helper()
	g := &gateway{answer: answer}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.seen = append(g.seen, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		g.mu.Unlock()
		if g.answer != nil {
			g.answer(w, r)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) tokens() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.seen)
}

const cloudID = "11223344-a1b2-4b33-8444-def123456789"

// user makes the transport of a user whose tokens come from a source.
func (g *gateway) user(t *testing.T, source func() (string, error)) *atlassian.Transport {
	t.Helper()
	return transport(t, atlassian.Config{
		BaseURL: "https://example.atlassian.net", CloudID: cloudID, AuthType: atlassian.AuthUser, GatewayURL: g.URL,
		FirstBackoff: time.Millisecond, Bearer: func(context.Context) (string, error) { return source() },
	})
}

// tokens gives one token after the other, the last for ever.
func tokens(list ...string) func() (string, error) {
	var n atomic.Int64
	return func() (string, error) { return list[min(int(n.Add(1)), len(list))-1], nil }
}

func ask(t *testing.T, tr *atlassian.Transport, method, path, body string) ([]byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, tr.JiraURL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.Client().Do(req)
	if err != nil {
		return nil, atlassian.FromDo(req, err)
	}
	got, err := atlassian.ReadAnswer(resp)
	return got.Body, err
}

func TestEachRequestCarriesTheNewestTokenToTheGateway(t *testing.T) {
	var paths []string
	g := newGateway(t, func(_ http.ResponseWriter, r *http.Request) { paths = append(paths, r.URL.Path) })
	tr := g.user(t, tokens("first", "second"))
	for range 2 {
		if _, err := ask(t, tr, http.MethodGet, "/rest/api/2/myself", ""); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"first", "second"}, g.tokens()); diff != "" {
		t.Error(diff)
	}
	if want := "/ex/jira/" + cloudID + "/rest/api/2/myself"; paths[0] != want {
		t.Errorf("path %s, want %s", paths[0], want)
	}
	if tr.SiteURL() != "https://example.atlassian.net" {
		t.Errorf("people find it at %s", tr.SiteURL())
	}
}

func TestARefusedTokenIsReplacedOnceByANewerOne(t *testing.T) {
	posts := 0
	g := newGateway(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer old" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if body, _ := io.ReadAll(r.Body); string(body) == "text" {
			posts++
		}
	})
	if _, err := ask(t, g.user(t, tokens("old", "new")), http.MethodPost, "/rest/api/2/issue/A-1/comment", "text"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"old", "new"}, g.tokens()); diff != "" || posts != 1 {
		t.Errorf("%d posts; %s", posts, diff)
	}
}

func TestWhatTheUserHasToAllowFirstIsSaid(t *testing.T) {
	answer := func(status int, header, value, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if header != "" {
				w.Header().Set(header, value)
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	tests := map[string]struct {
		answer http.HandlerFunc
		scopes []string
		scoped bool
		says   string
	}{
		"expired": {answer(401, "", "", `{"code":401,"message":"Unauthorized"}`), nil, false, "expired"},
		"scope at the gateway": {answer(401, "", "", `{"code":401,"message":"Unauthorized; scope does not match"}`),
			nil, true, "administrator"},
		"scope by category": {answer(403, "X-Failure-Category", "FAILURE_CLIENT_SCOPE_CHECK", `{"message":"missing write:jira-work and read:issue:jira"}`),
			[]string{"read:issue:jira", "write:jira-work"}, true, "`read:issue:jira`, `write:jira-work`"},
		"scope by challenge": {answer(403, "WWW-Authenticate", `Bearer error="insufficient_scope", scope="manage:jira-project"`, ``),
			[]string{"manage:jira-project"}, true, "`manage:jira-project`"},
	}
	for name, tt := range tests {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(name+" "+method, func(t *testing.T) {
				g := newGateway(t, tt.answer)
				_, err := ask(t, g.user(t, tokens("tok")), method, "/rest/api/2/issue/A-1", "")
				var failure *atlassian.Error
				var required *atlassian.AuthRequiredError
				if !errors.As(err, &failure) || !errors.As(err, &required) {
					t.Fatalf("error %v", err)
				}
				if !failure.Temporary() || !failure.Refused() || failure.Unauthorized() || failure.RetryDelay() < time.Second {
					t.Errorf("temporary %v, refused %v, unauthorized %v, delay %s", failure.Temporary(), failure.Refused(), failure.Unauthorized(), failure.RetryDelay())
				}
				if diff := cmp.Diff(tt.scopes, required.Scopes); diff != "" || required.Scoped != tt.scoped {
					t.Errorf("scoped %v %s", required.Scoped, diff)
				}
				if text, ok := atlassian.AuthRequired(err); !ok || !strings.Contains(text, tt.says) {
					t.Errorf("the user is told %q", text)
				}
				if n := len(g.tokens()); n != 1 {
					t.Errorf("%d requests with one token", n)
				}
			})
		}
	}
}

func TestWhatTheUserMayNotSeeIsNoMatterOfConsent(t *testing.T) {
	g := newGateway(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"errorMessages":["You do not have permission"]}`)
	})
	_, err := ask(t, g.user(t, tokens("tok")), http.MethodGet, "/rest/api/2/issue/A-1", "")
	var failure *atlassian.Error
	if !errors.As(err, &failure) || failure.Status != http.StatusForbidden || failure.Temporary() || failure.Detail() != "You do not have permission" {
		t.Errorf("error %v", err)
	}
	if _, required := atlassian.AuthRequired(err); required {
		t.Error("consent would not help")
	}
}

func TestWithoutATokenNothingIsSent(t *testing.T) {
	gone := errors.New("gone")
	for name, source := range map[string]func() (string, error){
		"none":       func() (string, error) { return "", atlassian.NoToken(gone) },
		"empty":      tokens(""),
		"two lines":  tokens("a\r\nX-Evil: 1"),
		"with blank": tokens("a b"),
	} {
		g := newGateway(t, nil)
		_, err := ask(t, g.user(t, source), http.MethodPost, "/rest/api/2/issue", "{}")
		var failure *atlassian.Error
		if _, required := atlassian.AuthRequired(err); !required || !errors.As(err, &failure) || !failure.Temporary() || !failure.Refused() {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(g.tokens()); n > 0 {
			t.Errorf("%s: %d requests", name, n)
		}
	}
}

func TestTheTokenOfAUserGoesNowhereElse(t *testing.T) {
	var stolen []string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		stolen = append(stolen, r.Header.Get("Authorization"))
	}))
	defer thief.Close()
	g := newGateway(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL+"/x", http.StatusTemporaryRedirect)
	})
	tr := g.user(t, tokens("tok"))
	if _, err := ask(t, tr, http.MethodGet, "/rest/api/2/issue/A-1", ""); err == nil {
		t.Error("the redirect was followed")
	}
	if _, err := get(t, tr, thief.URL+"/y"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{""}, stolen); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyTheGatewayTakesTokensOfUsers(t *testing.T) {
	bearer := func(context.Context) (string, error) { return "tok", nil }
	good := atlassian.Config{BaseURL: "https://x.atlassian.net", CloudID: cloudID, AuthType: atlassian.AuthUser, Bearer: bearer}
	if tr := transport(t, good); tr.JiraURL() != "https://api.atlassian.com/ex/jira/"+cloudID {
		t.Errorf("the gateway is %s", tr.JiraURL())
	}
	for name, change := range map[string]func(*atlassian.Config){
		"no cloud id":       func(c *atlassian.Config) { c.CloudID = "" },
		"a path as id":      func(c *atlassian.Config) { c.CloudID = "../../x" },
		"another host":      func(c *atlassian.Config) { c.CloudID = "@evil.example" },
		"without TLS":       func(c *atlassian.Config) { c.GatewayURL = "http://api.example.com" },
		"no source":         func(c *atlassian.Config) { c.Bearer = nil },
		"a user in the URL": func(c *atlassian.Config) { c.GatewayURL = "https://api.atlassian.com@evil.example/" },
	} {
		cfg := good
		change(&cfg)
		if _, err := atlassian.NewTransport(cfg); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestAGuardStopsReadsAndWritesAndRedirectsBeforeAnythingIsSent(t *testing.T) {
	type key struct{}
	g := newGateway(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/away") {
			http.Redirect(w, r, "back", http.StatusFound)
		}
	})
	asked := 0
	tr := transport(t, atlassian.Config{
		BaseURL: g.URL, AuthType: atlassian.AuthPAT, Token: "bot",
		Guard: func(ctx context.Context) error {
			if asked++; ctx.Value(key{}) != nil {
				return errors.New("other hands")
			}
			return nil
		},
	})
	if _, err := ask(t, tr, http.MethodGet, "/away", ""); err != nil || asked != 2 {
		t.Errorf("asked %d times, %v", asked, err)
	}
	before := len(g.tokens())
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		req, err := http.NewRequestWithContext(context.WithValue(t.Context(), key{}, 1), method, g.URL+"/x", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := tr.Client().Do(req)
		if err == nil {
			_ = resp.Body.Close()
			t.Fatal("it was sent")
		}
		if failure := atlassian.FromDo(req, err); !failure.Refused() || failure.Temporary() || failure.Detail() != "not sent: other hands" {
			t.Errorf("error %v", failure)
		}
	}
	if n := len(g.tokens()); n != before {
		t.Errorf("%d requests were sent", n-before)
	}
}

func FuzzConsent(f *testing.F) {
	f.Add(401, "", `{"message":"Unauthorized; scope does not match"}`)
	f.Add(403, "FAILURE_CLIENT_SCOPE_CHECK", `read:jira-work write:issue:jira-software`)
	f.Add(403, "", strings.Repeat("read:a ", 9000))
	f.Fuzz(func(t *testing.T, status int, category, body string) {
		if status < 200 || status > 599 {
			return
		}
		g := newGateway(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Failure-Category", category)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
		defer g.Close()
		_, err := ask(t, g.user(t, tokens("tok")), http.MethodPut, "/rest/api/2/issue/A-1", "{}")
		text, required := atlassian.AuthRequired(err)
		if status == http.StatusUnauthorized && !required {
			t.Errorf("no consent is asked for: %v", err)
		}
		if required && (status != 401 && status != 403 || len(text) > 2000) {
			t.Errorf("%d: %q", status, text)
		}
	})
}

func ExampleAuthRequired() {
	err := fmt.Errorf("post comment: %w", atlassian.NoToken(errors.New("none holds")))
	text, required := atlassian.AuthRequired(err)
	fmt.Println(required, strings.HasPrefix(text, "I can no longer act for you"))
	// Output: true true
}
