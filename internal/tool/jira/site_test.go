package jira_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	client "github.com/aofctl/aofctl/internal/atlassian/jira"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/tool/jira"
	"github.com/aofctl/aofctl/internal/tool/tooltest"
)

// site is a Jira to work on, with a few issues, and the tools on it.
type site struct {
	*sandbox.Server
	t      *testing.T
	url    string
	tools  *jira.Tools
	reg    *tool.Registry
	ledger *tooltest.Ledger
	client *client.Client
	calls  int
	// server is true for Data Center.
	server bool

	// What the tools asked for is counted by tool; strict looks at answers, too.
	mu      sync.Mutex
	current string
	asked   map[string]int
	scopes  map[string][]string
	strict  bool
}

const alice = "5b10a2844c20165700ede21a"

func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteBehind(t, sandbox.Seed{}, same)
}

// newServer is the same site as a Data Center.
func newServer(t *testing.T) *site {
	t.Helper()
	return newSiteOf(t, sandbox.Options{Deployment: sandbox.DataCenter}, same)
}

// newSiteBehind is a site with more in it, some of whose answers are changed.
func newSiteBehind(t *testing.T, seed sandbox.Seed, change func(http.Handler) http.Handler) *site {
	t.Helper()
	return newSiteOf(t, sandbox.Options{Seed: seed}, change)
}

func newSiteOf(t *testing.T, opts sandbox.Options, change func(http.Handler) http.Handler) *site {
	t.Helper()
	issue := func(project, summary string) sandbox.NewIssue {
		return sandbox.NewIssue{Project: project, Summary: summary, Type: "Bug", Priority: "Medium", Reporter: "alice", Labels: []string{"old"}}
	}
	own := issue("PROJ", "The login page | is slow")
	own.Description, own.Assignee = "h3. Steps\n# open it", alice
	own.Fields = map[string]any{"customfield_10016": 5}
	if opts.Deployment == sandbox.DataCenter {
		own.Assignee, own.Fields["assignee"] = "", map[string]any{"name": "alice"}
	}
	opts.Seed.Issues = []sandbox.NewIssue{own, issue("PROJ", "Second"), issue("OTHER", "Foreign"), issue("FEAT", "Feature")}
	server, err := sandbox.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Server: server, t: t, ledger: &tooltest.Ledger{}, asked: map[string]int{}, scopes: map[string][]string{}, server: opts.Deployment == sandbox.DataCenter}
	web := httptest.NewServer(s.watch(change(server)))
	t.Cleanup(func() { server.Close(); web.Close() })
	s.url = web.URL
	cfg := atlassian.Config{
		BaseURL: web.URL, AuthType: atlassian.AuthAPIToken, Email: sandbox.BotEmail, Token: sandbox.BotToken,
		FirstBackoff: time.Millisecond, Timeout: time.Minute,
	}
	if s.server {
		cfg.AuthType, cfg.Email = atlassian.AuthPAT, ""
	}
	s.connect(cfg)
	return s
}

func (s *site) connect(cfg atlassian.Config) {
	s.t.Helper()
	tr, err := atlassian.NewTransport(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(tr.Client().CloseIdleConnections)
	if s.client, err = client.New(tr); err != nil {
		s.t.Fatal(err)
	}
	s.tools = jira.New(s.site, tool.Writer{Ledger: s.ledger}, jira.Converters{
		ToWiki:     func(md string) string { return strings.ReplaceAll(md, "**", "*") },
		ToMarkdown: func(wiki string) string { return strings.ReplaceAll(wiki, "h3.", "###") },
	})
	s.register()
}

func (s *site) register() {
	s.t.Helper()
	var err error
	if s.reg, err = tool.NewRegistry(s.tools.All()...); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) site(o tool.Origin) (*client.Client, error) {
	if o.Site != "" {
		return nil, errors.New("no such site")
	}
	return s.client, nil
}

// same changes nothing of a site's answers.
func same(h http.Handler) http.Handler { return h }

// newCall makes a call with an id of its own, within the scope of PROJ.
func (s *site) newCall(args string) tool.Call {
	s.calls++
	return tool.Call{
		ID: "run:" + string(rune('a'+s.calls)), Args: json.RawMessage(args), Projects: []string{"PROJ"},
		Origin: tool.Origin{Run: "run", Agent: "triager", Delivery: "d1", Project: "PROJ", IssueKey: "PROJ-1"},
	}
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
	s.mu.Lock()
	s.current = tl.Spec().Name
	s.mu.Unlock()
	return tl.Call(s.t.Context(), call)
}

// do makes a call that must succeed.
func (s *site) do(name, args string) tool.Result {
	s.t.Helper()
	result, err := s.try(name, s.newCall(args))
	if err != nil || result.Failed {
		s.t.Fatalf("%s %s: %+v, %v", name, args, result, err)
	}
	return result
}

// fail makes a call that must be refused, with a text that says all of this.
func (s *site) fail(name, args string, says ...string) tool.Result {
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
	return result
}

func (s *site) issue(key string) sandbox.Issue {
	s.t.Helper()
	i, ok := s.Issue(key)
	if !ok {
		s.t.Fatalf("no issue %s", key)
	}
	return i
}

// fault makes the next request of the method go wrong.
func (s *site) fault(f sandbox.Fault) {
	s.t.Helper()
	if f.Count == 0 {
		f.Count = 1
	}
	if _, err := s.AddFault(f); err != nil {
		s.t.Fatal(err)
	}
}

// writes counts the requests that change something, carried out or not.
func (s *site) writes() int {
	n := 0
	for _, r := range s.Requests() {
		reads := strings.HasSuffix(r.Path, "/search/jql") || strings.HasSuffix(r.Path, "/comment/list")
		if r.Method != "GET" && !reads {
			n++
		}
	}
	return n
}
