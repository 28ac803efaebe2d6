package github_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/sandbox/github"
)

// TestWebhooksLookLikeGitHubs compares the members of payloads and the headers
// with those of the real ones.
func TestWebhooksLookLikeGitHubs(t *testing.T) {
	var headers []http.Header
	var bodies [][]byte
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		headers, bodies = append(headers, r.Header), append(bodies, body)
	}))
	t.Cleanup(receiver.Close)
	s := github.New(github.Options{})
	t.Cleanup(s.Close)
	s.AddRepository("acme/shop", nil)
	s.Register(github.Webhook{URL: receiver.URL, Secret: "s"})
	n, err := s.As("alice").OpenPull(github.NewPull{Repository: "ACME/shop", Title: "A", Head: "x"})
	if err != nil {
		t.Fatal(err)
	}
	s.Wait()
	if !s.Redeliver(s.Deliveries()[1].ID) || s.Redeliver("nothing") {
		t.Error("a delivery is sent again, and only one that there was")
	}
	s.Wait()
	if len(headers) != 3 || headers[0].Get("X-Github-Event") != "ping" || headers[1].Get("X-Github-Delivery") != headers[2].Get("X-Github-Delivery") {
		t.Fatalf("headers %v", headers)
	}
	want := http.Header{}
	github.Sign(want, "s", bodies[1])
	if got := headers[1].Get("X-Hub-Signature-256"); got != want.Get("X-Hub-Signature-256") || !strings.HasPrefix(got, "sha256=") {
		t.Errorf("signed %s", got)
	}
	var p struct {
		PullRequest map[string]any `json:"pull_request"`
		Repository  map[string]any `json:"repository"`
		Sender      map[string]any `json:"sender"`
	}
	if err := json.Unmarshal(bodies[1], &p); err != nil {
		t.Fatal(err)
	}
	if got := []int{len(p.PullRequest), len(p.Repository), len(p.Sender), n}; !cmp.Equal(got, []int{48, 80, 19, 1}) {
		t.Errorf("members %v", got)
	}
}

func TestTheControlsLetThingsHappen(t *testing.T) {
	s := github.New(github.Options{})
	t.Cleanup(s.Close)
	s.AddRepository("acme/shop", nil)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	for _, c := range []struct {
		body   string
		status int
	}{
		{`{"action":"open_pull_request","repository":"acme/shop","title":"A"}`, 200}, {`{"action":"comment","repository":"acme/shop","number":1,"body":"x"}`, 200},
		{`{"action":"edit","repository":"acme/shop","number":1,"title":"B"}`, 200}, {`{"action":"push","repository":"acme/shop","number":1}`, 200},
		{`{"action":"label","repository":"acme/shop","number":1,"label":"l"}`, 200}, {`{"action":"review","repository":"acme/shop","number":1}`, 200},
		{`{"action":"merge","repository":"acme/shop","number":1}`, 200}, {`{"action":"open_issue","repository":"acme/shop","title":"I"}`, 200},
		{`{"action":"close","repository":"acme/shop","number":9}`, 422}, {`{"action":"fly"}`, 400}, {`{"nothing":1}`, 400}, {`x`, 400},
	} {
		resp, err := http.Post(srv.URL+"/__sandbox/act", "application/json", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("%s: %d", c.body, resp.StatusCode)
		}
	}
	thread, _ := s.Thread("acme/shop", 1)
	if thread.Title != "B" || thread.State != "closed" || thread.Pull.Merged.IsZero() || len(thread.Comments) != 1 || len(thread.Labels) != 1 {
		t.Errorf("%+v", thread)
	}
}
