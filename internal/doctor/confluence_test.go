package doctor

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/confluence"
)

// wikiWorld is a Confluence of which something is to be told.
type wikiWorld struct {
	sandbox sandbox.Options
	config  func(*atlassian.Config)
	spaces  []SpaceNeed
	wrap    func(http.Handler) http.Handler
	// want are check, state, and parts of what is told of it.
	want [][]string
}

func (b wikiWorld) run(t *testing.T) []Result {
	t.Helper()
	server, err := sandbox.New(b.sandbox)
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler = server
	if b.wrap != nil {
		handler = b.wrap(server)
	}
	web := httptest.NewServer(handler)
	t.Cleanup(func() { server.Close(); web.Close() })
	cfg := atlassian.Config{BaseURL: web.URL + b.sandbox.ContextPath, AuthType: atlassian.AuthAPIToken, Email: sandbox.BotEmail, Token: sandbox.BotToken, FirstBackoff: time.Millisecond}
	if b.sandbox.Kind == sandbox.DataCenter {
		cfg.AuthType, cfg.Email = atlassian.AuthPAT, ""
	}
	if b.config != nil {
		b.config(&cfg)
	}
	transport, err := atlassian.NewTransport(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.Close)
	wiki := Wiki{Subject: "confluence", Open: confluence.New(transport).API, URL: cfg.BaseURL, Credentials: "CONFLUENCE_TOKEN", Spaces: b.spaces,
		Users: map[string][]string{"confluence_get_comments": {"agent keeper"}, "confluence_search": {"agent reader"}},
		Scopes: func(tool string) []string {
			if tool == "confluence_search" {
				return []string{"read:content-details:confluence"}
			}
			return []string{"read:comment:confluence", "read:page:confluence"}
		}}
	return Run(t.Context(), []Check{wiki.Check()}, 2*time.Minute, nil)
}

// unscoped refuses a part of the API as Cloud's gateway does to a token without its
// scope.
func unscoped(part string) func(http.Handler) http.Handler {
	return instead(part, http.StatusUnauthorized, "application/json", `{"code":401,"message":"Unauthorized; scope does not match"}`)
}

func instead(part string, status int, kind, body string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, part) {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
	}
}

func TestWhatIsWrongWithAConfluenceIsTold(t *testing.T) {
	needs := []SpaceNeed{
		{Key: "DOC", Readers: []string{"agent keeper"}, Writers: []string{"agent keeper"}}, {Key: "POLICY", Readers: []string{"agent reader"}},
		{Key: "SECRET", Readers: []string{"agent keeper"}},
	}
	policy := []SpaceNeed{{Key: "POLICY", Readers: []string{"agent keeper"}, Writers: []string{"agent keeper"}}}
	spaces := [][]string{
		{"space DOC", "ok", "can be read and written"}, {"space POLICY", "ok", "can be read"},
		{"space SECRET", "failed", "does not exist, or our account may not see it; agent keeper", "scope.spaces"},
	}
	dc := sandbox.Options{Kind: sandbox.DataCenter, ContextPath: "/confluence"}
	login := instead("/", 200, "text/html", "<html><title>Log in - Company</title></html>")
	wrong := func(cfg *atlassian.Config) { cfg.Token = "wrong" }
	for name, b := range map[string]wikiWorld{
		"Cloud":       {spaces: needs, want: append([][]string{{"account", "ok", "Confluence Cloud knows us as AOF Bot"}}, spaces...)},
		"Data Center": {sandbox: dc, spaces: needs, want: append([][]string{{"account", "ok", "Data Center knows us as AOF Bot"}}, spaces...)},
		"no right to write": {spaces: policy, want: [][]string{
			{"account", "ok"}, {"space POLICY", "failed", "our account may not write pages there; agent keeper", "space's permissions"}}},
		"no right to write, Data Center": {sandbox: dc, spaces: policy, want: [][]string{
			{"account", "ok"}, {"space POLICY", "failed", "our account may not write pages there"}}},
		"a wrong token":              {config: wrong, want: [][]string{{"account", "failed", "credentials were not accepted", "CONFLUENCE_TOKEN"}}},
		"a wrong token, Data Center": {sandbox: dc, config: wrong, want: [][]string{{"account", "failed", "credentials", "CONFLUENCE_TOKEN"}}},
		"a wrong token, and anonymous access": {
			sandbox: sandbox.Options{Kind: sandbox.DataCenter, Anonymous: true}, config: wrong,
			want: [][]string{{"account", "failed", "as if nobody had signed in", "CONFLUENCE_TOKEN"}}},
		"a wrong path": {sandbox: dc, config: func(cfg *atlassian.Config) { cfg.BaseURL = strings.TrimSuffix(cfg.BaseURL, "/confluence") + "/jira" },
			want: [][]string{{"account", "failed", "there is no Confluence at", "context path"}}},
		"a login page":   {wrap: login, want: [][]string{{"account", "failed", "Log in - Company", "CONFLUENCE_TOKEN"}}},
		"nobody listens": {config: func(cfg *atlassian.Config) { cfg.BaseURL = "http://127.0.0.1:1" }, want: [][]string{{"account", "failed", "nothing listens there", "whether Confluence runs"}}},
		"no access":      {wrap: instead("/user/current", 403, "application/json", `{"message":"no licence"}`), want: [][]string{{"account", "failed", "no licence", "access to Confluence"}}},
		"no scope for comments": {wrap: unscoped("/footer-comments"), want: [][]string{
			{"account", "ok"}, {"scopes", "failed", "lacks read:comment:confluence, for confluence_get_comments of agent keeper", "consent"}}},
		"no scope for what nobody uses": {wrap: unscoped("/attachments"), want: [][]string{{"account", "ok"}}},
		"no scope at all":               {wrap: unscoped("/"), want: [][]string{{"account", "failed", "lacks a scope", "consent"}}},
		"no scope to tell of rights":    {spaces: needs[:1], wrap: unscoped("/operations"), want: [][]string{{"account", "ok"}, {"space DOC", "skipped", "can be read"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := b.run(t)
			if len(got) != len(b.want) {
				t.Fatalf("told %+v", got)
			}
			for i, want := range b.want {
				r := got[i]
				said := r.Detail + " → " + r.Cure
				if r.Check != want[0] || string(r.State) != want[1] {
					t.Errorf("told %+v, want %v", r, want)
				}
				for _, part := range want[2:] {
					if !strings.Contains(said, part) {
						t.Errorf("%q does not say %q", said, part)
					}
				}
			}
		})
	}
}
