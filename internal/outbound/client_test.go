package outbound

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/hosts"
)

func host(t *testing.T, text string, private bool) hosts.Host {
	t.Helper()
	h, err := hosts.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	h.Private = private
	return h
}

func target(t *testing.T, text string) Target {
	t.Helper()
	return Target{Host: host(t, text, true)}
}

// names resolves names to lists of addresses, one after the other.
type names struct {
	mu      sync.Mutex
	answers map[string][]string
	asked   []string
}

func (n *names) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, name)
	list := n.answers[strings.TrimSuffix(name, ".")]
	if len(list) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	if len(list) > 1 {
		n.answers[strings.TrimSuffix(name, ".")] = list[1:]
	}
	var out []netip.Addr
	for _, text := range strings.Fields(list[0]) {
		out = append(out, netip.MustParseAddr(text))
	}
	return out, nil
}

// reach lets the client resolve with n, and be connected to the server whatever
// address it dials. It returns the addresses that were dialled.
func (c *Client) reach(server *httptest.Server, n *names) *[]string {
	var dialled []string
	c.cfg.Resolver = n
	c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		n.mu.Lock()
		dialled = append(dialled, address)
		n.mu.Unlock()
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}
	return &dialled
}

func TestARequestIsSentAndAnswered(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %s %s|%s|%s", r.Method, r.URL, r.Header.Get("User-Agent"), body, r.Header.Get("Authorization"), r.Header.Get("Accept"))
	}))
	defer srv.Close()
	to := target(t, srv.URL)
	to.Header = http.Header{"Authorization": {"Bearer s3cret"}}
	c := New(Config{Targets: []Target{to}, UserAgent: "test"})
	got, err := c.Do(t.Context(), Request{Method: http.MethodPost, URL: srv.URL + "/a?b=%20c#d", Body: []byte("hi"), Header: http.Header{"Accept": {"text/plain"}}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "POST /a?b=%20c test hi|Bearer s3cret|text/plain"; got.Status != http.StatusTeapot || string(got.Body) != want || got.Truncated {
		t.Errorf("status %d, body %q, want %q", got.Status, got.Body, want)
	}
}

func TestTheListIsCheckedBeforeAnythingIsSent(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("something arrived") }))
	defer srv.Close()
	c := New(Config{Targets: []Target{target(t, "http://127.0.0.1:1")}})
	for name, req := range map[string]Request{
		"another port":  {URL: srv.URL},
		"another name":  {URL: strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)},
		"a user":        {URL: "http://user@127.0.0.1:1/"},
		"a header":      {URL: "http://127.0.0.1:1/", Header: http.Header{"Authorization": {"x"}}},
		"a host header": {URL: "http://127.0.0.1:1/", Header: http.Header{"host": {"x"}}},
		"a line break":  {URL: "http://127.0.0.1:1/", Header: http.Header{"Accept": {"a\r\nX: y"}}},
		"a long header": {URL: "http://127.0.0.1:1/", Header: http.Header{"Accept": {strings.Repeat("a", 2000)}}},
		"a method":      {URL: "http://127.0.0.1:1/", Method: "CONNECT"},
		"small letters": {URL: "http://127.0.0.1:1/", Method: "post"},
		"a body of GET": {URL: "http://127.0.0.1:1/", Body: []byte("x")},
		"a large body":  {URL: "http://127.0.0.1:1/", Method: "POST", Body: make([]byte, MaxRequest+1)},
	} {
		_, err := c.Do(t.Context(), req)
		var refused *hosts.RefusedError
		if !errors.As(err, &refused) || !NotSent(err) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := c.Check(req); !errors.As(err, &refused) {
			t.Errorf("%s: checked: %v", name, err)
		}
	}
}

func TestANameThatLeadsInsideIsNotConnectedTo(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("something arrived") }))
	defer srv.Close()
	for _, address := range []string{"127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1", "fd00::1", "64:ff9b::7f00:1", "2002:7f00:1::", "0.0.0.0", "100.64.0.1",
		"93.184.216.34 127.0.0.1", "2606:2800:220:1::1 ::1"} {
		c := New(Config{Targets: []Target{{Host: host(t, "api.example.com", false)}}})
		dialled := c.reach(srv, &names{answers: map[string][]string{"api.example.com": {address}}})
		_, err := c.Do(t.Context(), Request{URL: "https://api.example.com/"})
		var refused *hosts.RefusedError
		if !errors.As(err, &refused) || len(*dialled) != 0 || !NotSent(err) {
			t.Errorf("%s: dialled %v, error %v", address, *dialled, err)
		}
	}
}

