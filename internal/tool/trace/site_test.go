package trace_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	wikiclient "github.com/aofctl/aofctl/internal/atlassian/confluence"
	jiraclient "github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/leak"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
	"github.com/aofctl/aofctl/internal/tool/tooltest"
	"github.com/aofctl/aofctl/internal/tool/trace"
)

func TestMain(m *testing.M) { leak.Main(m) }

// spec is the page that tests work on: two requirements with ids, one without.
const spec = `<p>What people are told.</p><h1>Requirements</h1>` +
	`<h2>REQ-1: Digest mode</h2><p>Messages must be put together every 15 minutes.</p>` +
	`<p><strong>Acceptance criteria</strong></p><ul><li>A digest holds at most ten messages</li><li>An empty digest is not sent</li></ul>` +
	`<h2>REQ-2: Quiet hours</h2><p>Nothing is sent between 22:00 and 7:00.</p>` +
	`<h2>Unsubscribing</h2><p>Every message has a link that ends the subscription at once.</p>`

// site is a Jira and a Confluence to work on, and the tools on them.
type site struct {
	t      *testing.T
	jira   *jira.Server
	wiki   *confluence.Server
	api    wikiclient.API
	reg    *tool.Registry
	ledger *tooltest.Ledger
	calls  int
	clock  time.Time

	page, other      string
	projects, spaces []string
	origin           tool.Origin
	// follow, if given, may change what Jira is asked.
	follow func(r *http.Request)
}

func newSite(t *testing.T, kind confluence.Kind) *site {
	t.Helper()
	deployment := jira.Cloud
	if kind == confluence.DataCenter {
		deployment = jira.DataCenter
	}
	issues, err := jira.New(jira.Options{Deployment: deployment, Seed: jira.Seed{Issues: []jira.NewIssue{
		{Project: "PROJ", Summary: "An old story", Type: "Story", Reporter: "alice"},
		{Project: "OTHER", Summary: "Foreign", Type: "Story", Reporter: "alice"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := confluence.New(confluence.Options{Kind: kind})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, jira: issues, wiki: pages, ledger: &tooltest.Ledger{}, clock: time.Now(),
		projects: []string{"PROJ"}, spaces: []string{"DOC"}, origin: tool.Origin{Run: "run", Agent: "keeper", Delivery: "d1"}}
	t.Cleanup(func() { issues.Close(); pages.Close() })
	jiraSite, err := jiraclient.New(s.transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.follow != nil {
			s.follow(r)
		}
		issues.ServeHTTP(w, r)
	}), kind))
	if err != nil {
		t.Fatal(err)
	}
	wikiSite := wikiclient.New(s.transport(pages, kind))
	if s.api, err = wikiSite.API(t.Context()); err != nil {
		t.Fatal(err)
	}
	writer := tool.Writer{Ledger: s.ledger}
	jiraTools := tooljira.New(func(tool.Origin) (*jiraclient.Client, error) { return jiraSite, nil }, writer,
		tooljira.Converters{ToWiki: markup.MarkdownToWiki, ToMarkdown: markup.WikiToMarkdown})
	wikiTools := toolconfluence.New(func(tool.Origin) (*wikiclient.Client, error) { return wikiSite, nil }, writer)
	tools := trace.New(jiraTools, wikiTools, writer, func() time.Time { return s.clock })
	if s.reg, err = tool.NewRegistry(append(append(tools.All(), jiraTools.All()...), wikiTools.All()...)...); err != nil {
		t.Fatal(err)
	}
	s.page = s.made("DOC", "Notifications", spec)
	s.other = s.made("TEAM", "Elsewhere", spec)
	return s
}

func (s *site) transport(h http.Handler, kind confluence.Kind) *atlassian.Transport {
	s.t.Helper()
	web := httptest.NewServer(h)
	s.t.Cleanup(web.Close)
	cfg := atlassian.Config{
		BaseURL: web.URL, AuthType: atlassian.AuthAPIToken, Email: confluence.BotEmail, Token: confluence.BotToken,
		FirstBackoff: time.Millisecond, Timeout: time.Minute,
	}
	if kind == confluence.DataCenter {
		cfg.AuthType, cfg.Email = atlassian.AuthPAT, ""
	}
	tr, err := atlassian.NewTransport(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(tr.Close)
	return tr
}

func (s *site) made(space, title, body string) string {
	s.t.Helper()
	id, err := s.wiki.As("alice").CreatePage(confluence.NewPage{Space: space, Title: title, Body: body})
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func (s *site) edit(body string) {
	s.t.Helper()
	if err := s.wiki.As("alice").EditPage(s.page, body, ""); err != nil {
		s.t.Fatal(err)
	}
}

// newCall makes a call with an id of its own. PAGE and OTHER in the arguments stand
// for the ids of pages.
func (s *site) newCall(args string) tool.Call {
	s.calls++
	args = strings.NewReplacer("OTHERPAGE", s.other, "PAGE", s.page).Replace(args)
	return tool.Call{ID: fmt.Sprintf("run:%d", s.calls), Args: json.RawMessage(args), Projects: s.projects, Spaces: s.spaces, Origin: s.origin}
}

// try validates a call as the policy does, and makes it.
func (s *site) try(name string, call tool.Call) (tool.Result, error) {
	s.t.Helper()
	tl, ok := s.reg.Lookup(name)
	if !ok {
		s.t.Fatalf("no tool %s", name)
	}
	if err := s.reg.Validate(name, call.Args); err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	return tl.Call(s.t.Context(), call)
}

// do makes a call that must succeed and returns its JSON.
func (s *site) do(name, args string) map[string]any {
	s.t.Helper()
	return s.done(s.newCall(args), name)
}

func (s *site) done(call tool.Call, name string) map[string]any {
	s.t.Helper()
	result, err := s.try(name, call)
	if err != nil || result.Failed {
		s.t.Fatalf("%s %s: %+v, %v", name, call.Args, result, err)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(result.Text), &out); err != nil {
		s.t.Fatalf("%s: %v in %s", name, err, result.Text)
	}
	return out
}

// fail makes a call that must be refused, with a text that says all of this.
func (s *site) fail(name, args string, says ...string) {
	s.t.Helper()
	result, err := s.try(name, s.newCall(args))
	if err != nil || !result.Failed {
		s.t.Fatalf("%s %s: %+v, %v; want a refusal", name, args, result, err)
	}
	for _, part := range says {
		if !strings.Contains(result.Text, part) {
			s.t.Errorf("%s %s: %q does not say %q", name, args, result.Text, part)
		}
	}
}

func (s *site) issue(key string) jira.Issue {
	s.t.Helper()
	i, ok := s.jira.Issue(key)
	if !ok {
		s.t.Fatalf("no issue %s", key)
	}
	return i
}

// writes counts what both sites carried out that changes something.
func (s *site) writes() int {
	n := 0
	for _, r := range s.wiki.Requests() {
		if r.Method != http.MethodGet && r.Applied > 0 && r.Applied < 300 {
			n++
		}
	}
	for _, r := range s.jira.Requests() {
		if r.Method != http.MethodGet && !strings.Contains(r.Path, "/search") {
			n++
		}
	}
	return n
}

// both runs a test on sites of either kind.
func both(t *testing.T, fn func(t *testing.T, s *site)) {
	t.Helper()
	for _, kind := range []confluence.Kind{confluence.Cloud, confluence.DataCenter} {
		t.Run(string(kind), func(t *testing.T) { fn(t, newSite(t, kind)) })
	}
}
