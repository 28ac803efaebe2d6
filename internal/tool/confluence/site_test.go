package confluence_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	client "github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/leak"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/contract"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/tool/confluence"
	"github.com/aofctl/aofctl/internal/tool/tooltest"
)

func TestMain(m *testing.M) { leak.Main(m) }

// contracts are Atlassian's descriptions, read once; nil where they are absent.
var contracts = map[sandbox.Kind]func() *contract.Contract{
	sandbox.Cloud:      sync.OnceValue(func() *contract.Contract { return described(contract.LoadConfluenceCloud) }),
	sandbox.DataCenter: sync.OnceValue(func() *contract.Contract { return described(contract.LoadConfluenceDataCenter) }),
}

func described(load func(string) (*contract.Contract, error)) *contract.Contract {
	c, err := contract.Find(load)
	if err != nil {
		panic(err)
	}
	return c
}

// spec is the page that tests work on.
const spec = `<p local-id="1">Intro <span style="color: red;">red</span></p>` +
	`<ac:structured-macro ac:name="toc" ac:schema-version="1"><ac:parameter ac:name="maxLevel">2</ac:parameter></ac:structured-macro>` +
	`<h1>Goals</h1><p>Notify people.</p><h2>Digest mode</h2><p>Every 5 minutes.</p><h2>Limits</h2><ul><li>ten</li></ul>` +
	`<h1>Later</h1><h2>Limits</h2><p>none</p>`

// site is a Confluence to work on, every exchange of which is held against
// Atlassian's description, and the tools on it.
type site struct {
	*sandbox.Server

	t      *testing.T
	tools  *confluence.Tools
	reg    *tool.Registry
	ledger *tooltest.Ledger
	calls  int
	// page and child are pages of the space DOC, other one of TEAM.
	page, child, other string
	origin             tool.Origin
	spaces             []string
	// seen, if given, is told of each request.
	seen func(r *http.Request)
	// meanwhile, if given, is what happens once, just before the next write.
	meanwhile func()
	// halves cuts the answer to the next write in the middle, as a proxy does that ends
	// an answer by closing the connection.
	halves bool
	// lenient lets exchanges be that no description has.
	lenient bool
}

func newSite(t *testing.T, kind sandbox.Kind) *site {
	t.Helper()
	return newSiteOf(t, sandbox.Options{Kind: kind})
}

func newSiteOf(t *testing.T, opts sandbox.Options) *site {
	t.Helper()
	kind := opts.Kind
	server, err := sandbox.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Server: server, t: t, ledger: &tooltest.Ledger{}, spaces: []string{"DOC"},
		origin: tool.Origin{Run: "run", Agent: "keeper", Delivery: "d1"}}
	var handler http.Handler = server
	if c := contracts[kind](); c != nil {
		handler = c.Handler(server, func(err error) {
			if !s.lenient {
				t.Error(err)
			}
		})
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.seen != nil {
			s.seen(r)
		}
		if happens := s.meanwhile; happens != nil && r.Method != http.MethodGet {
			s.meanwhile = nil
			happens()
		}
		if !s.halves || r.Method == http.MethodGet {
			handler.ServeHTTP(w, r)
			return
		}
		s.halves = false
		whole := httptest.NewRecorder()
		handler.ServeHTTP(whole, r)
		maps.Copy(w.Header(), whole.Header())
		w.Header().Del("Content-Length")
		w.WriteHeader(whole.Code)
		_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
	}))
	t.Cleanup(func() { server.Close(); web.Close() })
	cfg := atlassian.Config{
		BaseURL: web.URL, AuthType: atlassian.AuthAPIToken, Email: sandbox.BotEmail, Token: sandbox.BotToken,
		FirstBackoff: time.Millisecond, Timeout: time.Minute,
	}
	if kind == sandbox.DataCenter {
		cfg.AuthType, cfg.Email = atlassian.AuthPAT, ""
	}
	transport, err := atlassian.NewTransport(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.Close)
	one := client.New(transport)
	s.tools = confluence.New(func(tool.Origin) (*client.Client, error) { return one, nil }, tool.Writer{Ledger: s.ledger})
	if s.reg, err = tool.NewRegistry(s.tools.All()...); err != nil {
		t.Fatal(err)
	}
	s.page = s.made("alice", sandbox.NewPage{Space: "DOC", Title: "Preferences", Body: spec})
	s.child = s.made("alice", sandbox.NewPage{Space: "DOC", Title: "Details", Body: "<p>more</p>", Parent: s.page})
	s.other = s.made("alice", sandbox.NewPage{Space: "TEAM", Title: "Elsewhere", Body: "<p>secret plan</p>"})
	return s
}

func (s *site) made(who string, n sandbox.NewPage) string {
	s.t.Helper()
	id, err := s.As(who).CreatePage(n)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// newCall makes a call with an id of its own. PAGE, CHILD and OTHER in the arguments
// stand for the ids of pages.
func (s *site) newCall(args string) tool.Call {
	s.calls++
	args = strings.NewReplacer("PAGE", s.page, "CHILD", s.child, "OTHER", s.other).Replace(args)
	return tool.Call{ID: "run:" + string(rune('a'+s.calls)), Args: json.RawMessage(args), Spaces: s.spaces, Origin: s.origin}
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

// do makes a call that must succeed.
func (s *site) do(name, args string) string {
	s.t.Helper()
	result, err := s.try(name, s.newCall(args))
	if err != nil || result.Failed {
		s.t.Fatalf("%s %s: %+v, %v", name, args, result, err)
	}
	return result.Text
}

// fail makes a call that must be refused, with a text that says all of this, and
// writes nothing.
func (s *site) fail(name, args string, says ...string) {
	s.t.Helper()
	before := s.writes()
	result, err := s.try(name, s.newCall(args))
	if err != nil || !result.Failed {
		s.t.Fatalf("%s %s: %+v, %v; want a refusal", name, args, result, err)
	}
	for _, part := range says {
		if !strings.Contains(result.Text, part) {
			s.t.Errorf("%s %s: %q does not say %q", name, args, result.Text, part)
		}
	}
	if n := s.writes() - before; n > 0 {
		s.t.Errorf("%s %s wrote %d times", name, args, n)
	}
}

// writes counts the requests that the site carried out and that change something.
func (s *site) writes() int {
	n := 0
	for _, r := range s.Requests() {
		if r.Method != http.MethodGet && r.Applied > 0 && r.Applied < 300 {
			n++
		}
	}
	return n
}

func (s *site) state(id string) sandbox.PageState {
	s.t.Helper()
	p, ok := s.Page(id)
	if !ok {
		s.t.Fatalf("no page %s", id)
	}
	return p
}

// titled is the page of a title; false if there is none, or more than one.
func (s *site) titled(title string) (sandbox.PageState, bool) {
	var found []sandbox.PageState
	for _, id := range s.Pages() {
		if p := s.state(id); p.Title == title {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		return sandbox.PageState{}, false
	}
	return found[0], true
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

// both runs a test on a site of either kind.
func both(t *testing.T, fn func(t *testing.T, s *site)) {
	t.Helper()
	for _, kind := range []sandbox.Kind{sandbox.Cloud, sandbox.DataCenter} {
		t.Run(string(kind), func(t *testing.T) { fn(t, newSite(t, kind)) })
	}
}