func TestANameIsResolvedOnceForEachConnection(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }))
	defer srv.Close()
	c := New(Config{Targets: []Target{{Host: host(t, "http://api.example.com", false)}}})
	n := &names{answers: map[string][]string{"api.example.com": {"93.184.216.34", "127.0.0.1"}}}
	dialled := c.reach(srv, n)
	if _, err := c.Do(t.Context(), Request{URL: "http://api.example.com/"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"93.184.216.34:80"}, *dialled); diff != "" {
		t.Errorf("dialled (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"api.example.com."}, n.asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	if _, err := c.Do(t.Context(), Request{URL: "http://api.example.com/"}); err == nil || len(*dialled) != 1 {
		t.Errorf("rebound to 127.0.0.1: dialled %v, error %v", *dialled, err)
	}
}

func TestEachRedirectIsChecked(t *testing.T) {
	var srv *httptest.Server
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect led off the list") }))
	defer inside.Close()
	srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			fmt.Fprintf(w, "%s|%s", r.Header.Get("If-Match"), r.Header.Get("Accept"))
			return
		}
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
	}))
	defer srv.Close()
	c := New(Config{Targets: []Target{target(t, srv.URL), target(t, strings.Replace(srv.URL, "127.0.0.1", "localhost", 1))}})
	get := func(to string) (Response, error) {
		return c.Do(t.Context(), Request{URL: srv.URL + "/?to=" + strings.NewReplacer("?", "%3F", "&", "%26", "#", "%23", "\\", "%5C").Replace(to),
			Header: http.Header{"If-Match": {"x"}, "Accept": {"text/plain"}}})
	}
	for to, want := range map[string]string{"/end": "x|text/plain", "/?to=/end": "x|text/plain", "/?to=/%3Fto=/end": "x|text/plain",
		strings.Replace(srv.URL, "127.0.0.1", "localhost", 1) + "/end": "|text/plain"} {
		if got, err := get(to); err != nil || string(got.Body) != want {
			t.Errorf("to %s: %q, %v", to, got.Body, err)
		}
	}
	for _, to := range []string{inside.URL, "http://169.254.169.254/", "//evil.com/", "https://evil.com", "file:///etc/passwd", "javascript:x", "http://user@" + strings.TrimPrefix(srv.URL, "http://") + "/end",
		"http://[::1]:1/", "http://127.0.0.1:1/", "gopher://x", "http://evil.com\\@127.0.0.1/", "//127.0.0.1/end", "http:evil"} {
		_, err := get(to)
		var refused *hosts.RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("to %s: %v", to, err)
		}
	}
	if _, err := get("/?to=/?to=/?to=/?to=/end"); err == nil {
		loop := srv.URL + "/loop"
		t.Errorf("many redirects were followed to %s", loop)
	}
}

func TestManyRedirectsAreNotFollowed(t *testing.T) {
	hops := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hops++
		http.Redirect(w, r, "/again", http.StatusMovedPermanently)
	}))
	defer srv.Close()
	c := New(Config{Targets: []Target{target(t, srv.URL)}})
	if _, err := c.Do(t.Context(), Request{URL: srv.URL}); err == nil || !strings.Contains(err.Error(), "more than 3 times") || hops != 4 {
		t.Errorf("%d requests, %v", hops, err)
	}
	got, err := c.Do(t.Context(), Request{Method: http.MethodPost, URL: srv.URL})
	if err != nil || got.Status != http.StatusMovedPermanently || hops != 5 {
		t.Errorf("a POST was sent on: status %d, %d requests, %v", got.Status, hops, err)
	}
}

func TestARedirectTakesNoCredentialsAlongAndNoTLSAway(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header) }))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL, http.StatusFound) }))
	defer secure.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	c := New(Config{Targets: []Target{target(t, secure.URL), target(t, plain.URL)}, TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}})
	if _, err := c.Do(t.Context(), Request{URL: secure.URL}); err == nil || !strings.Contains(err.Error(), "without TLS") {
		t.Errorf("error %v", err)
	}
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			t.Error("the credentials are missing")
		}
		http.Redirect(w, r, plain.URL, http.StatusFound)
	}))
	defer first.Close()
	to := target(t, first.URL)
	to.Header = http.Header{"Authorization": {"Bearer s3cret"}}
	c = New(Config{Targets: []Target{to, target(t, plain.URL)}})
	got, err := c.Do(t.Context(), Request{URL: first.URL})
	if err != nil || bytes.Contains(got.Body, []byte("s3cret")) {
		t.Errorf("the other host got %s, %v", got.Body, err)
	}
}

