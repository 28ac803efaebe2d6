package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// daemonText loads a configuration that must be good. Paths are relative to dir.
func daemonText(t *testing.T, dir, text string) *Daemon {
	t.Helper()
	path := filepath.Join(dir, "daemon.yaml")
	write(t, path, text)
	d, err := LoadDaemon(path, testEnv)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDaemonHasDefaults(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "agents"), 0o755); err != nil {
		t.Fatal(err)
	}
	got := daemonText(t, dir, "spec: {}")
	want := &Daemon{
		Meta:     Meta{Name: "aofctl", Source: filepath.Join(dir, "daemon.yaml") + ":1", Text: "spec: {}", Revision: revisionOf("spec: {}")},
		Server:   Server{Host: "0.0.0.0", Port: 3000, Timeout: time.Minute, MaxBodyBytes: 26214400},
		Triggers: Directory{Path: filepath.Join(dir, "triggers"), Enabled: true, Optional: true},
		Agents:   Directory{Path: filepath.Join(dir, "agents"), Enabled: true},
		Fleets:   Directory{Path: filepath.Join(dir, "fleets"), Enabled: true, Optional: true},
		Flows:    Directory{Path: filepath.Join(dir, "flows"), Enabled: true, Optional: true},
		Runtime: Runtime{
			MaxConcurrentTasks: 10, TaskTimeout: 300 * time.Second, MaxRunsPerIssuePerHour: 20,
			Settle: 30 * time.Second, ShutdownGrace: 30 * time.Second,
		},
		Storage: Storage{Directory: filepath.Join(dir, "data"), RetentionDeliveries: 30 * 24 * time.Hour,
			RetentionTranscripts: 30 * 24 * time.Hour, RetentionAudit: 400 * 24 * time.Hour},
		Admin:    Admin{Enabled: true, Host: "127.0.0.1", Port: 3001, Token: Secret{Env: "AOF_ADMIN_TOKEN"}},
		Log:      Log{Level: "info"},
		Warnings: got.Warnings,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Daemon{})); diff != "" {
		t.Errorf("daemon (-want +got):\n%s", diff)
	}
	if len(got.Directories()) != 4 {
		t.Errorf("directories are %v", got.Directories())
	}
}

const fullDaemon = `
apiVersion: aof.dev/v1
kind: DaemonConfig
metadata: {name: big, labels: {env: prod}}
spec:
  server: {host: 127.0.0.1, port: "${PORT}", cors: true, timeout_secs: 5, max_body_bytes: 2048, tls: {cert_file: tls/c.pem, key_file: /abs/k.pem}}
  platforms:
    jira:
      - name: cloud
        enabled: true
        base_url: https://yourcompany.atlassian.net/
        auth: {type: api_token, email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}
        webhook_secret_env: JIRA_WEBHOOK_SECRET
        webhook_secret_envs: [JIRA_WEBHOOK_SECRET, NEW_SECRET]
        webhook_secret_files: [secrets/hook]
        bot_name: robot
        rate_limit: {requests_per_second: 2.5}
      - name: dc
        base_url: https://jira.company.com/jira/
        auth: {type: pat, token_file: /run/secrets/pat}
        webhook_secret: "${JIRA_WEBHOOK_SECRET}"
        proxy: {http_proxy: "http://proxy.company.com:8080", https_proxy: "https://u:p@proxy.company.com:8080", no_proxy: "localhost,127.0.0.1"}
        tls: {verify: false, ca_cert_path: ca.pem}
        allowed_users: [bob]
      - name: ids
        user_email: bot@example.com
        api_token_env: JIRA_API_TOKEN
        cloud_id: 11223344-a1b2-3b33-c444-def123456789
        webhook_secret_file: hook
      - {name: off, enabled: false}
  triggers: {directory: ., watch: true}
  flows: {enabled: false}
  runtime: {max_concurrent_tasks: 3, task_timeout_secs: 60, max_runs_per_issue_per_hour: 0, default_agent: helper, settle: 5s, shutdown_grace: 1m30s}
  storage: {dsn: "sqlite:///var/lib/aof", retention: {deliveries: 2d}}
  models:
    providers: {google: {api_key_env: GOOGLE_API_KEY}, local: {type: openai-compatible, base_url: "http://localhost:8000/v1/", api: responses, timeout_secs: 300, max_concurrent: 4, requests_per_minute: 90.5, tokens_per_minute: 100000}, azure: {base_url: "https://res.openai.azure.com", api_version: "2024-10-21"}}
    prices: {"google:x": {input: 0.3, output: 2.5, cached_input: 0.03, cache_write: 0.4}, "local:y": {input: 1, output: 2}}
    fallbacks: {"google:x": ["local:y", " anthropic:z "], "local:y": []}
  policy: {}
  admin: {host: 0.0.0.0, port: 0, token_env: ADMIN}
  telemetry: {log: {level: DEBUG, format: json}, metrics: true}
`

