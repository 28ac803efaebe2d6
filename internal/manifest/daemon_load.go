package manifest

import (
	"fmt"
	"os"
	"slices"
	"time"
)

// daemonLoader turns a DaemonConfig into a Daemon.
type daemonLoader struct {
	*decoder
	daemon *Daemon
	// severity is that of a secret which is unset, for the part that is read.
	severity Severity
}

// LoadDaemon reads a DaemonConfig. Every mistake is told at once: the error is
// Problems, unless the file cannot be read. Secrets are not resolved, since a
// configuration is checked where they are not; MissingSecrets tells which ones
// are unset. Env is asked for ${VAR}; nil means os.LookupEnv.
func LoadDaemon(path string, env func(string) (string, bool)) (*Daemon, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	daemon, problems := readDaemon(path, text, env)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	daemon.Warnings = problems
	return daemon, nil
}

// readDaemon returns what could be read, which is not to be used if there is an
// error among the problems; nil if nothing could.
func readDaemon(path string, text []byte, env func(string) (string, bool)) (*Daemon, Problems) {
	r := &report{path: path}
	decl, section, d := daemonDocument(r, text, Known{Env: env}.env())
	if decl == nil {
		return nil, r.problems.sorted()
	}
	l := &daemonLoader{decoder: d, severity: Error, daemon: &Daemon{Meta: decl.Metadata.meta(), path: path}}
	l.daemon.Text, l.daemon.Revision, l.daemon.Source = section.text, revisionOf(section.text), source(path, decl.pos)
	if l.daemon.Name == "" {
		l.daemon.Name = "aofctl"
	}
	l.load(decl)
	return l.daemon, r.problems.sorted()
}

// daemonDocument finds the file's only document and decodes it.
func daemonDocument(r *report, text []byte, env func(string) (string, bool)) (*daemonDecl, section, *decoder) {
	if !checkText(text, r) {
		return nil, section{}, nil
	}
	var decl *daemonDecl
	var found section
	var d *decoder
	left := nodesOf(text)
	for _, s := range splitDocuments(string(text)) {
		root := s.parse(r)
		if root == nil {
			continue
		}
		next := newDecoder(r, s.before, env, &shapes{}, left)
		if decl != nil {
			r.errorf(next.pos(root), "the file holds one DaemonConfig and nothing else")
			continue
		}
		if kind := lookup(root, "kind"); kind != nil && kind.Value != kindDaemon {
			r.errorf(next.pos(kind), "expected kind DaemonConfig, found %s", describe(kind))
			return nil, s, nil
		}
		decl, found, d = &daemonDecl{}, s, next
		d.into(root, decl)
	}
	if decl == nil && !r.failed() {
		r.errorf(pos{line: 1, col: 1}, "the file is empty: expected a DaemonConfig")
	}
	return decl, found, d
}

func (l *daemonLoader) load(decl *daemonDecl) {
	l.checkAPIVersion(decl.APIVersion)
	if decl.Spec == nil {
		l.errorf(decl.pos, `field "spec" is missing`)
		return
	}
	spec := *decl.Spec
	l.daemon.Server = l.server(spec.Server)
	l.daemon.Jira = l.sites(spec.Platforms.Jira)
	l.daemon.Confluence = l.confluence(spec.Platforms.Confluence, l.daemon.Jira)
	l.daemon.GitHub = l.github(spec.Platforms.GitHub)
	l.daemon.Forge = l.forge(spec.Platforms.Forge)
	l.daemon.A2A = l.a2a(spec.Platforms.A2A, l.daemon.Forge)
	l.daemon.Triggers = l.directory(spec.Triggers, "triggers")
	l.daemon.Agents = l.directory(spec.Agents, "agents")
	l.daemon.Fleets = l.directory(spec.Fleets, "fleets")
	l.daemon.Flows = l.directory(spec.Flows, "flows")
	l.daemon.Runtime = l.runtime(spec.Runtime)
	l.daemon.Storage = l.storage(spec.Storage)
	l.masterKey(spec.Storage)
	l.daemon.Policy = l.policy(spec.Policy)
	l.daemon.AllowedHosts = l.allowedHosts(spec.Policy.AllowedHosts)
	l.daemon.Admin = l.admin(spec.Admin)
	l.daemon.Log = l.log(spec.Telemetry)
	l.models(spec.Models)
	deaf := l.daemon.Confluence == nil || l.daemon.Confluence.Deaf()
	if len(l.daemon.Jira) == 0 && l.daemon.GitHub == nil && l.daemon.A2A == nil && deaf {
		l.warnf(spec.pos, "no platform is enabled: no webhook is received")
	}
}

// checkAPIVersion warns of versions that are neither ours nor AOF's.
func (d *decoder) checkAPIVersion(v str) {
	known := []string{
		"aof.dev/v1", "aof.dev/v1alpha1", "aof.dev/v1beta1", "aof.sh/v1", "aof.sh/v1alpha1",
		"aof.agenticops.org/v1", "aof.agenticops.org/v1alpha1",
	}
	if v.set && !slices.Contains(known, v.value) {
		d.warnf(v.pos, "unknown apiVersion %q: read as aof.dev/v1", shorten(v.value))
	}
}

