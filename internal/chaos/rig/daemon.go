package rig

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/port"
)

// secret signs the webhooks.
const secret = "chaos-webhook-secret"

// DaemonOptions say how a daemon is configured.
type DaemonOptions struct {
	// Name tells daemons apart; Dir is where its files are.
	Name string
	Dir  string
	// Binary is the program.
	Binary string
	// DSN is where it keeps what it knows.
	DSN string
	// Runtime are settings of the runtime as YAML, without braces.
	Runtime string
	// Agent is the agent's specification as YAML in braces; "" for one that does
	// what events ask for.
	Agent string
	// Trigger is the trigger's configuration as YAML in braces; "" for one that
	// takes new comments.
	Trigger string
	// Login and Token are its account in Jira; empty for the one named bot.
	Login, Token string
}

// Daemon is a built daemon that runs as a child process, again and again.
type Daemon struct {
	Name  string
	opts  DaemonOptions
	port  int
	admin int
	http  *http.Client
	// keepPort and keepAdmin keep the ports between two starts.
	keepPort, keepAdmin func() error

	mu     sync.Mutex
	cmd    *exec.Cmd
	done   chan struct{}
	starts int
}

// NewDaemon lays out the daemon's files. It does not start it.
func NewDaemon(site *Site, o DaemonOptions) (*Daemon, error) {
	d := &Daemon{Name: o.Name, opts: o, http: &http.Client{Timeout: 20 * time.Second}}
	var err error
	if d.port, d.keepPort, err = port.Reserve(); err != nil {
		return nil, err
	}
	if d.admin, d.keepAdmin, err = port.Reserve(); err != nil {
		return nil, err
	}
	if d.opts.Login == "" {
		d.opts.Login, d.opts.Token = jira.BotEmail, jira.BotToken
	}
	if d.opts.Agent == "" {
		d.opts.Agent = `{model: "sandbox:script", instructions: "Do what is asked for: {{ metadata.comment_body }}", tools: [jira], output: none, max_iterations: 20}`
	}
	if d.opts.Trigger == "" {
		d.opts.Trigger = "{events: [comment_created]}"
	}
	files := map[string]string{
		"daemon.yaml":         d.config(site),
		"triggers/chaos.yaml": manifest("Trigger", "{type: Jira, config: "+d.opts.Trigger+", default_agent: chaos}"),
		"agents/chaos.yaml":   manifest("Agent", d.opts.Agent),
	}
	for name, text := range files {
		path := filepath.Join(o.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func manifest(kind, spec string) string {
	return fmt.Sprintf("apiVersion: aof.dev/v1\nkind: %s\nmetadata: {name: chaos}\nspec: %s\n", kind, spec)
}

func (d *Daemon) config(site *Site) string {
	return fmt.Sprintf(`apiVersion: aof.dev/v1
kind: DaemonConfig
spec:
  server: {host: 127.0.0.1, port: %d}
  platforms:
    jira:
      enabled: true
      base_url: %s
      auth: {type: api_token, email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}
      webhook_secret_env: JIRA_WEBHOOK_SECRET
  triggers: {directory: ./triggers/}
  agents: {directory: ./agents/}
  models: {providers: {sandbox: {type: openai-compatible, base_url: %s}}}
  runtime: {%s}
  policy: {allowed_hosts: [example.com], comments_per_issue_per_hour: 1000000}
  admin: {host: 127.0.0.1, port: %d}
  storage: {dsn: %q}
`, d.port, site.JiraURL(), site.ModelURL(d.Name), d.opts.Runtime, d.admin, d.opts.DSN)
}

// URL is where the daemon takes webhooks.
func (d *Daemon) URL() string { return fmt.Sprintf("http://127.0.0.1:%d/webhook/jira", d.port) }

// Client speaks to the daemon's admin API.
func (d *Daemon) Client() *client.Client {
	return client.New(fmt.Sprintf("http://127.0.0.1:%d", d.admin), "", d.http)
}

// Get reads a page of the admin listener.
func (d *Daemon) Get(ctx context.Context, path string) (int, string, error) {
	return fetch(ctx, d.http, fmt.Sprintf("http://127.0.0.1:%d%s", d.admin, path))
}

// Start starts the daemon and does not wait until it is ready.
func (d *Daemon) Start() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	out, err := os.OpenFile(d.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	cmd := exec.Command(d.opts.Binary, "serve", "--config", filepath.Join(d.opts.Dir, "daemon.yaml"), "--log-format", "json")
	cmd.Env = append(os.Environ(), "JIRA_EMAIL="+d.opts.Login, "JIRA_API_TOKEN="+d.opts.Token, "JIRA_WEBHOOK_SECRET="+secret, "AOF_ADMIN_TOKEN=")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return errors.Join(err, out.Close())
	}
	d.starts++
	done := make(chan struct{})
	d.cmd, d.done = cmd, done
	go func() {
		_ = cmd.Wait() // how it ended is in its state
		_ = out.Close()
		close(done)
	}()
	return nil
}

// Ready waits until the daemon says that it is. The error has the log's end if
// the daemon ends instead.
func (d *Daemon) Ready(ctx context.Context) error {
	for {
		status, _, err := d.Get(ctx, "/readyz")
		if err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case <-d.ended():
			return fmt.Errorf("daemon %s ended at its start:\n%s", d.Name, d.Tail(10))
		case <-ctx.Done():
			return fmt.Errorf("daemon %s is not ready: %w\n%s", d.Name, ctx.Err(), d.Tail(10))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (d *Daemon) ended() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done
}

// Running reports whether the process is there.
func (d *Daemon) Running() bool {
	done := d.ended()
	if done == nil {
		return false
	}
	select {
	case <-done:
		return false
	default:
		return true
	}
}

// PID is the process's id.
func (d *Daemon) PID() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cmd.Process.Pid
}

// Kill ends the process with SIGKILL and waits for its end.
func (d *Daemon) Kill() {
	if !d.Running() {
		return
	}
	_ = d.signal(syscall.SIGKILL)
	<-d.ended()
}

// Freeze stops the process in the middle of whatever it does; Thaw lets it go on.
func (d *Daemon) Freeze() error { return d.signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on.
func (d *Daemon) Thaw() error { return d.signal(syscall.SIGCONT) }

// Terminate asks the process to stop, waits until it has, and returns its exit
// code.
func (d *Daemon) Terminate(ctx context.Context) (int, error) {
	if err := d.signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	select {
	case <-d.ended():
	case <-ctx.Done():
		return 0, fmt.Errorf("daemon %s does not stop: %w", d.Name, ctx.Err())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cmd.ProcessState.ExitCode(), nil
}

func (d *Daemon) signal(sig syscall.Signal) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal daemon %s: %w", d.Name, err)
	}
	return nil
}

// LogFile is where the daemon's log of all its lives is.
func (d *Daemon) LogFile() string { return filepath.Join(d.opts.Dir, "daemon.log") }

// Tail are the last lines of the log.
func (d *Daemon) Tail(lines int) string {
	text, err := os.ReadFile(d.LogFile())
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

var replicaPattern = regexp.MustCompile(`"replica":"([0-9A-Z]{26})"`)

// Replica is the id under which the others know the process that runs now.
func (d *Daemon) Replica() string {
	text, err := os.ReadFile(d.LogFile())
	if err != nil {
		return ""
	}
	all := replicaPattern.FindAllSubmatch(text, -1)
	if len(all) == 0 {
		return ""
	}
	return string(all[len(all)-1][1])
}

// Memory is the process's resident memory in MB.
func (d *Daemon) Memory() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.PID()))
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("read memory: no VmRSS")
}

// Metric reads a metric without labels.
func (d *Daemon) Metric(ctx context.Context, name string) (float64, error) {
	_, text, err := d.Get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(text, "\n") {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("read metrics: no %s", name)
}
