package atlassian_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/sandbox/port"
)

var errLeaseLost = errors.New("the lease is lost")

// send makes a request and returns its answer's status, or the *Error.
func send(t *testing.T, tr *atlassian.Transport, method, url, body string) (int, *atlassian.Error) {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.Client().Do(req)
	if err != nil {
		return 0, atlassian.FromDo(req, err)
	}
	_, err = atlassian.ReadAnswer(resp)
	var failure *atlassian.Error
	if errors.As(err, &failure) {
		return resp.StatusCode, failure
	}
	return resp.StatusCode, nil
}

func TestPermitIsAskedBeforeEachAttemptOfAWriteAndNoOther(t *testing.T) {
	var served atomic.Int32
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if served.Add(1)%2 == 1 && !strings.Contains(r.URL.Path, "once") {
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	defer site.Close()
	for name, tt := range map[string]struct {
		method, path, body string
		asked              int32
	}{
		"GET":             {"GET", "/once", "", 0},
		"HEAD":            {"HEAD", "/once", "", 0},
		"OPTIONS":         {"OPTIONS", "/once", "", 0},
		"POST":            {"POST", "/once", "{}", 1},
		"PUT":             {"PUT", "/once", "{}", 1},
		"bare DELETE":     {"DELETE", "/once", "", 1},
		"bare POST":       {"POST", "/once", "", 1},
		"repeated POST":   {"POST", "/twice", "{}", 2},
		"repeated GET":    {"GET", "/twice", "", 0},
		"large PUT":       {"PUT", "/once", strings.Repeat("x", 1<<20), 1},
		"repeated DELETE": {"DELETE", "/twice", "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			served.Store(0)
			var asked atomic.Int32
			cfg := config(site.URL)
			cfg.FirstBackoff = time.Millisecond
			cfg.Permit = func(context.Context) error { asked.Add(1); return nil }
			if status, failure := send(t, transport(t, cfg), tt.method, site.URL+tt.path, tt.body); failure != nil || status != 200 {
				t.Fatalf("status %d, %v", status, failure)
			}
			if asked.Load() != tt.asked {
				t.Errorf("asked %d times, want %d", asked.Load(), tt.asked)
			}
		})
	}
}

func TestARequestWithoutPermitIsNotSent(t *testing.T) {
	var complete atomic.Int32
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil && (len(body) > 0 || r.ContentLength == 0) && r.Method != http.MethodGet {
			complete.Add(1)
		}
	}))
	defer site.Close()
	denied := true
	cfg := config(site.URL)
	cfg.Permit = func(context.Context) error {
		if denied {
			return errLeaseLost
		}
		return nil
	}
	tr := transport(t, cfg)
	if _, failure := send(t, tr, "GET", site.URL+"/", ""); failure != nil { // leaves an idle connection
		t.Fatal(failure)
	}
	for _, body := range []string{"", `{"a":1}`, strings.Repeat("x", 1<<20)} {
		_, failure := send(t, tr, "POST", site.URL+"/", body)
		if failure == nil || !errors.Is(failure, errLeaseLost) || !failure.Refused() || failure.Temporary() {
			t.Errorf("%v: it was not sent, and asking again does not help", failure)
		}
	}
	if complete.Load() != 0 {
		t.Errorf("%d writes arrived", complete.Load())
	}
	if h := tr.Health(); h.Failures != 0 {
		t.Errorf("the site is blamed: %+v", h)
	}
	denied = false
	if _, failure := send(t, tr, "POST", site.URL+"/", "{}"); failure != nil || complete.Load() != 1 {
		t.Errorf("with a permit: %v, %d arrived", failure, complete.Load())
	}
}

type passing struct{ error }

func (passing) Temporary() bool           { return true }
func (passing) RetryDelay() time.Duration { return 42 * time.Second }

func TestAPermitMaySayThatItsRefusalPasses(t *testing.T) {
	cfg := config("http://127.0.0.1:1")
	cfg.Permit = func(context.Context) error { return passing{errLeaseLost} }
	_, failure := send(t, transport(t, cfg), "DELETE", "http://127.0.0.1:1/", "")
	if failure == nil || !failure.Temporary() || failure.RetryDelay() != 42*time.Second {
		t.Errorf("%v", failure)
	}
}

// slowListener hands out connections only when it is told to.
type slowListener struct {
	net.Listener
	arrived chan struct{}
	open    chan struct{}
}

func (l *slowListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.arrived <- struct{}{}
		<-l.open
	}
	return conn, err
}

func TestPermitIsAskedOnlyOnceThereIsAConnection(t *testing.T) {
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	slow := &slowListener{Listener: site.Listener, arrived: make(chan struct{}, 1), open: make(chan struct{})}
	site.Listener = slow
	site.StartTLS()
	defer site.Close()
	var asked atomic.Bool
	cfg := config(site.URL)
	cfg.InsecureSkipVerify = true
	cfg.Permit = func(context.Context) error { asked.Store(true); return nil }
	tr := transport(t, cfg)
	done := make(chan *atlassian.Error, 1)
	go func() {
		_, failure := send(t, tr, "POST", site.URL+"/", "{}")
		done <- failure
	}()
	<-slow.arrived // the handshake waits
	if asked.Load() {
		t.Error("asked before the handshake: it may take long")
	}
	close(slow.open)
	if failure := <-done; failure != nil || !asked.Load() {
		t.Errorf("%v, asked %v", failure, asked.Load())
	}
}

func TestAWriteWithoutAConnectionWasNotSent(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never shakes hands
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := http.NewResponseController(w).Hijack()
		conn.Close()
	}))
	defer cut.Close()
	for name, tt := range map[string]struct {
		url     string
		refused bool
	}{
		"connection refused": {fmt.Sprintf("http://127.0.0.1:%d", port.For(t)), true},
		"unknown host":       {"http://host.invalid", true},
		"no handshake":       {"https://" + silent.Addr().String(), true},
		"cut after sending":  {cut.URL, false},
		"no answer":          {"http://" + silent.Addr().String(), false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(tt.url)
			cfg.FirstBackoff, cfg.Timeout = time.Millisecond, 50*time.Millisecond
			if !tt.refused {
				cfg.Timeout = 3 * time.Second // enough to connect, however slow the machine
			}
			_, failure := send(t, transport(t, cfg), "POST", tt.url+"/", "{}")
			if failure == nil || failure.Refused() != tt.refused || !failure.Temporary() {
				t.Errorf("%v", failure)
			}
		})
	}
}
