// Package e2e tests the built program from outside: the binary, its ports, its
// files and its signals, against the sandbox.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aofctl/aofctl"
	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/logtest"
	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/sandbox/port"
	"github.com/aofctl/aofctl/internal/store"
)

const secret = "e2e-webhook-secret"

// patience bounds every wait.
const patience = 2 * time.Minute

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	if os.Getenv(mcpVariable) != "" {
		os.Exit(serveMCP())
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "aofctl-e2e-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "aofctl")
	build := exec.Command("go", "build", "-o", binary, "../../cmd/aofctl")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return pgtest.Run(m)
}

// world is a sandbox with a proxy before it, and a directory for a daemon.
type world struct {
	t     *testing.T
	box   *sandbox.Sandbox
	proxy *gate
	dir   string
	port  int
	admin int
	// environ is what the daemon's environment has beside this process's.
	environ map[string]string
	// storage is the configuration's, as YAML in braces.
	storage string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, sandbox.Options{})
}

func newWorldOf(t *testing.T, opts sandbox.Options) *world {
	t.Helper()
	box, err := sandbox.Start(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	email, token := box.Credentials()
	w := &world{t: t, box: box, dir: t.TempDir(), port: port.For(t), admin: port.For(t), environ: map[string]string{
		"JIRA_EMAIL": email, "JIRA_API_TOKEN": token, "JIRA_WEBHOOK_SECRET": secret, "GOOGLE_API_KEY": "sandbox", "AOF_ADMIN_TOKEN": ""},
		storage: `{dsn: "sqlite:./data"}`}
	w.proxy = newGate(t, box.JiraURL())
	w.writeDefaults()
	box.RegisterWebhook(w.webhookURL(), secret)
	return w
}

func (w *world) webhookURL() string { return fmt.Sprintf("http://127.0.0.1:%d/webhook/jira", w.port) }
func (w *world) adminURL() string   { return fmt.Sprintf("http://127.0.0.1:%d", w.admin) }

func (w *world) client() *client.Client {
	return client.New(w.adminURL(), w.environ["AOF_ADMIN_TOKEN"], http.DefaultClient)
}

// writeDefaults lays out the default manifests and a configuration.
func (w *world) writeDefaults() {
	w.t.Helper()
	for _, dir := range []string{"triggers", "agents", "fleets", "flows"} {
		entries, err := aofctl.Defaults.ReadDir(dir)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range entries {
			text, err := aofctl.Defaults.ReadFile(dir + "/" + e.Name())
			if err != nil {
				w.t.Fatal(err)
			}
			w.write(filepath.Join(dir, e.Name()), string(text))
		}
	}
	w.configure("{}", "{settle: 100ms}")
}

// configure writes the configuration, with further settings of the server and of
// the runtime as YAML in braces.
func (w *world) configure(server, runtime string) {
	w.t.Helper()
	server = strings.TrimSuffix(strings.TrimPrefix(server, "{"), "}")
	if server != "" {
		server = ", " + server
	}
	w.write("daemon.yaml", fmt.Sprintf(`apiVersion: aof.dev/v1
kind: DaemonConfig
metadata: {name: e2e}
spec:
  server: {host: 127.0.0.1, port: %d%s}
  platforms:
    jira:
      enabled: true
      base_url: %s
      auth: {type: api_token, email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}
      webhook_secret_env: JIRA_WEBHOOK_SECRET
  triggers: {directory: ./triggers/, watch: true}
  agents: {directory: ./agents/, watch: true}
  fleets: {directory: ./fleets/, watch: true}
  models: {providers: {google: {base_url: %s/llm/v1}}}
  runtime: %s
  admin: {host: 127.0.0.1, port: %d}
  storage: %s
`, w.port, server, w.proxy.url, w.proxy.url, runtime, w.admin, w.storage))
}

func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) env() []string {
	env := os.Environ()
	for name, value := range w.environ {
		env = append(env, name+"="+value)
	}
	return env
}

