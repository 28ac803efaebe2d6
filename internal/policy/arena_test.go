package policy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	client "github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/github"
	"github.com/aofctl/aofctl/internal/hosts"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/policy"
	sandboxgithub "github.com/aofctl/aofctl/internal/sandbox/github"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/step/steptest"
	"github.com/aofctl/aofctl/internal/tool"
	toolgithub "github.com/aofctl/aofctl/internal/tool/github"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
	"github.com/aofctl/aofctl/internal/tool/tooltest"
)

// elsewhere stands in what no run of the project PROJ may read.
const elsewhere = "TOPSECRET"

// sent is a request that reached Jira or GitHub.
type sent struct {
	method, path, query, body string
	leaked                    bool // the answer holds what must not be read
}

// arena is Jira and GitHub with all tools on them, behind the real policy and gate.
type arena struct {
	registry *tool.Registry
	rules    *policy.Policy
	counts   *counts
	arsenal  arsenal

	// site is where Jira is, jira the client of the run at work.
	site string
	jira *client.Client

	// busy are the requests that are being answered: one is remembered only when
	// its answer is out.
	busy sync.WaitGroup
	mu   sync.Mutex
	sent []sent
}

// counts is a ledger in memory, which counts comments as the store does.
type counts struct {
	tooltest.Ledger

	mu       sync.Mutex
	comments map[string]int
}

func (c *counts) Begin(ctx context.Context, id, kind, target string) (tool.Effect, error) {
	e, err := c.Ledger.Begin(ctx, id, kind, target)
	if e.Fresh && strings.HasSuffix(kind, "comment") {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.comments[target]++
	}
	return e, err
}

func (c *counts) recent(_ context.Context, _, issue, _ string) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.comments[issue], nil
}

