package sandbox

import (
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/github"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// Options configure a sandbox. The zero value listens on a random port of
// 127.0.0.1 and has no issues and no webhooks.
type Options struct {
	// Addr is the address to listen on, such as "127.0.0.1:8090"; a random port
	// of 127.0.0.1 if empty. Addresses off the machine are refused: the sandbox
	// can be controlled by anybody who reaches it.
	Addr string
	// ContextPath puts Jira under a path, such as "/jira".
	ContextPath string
	// Demo loads a few issues, so that there is something to look at.
	Demo bool
	// Repositories are made on the simulated GitHub, as owner/name, and its webhooks
	// registered at the start.
	Repositories   []string
	GitHubWebhooks []github.Webhook
	// Jira and Model configure the two servers. BaseURL and ContextPath of Jira
	// are set by Start.
	Jira  jira.Options
	Model model.Options
	// Confluence configures the one beside Jira, of the same kind unless its Kind says
	// otherwise: below /wiki of a Cloud, below /confluence of a Data Center. BaseURL and
	// ContextPath are set by Start.
	Confluence confluence.Options
	// Webhooks are registered at the start.
	Webhooks []jira.Webhook
	// PageHooks are where Confluence tells what happens to pages, from the start.
	PageHooks []PageHook
	// Rovo configures Atlassian's side of remote agents, which sites of Cloud have. Its
	// BaseURL is set by Start.
	Rovo rovo.Options
	// Tenants are the names of further sites for it, each a Jira of its own under
	// /tenants/<name>.
	Tenants []string
}

// PageHook is an address of a daemon, such as http://127.0.0.1:3000/webhook/confluence,
// that Confluence tells of everything that happens to pages: a Data Center by a webhook
// that the secret signs, a Cloud by rules of Automation, one for each event, which post
// to the address with the event's name behind it and show the token.
type PageHook struct{ URL, Secret, Token string }

// TokenHeader is where rules of Automation show their token.
const TokenHeader = "X-Webhook-Token"

// hookPages lets a Confluence tell a daemon of its pages.
func hookPages(site *confluence.Server, h PageHook) error {
	if site.Kind() == confluence.Cloud {
		return site.AddRule(confluence.Rule{URL: strings.TrimSuffix(h.URL, "/") + "/{event}", Header: TokenHeader, Token: h.Token})
	}
	_, err := site.Register(confluence.Webhook{Name: "aofctl", URL: h.URL, Secret: h.Secret, Events: confluence.PageEvents()})
	return err
}

// checkLoopback refuses what is not on this machine.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("read address %q: %w", addr, err)
	}
	if host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("listen on %q: the sandbox has no authentication on its controls and listens on loopback only", addr)
	}
	return nil
}

// demoIssues are the issues of Options.Demo.
func demoIssues() []jira.NewIssue {
	return []jira.NewIssue{
		{
			Project: "PROJ", Type: "Bug", Reporter: "alice", Summary: "Login fails with error 500 after password reset", Labels: []string{"login"},
			Description: "h3. Steps\n# Reset the password\n# Log in with the new one\n\nh3. Result\nThe server answers {{500}} and the log has\n{noformat}NullPointerException at SessionStore.load{noformat}",
		},
		{
			Project: "PROJ", Type: "Bug", Reporter: "bob", Summary: "Typo on the billing page", Priority: "Low",
			Description: "It says \"Invocie\".",
		},
		{
			Project: "PROJ", Type: "Story", Reporter: "bob", Summary: "Export reports as CSV",
			Description: "As an analyst I want to export any report as CSV, so that I can use it in my own tools.",
			Fields:      map[string]any{"customfield_10020": 1},
		},
		{
			Project: "FEAT", Type: "Story", Reporter: "alice", Summary: "Single sign-on with OpenID Connect",
			Description: "Customers sign in with their own identity provider.",
		},
		{
			Project: "SUP", Type: "Task", Reporter: "alice", Summary: "Customer cannot download the invoice of May",
			Description: "Reported by phone. The download stops at 50 %.",
		},
	}
}

// demoPages are the pages of Options.Demo.
func demoPages() []confluence.NewPage {
	return []confluence.NewPage{{
		Space: "DOC", Title: "User Notification Preferences v2",
		Body: `<p>What users may choose about notifications.</p><h1>Requirements</h1><h2>Channels</h2><p>Users switch e-mail, SMS and push on and off for each type of event.</p>` +
			`<h2>Digest mode</h2><p>Notifications are gathered at intervals that users choose (minimum 5 minutes).</p>` +
			`<h2>Quiet hours</h2><p>Within quiet hours only critical notifications are sent.</p><h1>Open questions</h1><p>None.</p>`,
	}}
}

// Where the simulated GitHub is, and Confluence on a Data Center.
const (
	githubPath     = "/github"
	confluencePath = "/confluence"
)

// handler routes between the servers.
func handler(context string, site *jira.Server, pages *confluence.Server, script *model.Server, hub *github.Server, platform *rovo.Server) http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"/wiki/", "/ex/confluence/", confluencePath + "/", "/__sandbox/confluence/"} {
		mux.Handle(path, pages)
	}
	if platform != nil {
		for _, path := range rovo.Paths() {
			mux.Handle(path, platform)
		}
		for _, t := range platform.Tenants()[1:] {
			mux.Handle(tenantsPath+t.Name()+"/", t.Jira())
		}
	}
	mux.Handle(githubPath+"/", http.StripPrefix(githubPath, hub))
	mux.Handle("/llm/v1/", script)
	mux.Handle("/llm/__sandbox/", modelControls(script))
	mux.Handle("/", site)
	if context != "" {
		mux.Handle("/__sandbox/", rebased(context, site))
	}
	return mux
}

// rebased lets the controls be found at the root, whatever the context path is.
func rebased(context string, site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r2 := r.Clone(r.Context())
		r2.URL.Path = context + r.URL.Path
		if r.URL.RawPath != "" {
			r2.URL.RawPath = context + r.URL.RawPath
		}
		site.ServeHTTP(w, r2)
	})
}
