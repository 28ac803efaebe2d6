package rovo

import (
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// AgentAccount is the account of the app on every site: what its system tokens
// stand for, and what people assign issues to.
const AgentAccount = "712020:a9e47a9e-4747-4a9e-8747-a9e47a9e47a9"

// AgentUser is that account. Sites get it when it is needed.
func AgentUser(name string) jira.User {
	return jira.User{Handle: "agent", AccountID: AgentAccount, DisplayName: name, AccountType: jira.AccountApp}
}

// Tenant is a site with its installation of the app.
type Tenant struct {
	server *Server
	name   string
	site   *jira.Server

	mu           sync.Mutex
	installation string
	version      string
	scopes       []string
}

func newTenant(s *Server, name string, site *jira.Server) *Tenant {
	return &Tenant{server: s, name: name, site: site, installation: client.NewID(), version: s.opts.App.Version, scopes: s.opts.App.Scopes}
}

// Name is what tests and people call the site.
func (t *Tenant) Name() string { return t.name }

// Jira is the site.
func (t *Tenant) Jira() *jira.Server { return t.site }

// CloudID is the site's id.
func (t *Tenant) CloudID() string { return t.site.CloudID() }

// APIBase is where the site's API is for tokens of the app.
func (t *Tenant) APIBase() string { return t.server.opts.BaseURL + gatewayPath + t.CloudID() }

// Installation is the UUID of the app's installation. A new one comes with each
// installation.
func (t *Tenant) Installation() string {
	id, _ := t.identity()
	return id
}

func (t *Tenant) identity() (installation, version string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.installation, t.version
}

// Consent limits what tokens of the app are good for from now on: to the scopes that
// the site's administrator has agreed to. None means those of the app.
func (t *Tenant) Consent(scopes ...string) {
	if len(scopes) == 0 {
		scopes = t.server.opts.App.Scopes
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.scopes = scopes
}

func (t *Tenant) consented() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.scopes
}

// agent is the app's account, which the site knows from now on.
func (t *Tenant) agent() string {
	t.site.AddUser(AgentUser(t.server.opts.App.Name))
	return AgentAccount
}

// User is a person of the site, named as in jira.Server.As. Somebody whom the site
// does not know shows as an error of each call.
func (t *Tenant) User(who string) *User {
	u := &User{tenant: t}
	found, ok := t.site.User(who)
	if !ok {
		u.err = fmt.Errorf("find user %q of %s: there is none", who, t.name)
	}
	u.jira, u.claims = found, found.AccountID
	return u
}

// Credentials are the headers with which the app's remote is called: an invocation
// token and the tokens for the API, all new.
func (t *Tenant) Credentials(why Invocation) (http.Header, error) {
	token, err := t.InvocationToken(why)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	trace := strings.ReplaceAll(client.NewID(), "-", "")
	h.Set("X-B3-Traceid", trace)
	h.Set("X-B3-Spanid", trace[:16])
	h.Set("X-Forge-Oauth-System", t.server.issue(secretSystem, t, t.agent()))
	if why.Account != "" {
		h.Set("X-Forge-Oauth-User", t.server.issue(secretUser, t, why.Account))
	}
	return h, nil
}

func major(version string) string {
	first, _, _ := strings.Cut(version, ".")
	return first
}
