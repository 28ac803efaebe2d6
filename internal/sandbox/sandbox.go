package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/github"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// Sandbox is a running sandbox. Close it when done.
type Sandbox struct {
	// Jira and Model are the servers behind the listener.
	Jira  *jira.Server
	Model *model.Server
	// Confluence is of the same kind as Jira.
	Confluence *confluence.Server
	// GitHub is a small one beside them.
	GitHub *github.Server
	// Rovo is Atlassian's side of remote agents; its first tenant is Jira. Nil for a
	// Data Center, which has none.
	Rovo *rovo.Server

	root   string
	server *http.Server
	done   chan error
}

// Start listens and serves until Close, or until the context ends. When it
// returns, requests are answered.
func Start(ctx context.Context, opts Options) (*Sandbox, error) {
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	if err := checkLoopback(opts.Addr); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the sandbox: %w", err)
	}
	s, err := build(opts, "http://"+listener.Addr().String())
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	go func() { s.done <- s.server.Serve(listener) }()
	context.AfterFunc(ctx, func() { _ = s.server.Close() })
	zerolog.Ctx(ctx).Debug().Str("url", s.root).Msg("sandbox listens")
	return s, nil
}

// build makes the servers for a root URL.
func build(opts Options, root string) (*Sandbox, error) {
	opts.Jira.BaseURL = root
	opts.Jira.ContextPath = strings.TrimSuffix(opts.ContextPath, "/")
	if opts.Demo {
		opts.Jira.Seed.Issues = append(demoIssues(), opts.Jira.Seed.Issues...)
	}
	script, err := model.New(opts.Model)
	if err != nil {
		return nil, fmt.Errorf("make scripted model: %w", err)
	}
	site, err := jira.New(opts.Jira)
	if err != nil {
		return nil, fmt.Errorf("make simulated Jira: %w", err)
	}
	for _, w := range opts.Webhooks {
		site.Register(w)
	}
	pages, err := newPages(opts, root, site)
	if err != nil {
		return nil, fmt.Errorf("make simulated Confluence: %w", err)
	}
	hub := github.New(github.Options{BaseURL: root + githubPath, Now: opts.Jira.Now})
	for _, name := range opts.Repositories {
		hub.AddRepository(name, map[string]string{"README.md": "# " + name + "\n"})
	}
	for _, hook := range opts.GitHubWebhooks {
		hub.Register(hook)
	}
	platform, err := newPlatform(opts, root, site)
	if err != nil {
		return nil, err
	}
	return &Sandbox{
		Jira: site, Confluence: pages, Model: script, GitHub: hub, Rovo: platform, root: root, done: make(chan error, 1),
		server: &http.Server{
			Handler: handler(opts.Jira.ContextPath, site, pages, script, hub, platform), ReadHeaderTimeout: 10 * time.Second,
			ErrorLog: log.New(io.Discard, "", 0),
		},
	}, nil
}

// newPages makes the Confluence beside a Jira.
func newPages(opts Options, root string, site *jira.Server) (*confluence.Server, error) {
	c := opts.Confluence
	c.BaseURL, c.CloudID = root, site.CloudID()
	if c.Kind == "" && site.Deployment() == jira.DataCenter {
		c.Kind = confluence.DataCenter
	}
	if c.Kind == confluence.DataCenter {
		c.ContextPath = confluencePath
	}
	if c.Now == nil {
		c.Now = opts.Jira.Now
	}
	if opts.Demo {
		c.Pages = append(demoPages(), c.Pages...)
		if c.Spaces == nil {
			c.Spaces = append(confluence.DefaultSpaces(), confluence.Space{Key: "SPEC", Name: "Specifications"})
		}
	}
	made, err := confluence.New(c)
	if err != nil {
		return nil, err
	}
	for _, h := range opts.PageHooks {
		if err := hookPages(made, h); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// HookPages lets Confluence tell a daemon of everything that happens to pages from now
// on.
func (s *Sandbox) HookPages(h PageHook) error { return hookPages(s.Confluence, h) }

// ConfluenceURL is the base URL for a client of Confluence; on Cloud it is that of
// the site.
func (s *Sandbox) ConfluenceURL() string { return s.Confluence.BaseURL() }

// JiraURL is the base URL for a client of Jira.
func (s *Sandbox) JiraURL() string { return s.Jira.BaseURL() }

// ModelURL is the base URL for an OpenAI-compatible client.
func (s *Sandbox) ModelURL() string { return s.root + "/llm/v1" }

// GitHubURL is where the simulated GitHub is; its API is below /api/v3.
func (s *Sandbox) GitHubURL() string { return s.root + githubPath }

// ControlURL is where the HTTP controls of Jira are, without a slash at the end.
func (s *Sandbox) ControlURL() string { return s.root + "/__sandbox" }

// Credentials are the login and the token of the account that a daemon uses. The
// login is an e-mail address on Cloud and a user name on Data Center, where the
// token is a personal access token, too.
func (s *Sandbox) Credentials() (login, token string) {
	if bot, ok := s.Jira.User("bot"); ok {
		return bot.Login(), bot.Token
	}
	return jira.BotEmail, jira.BotToken
}

// RegisterWebhook sends all events of Jira to a URL, signed with the secret.
func (s *Sandbox) RegisterWebhook(url, secret string) jira.Webhook {
	return s.Jira.Register(jira.Webhook{Name: "aofctl", URL: url, Secret: secret})
}

// Close stops serving and sending. Held requests are let go first.
func (s *Sandbox) Close() error {
	s.Jira.Close()
	s.Confluence.Close()
	s.GitHub.Close()
	s.closeTenants()
	err := s.server.Close()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
