package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/sandbox/port"
	"github.com/aofctl/aofctl/internal/store"
)

// answering is a daemon that gives fixed answers by path and query, and
// remembers what it was asked.
type answering struct {
	answers map[string]string
	status  int
	asked   []string
	tokens  []string
}

func (a *answering) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.asked = append(a.asked, r.URL.RequestURI())
	a.tokens = append(a.tokens, r.Header.Get("Authorization"))
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = fmt.Fprint(w, a.answers[r.URL.Path])
}

func serve(t *testing.T, a *answering, token string) *client.Client {
	t.Helper()
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	return client.New(srv.URL+"/", token, srv.Client())
}

func TestEveryCallAsksForItsPage(t *testing.T) {
	a := &answering{answers: map[string]string{
		"/api/v1/status":         `{"version": "v1"}`,
		"/api/v1/deliveries":     `[{"id": "d1"}]`,
		"/api/v1/deliveries/d/1": `{"id": "d1", "identity": "id:1"}`,
		"/api/v1/runs":           `[{"id": "r1"}]`,
		"/api/v1/runs/r1":        `{"id": "r1", "step_list": [{"name": "jira_get_issue"}]}`,
		"/api/v1/agents":         `[{"name": "a"}]`,
		"/api/v1/agents/a b":     `{"name": "a b", "text": "kind: Agent"}`,
	}}
	c := serve(t, a, "the-token")
	ctx := t.Context()
	status, err1 := c.Status(ctx)
	deliveries, err2 := c.Deliveries(ctx, url.Values{"state": {"failed"}})
	delivery, err3 := c.Delivery(ctx, "d/1")
	runs, err4 := c.Runs(ctx, nil)
	run, err5 := c.Run(ctx, "r1")
	manifests, err6 := c.Manifests(ctx, "agents")
	manifest, err7 := c.Manifest(ctx, "agents", "a b")
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
		t.Fatal(err)
	}
	got := []string{status.Version, deliveries[0].ID, delivery.Identity, runs[0].ID, run.StepList[0].Name, manifests[0].Name, manifest.Text}
	if diff := cmp.Diff([]string{"v1", "d1", "id:1", "r1", "jira_get_issue", "a", "kind: Agent"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want := []string{"/api/v1/status", "/api/v1/deliveries?state=failed", "/api/v1/deliveries/d%2F1", "/api/v1/runs", "/api/v1/runs/r1",
		"/api/v1/agents", "/api/v1/agents/a%20b"}
	if diff := cmp.Diff(want, a.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	for _, token := range a.tokens {
		if token != "Bearer the-token" {
			t.Errorf("authorised as %q", token)
		}
	}
}

func TestFailuresSayWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"the daemon's own words", 400, `{"error": "limit must be a number from 1 to 1000"}`, "limit must be a number from 1 to 1000"},
		{"those of something in between", 502, "<html>Bad Gateway</html>", "the daemon answered 502 Bad Gateway"},
		{"an empty refusal", 404, `{}`, "the daemon answered 404 Not Found"},
		{"an answer that is none", 200, "<html>Welcome</html>", "decode answer of /api/v1/status"},
		{"an answer that is cut", 200, `{"version": "v`, "decode answer of /api/v1/status"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := serve(t, &answering{status: c.status, answers: map[string]string{"/api/v1/status": c.body}}, "").Status(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		nobody := fmt.Sprintf("http://127.0.0.1:%d", port.For(t))
		_, err := client.New(nobody, "", http.DefaultClient).Status(t.Context())
		if want := "no daemon answers at " + nobody + ": is `aofctl serve` running"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	})
	t.Run("no address", func(t *testing.T) {
		if _, err := client.New("http://a b", "", http.DefaultClient).Status(t.Context()); err == nil {
			t.Error("no error")
		}
	})
}

const stream = `id: 1
event: queued
data: {"seq":1,"run":"r1","kind":"queued"}

: still here

id: 2
event: finished
data: {"seq":2,"run":"r1","kind":"finished"}

`

func TestEventsAreHandedOverInOrder(t *testing.T) {
	a := &answering{answers: map[string]string{"/api/v1/events": stream}}
	c := serve(t, a, "")
	var seen []store.EventKind
	if err := c.Events(t.Context(), url.Values{"after": {"0"}}, func(e store.Event) error {
		seen = append(seen, e.Kind)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]store.EventKind{store.EventQueued, store.EventFinished}, seen); diff != "" || a.asked[0] != "/api/v1/events?after=0" {
		t.Errorf("asked %v (-want +got):\n%s", a.asked, diff)
	}
}

func TestEventsEndWhenTheReaderWants(t *testing.T) {
	c := serve(t, &answering{answers: map[string]string{"/api/v1/events": stream}}, "")
	enough := errors.New("enough")
	calls := 0
	err := c.Events(t.Context(), nil, func(store.Event) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("error %v after %d events", err, calls)
	}
	hanging := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, stream)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	defer hanging.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err = client.New(hanging.URL, "", hanging.Client()).Events(ctx, nil, func(e store.Event) error {
		if e.Kind == store.EventFinished {
			cancel()
		}
		return nil
	})
	if err != nil {
		t.Errorf("a reader that has enough is told %v", err)
	}
}

func TestEventsThatAreNoneAreAnError(t *testing.T) {
	c := serve(t, &answering{answers: map[string]string{"/api/v1/events": "data: {nonsense\n\n"}}, "")
	if err := c.Events(t.Context(), nil, func(store.Event) error { return nil }); err == nil || !strings.Contains(err.Error(), "decode event") {
		t.Errorf("error %v", err)
	}
}
