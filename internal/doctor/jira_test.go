package doctor

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/registration"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/port"
)

// broken is a world in which something is wrong.
type broken struct {
	sandbox sandbox.Options
	config  func(*atlassian.Config)
	site    func(*Site)
	jira    func(*sandbox.Server)
	wrap    func(http.Handler) http.Handler
	tls     bool
	// want are check, state, and parts of what is told of it.
	want [][]string
}

func (b broken) run(t *testing.T) []Result {
	t.Helper()
	server, err := sandbox.New(b.sandbox)
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler = server
	if b.wrap != nil {
		handler = b.wrap(server)
	}
	web := httptest.NewUnstartedServer(handler)
	web.Config.ErrorLog = nil
	if web.Start(); b.tls {
		web.Close()
		web = httptest.NewTLSServer(handler)
	}
	t.Cleanup(func() { server.Close(); web.Close() })
	if b.jira != nil {
		b.jira(server)
	}
	bot, _ := server.User("bot")
	cfg := atlassian.Config{BaseURL: web.URL, AuthType: atlassian.AuthAPIToken, Email: bot.Login(), Token: bot.Token, FirstBackoff: time.Millisecond}
	if b.sandbox.Deployment == sandbox.DataCenter {
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
	client, err := jira.New(transport)
	if err != nil {
		t.Fatal(err)
	}
	site := Site{Subject: "jira", Client: client, URL: cfg.BaseURL, Credentials: "JIRA_API_TOKEN", Needs: Needs(nil), Now: time.Now, Token: cfg.AuthType == atlassian.AuthPAT,
		Webhook: registration.Target{Paths: []string{"/webhook/jira"}, Events: []string{"jira:issue_created"}}}
	if b.site != nil {
		b.site(&site)
	}
	return Run(t.Context(), []Check{site.Check()}, 2*time.Minute, nil)
}

// answering answers some paths otherwise than Jira.
func answering(answers map[string]http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for part, h := range answers {
				if strings.Contains(r.URL.Path, part) {
					h(w, r)
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// dated moves the clock of every answer.
func dated(by time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat))
			next.ServeHTTP(w, r)
		})
	}
}

// free is an address on which nobody listens during the test.
func free(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", port.For(t))
}

func register(w sandbox.Webhook) func(*sandbox.Server) {
	return func(s *sandbox.Server) {
		w.Name = "aofctl"
		if w.URL == "" {
			w.URL = "https://aof.example.com/webhook/jira"
		}
		if w.Events == nil {
			w.Events = []string{"jira:issue_created"}
		}
		s.Register(w)
	}
}