func TestAnUnknownCertificateIsRefused(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("something arrived") }))
	srv.Config.ErrorLog = nil
	srv.StartTLS()
	defer srv.Close()
	_, err := New(Config{Targets: []Target{target(t, srv.URL)}}).Do(t.Context(), Request{URL: srv.URL})
	if err == nil || !NotSent(err) {
		t.Errorf("error %v", err)
	}
}

func TestALargeAnswerIsCutOffAlsoIfItWasSmallOnTheWire(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(bytes.Repeat([]byte("x"), 50<<20))
	_ = z.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bomb" {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
			return
		}
		_, _ = w.Write(bytes.Repeat([]byte("y"), DefaultMaxBody))
	}))
	defer srv.Close()
	c := New(Config{Targets: []Target{target(t, srv.URL)}})
	if got, err := c.Do(t.Context(), Request{URL: srv.URL + "/bomb"}); err != nil || len(got.Body) != DefaultMaxBody || !got.Truncated {
		t.Errorf("%d bytes, truncated %v, %v", len(got.Body), got.Truncated, err)
	}
	if got, err := c.Do(t.Context(), Request{URL: srv.URL}); err != nil || len(got.Body) != DefaultMaxBody || got.Truncated {
		t.Errorf("%d bytes, truncated %v, %v", len(got.Body), got.Truncated, err)
	}
}

func TestItIsKnownWhetherSomethingWasSent(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(arrived)
			<-release
			return
		}
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.Close()
	}))
	defer srv.Close()
	defer close(release)
	closed := httptest.NewServer(nil)
	closed.Close()
	c := New(Config{Targets: []Target{target(t, srv.URL), target(t, closed.URL)}, Timeout: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if _, err := c.Do(ctx, Request{Method: http.MethodPost, URL: srv.URL + "/slow"}); err == nil || NotSent(err) {
		t.Errorf("canceled while it was answered: %v", err)
	}
	for address, sent := range map[string]bool{srv.URL + "/cut": true, closed.URL: false} {
		_, err := c.Do(t.Context(), Request{Method: http.MethodPost, URL: address})
		if err == nil || NotSent(err) == sent {
			t.Errorf("%s: %v", address, err)
		}
	}
	stop := errors.New("this replica may not write")
	c = New(Config{Targets: []Target{target(t, srv.URL)}, Permit: func(context.Context) error { return stop }})
	if _, err := c.Do(t.Context(), Request{Method: http.MethodPost, URL: srv.URL}); !errors.Is(err, stop) || !NotSent(err) {
		t.Errorf("error %v", err)
	}
}

func TestTheEnvironmentsProxyIsNotUsed(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proxy was used") }))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }))
	defer srv.Close()
	c := New(Config{Targets: []Target{{Host: host(t, "http://api.example.com", false)}}})
	c.reach(srv, &names{answers: map[string][]string{"api.example.com": {"93.184.216.34"}}})
	if _, err := c.Do(t.Context(), Request{URL: "http://api.example.com/"}); err != nil {
		t.Error(err)
	}
}

func TestOnlyTextIsRead(t *testing.T) {
	for kind, want := range map[string]bool{
		"text/plain": true, "text/html; charset=utf-8": true, "application/json": true, "application/problem+json": true, "application/atom+xml": true, "APPLICATION/XML": true,
		"application/yaml": true, "image/png": false, "application/octet-stream": false, "application/pdf": false, "video/mp4": false, "application/zip": false, "font/woff": false, ";": false,
	} {
		_, _, err := Response{Header: http.Header{"Content-Type": {kind}}, Body: []byte("abc")}.Text()
		if (err == nil) != want {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for name, r := range map[string]Response{
		"ä ü":    {Header: http.Header{"Content-Type": {"text/plain; charset=ISO-8859-1"}}, Body: []byte("\xe4 \xfc")},
		"äx":     {Header: http.Header{"Content-Type": {"text/plain; charset=latin1"}}, Body: []byte("äx")},
		"\uFFFD": {Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("\xff")},
		"bom":    {Header: http.Header{}, Body: []byte("\uFEFFbom")},
		"":       {Header: http.Header{"Content-Type": {"image/png"}}},
	} {
		if got, _, err := r.Text(); got != name || err != nil {
			t.Errorf("got %q, want %q, %v", got, name, err)
		}
	}
}
