package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/event"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

const (
	cloudOne = "11111111-1111-4111-8111-111111111111"
	cloudTwo = "22222222-2222-4222-8222-222222222222"
	alice    = "5b10a2844c20165700ede21a"
	bob      = "712020:8b6b268b-17b3-407b-8974-bed4042fa709"
)

var errNoToken = errors.New("there is no token")

// asked is a request that came to the gateway.
type asked struct{ cloud, token, path string }

// cloudGateway is Atlassian's gateway to two sites. A token is installation/account.
type cloudGateway struct {
	*httptest.Server

	sites map[string]*sandbox.Server

	mu      sync.Mutex
	seen    []asked
	expired map[string]bool
	renewed int
}

func newCloudGateway(t *testing.T) *cloudGateway {
	t.Helper()
	g := &cloudGateway{sites: map[string]*sandbox.Server{}, expired: map[string]bool{}}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	for name, cloud := range map[string]string{"one": cloudOne, "two": cloudTwo} {
		site, err := sandbox.New(sandbox.Options{BaseURL: "https://" + name + ".atlassian.net", CloudID: cloud})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(site.Close)
		g.sites[cloud] = site
	}
	return g
}

// ServeHTTP implements http.Handler.
func (g *cloudGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cloud, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/ex/jira/"), "/")
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	g.mu.Lock()
	g.seen = append(g.seen, asked{cloud, token, path})
	expired := g.expired[token]
	g.mu.Unlock()
	site := g.sites[cloud]
	installation, account, ok := strings.Cut(strings.TrimSuffix(token, "/renewed"), "/")
	if site == nil || !ok || expired || installation != "install-"+cloud[:1] {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	inner := r.Clone(r.Context())
	inner.URL.Path, inner.URL.RawPath = "/"+path, ""
	site.ServeAccount(w, inner, account)
}

// RejectUser implements userTokens.
func (*cloudGateway) RejectUser(context.Context, string, string, string) error { return nil }

// UserToken implements userTokens.
func (g *cloudGateway) UserToken(_ context.Context, installation, account string) (token, base string, err error) {
	cloud := map[string]string{"install-1": cloudOne, "install-2": cloudTwo}[installation]
	if cloud == "" {
		return "", "", fmt.Errorf("look up token: %w", errNoToken)
	}
	token = installation + "/" + account
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.expired[token] && g.renewed > 0 {
		token += "/renewed"
	}
	return token, g.URL + "/ex/jira/" + cloud + "/", nil
}

func (g *cloudGateway) took() []asked {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := g.seen
	g.seen = nil
	return list
}

// as is a user of one of the sites.
func (g *cloudGateway) as(cloud, account string) tool.OnBehalf {
	n := cloud[:1]
	return tool.OnBehalf{Installation: "install-" + n, Account: account, CloudID: cloud, APIBase: g.URL + "/ex/jira/" + cloud,
		SiteURL: map[string]string{"1": "https://one.atlassian.net", "2": "https://two.atlassian.net"}[n]}
}

// ownSite is a configured Jira that notes each request.
type ownSite struct {
	*httptest.Server

	mu   sync.Mutex
	seen []string
}

func newOwnSite(t *testing.T) *ownSite {
	t.Helper()
	site, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := &ownSite{}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		o.seen = append(o.seen, r.Method+" "+r.URL.Path)
		o.mu.Unlock()
		site.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { o.Close(); site.Close() })
	return o
}

func (o *ownSite) took() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.seen
	o.seen = nil
	return list
}

// forgePlace is a daemon with a Jira of its own and users of two others.
func forgePlace(t *testing.T, jira string) (*App, *cloudGateway, *ownSite) {
	t.Helper()
	g, own := newCloudGateway(t), newOwnSite(t)
	p := newPlace(t, server+"  platforms:\n    jira: {base_url: '"+own.URL+"', webhook_secret_env: JIRA_WEBHOOK_SECRET, "+
		"auth: {type: api_token, email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}"+jira+"}\n    confluence: {enabled: true}\n"+
		"    github: {token_env: GITHUB_TOKEN, webhook_secret_env: JIRA_WEBHOOK_SECRET, base_url: '"+own.URL+"'}\n"+
		"    forge: {app_id: 11223344-a1b2-4b33-8444-def123456789, gateway_url: '"+g.URL+"', signing_secret_env: SIGN, encryption_key_env: KEY}\n", nil)
	p.env["SIGN"], p.env["KEY"], p.env["GITHUB_TOKEN"] = strings.Repeat("5a", 32), strings.Repeat("a5", 32), "the-github-token"
	a := p.mustOpen(t)
	a.sites.personas.trust(g, errNoToken)
	return a, g, own
}

