package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/logtest"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/sandbox"
)

// patience bounds every wait.
const patience = 2 * time.Minute

// place is a directory with a configuration and manifests.
type place struct {
	dir string
	env map[string]string
	log logtest.Buffer
}

// newPlace lays out a configuration with what is given below spec, and files.
func newPlace(t *testing.T, spec string, files map[string]string) *place {
	t.Helper()
	p := &place{dir: t.TempDir(), env: map[string]string{"JIRA_EMAIL": "bot@example.com", "JIRA_API_TOKEN": "the-jira-token",
		"JIRA_WEBHOOK_SECRET": "the-hook-secret", "GOOGLE_API_KEY": "the-google-key"}}
	p.write(t, "daemon.yaml", "kind: DaemonConfig\nspec:\n"+spec)
	for name, text := range files {
		p.write(t, name, text)
	}
	return p
}

func (p *place) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *place) getenv(name string) (string, bool) { v, ok := p.env[name]; return v, ok }

func (p *place) load(t *testing.T) *manifest.Daemon {
	t.Helper()
	d, err := manifest.LoadDaemon(filepath.Join(p.dir, "daemon.yaml"), p.getenv)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// open makes an App, which is closed at the end of the test.
func (p *place) open(t *testing.T, change ...func(*Options)) (*App, error) {
	t.Helper()
	opts := Options{Daemon: p.load(t), Env: p.getenv, Version: "v1.2.3", LogOut: &p.log}
	for _, c := range change {
		c(&opts)
	}
	a, err := New(t.Context(), opts)
	if err == nil {
		t.Cleanup(func() { _ = a.Close() })
	}
	return a, err
}

func (p *place) mustOpen(t *testing.T, change ...func(*Options)) *App {
	t.Helper()
	a, err := p.open(t, change...)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

const (
	server   = "  server: {host: 127.0.0.1, port: 0}\n  admin: {host: 127.0.0.1, port: 0}\n  storage: {dsn: \"sqlite:./data\"}\n"
	withJira = `  platforms:
    jira:
      base_url: https://example.atlassian.net/
      auth: {type: api_token, email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}
      webhook_secret_env: JIRA_WEBHOOK_SECRET
`
	oneTrigger = "kind: Trigger\nmetadata: {name: bugs}\nspec: {type: Jira, config: {events: [issue_created], filters: {issue_types: [Bug], labels: [vip]}}, default_agent: a}\n"
	oneAgent   = "kind: Agent\nmetadata: {name: a}\nspec: {model: \"google:gemini-2.5-flash\", instructions: Help., tools: [jira_get_issue]}\n"
)

func TestTheBannerSaysWhatIsServed(t *testing.T) {
	p := newPlace(t, server+withJira, map[string]string{"triggers/t.yaml": oneTrigger, "agents/a.yaml": oneAgent})
	a := p.mustOpen(t)
	var out bytes.Buffer
	a.Banner(&out)
	for _, want := range []string{
		"aofctl v1.2.3\n", "  webhooks   http://" + a.Addr() + "/webhook/jira\n", "  jira       https://example.atlassian.net (api_token)\n",
		"  admin      http://" + a.AdminAddr() + "\n", "  triggers   1: bugs\n", "  agents     1: a\n",
		"  storage    sqlite:" + filepath.Join(p.dir, "data") + "\n", "  limits     10 runs at a time, 5m0s each, 20 per issue and hour\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	for _, foreign := range []string{"warning", "not run", "the-"} {
		if strings.Contains(out.String(), foreign) {
			t.Errorf("%q is in\n%s", foreign, out.String())
		}
	}
}

func TestTheBannerSaysWhatToKnow(t *testing.T) {
	files := map[string]string{"flows/f.yaml": "kind: Flow\nmetadata: {name: f}\nspec: {nodes: [{id: end, type: End}], connections: [{from: start, to: end}]}\n"}
	for i := range 10 {
		files[fmt.Sprintf("agents/%d.yaml", i)] = strings.Replace(oneAgent, "name: a", fmt.Sprintf("name: a%d", i), 1)
	}
	p := newPlace(t, server+`  runtime: {max_runs_per_issue_per_hour: 0, default_agent: a11}
  models: {providers: {other: {type: openai-compatible, base_url: "http://127.0.0.1:1", api_key_env: OTHER_KEY}}}
  platforms: {slack: {enabled: true}}
`, files)
	var out bytes.Buffer
	p.mustOpen(t).Banner(&out)
	for _, want := range []string{
		"  triggers   none\n", "  agents     10: a0, a1, a2, a3, a4, a5, a6, a7, …\n", "  flows      1: f\n",
		"any number per issue\n", "no platform is enabled", `platform "slack" is not offered`,
		"environment variable OTHER_KEY is not set", `there is no agent "a11"`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "/webhook/") {
		t.Errorf("a webhook is named that is not served:\n%s", out.String())
	}
}

func TestMachinesAreToldInTheLog(t *testing.T) {
	for format, machine := range map[string]bool{"json": true, "console": false, "": true} {
		p := newPlace(t, server+withJira, map[string]string{"agents/a.yaml": oneAgent})
		a := p.mustOpen(t, func(o *Options) { o.LogFormat = format })
		var out bytes.Buffer
		a.Announce(&out)
		if (out.Len() == 0) != machine || strings.Contains(p.log.String(), `"message":"serving"`) != machine {
			t.Errorf("format %q: banner %q, log %q", format, out.String(), p.log.String())
		}
	}
}

func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	p := newPlace(t, server+withJira, map[string]string{"agents/a.yaml": oneAgent,
		"agents/b.yaml": "kind: Agent\nmetadata: {name: b}\nspec: {model: \"google:x\", instructions: Help., tools: [jira_get_isue]}\n"})
	p.env = map[string]string{}
	_, err := p.open(t)
	for _, want := range []string{"JIRA_EMAIL", "JIRA_API_TOKEN", "JIRA_WEBHOOK_SECRET", `unknown tool "jira_get_isue"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(p.dir, "data")); err == nil {
		t.Error("the storage was opened for nothing")
	}
}

func TestAPortThatIsTakenLeavesTheOtherFree(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	spec := strings.Replace(server, "port: 0", fmt.Sprintf("port: %d", taken.Addr().(*net.TCPAddr).Port), 1)
	a, err := newPlace(t, spec, nil).open(t)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "listen for webhooks (spec.server.host and port)") {
		t.Errorf("error %v", err)
	}
	free, err := net.Listen("tcp", a.AdminAddr())
	if err != nil {
		t.Fatalf("the admin port is still held: %v", err)
	}
	_ = free.Close()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func TestAnAppThatIsNotRunFreesItsDirectory(t *testing.T) {
	p := newPlace(t, server, nil)
	first := p.mustOpen(t)
	if _, err := p.open(t); err == nil || !strings.Contains(err.Error(), "is in use by another process") {
		t.Errorf("error %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := p.open(t); err != nil {
		t.Error(err)
	}
}

func TestADaemonRunsUntilItIsStopped(t *testing.T) {
	box, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	p := newPlace(t, server+strings.Replace(withJira, "https://example.atlassian.net/", box.JiraURL(), 1), map[string]string{"agents/a.yaml": oneAgent})
	p.env["JIRA_EMAIL"], p.env["JIRA_API_TOKEN"] = box.Credentials()
	a := p.mustOpen(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	for _, addr := range []string{a.Addr(), a.AdminAddr()} {
		awaitText(t, "http://"+addr+"/readyz?verbose", `"as AOF Bot"`)
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	for _, want := range []string{"Jira knows us", "stopping: no new webhooks", "stopped"} {
		if !strings.Contains(p.log.String(), want) {
			t.Errorf("%q is missing in the log\n%s", want, p.log.String())
		}
	}
	if _, err := net.Dial("tcp", a.Addr()); err == nil {
		t.Error("the port is still open")
	}
}

func awaitText(t *testing.T, url, want string) {
	t.Helper()
	last := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		resp, err := http.Get(url)
		if err != nil {
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if last = string(body); strings.Contains(last, want) {
			return
		}
	}
	t.Fatalf("%s never had %q; last: %s", url, want, last)
}