func (l *daemonLoader) policy(decl policyDecl) Policy {
	for _, usd := range []opt[float64]{decl.BudgetPerDay, decl.BudgetPerRun, decl.BudgetPerIssue} {
		if usd.set && usd.value <= 0 {
			l.errorf(usd.pos, "a budget is more than 0 dollars")
		}
	}
	for _, limit := range []opt[int]{decl.WritesPerRun, decl.CommentsPerRun, decl.CommentRate} {
		atLeast(l.decoder, limit, 1)
	}
	l.approvers(decl.Approvers, l.daemon.Cloud())
	return Policy{
		Mentions: values(decl.Mentions), WritesPerRun: decl.WritesPerRun.value, CommentsPerRun: decl.CommentsPerRun.value,
		CommentsPerIssuePerHour: decl.CommentRate.value,
		Budget:                  Budget{USD: decl.BudgetPerRun.value, USDPerDay: decl.BudgetPerDay.value},
		BudgetPerIssue:          decl.BudgetPerIssue.value, Approvers: values(decl.Approvers),
	}
}

func (l *daemonLoader) server(decl serverDecl) Server {
	atLeast(l.decoder, decl.TimeoutSecs, 1)
	atLeast(l.decoder, decl.MaxBodyBytes, 1024)
	s := Server{
		Host:         decl.Host.or("0.0.0.0"),
		Port:         l.port(decl.Port, 3000),
		CORS:         decl.CORS.value,
		Timeout:      l.seconds(decl.TimeoutSecs, 60),
		MaxBodyBytes: int64(decl.MaxBodyBytes.or(25 << 20)),
		CertFile:     l.relative(decl.TLS.CertFile.value),
		KeyFile:      l.relative(decl.TLS.KeyFile.value),
	}
	if (s.CertFile == "") != (s.KeyFile == "") {
		l.errorf(decl.TLS.pos, "tls needs both cert_file and key_file")
	}
	return s
}

func (l *daemonLoader) port(o opt[int], other int) int {
	if o.set && (o.value < 0 || o.value > 65535) {
		l.errorf(o.pos, "a port is between 0 and 65535")
	}
	return o.or(other)
}

// seconds guards against numbers that a time span cannot hold.
func (l *daemonLoader) seconds(o opt[int], other int) time.Duration {
	const most = 365 * 24 * 3600
	if o.set && o.value > most {
		l.errorf(o.pos, "must be at most %d", most)
		return 0
	}
	return time.Duration(o.or(other)) * time.Second
}

func (l *daemonLoader) directory(decl directoryDecl, standard string) Directory {
	dir := Directory{
		Path:    l.relative(decl.Directory.or(standard)),
		Watch:   decl.Watch.or(false),
		Enabled: decl.Enabled.or(true),
	}
	info, err := os.Stat(dir.Path)
	switch {
	case err == nil && !info.IsDir():
		l.errorf(latest(decl.pos, decl.Directory.pos), "%s is not a directory", dir.Path)
	case err == nil || !dir.Enabled:
	case !decl.Directory.set:
		dir.Optional = true
	default:
		l.errorf(decl.Directory.pos, "there is no directory %s", dir.Path)
	}
	return dir
}

// Directories returns the directories that are in use.
func (d *Daemon) Directories() []Directory {
	var out []Directory
	for _, dir := range []Directory{d.Triggers, d.Agents, d.Fleets, d.Flows} {
		if dir.Enabled {
			out = append(out, dir)
		}
	}
	return out
}

// SecretEnvs returns the environment variables that hold the webhook secrets and
// tokens of the platforms, for Known. It is never nil.
func (d *Daemon) SecretEnvs() []string {
	envs := []string{}
	for _, site := range d.Jira {
		for _, s := range append(site.WebhookSecrets[:len(site.WebhookSecrets):len(site.WebhookSecrets)], site.WebhookToken) {
			if s.Env != "" {
				envs = append(envs, s.Env)
			}
		}
	}
	if c := d.Confluence; c != nil {
		for _, s := range append(c.WebhookSecrets[:len(c.WebhookSecrets):len(c.WebhookSecrets)], c.WebhookToken) {
			if s.Env != "" {
				envs = append(envs, s.Env)
			}
		}
	}
	if d.GitHub != nil {
		for _, s := range d.GitHub.WebhookSecrets {
			if s.Env != "" {
				envs = append(envs, s.Env)
			}
		}
	}
	return envs
}

// Check reports what the configuration names and the catalogue does not have.
func (d *Daemon) Check(c *Catalog) Problems {
	r := report{path: d.path}
	if name := d.Runtime.DefaultAgent; name != "" && c.Agents[name] == nil {
		r.errorf(d.defaultAgentAt, "there is no agent %q%s", shorten(name), meant(name, keys(c.Agents)))
	}
	d.checkOffer(c, &r)
	return r.problems
}

func keys[T any](m map[string]T) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