// daemon is a running daemon process.
type daemon struct {
	t    *testing.T
	cmd  *exec.Cmd
	log  *logtest.Buffer
	done chan struct{}
	once sync.Once
}

// start starts the daemon and waits until it is ready. What Confluence tells of what
// happened before has failed by then: it must not reach the daemon by chance.
func (w *world) start(args ...string) *daemon {
	w.t.Helper()
	do(w.t, w.box.Confluence.Wait(context.Background()))
	d := w.launch(args...)
	w.await("the daemon to be ready", func() bool {
		select {
		case <-d.done:
			w.t.Fatalf("the daemon ended at its start:\n%s", d.log)
		default:
		}
		resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", w.port))
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return d
}

// launch starts the daemon and does not wait.
func (w *world) launch(args ...string) *daemon {
	w.t.Helper()
	d := &daemon{t: w.t, log: &logtest.Buffer{}, done: make(chan struct{})}
	d.cmd = exec.Command(binary, append([]string{"serve", "--config", filepath.Join(w.dir, "daemon.yaml"), "--log-format", "json"}, args...)...)
	d.cmd.Env = w.env()
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	if err := d.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		_ = d.cmd.Wait()
		close(d.done)
	}()
	w.t.Cleanup(func() {
		d.kill()
		if w.t.Failed() {
			w.t.Logf("the daemon's log:\n%s", d.log)
		}
	})
	return d
}

// kill ends the daemon with SIGKILL.
func (d *daemon) kill() {
	d.once.Do(func() { _ = d.cmd.Process.Kill() })
	<-d.done
}

// stop ends the daemon with SIGTERM and returns its exit code.
func (d *daemon) stop() int {
	d.t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.t.Fatal(err)
	}
	select {
	case <-d.done:
	case <-time.After(patience):
		d.t.Fatal("the daemon did not stop")
	}
	return d.cmd.ProcessState.ExitCode()
}

func (w *world) await(what string, ok func() bool) {
	w.t.Helper()
	w.awaitFor(patience, what, ok)
}

// awaitFor is await for what takes many starts of a daemon.
func (w *world) awaitFor(long time.Duration, what string, ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(long); !ok(); {
		if time.Now().After(deadline) {
			w.t.Fatalf("timed out waiting for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// ended waits until n runs of the issue are over and returns them, oldest first.
func (w *world) ended(issue string, n int) []store.Run {
	w.t.Helper()
	var list []store.Run
	w.await(fmt.Sprintf("%d runs on %s to end", n, issue), func() bool {
		runs, err := w.client().Runs(context.Background(), url.Values{"issue": {issue}, "limit": {"1000"}})
		if err != nil {
			return false
		}
		list = nil
		for i := len(runs) - 1; i >= 0; i-- {
			if runs[i].State.Terminal() {
				list = append(list, runs[i])
			}
		}
		return len(list) >= n
	})
	return list
}

// gate is a proxy before the sandbox that can stop the world at one request.
type gate struct {
	url string
	mu  sync.Mutex
	// seen are the requests so far, as "METHOD path".
	seen []string
	// at is called for each request with its number, from 0, and how to carry
	// it out, which does not answer it yet. It reports whether it did so.
	at func(n int, r *http.Request, forward func()) bool
}

func newGate(t *testing.T, target string) *gate {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{}
	reverse := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		// What was sent is carried out whatever becomes of the sender.
		r = r.WithContext(context.WithoutCancel(r.Context()))
		g.mu.Lock()
		n, at := len(g.seen), g.at
		g.seen = append(g.seen, r.Method+" "+r.URL.Path)
		g.mu.Unlock()
		// The answer goes out when at has returned, so that what at notes about
		// this request is there before whoever asked can ask again.
		answer := httptest.NewRecorder()
		forward := func() { reverse.ServeHTTP(answer, r) }
		if at == nil || !at(n, r, forward) {
			forward()
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(srv.Close)
	g.url = srv.URL
	return g
}

func (g *gate) requests() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.seen...)
}

func (g *gate) set(at func(n int, r *http.Request, forward func()) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at = at
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
