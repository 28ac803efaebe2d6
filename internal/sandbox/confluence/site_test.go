package confluence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/leak"
	"github.com/aofctl/aofctl/internal/sandbox/contract"
)

func TestMain(m *testing.M) { leak.Main(m) }

// site is a Server behind a real listener, its exchanges checked against
// Atlassian's descriptions where those are here.
type site struct {
	*Server
	t   *testing.T
	url string
}

func newSite(t *testing.T, opts Options) *site {
	t.Helper()
	s := newUncheckedSite(t, opts)
	if c := contracts[s.Kind()](); c != nil {
		s.api = c.Handler(s.api, func(err error) { t.Error(err) })
	}
	return s
}

// newUncheckedSite is for requests that no description has.
func newUncheckedSite(t *testing.T, opts Options) *site {
	t.Helper()
	clock := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	if opts.Now == nil {
		opts.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			clock = clock.Add(time.Second)
			return clock
		}
	}
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	t.Cleanup(func() { s.Close(); web.Close(); http.DefaultTransport.(*http.Transport).CloseIdleConnections() })
	return &site{Server: s, t: t, url: web.URL + strings.TrimSuffix(s.opts.ContextPath, "/wiki")}
}

// contracts are Atlassian's descriptions, read once; nil where they are absent.
var contracts = map[Kind]func() *contract.Contract{
	Cloud:      sync.OnceValue(func() *contract.Contract { return described(contract.LoadConfluenceCloud) }),
	DataCenter: sync.OnceValue(func() *contract.Contract { return described(contract.LoadConfluenceDataCenter) }),
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

// reply is what a request got.
type reply struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (s *site) as(who, method, path, body string) reply {
	s.t.Helper()
	return s.send(method, path, body, func(r *http.Request) {
		u := s.As(who).by
		login := u.Email
		if s.Kind() == DataCenter {
			login = u.Handle
		}
		r.SetBasicAuth(login, u.Token)
	})
}

func (s *site) do(method, path, body string) reply {
	s.t.Helper()
	return s.as("bot", method, path, body)
}

// want sends a request as the bot and fails unless the answer has the status.
func (s *site) want(status int, method, path, body string) map[string]any {
	s.t.Helper()
	a := s.do(method, path, body)
	if a.status != status {
		s.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.raw)
	}
	return a.body
}

func (s *site) send(method, path, body string, prepare func(*http.Request)) reply {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if prepare != nil {
		prepare(req)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return reply{raw: err.Error()}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := reply{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &a.body)
	return a
}

func (s *site) upload(method, path, name, content string) reply {
	s.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		s.t.Fatal(err)
	}
	_, _ = part.Write([]byte(content))
	_ = form.WriteField("minorEdit", "true")
	_ = form.Close()
	u := s.As("bot").by
	return s.send(method, path, b.String(), func(r *http.Request) {
		login := u.Email
		if s.Kind() == DataCenter {
			login = u.Handle
		}
		r.SetBasicAuth(login, u.Token)
		r.Header.Set("Content-Type", form.FormDataContentType())
		r.Header.Set("X-Atlassian-Token", "nocheck")
	})
}

// page makes a page as Alice.
func (s *site) page(title, body string) string {
	s.t.Helper()
	id, err := s.As("alice").CreatePage(NewPage{Space: "DOC", Title: title, Body: body})
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// both runs a test on a site of either kind.
func both(t *testing.T, fn func(t *testing.T, s *site)) {
	for _, kind := range []Kind{Cloud, DataCenter} {
		t.Run(string(kind), func(t *testing.T) { fn(t, newSite(t, Options{Kind: kind, ContextPath: "/confluence"})) })
	}
}

// settle waits for deliveries.
func (s *site) settle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	if err := s.Wait(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// dig reads a member of a member.
func dig(v any, path ...any) any {
	for _, step := range path {
		switch at := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[at]
		case int:
			l, _ := v.([]any)
			if at >= len(l) {
				return nil
			}
			v = l[at]
		}
	}
	return v
}
