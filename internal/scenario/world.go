package scenario

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/github"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// world is the sandbox and the daemon of one case.
type world struct {
	scenario *manifest.Scenario
	opts     Options
	dir      string
	clock    *clock
	books    *books

	settings *settings
	box      *sandbox.Sandbox
	front    *front
	cast     *cast
	hosts    *hosts
	daemon   *life
	log      logBook
	http     *http.Transport

	// issue is the key that was made or named last, comments the last comment of
	// each user by id.
	issue string
	// page is the id of the page that was made or named last, "" for none yet.
	page string
	// inWiki says that the step is about a page.
	inWiki   bool
	comments map[string]placed
	talks    []*talk
	history  history
	failures []Failure
}

// placed is a comment of an issue.
type placed struct{ issue, id string }

// life is the daemon from one start to the next stop.
type life struct {
	app    *app.App
	config *manifest.Daemon
	client *client.Client
	stop   context.CancelFunc
	ended  chan error
}

// play plays the case to its end and looks what became of it.
func (w *world) play(ctx context.Context) (err error) {
	w.comments = map[string]placed{}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.build(ctx); err != nil {
		return w.settings.tidy(err, w.scenario, w.dir)
	}
	if err := w.start(ctx); err != nil {
		return w.settings.tidy(err, w.scenario, w.dir)
	}
	w.box.Jira.Register(jira.Webhook{Name: "aofctl", URL: w.front.url + w.hookPath(), Secret: w.secret(""),
		Retries: 100, Backoff: func(int) time.Duration { return 20 * time.Millisecond }})
	if hub := w.settings.daemon.GitHub; hub != nil && len(hub.WebhookSecrets) > 0 {
		w.box.GitHub.Register(github.Webhook{URL: w.front.url + "/webhook/github", Secret: w.secret(hub.WebhookSecrets[0].Env)})
	}
	if err := w.tellOfWiki(); err != nil {
		return fmt.Errorf("let Confluence send webhooks: %w", err)
	}
	if err := w.install(ctx); err != nil {
		return fmt.Errorf("install the app in the sandbox: %w", err)
	}
	for i := range w.scenario.When {
		if err := w.step(ctx, &w.scenario.When[i]); err != nil {
			return fmt.Errorf("line %d: %w", w.scenario.When[i].Line, err)
		}
	}
	if w.scenario.Then.Line > 0 {
		w.check(&w.scenario.Then, w.history.since(mark{}))
	}
	w.finish()
	return nil
}

// build makes everything but the daemon.
func (w *world) build(ctx context.Context) error {
	s := w.scenario
	var keys func(string) (string, bool)
	recording := w.opts.Record && s.Script.Recording != ""
	if recording {
		keys = w.opts.Env
	}
	var err error
	if w.settings, err = newSettings(s, w.dir, keys); err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	rules, err := rulesOf(s, shortForms{w.opts.Known})
	if err != nil {
		return err
	}
	w.box, err = sandbox.Start(context.WithoutCancel(ctx), sandbox.Options{ContextPath: s.Given.ContextPath, Repositories: s.Given.Repositories, Model: model.Options{Rules: rules, LogSize: 10_000},
		Jira:       jira.Options{Deployment: w.settings.deployment(s.Given), Version: s.Given.Version, Seed: seedOf(s.Given), Now: w.clock.now, LogSize: 10_000},
		Confluence: w.wikiOptions(), Rovo: rovo.Options{Now: w.clock.now, LogSize: 10_000}})
	if err != nil {
		return fmt.Errorf("make the sandbox: %w", err)
	}
	if err := w.fillWiki(); err != nil {
		return fmt.Errorf("fill the sandbox: %w", err)
	}
	if err := fill(w.box.Jira, s.Given); err != nil {
		return fmt.Errorf("fill the sandbox: %w", err)
	}
	if err := w.linkPages(); err != nil {
		return fmt.Errorf("fill the sandbox: %w", err)
	}
	if keysOf := w.box.Jira.Keys(); len(keysOf) > 0 {
		w.issue = keysOf[len(keysOf)-1]
	}
	w.settings.connect(w.box, w.dir)
	w.settings.connectWiki(s, w.box)
	if w.front, err = newFront(ctx); err != nil {
		return fmt.Errorf("listen for webhooks: %w", err)
	}
	w.settings.connectAgents(s, w.box, w.front.url)
	w.http, w.hosts = &http.Transport{}, &hosts{answers: s.Given.Hosts}
	w.cast, err = newCast(w, recording)
	return err
}

