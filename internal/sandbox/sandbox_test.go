package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/leak"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
)

func TestMain(m *testing.M) { leak.Main(m) }

func start(t *testing.T, opts Options) *Sandbox {
	t.Helper()
	s, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

// do sends a request with the daemon's credentials.
func do(t *testing.T, s *Sandbox, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(s.Credentials())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

func TestJiraAndModelShareAListener(t *testing.T) {
	for _, path := range []string{"", "/jira"} {
		t.Run("context path "+path, func(t *testing.T) {
			s := start(t, Options{Demo: true, ContextPath: path})
			if !strings.HasSuffix(s.JiraURL(), path) {
				t.Errorf("Jira is at %s", s.JiraURL())
			}
			status, raw := do(t, s, "GET", s.JiraURL()+"/rest/api/2/issue/PROJ-1?fields=summary", "")
			if status != 200 || !strings.Contains(raw, s.JiraURL()+"/rest/api/2/issue/10001") {
				t.Errorf("issue: %d %s", status, raw)
			}
			status, raw = do(t, s, "POST", s.ModelURL()+"/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hello"}]}`)
			if status != 200 || !strings.Contains(raw, "choices") {
				t.Errorf("model: %d %s", status, raw)
			}
			if status, raw = do(t, s, "GET", s.ControlURL()+"/issues", ""); status != 200 || !strings.Contains(raw, "PROJ-1") {
				t.Errorf("controls: %d %s", status, raw)
			}
			if len(s.Model.Requests()) != 1 || len(s.Jira.Requests()) != 1 {
				t.Error("a request was counted by the wrong server")
			}
		})
	}
}

func TestDemoHasIssuesAndTheirReporters(t *testing.T) {
	s := start(t, Options{Demo: true})
	if got := s.Jira.Keys(); len(got) != len(demoIssues()) {
		t.Fatalf("issues %v", got)
	}
	i, _ := s.Jira.Issue("PROJ-3")
	if bob, _ := s.Jira.User("bob"); i.Reporter != bob.AccountID || i.Type != "Story" {
		t.Errorf("issue %+v", i)
	}
}

func TestWebhooksReachARegisteredURL(t *testing.T) {
	got := make(chan string, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Hub-Signature") != jira.Sign("secret", raw) {
			raw = []byte("bad signature")
		}
		got <- string(raw)
	}))
	defer receiver.Close()
	s := start(t, Options{Demo: true})
	s.RegisterWebhook(receiver.URL, "secret")
	if _, err := s.Jira.As("alice").Comment("PROJ-1", "/help", nil); err != nil {
		t.Fatal(err)
	}
	if raw := <-got; !strings.Contains(raw, "comment_created") {
		t.Errorf("got %s", raw)
	}
	if err := s.Jira.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyLoopbackIsListenedOn(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80", "example.com:80", "nonsense", "127.0.0.1"} {
		if s, err := Start(t.Context(), Options{Addr: addr}); err == nil {
			t.Errorf("%s was listened on", addr)
			_ = s.Close()
		}
	}
	s := start(t, Options{})
	if other, err := Start(t.Context(), Options{Addr: strings.TrimPrefix(s.JiraURL(), "http://")}); err == nil {
		t.Error("an address in use was listened on")
		_ = other.Close()
	}
	start(t, Options{Addr: "localhost:0"})
}

func TestDataCenterIsServedUnderAPath(t *testing.T) {
	s := start(t, Options{Demo: true, ContextPath: "/jira", Jira: jira.Options{Deployment: jira.DataCenter}})
	if login, _ := s.Credentials(); login != "bot" {
		t.Errorf("login %s", login)
	}
	status, raw := do(t, s, "GET", s.JiraURL()+"/rest/api/2/search?jql=project%3DPROJ&maxResults=1", "")
	if status != 200 || !strings.Contains(raw, `"total":3`) {
		t.Errorf("search: %d %s", status, raw)
	}
	if status, raw = do(t, s, "GET", s.JiraURL()+"/rest/api/3/myself", ""); status != 404 {
		t.Errorf("v3: %d %s", status, raw)
	}
	var out bytes.Buffer
	if err := s.explain(&out); err != nil || !strings.Contains(out.String(), "type: pat") || strings.Contains(out.String(), "OAuth") {
		t.Errorf("guide: %v\n%s", err, out.String())
	}
}

func TestBadSeedsFailAtTheStart(t *testing.T) {
	bad := jira.Options{Seed: jira.Seed{Issues: []jira.NewIssue{{Project: "NOPE", Summary: "x"}}}}
	if _, err := Start(t.Context(), Options{Jira: bad}); err == nil || !strings.Contains(err.Error(), "make simulated Jira") {
		t.Errorf("error %v", err)
	}
}

func TestEndOfContextEndsServing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Start(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if resp, err := http.Get(s.JiraURL() + "/rest/api/2/serverInfo"); err == nil {
		_ = resp.Body.Close()
		t.Error("it still answers")
	}
}

func TestModelIsControlledOverHTTP(t *testing.T) {
	s := start(t, Options{Model: model.Options{}})
	at := strings.TrimSuffix(s.ModelURL(), "/v1") + "/__sandbox"
	ask := func() (int, string) {
		return do(t, s, "POST", s.ModelURL()+"/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hello"}]}`)
	}
	for body, want := range map[string]int{
		`{"status":429,"count":1,"retry_after_ms":1000}`: 204, `{}`: 400, `{"status":200}`: 400, `{"status":500,"count":-1}`: 400, `{"fail":1}`: 400,
		`{"delay_ms":-1}`: 204,
	} {
		if status, raw := do(t, s, "POST", at+"/faults", body); status != want {
			t.Errorf("%s: %d %s", body, status, raw)
		}
	}
	if status, _ := ask(); status != 429 {
		t.Errorf("with a fault: %d", status)
	}
	if status, raw := do(t, s, "PUT", at+"/rules", "- nonsense: [}"); status != 400 {
		t.Errorf("bad rules: %d %s", status, raw)
	}
	status, raw := do(t, s, "GET", at+"/requests", "")
	var log []map[string]any
	if err := json.Unmarshal([]byte(raw), &log); err != nil || status != 200 || len(log) != 1 {
		t.Errorf("requests: %d %s", status, raw)
	}
	if status, _ := do(t, s, "POST", at+"/reset", ""); status != 204 || len(s.Model.Requests()) != 0 {
		t.Errorf("reset: %d", status)
	}
	if status, _ := ask(); status != 200 {
		t.Errorf("after the fault: %d", status)
	}
}

// page is an output that tells when it is complete.
type page struct {
	mu   sync.Mutex
	text bytes.Buffer
	done chan struct{}
	once sync.Once
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, err := p.text.Write(b)
	if strings.HasSuffix(p.text.String(), "/__sandbox/requests\n\n") {
		p.once.Do(func() { close(p.done) })
	}
	return n, err
}

// String is what was written so far.
func (p *page) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func TestRunSaysHowToUseIt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &page{done: make(chan struct{})}
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Options{Demo: true, Webhooks: []jira.Webhook{{URL: "http://127.0.0.1:3000/webhook/jira", Secret: "abc"}}}, out)
	}()
	select {
	case <-out.done:
	case err := <-ended:
		t.Fatal(err)
	case <-time.After(2 * time.Minute):
		t.Fatal("nothing was printed")
	}
	text := out.String()
	url := regexp.MustCompile(`base_url: (http://127\.0\.0\.1:\d+)\n`).FindStringSubmatch(text)
	for _, want := range []string{jira.BotEmail, jira.BotToken, "JIRA_WEBHOOK_SECRET=abc", "http://127.0.0.1:3000/webhook/jira", "/llm/v1", "cut_after",
		"confluence: {webhook_token_env: CONFLUENCE_WEBHOOK_TOKEN}", "CONFLUENCE_WEBHOOK_TOKEN=sandbox-secret", "/webhook/confluence/{event}"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing from:\n%s", want, text)
		}
	}
	if url == nil {
		t.Fatalf("no base_url in:\n%s", text)
	}
	resp, err := http.Get(url[1] + "/__sandbox/issues/PROJ-1")
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("the printed URL: %v", err)
	}
	_ = resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRunFailsWhenItCannotStart(t *testing.T) {
	if err := Run(t.Context(), Options{Addr: "0.0.0.0:0"}, io.Discard); err == nil {
		t.Error("it ran")
	}
}
