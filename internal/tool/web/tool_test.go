package web_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/hosts"
	"github.com/aofctl/aofctl/internal/outbound"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/tool/tooltest"
	"github.com/aofctl/aofctl/internal/tool/web"
)

// bench is the tool with a server that it may reach.
type bench struct {
	t        *testing.T
	srv      *httptest.Server
	ledger   *tooltest.Ledger
	registry *tool.Registry
	mu       sync.Mutex
	seen     []string
}

func newBench(t *testing.T, serve http.HandlerFunc) *bench {
	t.Helper()
	b := &bench{t: t, ledger: &tooltest.Ledger{}}
	b.srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		b.seen = append(b.seen, fmt.Sprintf("%s %s %s %s", r.Method, r.URL, r.Header.Get("Content-Type"), body))
		b.mu.Unlock()
		serve(w, r)
	}))
	t.Cleanup(b.srv.Close)
	h, err := hosts.Parse(b.srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	h.Private = true
	client := outbound.New(outbound.Config{Targets: []outbound.Target{{Host: h}}, Timeout: time.Minute})
	if b.registry, err = tool.NewRegistry(web.New(client, tool.Writer{Ledger: b.ledger})); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.seen...)
}

func (b *bench) try(id string, args map[string]any) (tool.Result, error) {
	b.t.Helper()
	if path, ok := args["path"]; ok {
		args["url"] = b.srv.URL + fmt.Sprint(path)
		delete(args, "path")
	}
	raw, err := json.Marshal(args)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.registry.Validate(web.Name, raw); err != nil {
		b.t.Fatal(err)
	}
	one, _ := b.registry.Lookup("http")
	return one.Call(b.t.Context(), tool.Call{ID: id, Args: raw})
}

func (b *bench) call(args map[string]any) tool.Result {
	b.t.Helper()
	r, err := b.try("run:1", args)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

type args = map[string]any

func TestAPageIsReadAsText(t *testing.T) {
	b := newBench(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/json":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, "{\n  \"a\": [1, 2],\n  \"b\": \"x y\"\n}")
		case "/html":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<title>T</title><p>Hello <b>you</b>")
		case "/hidden":
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			fmt.Fprint(w, "a\u202eb\u200bc")
		case "/image":
			w.Header().Set("Content-Type", "image/png")
			fmt.Fprint(w, "png")
		case "/moved":
			http.Redirect(w, r, "/html", http.StatusFound)
		case "/error":
			http.Error(w, "it is broken", http.StatusInternalServerError)
		}
	})
	for path, want := range map[string]string{
		"/json": `200 OK, application/json, from URL/json` + "\n" + `{"a":[1,2],"b":"x y"}`,
		"/html": "200 OK, text/html, from URL/html\n# T\n\nHello you", "/moved": "200 OK, text/html, from URL/html\n# T\n\nHello you",
		"/hidden": "200 OK, text/plain, from URL/hidden\nabc", "/empty": "200 OK, text/plain, from URL/empty\n",
	} {
		r := b.call(args{"path": path})
		if diff := cmp.Diff(want, strings.ReplaceAll(r.Text, b.srv.URL, "URL")); diff != "" || r.Failed || r.Target != strings.TrimPrefix(b.srv.URL, "http://")+path {
			t.Errorf("%s: failed %v, target %s (-want +got):\n%s", path, r.Failed, r.Target, diff)
		}
	}
	for path, part := range map[string]string{"/image": "only text is read", "/error": "500 Internal Server Error, text/plain"} {
		if r := b.call(args{"path": path}); !r.Failed || !strings.Contains(r.Text, part) {
			t.Errorf("%s: %+v", path, r)
		}
	}
}