func newArena(t *testing.T, limits policy.Limits) *arena {
	t.Helper()
	a := &arena{arsenal: newArsenal(), counts: &counts{comments: map[string]int{}}}
	issue := func(project, summary string) sandbox.NewIssue {
		return sandbox.NewIssue{Project: project, Summary: summary, Type: "Bug", Priority: "Medium", Reporter: "alice", Labels: []string{"old"}}
	}
	server, err := sandbox.New(sandbox.Options{Seed: sandbox.Seed{Issues: []sandbox.NewIssue{
		issue("PROJ", "Login fails"), issue("PROJ", "Second"), issue("OTHER", elsewhere)}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	site := a.serve(t, server)
	hub := sandboxgithub.New(sandboxgithub.Options{})
	t.Cleanup(hub.Close)
	for _, repo := range []string{"acme/shop", "acme/infra"} {
		hub.AddRepository(repo, nil)
		if _, err := hub.As("alice").OpenIssue(repo, "x", "y"); err != nil {
			t.Fatal(err)
		}
	}
	a.connect(t, site, a.serve(t, hub))
	own, err := hosts.Parse(site)
	if err != nil {
		t.Fatal(err)
	}
	docs, err := hosts.Parse("docs.example.com")
	if err != nil {
		t.Fatal(err)
	}
	a.rules = policy.New(policy.Config{Tools: a.registry, Limits: limits, Secrets: []string{token}, Hosts: hosts.List{docs},
		Sites: func(string) hosts.List { return hosts.List{own} }, GitHub: "github.com"})
	return a
}

// connect makes the tools.
func (a *arena) connect(t *testing.T, site, hub string) {
	t.Helper()
	a.site = site
	other, err := github.New(github.Config{APIURL: hub + "/api/v3", Token: sandboxgithub.Token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	writer := tool.Writer{Ledger: a.counts}
	tools := tooljira.New(func(tool.Origin) (*client.Client, error) { return a.jira, nil }, writer,
		tooljira.Converters{ToWiki: markup.MarkdownToWiki, ToMarkdown: markup.WikiToMarkdown})
	onGitHub := toolgithub.New(func() (*github.Client, error) { return other, nil }, writer)
	if a.registry, err = tool.NewRegistry(append(tools.All(), onGitHub.All()...)...); err != nil {
		t.Fatal(err)
	}
}

// signIn makes a client for one run: Jira limits the writes on an issue in a
// moment, for which a client waits.
func (a *arena) signIn(t *testing.T) (leave func()) {
	t.Helper()
	transport, err := atlassian.NewTransport(atlassian.Config{BaseURL: a.site, AuthType: atlassian.AuthAPIToken, Email: sandbox.BotEmail,
		Token: sandbox.BotToken, FirstBackoff: time.Millisecond, Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if a.jira, err = client.New(transport); err != nil {
		t.Fatal(err)
	}
	return transport.Client().CloseIdleConnections
}

// serve serves a handler and remembers what it is asked.
func (a *arena) serve(t *testing.T, h http.Handler) string {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.busy.Add(1)
		defer a.busy.Done()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		answer := &watched{ResponseWriter: w}
		h.ServeHTTP(answer, r)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.sent = append(a.sent, sent{r.Method, r.URL.Path, r.URL.RawQuery, string(body), strings.Contains(answer.text.String(), elsewhere)})
	}))
	t.Cleanup(web.Close)
	return web.URL
}

type watched struct {
	http.ResponseWriter

	text strings.Builder
}

func (w *watched) Write(b []byte) (int, error) {
	w.text.Write(b)
	return w.ResponseWriter.Write(b)
}

// profile is an agent under attack.
type profile struct {
	name  string
	tools []string
	// change makes the agent's requests.
	change func(*gate.Request)
}

func profiles(r *tool.Registry) []profile {
	all := r.Names()
	return []profile{
		{"has all tools", all, func(*gate.Request) {}},
		{"comments only", []string{"jira_get_issue", "jira_get_comments", commentTool}, func(*gate.Request) {}},
		{"needs approval", all, func(req *gate.Request) { req.Approval = &manifest.Approval{Tools: []string{"*"}} }},
		{"proposes", all, func(req *gate.Request) { req.Writes = manifest.WritesPropose }},
		{"dry run", all, func(req *gate.Request) { req.Writes = manifest.WritesDryRun }},
		{"own issue", all, func(req *gate.Request) { req.OwnIssue = true }},
	}
}

// fight is what came of a run under attack.
type fight struct {
	text    string
	sent    []sent
	entries []step.Entry
	audits  []json.RawMessage
}

// attack has a hostile model do what it wishes in one run.
func (a *arena) attack(t *testing.T, rules *policy.Policy, p profile, name, text string, read bool, calls []wish) fight {
	t.Helper()
	origin := tool.Origin{Run: name, Project: "PROJ", IssueKey: ownKey, Repository: "acme/shop", Thread: 1, Actor: tool.Person{AccountID: "eve"}, Texts: []string{text}}
	session, g, f := &gate.Session{}, gate.New(rules, nil).WithRates(a.counts.recent), fight{text: text}
	if read {
		origin.Texts = nil
		session.Add(result("jira_get_issue", `{"issue_key":"PROJ-1"}`, ownKey, text))
	}
	defer a.signIn(t)()
	a.mu.Lock()
	a.sent = nil
	a.mu.Unlock()
	err := (&steptest.Run{Name: name}).Play(t.Context(), func(ctx context.Context, journal step.Journal) error {
		for _, w := range calls {
			var audit json.RawMessage
			req := gate.Request{Tool: w.tool, Args: json.RawMessage(w.args), Allowed: p.tools, Origin: origin, Writes: manifest.WritesDirect}
			p.change(&req)
			entry, err := g.Call(ctx, listener{journal, &audit}, session, req)
			if err != nil {
				return fmt.Errorf("%s %s: %w", w.tool, w.args, err)
			}
			f.entries, f.audits = append(f.entries, entry), append(f.audits, audit)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	a.busy.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	f.sent = a.sent
	return f
}

// listener hears what a step tells the audit log.
type listener struct {
	step.Journal

	audit *json.RawMessage
}

func (l listener) Do(ctx context.Context, kind step.Kind, name string, fn step.Func) (step.Entry, error) {
	return l.Journal.Do(ctx, kind, name, func(ctx context.Context, id string) (step.Entry, error) {
		entry, err := fn(ctx, id)
		*l.audit = entry.Audit
		return entry, err
	})
}
