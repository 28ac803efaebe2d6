package forge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/forge/fit"
	"github.com/aofctl/aofctl/internal/logtest"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/store"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	testKey    = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	testSecret = "0123456789abcdef0123456789abcdef"
)

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// verifier knows tokens by heart.
type verifier struct {
	mu     sync.Mutex
	claims map[string]fit.Claims
}

func (v *verifier) Verify(_ context.Context, token string, modules ...string) (fit.Claims, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, ok := v.claims[token]
	if token == "no-keys" {
		return fit.Claims{}, &fit.KeysError{Cause: errors.New("away")}
	}
	if !ok {
		return fit.Claims{}, &fit.Error{Reason: fit.Signature, Why: "is not signed by Forge"}
	}
	for _, m := range modules {
		if m == c.Module.Key {
			return c, nil
		}
	}
	if len(modules) > 0 {
		return fit.Claims{}, &fit.Error{Reason: fit.Route, Why: "is for another module of the app"}
	}
	return c, nil
}

// let makes the verifier know a token.
func (v *verifier) let(token string, c fit.Claims) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.claims[token] = c
	return token
}

// claims are those of a user in a site, by a module of the app.
func claims(site, account, module string) fit.Claims {
	return fit.Claims{
		AppID: "8db33809-1f32-48bb-8c52-5877dab48107", Installation: "installation-" + site, CloudID: "cloud-" + site,
		APIBase: "https://api.atlassian.com/ex/jira/cloud-" + site, SiteURL: "https://" + site + ".atlassian.net",
		Environment: fit.EnvironmentClaim{ID: "aa911f10-c54b-4b93-9e27-dd2947840b9e", Type: "PRODUCTION"},
		AppVersion:  "2.0.0", Module: fit.Module{Type: "core:endpoint", Key: module}, Account: account,
	}
}

// world is a daemon as far as the Forge app sees it.
type world struct {
	*testing.T

	clock    *clock
	store    *store.Store
	dir      string
	opts     Options
	i        *Installations
	verifier *verifier
	signer   *Signer
	handler  HandlerOptions
	logs     *logtest.Buffer

	purgeMu sync.Mutex
	purged  []string
	purge   func(ctx context.Context, installation string) error
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		T: t, clock: &clock{at: time.UnixMilli(1_800_000_000_000).UTC()}, dir: t.TempDir(), verifier: &verifier{claims: map[string]fit.Claims{}},
		logs: &logtest.Buffer{},
	}
	s, err := store.Open(t.Context(), w.dir, w.clock.now)
	must(t, err)
	w.use(s)
	return w
}

// onBoth runs the test on each kind of database.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, newWorld(t)) })
	t.Run("postgres", func(t *testing.T) {
		w := &world{
			T: t, clock: &clock{at: time.UnixMilli(1_800_000_000_000).UTC()}, verifier: &verifier{claims: map[string]fit.Claims{}},
			logs: &logtest.Buffer{},
		}
		s, err := store.OpenPostgres(t.Context(), pgtest.Database(t), w.clock.now)
		must(t, err)
		w.use(s)
		test(t, w)
	})
}

func (w *world) use(s *store.Store) {
	w.Helper()
	w.Cleanup(func() { must(w.T, s.Close()) })
	keys, err := atlassian.ParseKeys(testKey)
	must(w.T, err)
	w.store = s
	w.opts = Options{
		Keys: keys, Agents: func() []string { return []string{"triage", "writer"} }, Now: w.clock.now,
		Scopes: func() []string { return []string{"read:jira-work", "write:jira-work"} },
		Purge: func(ctx context.Context, installation string) error {
			w.purgeMu.Lock()
			defer w.purgeMu.Unlock()
			w.purged = append(w.purged, installation)
			if w.purge != nil {
				return w.purge(ctx, installation)
			}
			return nil
		},
	}
	w.signer, err = NewSigner(testSecret, w.clock.now)
	must(w.T, err)
	w.restart()
}

// restart makes the service anew, as after a restart or on another replica.
func (w *world) restart() { w.i = New(w.store, w.opts) }

func (w *world) ctx() context.Context {
	return zerolog.New(w.logs).WithContext(w.Context())
}

// request is one of the Forge app's.
type request struct {
	method, path, token, body string
	user, system              string
	header                    http.Header
}

type answer struct {
	status int
	body   string
	header http.Header
}

func (w *world) do(r request) answer {
	w.Helper()
	mux := http.NewServeMux()
	for path, h := range NewHandler(w.verifier, w.i, w.signer, w.handler).Routes() {
		mux.Handle(path, h)
	}
	req := httptest.NewRequestWithContext(w.ctx(), r.method, r.path, strings.NewReader(r.body))
	for name, values := range r.header {
		req.Header[name] = values
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.user != "" {
		req.Header.Set("x-forge-oauth-user", r.user)
	}
	if r.system != "" {
		req.Header.Set("x-forge-oauth-system", r.system)
	}
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, req)
	body, err := io.ReadAll(rec.Result().Body)
	must(w.T, err)
	return answer{status: rec.Code, body: string(body), header: rec.Header()}
}

// want does a request, and reads its answer into v if that is not nil.
func (w *world) want(status int, r request, v any) answer {
	w.Helper()
	a := w.do(r)
	if a.status != status {
		w.Fatalf("%s %s = %d %s, want %d", r.method, r.path, a.status, a.body, status)
	}
	if v != nil {
		must(w.T, json.Unmarshal([]byte(a.body), v))
	}
	return a
}

// installed makes an installation as the event of it does.
func (w *world) installed(site string) {
	w.Helper()
	token := w.verifier.let("installed-"+site, claims(site, "", "aof-installed"))
	w.want(http.StatusNoContent, request{method: "POST", path: "/atlassian/installed", token: token, body: `{}`}, nil)
}

// configured is installed, with settings.
func (w *world) configured(site string, s Settings) {
	w.Helper()
	w.installed(site)
	_, problems, err := w.i.Configure(w.ctx(), "installation-"+site, "admin", s)
	must(w.T, err)
	if len(problems) > 0 {
		w.Fatal(problems)
	}
}

func (w *world) reason(site, account string) Reason {
	w.Helper()
	m, err := w.i.Readiness(w.ctx(), "installation-"+site, account)
	must(w.T, err)
	return m.Reason
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// nowhere fails the test if the text is in the data files, the logs or the given
// texts.
func (w *world) nowhere(text string, also ...string) {
	w.Helper()
	for _, said := range append(also, w.logs.String()) {
		if strings.Contains(said, text) {
			w.Errorf("%q was told: %s", text, said)
		}
	}
	if w.dir == "" {
		return
	}
	must(w.T, filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(text)) {
			w.Errorf("%q is in %s", text, path)
		}
		return err
	}))
}
