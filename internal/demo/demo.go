// Package demo shows the main job on one machine with nothing installed: the
// real daemon, started as serve starts it, against the sandbox. Everything goes
// through the front door: people act in the simulated Jira, which sends signed
// webhooks; what happened is read from the admin API.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aofctl/aofctl"
	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// Options say how to run the demo.
type Options struct {
	Out io.Writer
	// LogOut takes the daemon's log.
	LogOut   io.Writer
	LogLevel string
	Version  string
	// Dir is where configuration and data go; it must be empty or not exist.
	Dir string
	// Once ends after the stories; else the daemon stays up until ctx ends.
	Once bool
}

// webhookSecret signs the sandbox's webhooks; it is as secret as the sandbox.
const webhookSecret = "demo-webhook-secret"

// storyTimeout bounds one story.
const storyTimeout = time.Minute

// stage is where the stories play.
type stage struct {
	out     io.Writer
	sandbox *sandbox.Sandbox
	daemon  *client.Client
}

// Run runs the demo. The error is nil if every story ended as it should.
func Run(ctx context.Context, o Options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := checkEmpty(o.Dir); err != nil {
		return err
	}
	box, err := sandbox.Start(ctx, sandbox.Options{
		Rovo:       rovo.Options{Poll: 10 * time.Millisecond},
		Confluence: confluence.Options{Spaces: append(confluence.DefaultSpaces(), confluence.Space{Key: "SPEC", Name: "Specifications"})},
	})
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }()
	daemon, err := startDaemon(ctx, o, box)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Run(ctx) }()
	box.RegisterWebhook("http://"+daemon.Addr()+"/webhook/jira", webhookSecret)
	box.Rovo.SetRemote("http://" + daemon.Addr())
	rule := confluence.Rule{URL: "http://" + daemon.Addr() + "/webhook/confluence/{event}", Header: "X-Webhook-Token", Token: webhookSecret}
	if err := box.Confluence.AddRule(rule); err != nil {
		stop()
		return errors.Join(err, <-ended)
	}
	s := &stage{out: o.Out, sandbox: box, daemon: client.New("http://"+daemon.AdminAddr(), "", http.DefaultClient)}
	s.say("A simulated Jira and a scripted model at %s; no real model runs here.\n", box.JiraURL())
	daemon.Banner(o.Out)
	told := s.tell(ctx)
	if told == nil && !o.Once {
		s.say("\nThe daemon stays up; Ctrl-C ends it. Look around:\n")
		s.say("  AOF_ADMIN_URL=http://%s aofctl get runs\n", daemon.AdminAddr())
		s.say("  AOF_ADMIN_URL=http://%s aofctl logs -f\n", daemon.AdminAddr())
		s.say("  curl -s %s/issues/PROJ-1\n", box.ControlURL())
		select {
		case <-ctx.Done():
		case err := <-ended:
			return err
		}
	}
	stop()
	return errors.Join(told, <-ended)
}

// checkEmpty refuses a directory in which something is: what an earlier demo
// left there is about issues that are no more.
func checkEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("use directory for the demo: %w", err)
	case len(entries) > 0:
		return fmt.Errorf("directory %s is not empty: the demo needs one of its own, since its Jira begins anew each time", dir)
	}
	return nil
}

// startDaemon writes a configuration and starts the daemon from it.
func startDaemon(ctx context.Context, o Options, box *sandbox.Sandbox) (*app.App, error) {
	path, err := writeConfig(o.Dir, box)
	if err != nil {
		return nil, fmt.Errorf("write demo configuration: %w", err)
	}
	env := environment(box)
	d, err := manifest.LoadDaemon(path, env)
	if err != nil {
		return nil, err
	}
	a, err := app.New(ctx, app.Options{Daemon: d, Env: env, Version: o.Version, LogOut: o.LogOut, LogLevel: o.LogLevel})
	if err != nil {
		return nil, err
	}
	if err := a.Listen(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// environment answers for the variables that the configuration names.
func environment(box *sandbox.Sandbox) func(string) (string, bool) {
	email, token := box.Credentials()
	vars := map[string]string{"JIRA_EMAIL": email, "JIRA_API_TOKEN": token, "JIRA_WEBHOOK_SECRET": webhookSecret, "GOOGLE_API_KEY": "none-needed",
		"CONFLUENCE_WEBHOOK_TOKEN": webhookSecret, "SPEC_DEBOUNCE": "1s",
		"FORGE_SIGNING_SECRET": strings.Repeat("5e", 32), "FORGE_ENCRYPTION_KEY": strings.Repeat("0e", 32)}
	return func(name string) (string, bool) {
		value, ok := vars[name]
		return value, ok
	}
}

const config = `apiVersion: aof.dev/v1
kind: DaemonConfig
metadata: {name: demo}
spec:
  server: {host: 127.0.0.1, port: 0}
  platforms:
    jira:
      enabled: true
      base_url: %s
      auth: {type: api_token, email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}
      webhook_secret_env: JIRA_WEBHOOK_SECRET
    confluence: {webhook_token_env: CONFLUENCE_WEBHOOK_TOKEN}
    a2a: {agents: [story-estimator]}
    forge:
      app_id: %s
      jwks_url: %s
      gateway_url: %s
      signing_secret_env: FORGE_SIGNING_SECRET
      encryption_key_env: FORGE_ENCRYPTION_KEY
  triggers: {directory: ./triggers/, watch: true}
  agents: {directory: ./agents/, watch: true}
  fleets: {directory: ./fleets/, watch: true}
  flows: {directory: ./flows/, watch: true}
  policy: {writes_per_run: 400}
  models:
    providers:
      google: {base_url: %s}
  admin: {host: 127.0.0.1, port: 0}
  storage: {dsn: "sqlite:./data"}
`

// layOut copies files below a directory.
func layOut(dir string, files fs.FS) error {
	return fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(path))
		if entry.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o600)
	})
}

// writeConfig lays out the default triggers and agents, and the example of stories, with
// a configuration.
func writeConfig(dir string, box *sandbox.Sandbox) (string, error) {
	stories, err := fs.Sub(aofctl.Stories, storiesPath)
	if err == nil {
		err = errors.Join(layOut(dir, aofctl.Defaults), layOut(dir, stories))
	}
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "daemon.yaml")
	platform := box.Rovo
	text := fmt.Appendf(nil, config, box.JiraURL(), platform.App().ID, platform.JWKSURL(), strings.TrimSuffix(platform.JWKSURL(), rovo.JWKSPath), box.ModelURL())
	return path, os.WriteFile(path, text, 0o600)
}
