package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/store/inbox"
)

func signed(path, body string, headers ...string) *http.Request {
	return request(path, body, append(headers, "X-Hub-Signature", sign(secretA, body))...)
}

func TestDeliveryIsAcceptedOnceAndKept(t *testing.T) {
	in, count := &memory{}, &counter{}
	router := chi.NewRouter()
	router.Mount("/webhook", handler(t, in, Options{Metrics: count}, Source{Name: "jira", Site: "eu", Secrets: secrets(secretA)}))
	const body = `{"webhookEvent":"jira:issue_created"}`
	send := func() answer {
		w := do(router, signed("/webhook/jira/eu?user_id=x&user_key=y", body,
			"X-Atlassian-Webhook-Identifier", "abc-1", "X-Atlassian-Webhook-Retry", "2", "Content-Type", "application/json",
			"Authorization", "Basic c2VjcmV0", "Cookie", "session=1", "X-Webhook-Token", "t", "X-Forwarded-For", "10.0.0.1"))
		if w.Code != 200 {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		return decode(t, w)
	}
	if a := send(); a != (answer{Status: "accepted", Delivery: id(0)}) {
		t.Errorf("first answer %+v", a)
	}
	if a := send(); a != (answer{Status: "duplicate"}) {
		t.Errorf("second answer %+v", a)
	}
	want := inbox.Delivery{Body: []byte(body), Headers: map[string]string{
		"Content-Type": "application/json", "X-Atlassian-Webhook-Identifier": "abc-1", "X-Atlassian-Webhook-Retry": "2"}}
	want.Source, want.Site, want.Key, want.SignedBy = "jira", "eu", "id:abc-1", []string{"SECRET_A"}
	if diff := cmp.Diff([]inbox.Delivery{want}, in.deliveries()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if count.get(Accepted) != 1 || count.get(Duplicate) != 1 {
		t.Errorf("counted %v", count.n)
	}
}

func TestStoredDeliveriesAloneAreTimed(t *testing.T) {
	var timed int
	in := &memory{}
	h := handler(t, in, Options{Acknowledged: func(took time.Duration) {
		if timed++; took < 0 {
			t.Errorf("it took %s", took)
		}
	}})
	do(h, signed("/webhook/jira", "{}"))
	do(h, signed("/webhook/jira", "{}"))
	do(h, request("/webhook/jira", "{}"))
	in.err = inbox.ErrFull
	do(h, signed("/webhook/jira", `{"n":2}`))
	if timed != 2 {
		t.Errorf("%d deliveries were timed, want the accepted one and the duplicate", timed)
	}
}

func TestPathsMethodsAndEncodings(t *testing.T) {
	h := handler(t, &memory{}, Options{}, Source{Name: "jira", Secrets: secrets(secretA)}, Source{Name: "jira", Site: "eu", Secrets: secrets(secretA)})
	tests := []struct {
		name, method, path, encoding string
		want                         int
	}{
		{"plain", "POST", "/webhook/jira", "", 200},
		{"trailing slash", "POST", "/webhook/jira/", "", 200},
		{"site", "POST", "/webhook/jira/eu", "", 200},
		{"identity", "POST", "/webhook/jira", "Identity", 200},
		{"unknown site", "POST", "/webhook/jira/us", "", 404},
		{"unknown name", "POST", "/webhook/gitlab", "", 404},
		{"no name", "POST", "/webhook", "", 404},
		{"deeper", "POST", "/webhook/jira/eu/x", "", 404},
		{"get", "GET", "/webhook/jira", "", 405},
		{"head", "HEAD", "/webhook/jira", "", 405},
		{"lower case method", "post", "/webhook/jira", "", 405},
		{"options", "OPTIONS", "/webhook/jira/eu", "", 405},
		{"gzip", "POST", "/webhook/jira", "gzip", 415},
		{"identity and gzip", "POST", "/webhook/jira", "identity, gzip", 415},
	}
	for _, tt := range tests {
		r := signed(tt.path, "{}")
		r.Method = tt.method
		if tt.encoding != "" {
			r.Header.Set("Content-Encoding", tt.encoding)
		}
		w := do(h, r)
		if w.Code != tt.want {
			t.Errorf("%s: status %d, want %d", tt.name, w.Code, tt.want)
		}
		if allow := w.Header().Get("Allow"); (tt.want == 405) != (allow == "POST") {
			t.Errorf("%s: Allow %q", tt.name, allow)
		}
		if a := decode(t, w); tt.want == 404 && strings.Contains(a.Error, "eu") {
			t.Errorf("%s: the answer tells too much: %+v", tt.name, a)
		}
	}
}

func TestIdentityFallsBackToTheBody(t *testing.T) {
	const sum = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
	tests := []struct {
		name   string
		values []string
		want   string
	}{
		{"plain", []string{"abc"}, "id:abc"},
		{"longest", []string{strings.Repeat("a", 200)}, "id:" + strings.Repeat("a", 200)},
		{"absent", nil, sum},
		{"empty", []string{""}, sum},
		{"doubled", []string{"a", "b"}, sum},
		{"too long", []string{strings.Repeat("a", 201)}, sum},
		{"control character", []string{"a\x00b"}, sum},
		{"blank", []string{"a b"}, sum},
		{"not ASCII", []string{"ä"}, sum},
	}
	for _, tt := range tests {
		if got := identity(tt.values, []byte("{}")); got != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

func TestUnusableBodiesAreStoredAsFailed(t *testing.T) {
	tests := []struct {
		name, body, reason string
	}{
		{"object", "{}", ""},
		{"blanks first", " \r\n\t{}", ""},
		{"empty", "", "exclude the body"},
		{"blanks only", " \n", "exclude the body"},
		{"text", "Hello World!", "not a JSON object"},
		{"array", "[]", "not a JSON object"},
		{"form", "payload=%7B%7D", "not a JSON object"},
		{"binary", "\x00\xff", "not a JSON object"},
	}
	for _, tt := range tests {
		in := &memory{}
		var log bytes.Buffer
		r := signed("/webhook/jira", tt.body)
		w := do(handler(t, in, Options{}), r.WithContext(zerolog.New(&log).WithContext(r.Context())))
		if a := decode(t, w); w.Code != 200 || a.Status != "accepted" {
			t.Errorf("%s: status %d, %+v", tt.name, w.Code, a)
		}
		d := in.deliveries()[0]
		if failed := tt.reason != ""; failed != (d.State == inbox.StateFailed) || !strings.Contains(d.Reason, tt.reason) || failed != (log.Len() > 0) {
			t.Errorf("%s: %s %q, log %s", tt.name, d.State, d.Reason, &log)
		}
	}
}

func TestTroubleOfTheStoreAsksToTryAgain(t *testing.T) {
	tests := []struct {
		err  error
		want Result
	}{
		{inbox.ErrFull, Full},
		{inbox.ErrClosed, Draining},
		{fmt.Errorf("append: %w", inbox.ErrUnavailable), Unavailable},
		{errors.New("no route to the database"), Unavailable},
		{context.Canceled, Unavailable},
	}
	for _, tt := range tests {
		count := &counter{}
		w := do(handler(t, &memory{err: tt.err}, Options{Metrics: count}), signed("/webhook/jira", "{}"))
		if w.Code != 503 || w.Header().Get("Retry-After") != "30" || count.get(tt.want) != 1 {
			t.Errorf("%v: status %d, Retry-After %q, %v", tt.err, w.Code, w.Header().Get("Retry-After"), count.n)
		}
		if a := decode(t, w); a.Status != "error" || strings.Contains(a.Error, "database") {
			t.Errorf("%v: answer %+v", tt.err, a)
		}
	}
}

func TestDrainRefusesWithRetry(t *testing.T) {
	in := &memory{}
	h := handler(t, in, Options{})
	h.Drain()
	w := do(h, signed("/webhook/jira", "{}"))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("Connection") != "close" || len(in.deliveries()) != 0 {
		t.Errorf("status %d, headers %v", w.Code, w.Header())
	}
}

func TestSourcesAreChecked(t *testing.T) {
	s := secrets(secretA)
	for name, list := range map[string][]Source{
		"no name":        {{Secrets: s}},
		"slash in name":  {{Name: "a/b", Secrets: s}},
		"slash in site":  {{Name: "a", Site: "b/c", Secrets: s}},
		"no secrets":     {{Name: "a"}},
		"two of a kind":  {{Name: "a", Secrets: s}, {Name: "a", Secrets: s}},
		"two of a site ": {{Name: "a", Site: "s", Secrets: s}, {Name: "a", Site: "s", Secrets: s}},
	} {
		if _, err := New(&memory{}, list, Options{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestParallelDeliveriesOfOneIdentifierAreAcceptedOnce(t *testing.T) {
	dir := t.TempDir()
	send := func(n int) (accepted, duplicates int64) {
		in, err := inbox.Open(context.Background(), dir, inbox.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		h := handler(t, in, Options{})
		var a, d atomic.Int64
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				w := do(h, signed("/webhook/jira", "{}", "X-Atlassian-Webhook-Identifier", "one"))
				switch {
				case w.Code != 200:
					t.Errorf("status %d", w.Code)
				case decode(t, w).Status == "accepted":
					a.Add(1)
				default:
					d.Add(1)
				}
			})
		}
		wg.Wait()
		return a.Load(), d.Load()
	}
	if a, d := send(64); a != 1 || d != 63 {
		t.Errorf("%d accepted, %d duplicates", a, d)
	}
	if a, d := send(5); a != 0 || d != 5 {
		t.Errorf("after opening again: %d accepted, %d duplicates", a, d)
	}
}