// arguments makes arguments that a tool takes, with values that mean something.
func arguments(t *testing.T, spec tool.Spec) json.RawMessage {
	t.Helper()
	var schema struct {
		Properties map[string]struct {
			Type string   `json:"type"`
			Enum []string `json:"enum"`
		} `json:"properties"`
		Required []string `json:"required"`
	}
	if err := json.Unmarshal(spec.Parameters, &schema); err != nil {
		t.Fatal(err)
	}
	known := map[string]any{"jql": "project = PROJ", "project_key": "PROJ", "issue_key": "PROJ-1", "issue_keys": []string{"PROJ-1"}, "parent": "PROJ-1",
		"inward_issue": "PROJ-1", "outward_issue": "PROJ-2", "other_issue": "PROJ-2", "assignee": "Bob Manager", "url": "https://example.com/x",
		"page_id": "123", "time_spent": "2h", "type": "Blocks", "issue_type": "Bug", "fields": map[string]any{"summary": "x"}}
	args := map[string]any{}
	for _, name := range append(schema.Required, "project_key", "issue_type", "other_issue", "description", "assignee") {
		p, there := schema.Properties[name]
		value, ok := known[name]
		switch {
		case !there:
			continue
		case len(p.Enum) > 0:
			value = p.Enum[0]
		case ok:
		case p.Type == "integer":
			value = 1
		case p.Type == "array":
			value = []string{"x"}
		case p.Type == "boolean":
			value = true
		case p.Type == "object":
			value = map[string]any{}
		default:
			value = "x"
		}
		args[name] = value
	}
	raw, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestEveryToolOfAUsersRunReachesPlatformsAsTheUserAlone calls all tools there are.
// A new set of tools has to say here with whose rights it works.
func TestEveryToolOfAUsersRunReachesPlatformsAsTheUserAlone(t *testing.T) {
	a, g, own := forgePlace(t, "")
	for _, site := range g.sites {
		for range 2 {
			if _, err := site.As("alice").CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: "x"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	who := g.as(cloudOne, alice)
	ctx, err := tool.ActFor(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	const theUsers, theOperators, nobodys = "the user's", "the operator's", "nobody's"
	rights := map[string]string{"jira": theUsers, "confluence": nobodys, "atlassian": nobodys, "github": theOperators, "memory": theOperators, "": theOperators}
	own.took()
	g.took()
	for _, name := range a.registry.Names() {
		one, _ := a.registry.Lookup(name)
		whose, known := rights[one.Spec().Toolset]
		users := whose == theUsers
		if !known {
			t.Errorf("%s is of a new set, %q: say with whose rights it works, and see that a user's run gets no others", name, one.Spec().Toolset)
		}
		for _, site := range []string{"", "forge:" + cloudOne, "nowhere"} {
			a.sites.personas.forget("install-1") // answers that are remembered need no request
			origin := tool.Origin{Site: site, Run: "r", Agent: "a", Project: "PROJ", IssueKey: "PROJ-1", Memory: "InMemory", OnBehalf: who}
			result, err := one.Call(ctx, tool.Call{ID: "r:" + name + site, Args: arguments(t, one.Spec()), Origin: origin})
			seen := g.took()
			if users && len(seen) == 0 {
				t.Errorf("%s asked nothing as the user (%v, %v)", name, result.Text, err)
			}
			for _, request := range seen {
				if request.cloud != cloudOne || request.token != "install-1/"+alice {
					t.Errorf("%s asked %s of site %s with %q", name, request.path, request.cloud, request.token)
				}
			}
			if whose == nobodys && (err != nil || !result.Failed || len(seen) > 0) {
				t.Errorf("%s did something for a user (%v, %v)", name, result.Text, err)
			}
			if stray := own.took(); whose != theOperators && len(stray) > 0 {
				t.Errorf("%s asked the daemon's own site: %v", name, stray)
			}
		}
	}
}

func TestAnOriginThatForgetsItsUserReachesNothing(t *testing.T) {
	a, g, own := forgePlace(t, "")
	ctx, err := tool.ActFor(t.Context(), g.as(cloudOne, alice))
	if err != nil {
		t.Fatal(err)
	}
	own.took()
	get, _ := a.registry.Lookup("jira_get_issue")
	for name, origin := range map[string]tool.Origin{
		"nobody's": {}, "another user's": {OnBehalf: g.as(cloudOne, bob)}, "another tenant's": {OnBehalf: g.as(cloudTwo, alice)},
	} {
		_, err := get.Call(ctx, tool.Call{ID: "r:1", Args: json.RawMessage(`{"issue_key":"PROJ-1"}`), Origin: origin})
		if !errors.Is(err, tool.ErrOtherHands) {
			t.Errorf("a call with %s origin: %v", name, err)
		}
	}
	// Nor do other ways to the site's client lead anywhere.
	if _, err := a.sites.list[0].client.Myself(ctx); !errors.Is(err, tool.ErrOtherHands) {
		t.Errorf("the site's own client: %v", err)
	}
	if _, err := a.sites.Matches(ctx, &event.Event{IssueKey: "PROJ-1"}, "project = PROJ"); !errors.Is(err, tool.ErrOtherHands) {
		t.Errorf("a condition in JQL: %v", err)
	}
	if _, _, err := a.sites.Issue(ctx, "", "PROJ-1"); err == nil && len(own.took()) > 0 {
		t.Error("the issue was looked up as the daemon")
	}
	if n, m := len(own.took()), len(g.took()); n+m > 0 {
		t.Errorf("%d requests to the site, %d to the gateway", n, m)
	}
}

func TestWhatAnEventLacksIsAskedForAsTheUser(t *testing.T) {
	a, g, own := forgePlace(t, "")
	key, err := g.sites[cloudOne].As("alice").CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: "canary of one"})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.sites[cloudOne].Hide("bob", key); err != nil {
		t.Fatal(err)
	}
	ev := &event.Event{Source: event.SourceA2A, IssueKey: key, Vars: map[string]any{}}
	own.took()
	for account, want := range map[string]any{alice: "canary of one", bob: nil} {
		ctx, err := tool.ActFor(t.Context(), g.as(cloudOne, account))
		if err != nil {
			t.Fatal(err)
		}
		vars, err := a.sites.Enrich(ctx, ev, []string{"issue_summary"})
		if vars["issue_summary"] != want || (want != nil && err != nil) {
			t.Errorf("%s is told %v, %v", account, vars, err)
		}
		for _, request := range g.took() {
			if request.token != "install-1/"+account {
				t.Errorf("asked with %q for %s", request.token, account)
			}
		}
	}
	if stray := own.took(); len(stray) > 0 {
		t.Errorf("asked the daemon's own site: %v", stray)
	}
}

func TestAUserWhoseTokenDoesNotServeIsAskedForConsentAndWorkGoesOn(t *testing.T) {
	a, g, _ := forgePlace(t, "")
	get, _ := a.registry.Lookup("jira_list_projects")
	call := func(who tool.OnBehalf) error {
		_, err := get.Call(t.Context(), tool.Call{ID: "r:1", Args: json.RawMessage(`{}`), Origin: tool.Origin{OnBehalf: who}})
		return err
	}
	who := g.as(cloudOne, alice)
	g.expired["install-1/"+alice] = true
	gone := who
	gone.Installation = "install-9"
	for name, err := range map[string]error{"an expired token": call(who), "no token": call(gone)} {
		var failure *atlassian.Error
		if text, required := atlassian.AuthRequired(err); !required || text == "" || !errors.As(err, &failure) || !failure.Temporary() {
			t.Errorf("%s: %v", name, err)
		}
	}
	g.mu.Lock()
	g.renewed = 1
	g.mu.Unlock()
	if err := call(who); err != nil {
		t.Errorf("with a newer token: %v", err)
	}
}

func TestATokenGoesToTheConfiguredGatewayOfItsOwnSiteAlone(t *testing.T) {
	a, g, _ := forgePlace(t, "")
	get, _ := a.registry.Lookup("jira_list_projects")
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a token came") }))
	defer thief.Close()
	for name, change := range map[string]func(*tool.OnBehalf){
		"another host":          func(o *tool.OnBehalf) { o.APIBase = thief.URL + "/ex/jira/" + cloudOne },
		"another site":          func(o *tool.OnBehalf) { o.APIBase = g.URL + "/ex/jira/" + cloudTwo },
		"another site's id":     func(o *tool.OnBehalf) { o.CloudID, o.APIBase = cloudTwo, "" },
		"an id that is a path":  func(o *tool.OnBehalf) { o.CloudID, o.APIBase = cloudOne+"/../"+cloudTwo, "" },
		"no site":               func(o *tool.OnBehalf) { o.CloudID, o.APIBase = "", "" },
		"no account":            func(o *tool.OnBehalf) { o.Account = "" },
		"Atlassian's real host": func(o *tool.OnBehalf) { o.APIBase = "https://api.atlassian.com/ex/jira/" + cloudOne },
	} {
		who := g.as(cloudOne, alice)
		change(&who)
		_, err := get.Call(t.Context(), tool.Call{ID: "r:1", Args: json.RawMessage(`{}`), Origin: tool.Origin{OnBehalf: who}})
		if err == nil {
			t.Errorf("%s: it was answered", name)
		}
		if seen := g.took(); len(seen) > 0 {
			t.Errorf("%s: %v", name, seen)
		}
	}
}

func TestARunOfAUserBelongsToTheConfiguredSiteOfTheSameCloudOrAddress(t *testing.T) {
	a, g, own := forgePlace(t, ", name: main, allowed_projects: [PROJ, 'TEAM*']")
	elsewhere, here := g.as(cloudTwo, bob), g.as(cloudOne, alice)
	here.SiteURL = own.URL
	tests := map[string]struct {
		who      tool.OnBehalf
		settings []string
		name     string
		within   []string
	}{
		"a site of its own":            {elsewhere, nil, "forge:" + cloudTwo, nil},
		"with settings":                {elsewhere, []string{"A"}, "forge:" + cloudTwo, []string{"A"}},
		"the configured site":          {here, nil, "main", []string{"PROJ", "TEAM*"}},
		"with settings that narrow it": {here, []string{"TEAM1", "OPS"}, "main", []string{"TEAM1"}},
		"with settings beside it":      {here, []string{"OPS"}, "main", []string{}},
	}
	for name, tt := range tests {
		site, within := a.sites.placeOf(tt.who, tt.settings)
		if diff := cmp.Diff(tt.within, within); site != tt.name || diff != "" {
			t.Errorf("%s: %q %s", name, site, diff)
		}
	}
	a.sites.list[0].cloudID = strings.ToUpper(cloudTwo)
	if site, _ := a.sites.placeOf(elsewhere, nil); site != "main" {
		t.Errorf("by the cloud id it is %q", site)
	}
	if site, _ := a.sites.placeOf(here, nil); site == "main" {
		t.Error("an address counts for more than another cloud id")
	}
}

// TestTransportsOfTheDaemonAreGuarded keeps a new platform of Atlassian's from being
// reached with the daemon's account by the runs of users.
func TestTransportsOfTheDaemonAreGuarded(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !named(call.Fun, "NewTransport") || len(call.Args) != 1 {
				return true
			}
			made++
			config, ok := call.Args[0].(*ast.CompositeLit)
			if !ok || !slices.ContainsFunc(config.Elts, func(e ast.Expr) bool {
				kv, ok := e.(*ast.KeyValueExpr)
				return ok && fmt.Sprint(kv.Key) == "Guard" && named(kv.Value, "ByDaemon")
			}) {
				t.Errorf("%s: a transport with the daemon's account needs Guard: tool.ByDaemon in its literal", path)
			}
			return true
		})
	}
	if made == 0 {
		t.Error("no transport is made here")
	}
}

func named(e ast.Expr, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && s.Sel.Name == name
}
