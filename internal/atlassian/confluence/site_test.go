package confluence_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/leak"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/contract"
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

// site is a simulated Confluence and what speaks to it.
type site struct {
	*sandbox.Server
	confluence.API
	url string
	// nonsense lets answers be wrong.
	nonsense atomic.Bool
}

// open starts a site whose exchanges are checked against the descriptions.
func open(t *testing.T, opts sandbox.Options) *site {
	t.Helper()
	server, err := sandbox.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Server: server}
	var handler http.Handler = server
	if c := contracts[server.Kind()](); c != nil {
		handler = c.Handler(server, func(err error) {
			if !s.nonsense.Load() {
				t.Error(err)
			}
		})
	}
	web := httptest.NewServer(handler)
	t.Cleanup(func() { server.Close(); web.Close() })
	s.url = web.URL
	s.API = connect(t, config(server.Kind(), web.URL))
	return s
}

func config(kind sandbox.Kind, url string) atlassian.Config {
	cfg := atlassian.Config{
		BaseURL: url, AuthType: atlassian.AuthAPIToken, Email: sandbox.BotEmail, Token: sandbox.BotToken, FirstBackoff: time.Millisecond,
	}
	if kind == sandbox.DataCenter {
		cfg.AuthType = atlassian.AuthPAT
	}
	return cfg
}

func client(t *testing.T, cfg atlassian.Config) *confluence.Client {
	t.Helper()
	transport, err := atlassian.NewTransport(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.Close)
	return confluence.New(transport)
}

func connect(t *testing.T, cfg atlassian.Config) confluence.API {
	t.Helper()
	api, err := client(t, cfg).API(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// Kind settles which of the two that are embedded is meant.
func (s *site) Kind() confluence.Kind { return s.API.Kind() }

// read reads a page as the client.
func (s *site) read(t *testing.T, id string, r confluence.PageRead) confluence.Page {
	t.Helper()
	return ok(s.API.Page(t.Context(), id, r))(t)
}

func (s *site) state(t *testing.T, id string) sandbox.PageState {
	t.Helper()
	p, ok := s.Server.Page(id)
	if !ok {
		t.Fatalf("no page %s", id)
	}
	return p
}

// ok fails the test if there is an error.
func ok[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// page makes a page as the client.
func (s *site) page(t *testing.T, title, body, parent string) confluence.Page {
	t.Helper()
	return ok(s.CreatePage(t.Context(), confluence.NewPage{SpaceKey: "DOC", Title: title, Body: body, ParentID: parent}))(t)
}

// both runs a test on a site of either kind.
func both(t *testing.T, fn func(t *testing.T, s *site)) {
	t.Helper()
	for _, kind := range []sandbox.Kind{sandbox.Cloud, sandbox.DataCenter} {
		t.Run(string(kind), func(t *testing.T) { fn(t, open(t, sandbox.Options{Kind: kind})) })
	}
}