func TestAJiraThatIsWellHasATickEverywhere(t *testing.T) {
	for name, opts := range map[string]sandbox.Options{"Cloud": {}, "Data Center": {Deployment: sandbox.DataCenter}} {
		for _, r := range (broken{sandbox: opts, jira: register(sandbox.Webhook{Secret: "s"})}).run(t) {
			if r.State != OK || r.Cure != "" {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
}

func TestWhatIsWrongWithAJiraIsTold(t *testing.T) {
	nobody, proxy := free(t), free(t)
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
	t.Cleanup(refusing.Close)
	const noBrowse = `{"permissions": {"BROWSE_PROJECTS": {"havePermission": true}, "ADD_COMMENTS": {"havePermission": false}, "EDIT_ISSUES": {"havePermission": false}}}`
	soonGone := `[{"name": "bot", "expiringAt": "` + time.Now().Add(48*time.Hour).Format("2006-01-02T15:04:05.000-0700") + `"}]`
	for name, b := range map[string]broken{
		"nothing listens": {config: func(c *atlassian.Config) { c.BaseURL = "http://" + nobody },
			want: [][]string{{"reachable", "failed", "nothing listens there", "base_url"}, {"credentials", "skipped"}}},
		"an unknown name": {config: func(c *atlassian.Config) { c.BaseURL = "http://jira.invalid" },
			want: [][]string{{"reachable", "failed", "jira.invalid", "base_url"}}},
		"an unknown authority": {tls: true,
			want: [][]string{{"reachable", "failed", "TLS: the certificate is signed by an authority that is not known", "tls.ca_cert_path"}}},
		"plain HTTP behind https": {config: func(c *atlassian.Config) { c.BaseURL = strings.Replace(c.BaseURL, "http:", "https:", 1) },
			want: [][]string{{"reachable", "failed", "TLS: the server does not speak it"}}},
		"a proxy that is down": {config: func(c *atlassian.Config) { c.BaseURL, c.HTTPSProxy = "https://jira.example.com", "http://"+proxy },
			site: func(s *Site) { s.Proxy = proxy },
			want: [][]string{{"reachable", "failed", "proxy", proxy, "proxy.https_proxy"}}},
		"a proxy that refuses": {config: func(c *atlassian.Config) { c.BaseURL, c.HTTPSProxy = "https://jira.example.com", refusing.URL },
			site: func(s *Site) { s.Proxy = "proxy" },
			want: [][]string{{"reachable", "failed", "the proxy does not let us through", "407", "user and password"}}},
		"not a Jira": {wrap: answering(map[string]http.HandlerFunc{"/": says(404, `{"message": "no such page"}`)}),
			want: [][]string{{"reachable", "failed", "answers, but not as Jira", "context path"}}},
		"a wrong token": {config: func(c *atlassian.Config) { c.Token = "wrong" },
			want: [][]string{{"reachable", "ok"}, {"credentials", "failed", "as if nobody had signed in", "JIRA_API_TOKEN"}}},
		"a wrong token that is answered with 200": {sandbox: sandbox.Options{AnonymousOnBadToken: true}, config: func(c *atlassian.Config) { c.Token = "wrong" },
			want: [][]string{{"credentials", "failed", "as if nobody had signed in"}}},
		"a wrong token of a Data Center": {sandbox: sandbox.Options{Deployment: sandbox.DataCenter}, config: func(c *atlassian.Config) { c.Token = "wrong" },
			want: [][]string{{"credentials", "failed", "JIRA_API_TOKEN"}}},
		"no access to Jira": {wrap: answering(map[string]http.HandlerFunc{"/myself": says(403, `{"message": "no access"}`)}),
			want: [][]string{{"credentials", "failed", "no access", "let the account into Jira"}}},
		"a clock that is slow":     {wrap: dated(-2 * time.Minute), want: [][]string{{"clock", "warning", "ahead of Jira's", "NTP"}}},
		"a clock that is far off":  {wrap: dated(time.Hour), want: [][]string{{"clock", "failed", "behind Jira's", "NTP"}}},
		"a token that ends soon":   {sandbox: sandbox.Options{Deployment: sandbox.DataCenter}, wrap: answering(map[string]http.HandlerFunc{"/rest/pat/": says(200, soonGone)}), want: [][]string{{"token", "warning", `"bot"`, "expires on", "make a new one"}}},
		"a missing permission":     {wrap: answering(map[string]http.HandlerFunc{"/mypermissions": says(200, noBrowse)}), want: [][]string{{"permissions", "failed", "ADD_COMMENTS is missing in FEAT, OTHER, PROJ, SUP, for answers", "permission scheme"}, {"permissions", "warning", "EDIT_ISSUES", "no agent needs it"}}},
		"a permission for a tool":  {site: func(s *Site) { s.Needs = Needs(map[string][]string{"jira_add_labels": {"agent triager"}}) }, wrap: answering(map[string]http.HandlerFunc{"/mypermissions": says(200, noBrowse)}), want: [][]string{{"permissions", "failed", "EDIT_ISSUES", "for jira_add_labels of agent triager"}}},
		"no project":               {site: func(s *Site) { s.Allowed = func(string) bool { return false } }, want: [][]string{{"permissions", "failed", "none of the allowed projects", "allowed_projects"}}},
		"no webhook":               {want: [][]string{{"webhook", "failed", "no webhook of this Jira sends to /webhook/jira", "aofctl jira webhook create"}}},
		"a webhook elsewhere":      {jira: register(sandbox.Webhook{Secret: "s"}), site: func(s *Site) { s.Webhook.URL = "https://b.example.com/webhook/jira" }, want: [][]string{{"webhook", "failed", "https://b.example.com/webhook/jira", "--url https://b.example.com"}}},
		"a webhook without secret": {jira: register(sandbox.Webhook{}), want: [][]string{{"webhook", "failed", "it has no secret"}}},
		"a disabled webhook":       {jira: register(sandbox.Webhook{Secret: "s", Disabled: true}), want: [][]string{{"webhook", "failed", "it is disabled"}}},
		"too few events":           {jira: register(sandbox.Webhook{Secret: "s", Events: []string{"comment_created"}}), want: [][]string{{"webhook", "failed", "it does not send jira:issue_created"}}},
		"no administrator":         {wrap: answering(map[string]http.HandlerFunc{"/rest/webhooks/": says(403, `{}`)}), want: [][]string{{"webhook", "skipped", "only administrators"}}},
		"a Jira with trouble":      {wrap: answering(map[string]http.HandlerFunc{"/project/search": says(400, `{"message": "oh"}`), "/rest/webhooks/": says(400, `{"message": "ah"}`)}), want: [][]string{{"permissions", "failed", "oh"}, {"webhook", "failed", "ah"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := b.run(t)
			for _, want := range b.want {
				if !tells(list, want) {
					t.Errorf("want %v in %+v", want, list)
				}
			}
		})
	}
}

// tells reports whether a finding of that check and state has all the parts.
func tells(list []Result, want []string) bool {
	for _, r := range list {
		whole := r.Detail + " → " + r.Cure
		if r.Check != want[0] || string(r.State) != want[1] {
			continue
		}
		all := true
		for _, part := range want[2:] {
			all = all && strings.Contains(whole, part)
		}
		if all {
			return true
		}
	}
	return false
}

func TestACertificateOfAnotherHostIsTold(t *testing.T) {
	s := Site{URL: "https://a"}
	for _, c := range []struct {
		err  error
		want string
	}{
		{&tls.CertificateVerificationError{Err: tls.AlertError(42)}, "authority"},
		{net.UnknownNetworkError("x"), "unknown network"},
	} {
		if r := s.unreachable(c.err); !strings.Contains(r.Detail, c.want) {
			t.Errorf("%v: %+v", c.err, r)
		}
	}
}

func TestToolsThatMakeIssuesOfRequirementsNeedWhatThatTakes(t *testing.T) {
	got := map[string]string{}
	for _, n := range Needs(map[string][]string{"atlassian_create_issue": {"flow stories"}}) {
		got[n.Permission] = n.For
	}
	for _, permission := range []string{"CREATE_ISSUES", "LINK_ISSUES"} {
		if got[permission] != "atlassian_create_issue of flow stories" {
			t.Errorf("%s is for %q", permission, got[permission])
		}
	}
}
