package jira

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/contract"
)

// site is a Server behind a real listener.
type site struct {
	*Server
	t   testing.TB
	url string
}

func newSite(t testing.TB, opts Options) *site {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	s.api = checked(t, s)
	web := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		web.Close()
	})
	return &site{Server: s, t: t, url: web.URL}
}

// contracts are Atlassian's descriptions, read once; nil where they are absent.
var contracts = map[Deployment]func() *contract.Contract{
	Cloud:      sync.OnceValue(func() *contract.Contract { return described(contract.LoadCloud) }),
	DataCenter: sync.OnceValue(func() *contract.Contract { return described(contract.LoadDataCenter) }),
}

func described(load func(string) (*contract.Contract, error)) *contract.Contract {
	dir := contract.Material("openapi")
	if dir == "" {
		return nil
	}
	c, err := load(dir)
	if err != nil && !errors.Is(err, contract.ErrNoDescription) {
		panic(err)
	}
	return c
}

// checked puts the description of the real API in front of a site's own, behind
// the faults: each request that is accepted and each answer must fit it.
func checked(t testing.TB, s *Server) http.Handler {
	if _, slow := t.(*testing.B); slow {
		return s.api
	}
	c := contracts[s.Deployment()]()
	if c == nil {
		return s.api
	}
	return c.Handler(s.api, func(err error) { t.Error(err) })
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// as sends a request with the credentials of a user.
func (s *site) as(who, method, path, body string) answer {
	s.t.Helper()
	u, ok := s.User(who)
	if !ok {
		s.t.Fatalf("no user %q", who)
	}
	return s.send(method, path, body, func(r *http.Request) { r.SetBasicAuth(u.Login(), u.Token) })
}

// do sends a request as the bot.
func (s *site) do(method, path, body string) answer {
	s.t.Helper()
	return s.as("bot", method, path, body)
}

func (s *site) send(method, path, body string, prepare func(*http.Request)) answer {
	s.t.Helper()
	a, err := s.try(method, path, body, prepare)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (s *site) try(method, path, body string, prepare func(*http.Request)) (answer, error) {
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if prepare != nil {
		prepare(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	a := answer{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &a.body)
	return a, err
}

// want fails the test unless the answer has the status; it returns the body.
func (s *site) want(status int, a answer) map[string]any {
	s.t.Helper()
	if a.status != status {
		s.t.Fatalf("status %d, want %d: %s", a.status, status, a.raw)
	}
	return a.body
}

// issue creates an issue as Alice and returns its key.
func (s *site) issue(n NewIssue) string {
	s.t.Helper()
	if n.Project == "" {
		n.Project = "PROJ"
	}
	if n.Summary == "" {
		n.Summary = "Something"
	}
	key, err := s.As("alice").CreateIssue(n)
	if err != nil {
		s.t.Fatal(err)
	}
	return key
}

// snapshot is the issue, which must exist.
func (s *site) snapshot(key string) Issue {
	s.t.Helper()
	i, ok := s.Issue(key)
	if !ok {
		s.t.Fatalf("no issue %s", key)
	}
	return i
}

// dig walks through a decoded JSON value.
func dig(v any, path ...string) any {
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// received is a delivery as a receiver of webhooks saw it.
type received struct {
	header http.Header
	path   string
	query  url.Values
	raw    []byte
	body   map[string]any
}

// receiver takes webhooks.
type receiver struct {
	url string

	mu     sync.Mutex
	status []int
	got    []received
}

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	r := &receiver{}
	web := httptest.NewServer(r)
	t.Cleanup(web.Close)
	r.url = web.URL + "/webhook/jira"
	return r
}

// ServeHTTP answers with the next status that was set, else with 200.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	raw, _ := io.ReadAll(req.Body)
	one := received{header: req.Header, path: req.URL.RequestURI(), query: req.URL.Query(), raw: raw}
	_ = json.NewDecoder(bytes.NewReader(raw)).Decode(&one.body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, one)
	if len(r.status) > 0 {
		w.WriteHeader(r.status[0])
		r.status = r.status[1:]
	}
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

// names are the events received, in order.
func (r *receiver) names() []string {
	var out []string
	for _, one := range r.all() {
		name, _ := one.body["webhookEvent"].(string)
		out = append(out, name)
	}
	return out
}

// shared finds reference data that is not part of the repository, or skips.
func shared(t testing.TB, path string) string {
	t.Helper()
	full := contract.Material(path)
	if full == "" {
		t.Skipf("%s is not here", path)
	}
	return full
}

// clock is a settable time.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)} }

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

// sendAs sends a request with a content type of its own.
func (s *site) sendAs(who, method, path, body, kind string) answer {
	s.t.Helper()
	u, _ := s.User(who)
	return s.send(method, path, body, func(r *http.Request) {
		r.SetBasicAuth(u.Login(), u.Token)
		r.Header.Del("Content-Type")
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
	})
}

// settle waits until every webhook has been delivered.
func (s *site) settle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	if err := s.Wait(ctx); err != nil {
		s.t.Fatal(err)
	}
}

func basic(u User) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(u.Login(), u.Token) }
}

func withContext(ctx context.Context, prepare func(*http.Request)) func(*http.Request) {
	return func(r *http.Request) {
		prepare(r)
		*r = *r.WithContext(ctx)
	}
}

// until polls for a condition that another goroutine brings about.
func (s *site) until(ok func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			s.t.Fatal("it did not happen in time")
		}
		time.Sleep(time.Millisecond)
	}
}
