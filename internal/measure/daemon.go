package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
	"github.com/aofctl/aofctl/internal/sandbox/port"
)

const secret = "measure-secret"

// rules make a run of five steps: model, tool, model, tool, model.
const rules = `
let:
  issue: {in: all, match: ['\b(LOAD-[0-9]+)\b']}
rules:
  - {when: {turn: 1}, call: [{tool: jira_get_issue, args: {issue_key: "${issue}"}}]}
  - {when: {turn: 2}, call: [{tool: jira_get_transitions, args: {issue_key: "${issue}"}}]}
  - {say: done}
`

// site is a sandbox and a daemon in a directory of their own.
type site struct {
	box    *sandbox.Sandbox
	dir    string
	port   int
	admin  int
	cmd    *exec.Cmd
	client *http.Client
	// keepPort and keepAdmin keep the ports between two starts.
	keepPort, keepAdmin func() error
	// environ is what the daemon's environment has beside this process's, pinned what
	// its command begins with.
	environ, pinned []string
}

// newSite starts a sandbox with issues LOAD-1 to LOAD-n and lays out a daemon.
func newSite(ctx context.Context, issues int) (*site, error) {
	scripted, err := model.Parse([]byte(rules))
	if err != nil {
		return nil, err
	}
	opts := sandbox.Options{Model: model.Options{Rules: scripted, LogSize: 10}}
	opts.Jira.Seed.Projects = []jira.Project{{ID: "20000", Key: "LOAD", Name: "Load", Lead: "bob", TypeKey: "software"}}
	for i := range issues {
		opts.Jira.Seed.Issues = append(opts.Jira.Seed.Issues, jira.NewIssue{Project: "LOAD", Type: "Bug", Reporter: "alice", Summary: fmt.Sprint("Load ", i)})
	}
	box, err := sandbox.Start(ctx, opts)
	if err != nil {
		return nil, err
	}
	s := &site{box: box, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: time.Minute}}
	if s.dir, err = os.MkdirTemp("", "aofctl-measure-"); err != nil {
		return nil, err
	}
	if s.port, s.keepPort, err = port.Reserve(); err != nil {
		return nil, err
	}
	if s.admin, s.keepAdmin, err = port.Reserve(); err != nil {
		return nil, err
	}
	return s, s.layOut()
}

func (s *site) layOut() error {
	config := fmt.Sprintf(`apiVersion: aof.dev/v1
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
  runtime: {max_concurrent_tasks: 64, max_runs_per_issue_per_hour: 0}
  policy: {comments_per_issue_per_hour: 1000000}
  admin: {host: 127.0.0.1, port: %d}
  telemetry: {log: {level: error}}
`, s.port, s.box.JiraURL(), s.box.ModelURL(), s.admin)
	if err := s.write("daemon.yaml", config); err != nil {
		return err
	}
	if err := s.write("triggers/load.yaml", manifest("Trigger", "load", "{type: Jira, config: {events: [issue_updated], filters: {projects: [LOAD]}}, default_agent: load}")); err != nil {
		return err
	}
	return s.write("agents/load.yaml", manifest("Agent", "load", `{model: "sandbox:script", instructions: "Look at {{ metadata.issue_key }}.", tools: [jira_get_issue, jira_get_transitions], output: none}`))
}

func manifest(kind, name, spec string) string {
	return fmt.Sprintf("apiVersion: aof.dev/v1\nkind: %s\nmetadata: {name: %s}\nspec: %s\n", kind, name, spec)
}

func (s *site) write(name, text string) error {
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

// start starts the daemon and returns how long it took until it accepted a
// webhook, from the moment of starting the process.
func (s *site) start(ctx context.Context, binary string) (time.Duration, error) {
	email, token := s.box.Credentials()
	args := append(slices.Clone(s.pinned), binary, "serve", "--config", filepath.Join(s.dir, "daemon.yaml"))
	s.cmd = exec.CommandContext(ctx, args[0], args[1:]...)
	s.cmd.Env = append(append(os.Environ(), s.environ...), "JIRA_EMAIL="+email, "JIRA_API_TOKEN="+token, "JIRA_WEBHOOK_SECRET="+secret)
	var log bytes.Buffer
	s.cmd.Stderr = &log
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return 0, err
	}
	for time.Since(began) < time.Minute {
		if err := s.send(ctx, "IGNORED", 0, 0); err == nil {
			return time.Since(began), nil
		}
		time.Sleep(time.Millisecond)
	}
	return 0, fmt.Errorf("the daemon does not answer:\n%s", log.String())
}

// stop ends the daemon and removes everything.
func (s *site) stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		_ = s.cmd.Wait()
	}
	_ = s.box.Close()
	_ = os.RemoveAll(s.dir)
}

// send posts the nth change of an issue and returns once it is accepted.
func (s *site) send(ctx context.Context, project string, issue, n int) error {
	body := payload(project, issue, n)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/webhook/jira", s.port), bytes.NewReader(body))
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	req.Header.Set("X-Hub-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	req.Header.Set("X-Atlassian-Webhook-Identifier", fmt.Sprintf("%s-%d-%d", project, issue, n))
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("webhook answered %s", resp.Status)
	}
	return nil
}

// filler brings a payload to the 10.5 kB of a real one.
var filler = strings.Repeat("lorem ipsum dolor sit amet ", 370) //nolint:gochecknoglobals // computed once

func payload(project string, issue, n int) []byte {
	return fmt.Appendf(nil, `{"timestamp":%d,"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_updated",
"user":{"accountId":"5b10a2844c20165700ede21a","displayName":"Alice Developer","accountType":"atlassian"},
"issue":{"id":"%d","key":"%s-%d","fields":{"summary":"Load","description":%q,"issuetype":{"name":"Bug"},"project":{"key":%q},"status":{"name":"To Do"},"priority":{"name":"High"},"labels":[]}},
"changelog":{"id":"%d","items":[{"field":"summary","fieldtype":"jira","from":null,"fromString":"a","to":null,"toString":"b"}]}}`,
		1_772_000_000_000+int64(n), 100_000+issue, project, issue, filler, project, 1_000_000*(issue+1)+n)
}

func (s *site) daemon() *client.Client {
	return client.New(fmt.Sprintf("http://127.0.0.1:%d", s.admin), "", s.client)
}

// memory reads a figure of the daemon's memory, such as VmRSS or VmHWM, in MB.
func (s *site) memory(name string) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, fmt.Errorf("no %s", name)
}