func TestALongAnswerComesInPages(t *testing.T) {
	text := strings.Repeat("0123456789ü", 4000)
	b := newBench(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
	got, token := "", ""
	for range 10 {
		r := b.call(args{"path": "/", "page_token": token})
		_, body, _ := strings.Cut(r.Text, "\n")
		part, next, more := strings.Cut(body, "\ntruncated: use page_token ")
		got += part
		if len(r.Text) > 24500 {
			t.Errorf("a result has %d bytes", len(r.Text))
		}
		if token = next; !more {
			break
		}
	}
	if got != text {
		t.Errorf("the pages make %d bytes, want %d", len(got), len(text))
	}
	if r := b.call(args{"path": "/", "page_token": "9999999"}); !strings.Contains(r.Text, "no more") {
		t.Errorf("beyond the end: %q", r.Text)
	}
	for _, a := range []args{{"path": "/", "page_token": "x"}, {"path": "/", "page_token": "-1"}, {"path": "/", "page_token": "5", "method": "POST"}} {
		if r := b.call(a); !r.Failed {
			t.Errorf("%v: %q", a, r.Text)
		}
	}
}

func TestAWriteIsSentOnceAndSaysWhatItHas(t *testing.T) {
	var keys []string
	b := newBench(t, func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, "made")
	})
	r := b.call(args{"path": "/x", "method": "POST", "body": `{"a":1}`})
	if r.Failed || !strings.HasPrefix(r.Text, "201 Created") || !strings.HasSuffix(r.Text, "made") {
		t.Errorf("result %+v", r)
	}
	again := b.call(args{"path": "/x", "method": "POST", "body": `{"a":1}`})
	if again.Failed || !strings.Contains(again.Text, "status 201") {
		t.Errorf("repeated: %+v", again)
	}
	if diff := cmp.Diff([]string{`POST /x application/json {"a":1}`}, b.requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"run:1"}, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	for _, a := range []args{{"path": "/y", "method": "PATCH", "body": "plain"}, {"path": "/y", "method": "PUT", "body": "<a/>", "content_type": "application/xml"}, {"path": "/y", "method": "DELETE"}} {
		if r, err := b.try(fmt.Sprint("run:", a["method"]), a); err != nil || r.Failed {
			t.Errorf("%v: %+v, %v", a, r, err)
		}
	}
	want := []string{"PATCH /y text/plain; charset=utf-8 plain", "PUT /y application/xml <a/>", "DELETE /y  "}
	if diff := cmp.Diff(want, b.requests()[1:]); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestWhatBecameOfAnInterruptedPostIsInDoubtAndIsNotRepeated(t *testing.T) {
	b := newBench(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.Close()
	})
	for range 2 {
		if _, err := b.try("run:1", args{"path": "/", "method": "POST", "body": "x"}); !errors.Is(err, tool.ErrInDoubt) {
			t.Errorf("error %v", err)
		}
	}
	if n := len(b.requests()); n != 1 {
		t.Errorf("%d requests were sent", n)
	}
	for i := range 2 { // a PUT does no more the second time
		r, err := b.try("run:2", args{"path": "/", "method": "PUT", "body": "x"})
		if err != nil || !r.Failed || len(b.requests()) != 2+i {
			t.Errorf("PUT: %+v, %v", r, err)
		}
	}
	// A crash before the answer: the intent is on record and nothing else.
	if _, err := b.ledger.Begin(t.Context(), "run:3", "", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := b.try("run:3", args{"path": "/", "method": "POST"}); !errors.Is(err, tool.ErrInDoubt) || len(b.requests()) != 3 {
		t.Errorf("error %v", err)
	}
}

func TestAHostThatIsAwayIsToldAndNothingIsLeftInDoubt(t *testing.T) {
	b := newBench(t, func(http.ResponseWriter, *http.Request) {})
	b.srv.Close()
	for _, method := range []string{"GET", "POST"} {
		if r, err := b.try("run:1", args{"path": "/", "method": method}); err != nil || !r.Failed || !strings.Contains(r.Text, "request to 127.0.0.1") {
			t.Errorf("%s: %+v, %v", method, r, err)
		}
	}
	if len(b.ledger.All()) != 0 {
		t.Errorf("the ledger has %v", b.ledger.All())
	}
}

func TestAddressesOffTheListAreRefusedBeforeAndAtTheCall(t *testing.T) {
	b := newBench(t, func(http.ResponseWriter, *http.Request) { t.Error("something arrived") })
	one, _ := b.registry.Lookup(web.Name)
	for _, address := range []string{"", "http://169.254.169.254/", "https://evil.com/", "http://127.0.0.1:1/", "http://localhost" + b.srv.URL[len("http://127.0.0.1"):], "file:///etc/passwd"} {
		raw, _ := json.Marshal(args{"url": address})
		if _, err := one.Targets(raw); err == nil {
			t.Errorf("%s passes the policy", address)
		}
		if r := b.call(args{"url": address}); !r.Failed {
			t.Errorf("%s: %q", address, r.Text)
		}
	}
	if r := b.call(args{"path": "/", "accept": "a\r\nAuthorization: x"}); !r.Failed {
		t.Errorf("a line break in a header: %q", r.Text)
	}
}

func TestOnlyGetReads(t *testing.T) {
	b := newBench(t, nil)
	one, _ := b.registry.Lookup(web.Name)
	for raw, want := range map[string]tool.Access{
		`{"url":"x"}`: tool.Read, `{"method":"GET"}`: tool.Read, `{"method":""}`: tool.Read, `{"method":"POST"}`: tool.Write, `{"method":"get"}`: tool.Write,
		`{"method":"DELETE"}`: tool.Write, `nonsense`: tool.Write, `{"method":5}`: tool.Write,
	} {
		if got := tool.AccessOf(one, json.RawMessage(raw)); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
	for _, bad := range []string{`{"url":"x","method":"HEAD"}`, `{"url":"x","headers":{"Authorization":"x"}}`, `{}`, `{"url":5}`} {
		if err := b.registry.Validate(web.Name, json.RawMessage(bad)); err == nil {
			t.Errorf("%s passes the schema", bad)
		}
	}
}