// start starts the daemon, as serve does.
func (w *world) start(ctx context.Context) error {
	d := *w.settings.daemon
	if cat, err := app.OfflineCatalog(ctx, &d, w.settings.lookup); err == nil {
		for _, name := range cat.SecretEnvs() {
			w.settings.secrets[name] = w.settings.secret(name)
		}
	}
	a, err := app.New(context.WithoutCancel(ctx), app.Options{Daemon: &d, Env: w.settings.lookup, Version: w.opts.Version, LogOut: &w.log, LogLevel: w.logLevel(),
		LogFormat: "json", Retry: durable.Retry{Tries: 5, Base: time.Millisecond, Max: 20 * time.Millisecond, Patience: 3 * time.Second},
		Models: w.cast.open, Now: w.clock.now, Look: 20 * time.Millisecond, Looked: func() { w.clock.looks.Add(1) },
		Files: filepath.Join(w.dir, "files"), Carrier: w.hosts, MCP: w.servers()})
	if err != nil {
		return err
	}
	if err := a.Listen(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.daemon = &life{app: a, config: &d, stop: stop, ended: make(chan error, 1), client: client.New("http://"+a.AdminAddr(), "", &http.Client{Transport: w.http})}
	go func(l *life) { l.ended <- l.app.Run(running) }(w.daemon)
	w.front.lead(a.Addr())
	return w.looked(ctx) // so that schedules count from here
}

func (w *world) logLevel() string {
	if w.opts.Keep != "" {
		return "debug"
	}
	return "warn"
}

// looked waits until the daemon has looked at what is due after this moment.
func (w *world) looked(ctx context.Context) error {
	for before := w.clock.looks.Load(); w.clock.looks.Load() < before+2; {
		select {
		case err := <-w.daemon.ended:
			w.daemon.ended <- err
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// halt stops the daemon.
func (w *world) halt() error {
	if w.daemon == nil {
		return nil
	}
	w.front.lead("")
	// A connection that was made and not used keeps a server from closing for seconds.
	w.front.forward.CloseIdleConnections()
	w.http.CloseIdleConnections()
	w.daemon.stop()
	err := <-w.daemon.ended
	w.daemon = nil
	w.http.CloseIdleConnections()
	return err
}

// close ends everything, and keeps the log if files are kept.
func (w *world) close() error {
	var errs []error
	if w.box != nil {
		w.box.Model.Reset() // whoever waits for a slow model waits no longer
	}
	if w.daemon != nil {
		w.daemon.config.Runtime.ShutdownGrace = 1 // nanosecond: what has not ended by now does not matter any more
	}
	errs = append(errs, w.halt())
	if w.front != nil {
		errs = append(errs, w.front.close())
	}
	if w.box != nil {
		errs = append(errs, w.box.Close())
	}
	if w.cast != nil {
		w.cast.close()
	}
	if w.opts.Keep != "" {
		errs = append(errs, os.WriteFile(filepath.Join(w.dir, "daemon.log"), w.log.bytes(), 0o600))
	}
	return errors.Join(errs...)
}

// secret is that of a variable, or with "" the one that the sandbox signs with.
func (w *world) secret(env string) string {
	if env == "" {
		env = w.settings.daemon.Jira[0].WebhookSecrets[0].Env
	}
	return w.settings.secret(env)
}

func (c *settings) secret(env string) string {
	value, ok := c.lookup(env)
	if !ok {
		return "scenario-secret-of-" + env
	}
	return value
}

func (w *world) hookPath() string {
	if name := w.settings.daemon.Jira[0].Name; name != "" {
		return "/webhook/jira/" + name
	}
	return "/webhook/jira"
}

// logBook keeps what the daemon logs.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Len() < 16<<20 {
		l.buf.Write(p)
	}
	return len(p), nil
}

func (l *logBook) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.buf.Bytes())
}

// complaints are the warnings and errors in it, at most n.
func (l *logBook) complaints(n int) []string {
	var out []string
	for line := range strings.Lines(string(l.bytes())) {
		if level := logField(line, "level"); (level == "warn" || level == "error") && len(out) < n {
			text := level + ": " + logField(line, "message")
			if why := logField(line, "error"); why != "" {
				text += ": " + why
			}
			out = append(out, text)
		}
	}
	return out
}

// servers are what tools of MCP servers answer: none is ever started in a test.
func (w *world) servers() map[string]map[string]string {
	if w.scenario.Given.MCP == nil {
		return map[string]map[string]string{}
	}
	return w.scenario.Given.MCP
}