func TestDaemonIsResolved(t *testing.T) {
	dir := t.TempDir()
	got := daemonText(t, dir, fullDaemon)
	want := &Daemon{
		Meta:   Meta{Name: "big", Labels: map[string]string{"env": "prod"}},
		Server: Server{Host: "127.0.0.1", Port: 4000, CORS: true, Timeout: 5 * time.Second, MaxBodyBytes: 2048, CertFile: filepath.Join(dir, "tls/c.pem"), KeyFile: "/abs/k.pem"},
		Jira: []JiraSite{
			{
				Name: "cloud", BaseURL: "https://yourcompany.atlassian.net", AuthType: "api_token", Email: Secret{Env: "JIRA_EMAIL"}, Token: Secret{Env: "JIRA_API_TOKEN"},
				WebhookSecrets: []Secret{{Env: "JIRA_WEBHOOK_SECRET"}, {Env: "NEW_SECRET"}, {File: filepath.Join(dir, "secrets/hook")}},
				BotName:        "robot", TLSVerify: true, RequestsPerSecond: 2.5,
			},
			{
				Name: "dc", BaseURL: "https://jira.company.com/jira", AuthType: "pat", Token: Secret{File: "/run/secrets/pat"},
				WebhookSecrets: []Secret{{Env: "JIRA_WEBHOOK_SECRET"}}, BotName: "aofbot",
				HTTPProxy: "http://proxy.company.com:8080", HTTPSProxy: "https://u:p@proxy.company.com:8080", NoProxy: "localhost,127.0.0.1",
				CACertPath: filepath.Join(dir, "ca.pem"), AllowedUsers: []string{"bob"},
			},
			{
				Name: "ids", BaseURL: "https://api.atlassian.com/ex/jira/11223344-a1b2-3b33-c444-def123456789", AuthType: "api_token",
				Email: Secret{Value: "bot@example.com"}, Token: Secret{Env: "JIRA_API_TOKEN"}, CloudID: Secret{Value: "11223344-a1b2-3b33-c444-def123456789"},
				WebhookSecrets: []Secret{{File: filepath.Join(dir, "hook")}}, BotName: "aofbot", TLSVerify: true,
			},
		},
		Triggers: Directory{Path: dir, Watch: true, Enabled: true},
		Agents:   Directory{Path: filepath.Join(dir, "agents"), Enabled: true, Optional: true},
		Fleets:   Directory{Path: filepath.Join(dir, "fleets"), Enabled: true, Optional: true},
		Flows:    Directory{Path: filepath.Join(dir, "flows")},
		Runtime:  Runtime{MaxConcurrentTasks: 3, TaskTimeout: time.Minute, DefaultAgent: "helper", Settle: 5 * time.Second, ShutdownGrace: 90 * time.Second},
		Storage: Storage{Directory: "/var/lib/aof", RetentionDeliveries: 48 * time.Hour,
			RetentionTranscripts: 30 * 24 * time.Hour, RetentionAudit: 400 * 24 * time.Hour},
		Providers: map[string]Provider{"google": {APIKey: Secret{Env: "GOOGLE_API_KEY"}}, "azure": {BaseURL: "https://res.openai.azure.com", APIVersion: "2024-10-21"},
			"local": {Type: "openai-compatible", BaseURL: "http://localhost:8000/v1", API: "responses", Timeout: 5 * time.Minute, MaxConcurrent: 4, RequestsPerMinute: 90.5, TokensPerMinute: 100_000}},
		Fallbacks: map[string][]string{"google:x": {"local:y", "anthropic:z"}, "local:y": nil},
		Prices:    map[string]Price{"google:x": {Input: 0.3, Output: 2.5, CachedInput: 0.03, CacheWrite: 0.4}, "local:y": {Input: 1, Output: 2, CachedInput: 1}},
		Admin:     Admin{Enabled: true, Host: "0.0.0.0", Port: 0, Token: Secret{Env: "ADMIN"}},
		Log:       Log{Level: "debug", Format: "json"},
		Warnings:  got.Warnings,
	}
	ignore := cmpopts.IgnoreFields(Meta{}, "Source", "Revision", "Text")
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Daemon{}), ignore); diff != "" {
		t.Errorf("daemon (-want +got):\n%s", diff)
	}
	if len(got.Directories()) != 3 {
		t.Errorf("directories are %v", got.Directories())
	}
	if diff := cmp.Diff([]string{"JIRA_WEBHOOK_SECRET", "NEW_SECRET", "JIRA_WEBHOOK_SECRET"}, got.SecretEnvs()); diff != "" {
		t.Errorf("webhook secrets (-want +got):\n%s", diff)
	}
}

