package scenario

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/github"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// webhookSecretEnv holds the webhook secret where the configuration names none.
const webhookSecretEnv = "JIRA_WEBHOOK_SECRET"

// settings are the configuration of a case: what it names, with the sandbox in
// place of everything outside.
type settings struct {
	path   string
	daemon *manifest.Daemon
	// secrets are made up, by the variables that the configuration names.
	secrets map[string]string
	env     map[string]string
	// made says that the configuration was written for manifests that a case names.
	made bool
	// tokens are those of programs, by name.
	tokens map[string]string
	// addresses are the variables that the configuration names Jira and Confluence by.
	addresses addressVariables
	// places are what they are in the sandbox.
	places map[string]string
	// keys looks up the keys of models; nil unless they are asked.
	keys func(string) (string, bool)
}

// lookup answers for the environment of the daemon. Of the environment that there
// is it sees the keys of models alone, and those only while they are recorded.
func (c *settings) lookup(name string) (string, bool) {
	if value, ok := c.env[name]; ok {
		return value, true
	}
	if value, ok := c.places[name]; ok {
		return value, true
	}
	if value, ok := c.secrets[name]; ok {
		return value, true
	}
	if c.keys != nil {
		return c.keys(name)
	}
	return "", false
}

// newSettings loads the configuration of a case.
func newSettings(s *manifest.Scenario, dir string, keys func(string) (string, bool)) (*settings, error) {
	path, err := configPath(s, dir)
	if err != nil {
		return nil, err
	}
	c := &settings{path: path, secrets: map[string]string{}, env: s.Env, keys: keys, made: filepath.Dir(path) == dir}
	places, err := placeholders(path)
	if err != nil {
		return nil, err
	}
	if c.addresses, err = addressesOf(path); err != nil {
		return nil, err
	}
	c.daemon, err = manifest.LoadDaemon(path, func(name string) (string, bool) {
		if value, ok := c.lookup(name); ok {
			return value, true
		}
		value, ok := places[name]
		return value, ok
	})
	if err != nil {
		return nil, err
	}
	return c, c.choose(s.Site)
}

// choose leaves the site that the sandbox is.
func (c *settings) choose(site string) error {
	var names []string
	for _, one := range c.daemon.Jira {
		if site == "" || one.Name == site {
			c.daemon.Jira = []manifest.JiraSite{one}
			return nil
		}
		names = append(names, one.Name)
	}
	if site != "" {
		return fmt.Errorf("the configuration has no enabled Jira site %q: it has %v", site, names)
	}
	c.daemon.Jira = []manifest.JiraSite{{TLSVerify: true, BotName: "aofbot"}}
	return nil
}

// deployment is what the sandbox is: what the case says, else what the way of
// signing in tells.
func (c *settings) deployment(g manifest.Given) jira.Deployment {
	switch {
	case g.Deployment == "dc", g.Deployment == "" && c.daemon.Jira[0].AuthType == "pat":
		return jira.DataCenter
	}
	return jira.Cloud
}

