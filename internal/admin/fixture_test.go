package admin_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// daemon is the admin API over a real inbox and a real store.
type daemon struct {
	inbox   *inbox.Inbox
	store   *store.Store
	checks  []admin.Check
	closing chan struct{}
	woken   atomic.Int32
	// ordered is the last order, refusal what orders are answered with.
	ordered run.Order
	refusal error
	server  *httptest.Server
}

const manifests = `kind: Trigger
metadata: {name: bugs}
spec: {type: Jira, config: {events: [issue_created]}, default_agent: triager, commands: {/triage: {agent: triager}}}
---
kind: Agent
metadata: {name: triager}
spec: {model: "google:gemini-2.5-flash", instructions: Help., tools: [jira_get_issue]}
---
kind: Fleet
metadata: {name: crew}
spec: {agents: [{name: triager}]}
---
kind: Flow
metadata: {name: path}
spec:
  nodes: [{id: end, type: End}]
  connections: [{from: start, to: end}]
`

func newDaemon(t *testing.T, token string) *daemon {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	d := &daemon{closing: make(chan struct{}), checks: []admin.Check{{Name: "inbox", OK: true}}}
	var err error
	if d.inbox, err = inbox.Open(ctx, dir, inbox.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.inbox.Close() })
	if d.store, err = store.Open(ctx, dir, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.store.Close() })
	cat := catalog(t)
	d.server = httptest.NewServer(admin.New(admin.Config{
		Token: token, Version: "v1.2.3", Inbox: d.inbox, Store: d.store, Catalog: func() *manifest.Catalog { return cat },
		Ready:   func(context.Context) []admin.Check { return d.checks },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "aof_build_info 1\n") }),
		Desk:    approval.New(approval.Config{Store: d.store}),
		Order: func(_ context.Context, o run.Order) (string, error) {
			d.ordered = o
			return "delivery-7", d.refusal
		},
		Closing: d.closing, Wake: func() { d.woken.Add(1) }, Log: zerolog.Nop(),
	}))
	t.Cleanup(d.server.Close)
	return d
}

func catalog(t *testing.T) *manifest.Catalog {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(manifests), 0o600); err != nil {
		t.Fatal(err)
	}
	cat, err := manifest.LoadCatalog(context.Background(), []manifest.Directory{{Path: dir, Enabled: true}}, manifest.Known{})
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

// receive stores a delivery and finishes it with the outcome, if it has a state.
func (d *daemon) receive(t *testing.T, key, body string, o inbox.Outcome) inbox.Receipt {
	t.Helper()
	delivery := inbox.Delivery{Body: []byte(body), Headers: map[string]string{"User-Agent": "Atlassian Webhook HTTP Client"}}
	delivery.Source, delivery.Key, delivery.SignedBy = "jira", key, []string{"JIRA_WEBHOOK_SECRET"}
	r, err := d.inbox.Append(context.Background(), delivery)
	if err != nil {
		t.Fatal(err)
	}
	if o.Seq = r.Seq; o.State != "" {
		if err := d.inbox.Finish(context.Background(), []inbox.Outcome{o}); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// admit makes a run of an issue and returns its id.
func (d *daemon) admit(t *testing.T, id, delivery, issue string) {
	t.Helper()
	err := d.store.Admit(context.Background(), store.Lease{}, []store.Run{{ID: id, Delivery: delivery, Source: "jira", Subject: "issue:" + issue, Project: "PROJ",
		IssueKey: issue, EventType: "issue_created", Trigger: "bugs", TargetKind: "agent", Target: "triager", Revision: "r1",
		State: store.StateQueued, Work: json.RawMessage(`{}`)}},
		[]store.Revision{{Revision: "r1", Kind: "agent", Name: "triager", Text: "kind: Agent"}})
	if err != nil {
		t.Fatal(err)
	}
}

// finish records a step of the first run in the queue and its end.
func (d *daemon) finish(t *testing.T, id string) {
	t.Helper()
	claims, err := d.store.Claim(context.Background(), "me", 1, store.Limits{})
	if err != nil || len(claims) != 1 || claims[0].Run != id {
		t.Fatalf("claimed %v, want run %s: %v", claims, id, err)
	}
	now := time.Now()
	entry := step.Entry{Kind: step.KindTool, Name: "jira_get_issue", Started: now, Finished: now, Output: json.RawMessage(`"PROJ-1"`)}
	if _, err := d.store.Record(context.Background(), claims[0], store.Record{Pos: entry.Index, Asked: entry.Name, Entry: entry}); err != nil {
		t.Fatal(err)
	}
	if err := d.store.Finish(context.Background(), claims[0], store.Outcome{State: store.StateSucceeded, Result: "done"}); err != nil {
		t.Fatal(err)
	}
}

// reply is what a request was answered with.
type reply struct {
	status int
	header http.Header
	body   string
}

// has checks the status and a part of the body.
func (r reply) has(t *testing.T, status int, part string) {
	t.Helper()
	if r.status != status || !strings.Contains(r.body, part) {
		t.Errorf("answered %d %s, want %d with %q", r.status, r.body, status, part)
	}
}

// call makes a request; the headers may name a Host.
func (d *daemon) call(t *testing.T, method, path string, headers ...string) reply {
	t.Helper()
	return d.send(t, method, path, "", headers...)
}

// send makes a request with a body.
func (d *daemon) send(t *testing.T, method, path, body string, headers ...string) reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, d.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(answer)}
}

func (d *daemon) get(t *testing.T, path string) reply {
	t.Helper()
	return d.call(t, http.MethodGet, path)
}