func TestMissingSecretsAreToldAtOnceAndWhereTheyAreNamed(t *testing.T) {
	dir := t.TempDir()
	d := daemonText(t, dir, fullDaemon)
	got := lines(d.MissingSecrets(testEnv), dir)
	want := `daemon.yaml:14:52: environment variable NEW_SECRET is not set (webhook_secret_env)
daemon.yaml:36:39: warning: environment variable GOOGLE_API_KEY is not set (api_key_env)
daemon.yaml:40:46: environment variable ADMIN is not set (token_env)
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

func TestAdminTokenIsNeededOnlyWhereOthersReachIt(t *testing.T) {
	cases := map[string]int{
		"{}":                                0,
		"{host: localhost}":                 0,
		"{host: '::1'}":                     0,
		"{host: 0.0.0.0}":                   1,
		"{host: admin.example.com}":         1,
		"{host: 0.0.0.0, enabled: false}":   0,
		"{token_env: X}":                    1,
		"{host: 0.0.0.0, token_file: /run}": 0,
	}
	for admin, want := range cases {
		d := daemonText(t, t.TempDir(), "spec: {admin: "+admin+"}")
		if got := d.MissingSecrets(testEnv); len(got) != want {
			t.Errorf("admin: %s: missing %v, want %d", admin, got, want)
		}
	}
}

func TestKindOfCredentialsIsGuessed(t *testing.T) {
	cases := map[string]string{
		"base_url: https://x.atlassian.net, user_email_env: JIRA_EMAIL": "api_token",
		"base_url: https://jira.example.com, email_env: JIRA_EMAIL":     "api_token",
		"base_url: https://jira.example.com":                            "pat",
		"base_url: https://x.atlassian.net, auth: {type: PAT}":          "pat",
		"cloud_id_env: JIRA_CLOUD_ID, user_email_env: JIRA_EMAIL":       "api_token",
	}
	for site, want := range cases {
		d := daemonText(t, t.TempDir(), "spec: {platforms: {jira: {"+site+", token_env: T, webhook_secret_env: S}}}")
		if got := d.Jira[0].AuthType; got != want {
			t.Errorf("%s: auth type %q, want %q", site, got, want)
		}
	}
}

func TestSiteOfACloudIDHasTheGatewaysAddress(t *testing.T) {
	text := "spec: {platforms: {jira: {cloud_id_env: ID, user_email_env: E, token_env: T, webhook_secret_env: S}}}"
	path := filepath.Join(t.TempDir(), "daemon.yaml")
	write(t, path, text)
	for id, want := range map[string]string{"abc-1": "https://api.atlassian.com/ex/jira/abc-1", "": ""} {
		d, err := LoadDaemon(path, func(name string) (string, bool) { return id, name == "ID" && id != "" })
		if err != nil {
			t.Fatal(err)
		}
		if d.Jira[0].BaseURL != want {
			t.Errorf("id %q: address %q, want %q", id, d.Jira[0].BaseURL, want)
		}
	}
}

func TestDaemonPathsAreRelativeToItsFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "conf/daemon.yaml", "spec: {storage: {dsn: 'sqlite:../state'}, triggers: {directory: ../t}}")
	write(t, "t/x", "")
	d, err := LoadDaemon("conf/daemon.yaml", testEnv)
	if err != nil {
		t.Fatal(err)
	}
	if d.Storage.Directory != "state" || d.Triggers.Path != "t" || d.Agents.Path != "conf/agents" {
		t.Errorf("paths are %q, %q, %q", d.Storage.Directory, d.Triggers.Path, d.Agents.Path)
	}
}

func TestUnreadableConfigurationIsAnError(t *testing.T) {
	_, err := LoadDaemon(filepath.Join(t.TempDir(), "none.yaml"), testEnv)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	path := filepath.Join(t.TempDir(), "daemon.yaml")
	for text, want := range map[string]string{
		"\xff\xfe":                          "not UTF-8",
		strings.Repeat("#", maxFileBytes+1): "larger than",
		"spec: {server: {port: 1}":          "invalid YAML",
		"- a":                               "expected a mapping",
		"spec: {triggers: {directory: daemon.yaml}}": "is not a directory",
	} {
		write(t, path, text)
		if _, err := LoadDaemon(path, testEnv); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: error is %v, want %q", text, err, want)
		}
	}
}

func TestSecretsResolve(t *testing.T) {
	readFile := func(name string) ([]byte, error) {
		switch name {
		case "ok":
			return []byte("value\r\n"), nil
		case "empty":
			return []byte("\n"), nil
		}
		return nil, fs.ErrNotExist
	}
	cases := []struct {
		secret  Secret
		want    string
		problem string
	}{
		{Secret{Env: "JIRA_API_TOKEN"}, "t0ken", ""},
		{Secret{Env: "NOT_SET"}, "", "environment variable NOT_SET is not set"},
		{Secret{Env: "EMPTY"}, "", "environment variable EMPTY is not set"},
		{Secret{File: "ok"}, "value", ""},
		{Secret{File: "empty"}, "", "secret file empty is empty"},
		{Secret{File: "none"}, "", "read secret: file does not exist"},
		{Secret{Value: "v"}, "v", ""},
		{Secret{}, "", "no source is given"},
	}
	for _, c := range cases {
		got, err := c.secret.Resolve(testEnv, readFile)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if got != c.want || message != c.problem {
			t.Errorf("%v: got %q and %q, want %q and %q", c.secret, got, message, c.want, c.problem)
		}
	}
}

func TestSecretsDoNotPrintTheirValue(t *testing.T) {
	d := daemonText(t, t.TempDir(), "spec: {platforms: {jira: {base_url: https://x.example.com, token: '${JIRA_API_TOKEN}${EMPTY}', webhook_secret: '${JIRA_WEBHOOK_SECRET:-x}'}}}")
	site := d.Jira[0]
	if site.Token.Value != "t0ken" || site.WebhookSecrets[0].Value != "s3cret" {
		t.Fatalf("the secrets are not expanded: %q, %q", site.Token.Value, site.WebhookSecrets[0].Value)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, site); strings.Contains(text, "t0ken") || strings.Contains(text, "s3cret") {
			t.Errorf("%s prints the secret: %s", format, text)
		}
	}
	for _, s := range []Secret{{Env: "A"}, {File: "B"}, {Value: "C"}, {}} {
		if s.String() == "" || strings.Contains(s.String(), "C") {
			t.Errorf("String of %#v is %q", s, s.String())
		}
	}
}

func TestDefaultAgentMustExist(t *testing.T) {
	dir := t.TempDir()
	d := daemonText(t, dir, "spec: {runtime: {default_agent: helpr}}")
	got := lines(d.Check(&Catalog{Agents: map[string]*Agent{"helper": {}}}), dir)
	if want := `daemon.yaml:1:33: there is no agent "helpr" (did you mean "helper"?)` + "\n"; got != want {
		t.Errorf("problems are %q, want %q", got, want)
	}
	if got := d.Check(&Catalog{Agents: map[string]*Agent{"helpr": {}}}); got != nil {
		t.Errorf("problems are %v", got)
	}
}

func TestTheDaemonsDefaultAgentRunsForTriggersThatNameNothing(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "m.yaml"), `name: helper
model: ollama:x
instructions: x
---
kind: Trigger
metadata: {name: bare}
spec: {type: Jira, config: {events: [issue_created]}}
---
kind: Trigger
metadata: {name: asked}
spec: {type: Jira, config: {events: [comment_created]}, commands: {/x: {agent: helper}}}
`)
	cat, err := LoadCatalog(t.Context(), []Directory{{Path: dir}}, Known{DefaultAgent: "helper"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, tr := range cat.Triggers {
		got[tr.Name] = tr.Default.Name
	}
	if diff := cmp.Diff(map[string]string{"bare": "helper", "asked": ""}, got); diff != "" {
		t.Errorf("default targets (-want +got):\n%s", diff)
	}
	if len(cat.Warnings) != 0 {
		t.Errorf("warnings %v", cat.Warnings)
	}
}