// connect puts the sandbox in place of everything outside.
func (c *settings) connect(box *sandbox.Sandbox, dir string) {
	d, site := c.daemon, &c.daemon.Jira[0]
	login, token := box.Credentials()
	site.BaseURL, site.AuthType, site.Token, site.Email = box.JiraURL(), "api_token", manifest.Secret{Value: token}, manifest.Secret{Value: login}
	if box.Jira.Deployment() == jira.DataCenter {
		site.AuthType, site.Email = "pat", manifest.Secret{}
	}
	site.CloudID, site.ClientID, site.ClientSecret, site.RefreshToken = manifest.Secret{}, manifest.Secret{}, manifest.Secret{}, manifest.Secret{}
	site.HTTPProxy, site.HTTPSProxy, site.NoProxy, site.CACertPath, site.TLSVerify = "", "", "", "", true
	site.RequestsPerSecond, site.Burst, site.Reconcile, site.ExpectEventEvery = 0, 0, manifest.Reconcile{}, 0
	for i, secret := range site.WebhookSecrets {
		if secret.Env == "" {
			site.WebhookSecrets[i] = manifest.Secret{Env: fmt.Sprintf("WEBHOOK_SECRET_%d", i+1)}
		}
	}
	if len(site.WebhookSecrets) == 0 {
		site.WebhookSecrets = []manifest.Secret{{Env: webhookSecretEnv}}
	}
	c.connectGitHub(box)
	c.address(box)
	d.Server = manifest.Server{Host: "127.0.0.1", CORS: d.Server.CORS, Timeout: d.Server.Timeout, MaxBodyBytes: d.Server.MaxBodyBytes}
	d.Admin = manifest.Admin{Enabled: true, Host: "127.0.0.1"}
	d.Storage.Directory, d.Storage.Postgres = filepath.Join(dir, "data"), manifest.Secret{}
	d.MasterKey = manifest.Secret{}
	d.Runtime.Settle = min(d.Runtime.Settle, 50*time.Millisecond)
	for _, watched := range []*manifest.Directory{&d.Triggers, &d.Agents, &d.Fleets, &d.Flows} {
		watched.Watch = false
	}
	c.withoutKeys()
	c.makeSecrets()
}

// connectGitHub puts the simulated GitHub in place of the real one.
func (c *settings) connectGitHub(box *sandbox.Sandbox) {
	hub := c.daemon.GitHub
	if hub == nil {
		return
	}
	hub.APIURL, hub.TLSVerify = box.GitHubURL()+"/api/v3", true
	hub.HTTPProxy, hub.HTTPSProxy, hub.NoProxy, hub.CACertPath = "", "", "", ""
	if !hub.Token.IsZero() {
		hub.Token = manifest.Secret{Value: github.Token}
	}
	for i, secret := range hub.WebhookSecrets {
		if secret.Env == "" {
			hub.WebhookSecrets[i] = manifest.Secret{Env: fmt.Sprintf("GITHUB_WEBHOOK_SECRET_%d", i+1)}
		}
	}
}

// withoutKeys takes the keys and limits of model providers away, unless they are
// asked.
func (c *settings) withoutKeys() {
	if c.keys != nil {
		return
	}
	providers := map[string]manifest.Provider{}
	for name, p := range c.daemon.Providers {
		p.APIKey, p.MaxConcurrent, p.RequestsPerMinute, p.TokensPerMinute = manifest.Secret{}, 0, 0, 0
		providers[name] = p
	}
	c.daemon.Providers = providers
}

// makeSecrets gives the variables that the configuration names a value, except
// for the keys of models.
func (c *settings) makeSecrets() {
	keys := map[string]bool{}
	for _, p := range c.daemon.Providers {
		keys[p.APIKey.Env] = true
	}
	for _, name := range slices.Concat(c.daemon.SecretVariables(), c.daemon.SecretEnvs()) {
		if !keys[name] {
			c.secrets[name] = "scenario-secret-of-" + name
		}
	}
}

// configPath finds the configuration, or writes one for a list of manifests.
func configPath(s *manifest.Scenario, dir string) (string, error) {
	if len(s.Config) == 0 {
		return nearest(s.Path)
	}
	var places []string
	for _, path := range s.Config {
		path = beside(s.Path, path)
		info, err := os.Stat(path)
		if err != nil {
			return "", fmt.Errorf("read configuration: %w", err)
		}
		config := filepath.Join(path, "daemon.yaml")
		if _, err := os.Stat(config); info.IsDir() && err == nil {
			path, info = config, nil
		}
		if len(s.Config) == 1 && (info == nil || !info.IsDir() && isDaemon(path)) {
			return path, nil
		}
		places = append(places, path)
	}
	return writeConfig(dir, places)
}

