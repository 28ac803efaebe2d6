package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/aofctl/aofctl/internal/leak"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

func TestMain(m *testing.M) {
	// The server waits half a second before it closes a connection on which it
	// refused a body, so that the sender can read the answer.
	leak.Main(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

const (
	secretA = "It's a Secret to Everybody"
	secretB = "another secret"
)

func secrets(values ...string) func() []NamedSecret {
	var list []NamedSecret
	for i, v := range values {
		list = append(list, NamedSecret{Name: "SECRET_" + string(rune('A'+i)), Value: v})
	}
	return func() []NamedSecret { return list }
}

func mac(newHash func() hash.Hash, secret, body string) string {
	h := hmac.New(newHash, []byte(secret))
	h.Write([]byte(body))
	return hex.EncodeToString(h.Sum(nil))
}

func sign(secret, body string) string { return "sha256=" + mac(sha256.New, secret, body) }

func sign384(secret, body string) string { return "sha384=" + mac(sha512.New384, secret, body) }

func sign512(secret, body string) string { return "sha512=" + mac(sha512.New, secret, body) }

// memory is an inbox without a disk.
type memory struct {
	mu   sync.Mutex
	list []inbox.Delivery
	err  error
}

func (m *memory) Append(_ context.Context, d inbox.Delivery) (inbox.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return inbox.Receipt{}, m.err
	}
	for i, o := range m.list {
		if o.Source == d.Source && o.Site == d.Site && o.Key == d.Key {
			return inbox.Receipt{ID: id(i), Seq: int64(i), Duplicate: true}, nil
		}
	}
	d.Body = bytes.Clone(d.Body)
	m.list = append(m.list, d)
	return inbox.Receipt{ID: id(len(m.list) - 1), Seq: int64(len(m.list))}, nil
}

func id(i int) string {
	return "01ARZ3NDEKTSV4RRFFQ69G5F" + string(rune('A'+i/26%26)) + string(rune('A'+i%26))
}

func (m *memory) deliveries() []inbox.Delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.list
}

// counter is a Metrics that remembers.
type counter struct {
	mu sync.Mutex
	n  map[Result]int
}

func (c *counter) Webhook(_, _ string, r Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[Result]int{}
	}
	c.n[r]++
}

func (c *counter) get(r Result) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[r]
}

func handler(t testing.TB, in Appender, o Options, sources ...Source) *Handler {
	t.Helper()
	if len(sources) == 0 {
		sources = []Source{{Name: "jira", Secrets: secrets(secretA)}}
	}
	h, err := New(in, sources, o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// request makes a delivery; headers are pairs of name and value.
func request(path, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// answer is every JSON body that the handler sends.
type answer struct {
	Status   string `json:"status"`
	Delivery string `json:"delivery"`
	Error    string `json:"error"`
}

func decode(t testing.TB, w *httptest.ResponseRecorder) answer {
	t.Helper()
	if ct := w.Header().Get("Content-Type"); ct != "application/json" {
		t.Errorf("content type %q", ct)
	}
	var a answer
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		t.Errorf("answer is not JSON: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Error("more than one value in the answer")
	}
	return a
}

// waitFor polls until the condition holds.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}