// nearest is the daemon.yaml in the file's directory or the next one above it.
func nearest(file string) (string, error) {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return "", fmt.Errorf("look for the configuration: %w", err)
	}
	shown := filepath.Dir(file)
	for {
		if _, err := os.Stat(filepath.Join(dir, "daemon.yaml")); err == nil {
			return filepath.Join(shown, "daemon.yaml"), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("there is no daemon.yaml beside or above the file: name the configuration, or the manifests, with config")
		}
		dir, shown = parent, filepath.Join(shown, "..")
	}
}

func isDaemon(path string) bool {
	text, err := os.ReadFile(path)
	return err == nil && regexp.MustCompile(`(?m)^kind: *DaemonConfig *$`).Match(text)
}

// writeConfig makes a configuration for manifests that are named one by one.
func writeConfig(dir string, places []string) (string, error) {
	root := filepath.Join(dir, "manifests")
	for i, path := range places {
		target, err := filepath.Abs(path)
		if err != nil {
			return "", fmt.Errorf("write configuration: %w", err)
		}
		link := filepath.Join(root, fmt.Sprintf("%d-%s", i+1, filepath.Base(path)))
		if err := errors.Join(os.MkdirAll(root, 0o700), os.Symlink(target, link)); err != nil {
			return "", fmt.Errorf("write configuration: %w", err)
		}
	}
	text := "apiVersion: aof.dev/v1\nkind: DaemonConfig\nmetadata: {name: scenario}\nspec:\n  triggers: {directory: ./manifests}\n"
	path := filepath.Join(dir, "daemon.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("write configuration: %w", err)
	}
	return path, nil
}

var variable = regexp.MustCompile(`\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// placeholders are values for the variables in those parts of a configuration that
// the sandbox takes the place of, so that nobody has to set them for a test.
func placeholders(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	var doc struct {
		Spec map[string]yaml.Node `yaml:"spec"`
	}
	out := map[string]string{}
	if yaml.Unmarshal(text, &doc) != nil {
		return out, nil //nolint:nilerr // what is wrong is told where the file is loaded
	}
	for _, part := range slices.Sorted(maps.Keys(doc.Spec)) {
		switch part {
		case "platforms", "models", "storage", "admin", "server", "telemetry":
			n := doc.Spec[part]
			place(out, part, &n, 0)
		}
	}
	return out, nil
}

func place(out map[string]string, key string, n *yaml.Node, depth int) {
	if depth > 20 {
		return
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			place(out, n.Content[i].Value, n.Content[i+1], depth+1)
		}
		return
	}
	for _, child := range n.Content {
		place(out, key, child, depth+1)
	}
	for _, m := range variable.FindAllStringSubmatch(n.Value, -1) {
		if n.Kind == yaml.ScalarNode && !strings.HasPrefix(m[0], "$$") {
			out[m[1]] = placeholder(key, n.Value == m[0])
		}
	}
}

// placeholder is a value that the field takes.
func placeholder(key string, alone bool) string {
	switch {
	case key == "app_id":
		return rovo.AppID
	case key == "environments":
		return "production"
	case (key == "jwks_url" || key == "gateway_url") && alone:
		return "https://sandbox.invalid"
	case (strings.Contains(key, "url") || strings.Contains(key, "proxy")) && alone:
		return "http://sandbox.invalid"
	case key == "dsn" && alone:
		return "sqlite:./data"
	case strings.Contains(key, "url"), strings.Contains(key, "proxy"):
		return "sandbox.invalid"
	case key == "port":
		return "0"
	}
	return "sandbox"
}

// tidy names manifests in a message as the case does.
func (c *settings) tidy(err error, s *manifest.Scenario, dir string) error {
	if err == nil || len(s.Config) == 0 {
		return err
	}
	text := err.Error()
	for i, path := range s.Config {
		link := filepath.Join(dir, "manifests", fmt.Sprintf("%d-%s", i+1, filepath.Base(path)))
		text = strings.ReplaceAll(text, link, beside(s.Path, path))
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}
