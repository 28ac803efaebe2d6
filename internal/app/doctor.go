package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/doctor"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/store"
	inboxpg "github.com/aofctl/aofctl/internal/store/inbox/postgres"
	"github.com/aofctl/aofctl/internal/store/secret"
)

// DoctorOptions say what to look at.
type DoctorOptions struct {
	Options
	// Path is the configuration's file.
	Path string
	// URL is where Jira reaches the daemon, if it is known.
	URL string
	// Offline asks nobody outside this machine, Models asks each model.
	Offline, Models bool
	// Timeout bounds each check; 0 for doctor.Timeout.
	Timeout time.Duration
}

// Doctor looks at everything that the daemon depends on.
func Doctor(ctx context.Context, opts DoctorOptions) []doctor.Result {
	if opts.Timeout == 0 {
		opts.Timeout = doctor.Timeout
	}
	d, err := manifest.LoadDaemon(opts.Path, opts.Env)
	if err != nil {
		return doctor.Run(ctx, []doctor.Check{told("configuration", problems("file", err))}, opts.Timeout, nil)
	}
	opts.Daemon = d
	cat, manifests := examineManifests(ctx, opts)
	sites := OpenSites(ctx, opts.Options, cat)
	defer func() { _ = sites.Close() }()
	p := &patient{opts: opts, catalog: cat, sites: sites, secrets: &secretStore{env: opts.Env}}
	checks := []doctor.Check{told("configuration", append(p.configuration(), manifests...))}
	checks = slices.Concat(checks, p.jira(), p.confluence(), p.github(), p.a2a())
	checks = append(checks, p.models()...)
	checks = append(checks, p.servers()...)
	checks = append(checks, p.storage(), p.daemon())
	if s := d.Server; s.CertFile != "" {
		checks = append(checks, doctor.Certificate{CertFile: s.CertFile, KeyFile: s.KeyFile, Now: time.Now}.Check())
	}
	return doctor.Run(ctx, checks, opts.Timeout, slices.Concat(p.secrets.values, sites.Secrets))
}

// patient is what the checks are made from.
type patient struct {
	opts    DoctorOptions
	catalog *manifest.Catalog
	sites   *Sites
	secrets *secretStore
}

// told is a check of what is known already.
func told(subject string, results []doctor.Result) doctor.Check {
	return doctor.Check{Subject: subject, Name: subject, Run: func(context.Context) []doctor.Result { return results }}
}

// problems makes a finding of each problem in an error.
func problems(check string, err error) []doctor.Result {
	var list manifest.Problems
	if !errors.As(err, &list) {
		return []doctor.Result{doctor.Found(check, doctor.Failed, err.Error(), "name the configuration with --config")}
	}
	return findings(check, list)
}

func findings(check string, list manifest.Problems) []doctor.Result {
	var out []doctor.Result
	for _, p := range list {
		state := doctor.Warning
		if p.Severity == manifest.Error {
			state = doctor.Failed
		}
		out = append(out, doctor.Found(check, state, p.String(), ""))
	}
	return out
}

// examineManifests loads the catalogue; it is nil if it cannot be used.
func examineManifests(ctx context.Context, opts DoctorOptions) (*manifest.Catalog, []doctor.Result) {
	cat, err := OfflineCatalog(ctx, opts.Daemon, opts.Env)
	if err != nil {
		return nil, problems("manifests", err)
	}
	list := []doctor.Result{doctor.Found("manifests", doctor.OK, fmt.Sprintf("%d triggers, %d agents, %d fleets, %d flows", len(cat.Triggers), len(cat.Agents), len(cat.Fleets), len(cat.Flows)), "")}
	list = append(list, findings("manifests", cat.Warnings)...)
	return cat, append(list, findings("manifests", opts.Daemon.Check(cat))...)
}

func (p *patient) configuration() []doctor.Result {
	d := p.opts.Daemon
	list := append([]doctor.Result{doctor.Found("file", doctor.OK, p.opts.Path, "")}, findings("file", d.Warnings)...)
	missing := d.MissingSecrets(p.opts.Env)
	for i, r := range findings("secrets", missing) {
		if r.State == doctor.Failed || missing[i].Severity == manifest.Warning {
			r.Cure = "set it in the environment of the daemon, and of this command"
		}
		list = append(list, r)
	}
	if len(missing.Errors()) == 0 {
		list = append(list, doctor.Found("secrets", doctor.OK, "all that are needed are set", ""))
	}
	return list
}

func (p *patient) jira() []doctor.Check {
	var list []doctor.Check
	for _, one := range p.sites.List {
		subject := "jira " + one.Title()
		switch {
		case one.Err != nil:
			list = append(list, told(subject, []doctor.Result{doctor.Found("connection", doctor.Failed, one.Err.Error(), "mend the site's settings in "+p.opts.Path)}))
		case p.opts.Offline:
			list = append(list, told(subject, []doctor.Result{doctor.Found("reachable", doctor.Skipped, "not asked (--offline)", "")}))
		default:
			list = append(list, p.site(subject, one).Check())
		}
	}
	return list
}

func (p *patient) site(subject string, one Site) doctor.Site {
	target := one.Webhook
	if p.opts.URL != "" {
		target.URL = CompleteURL(p.opts.URL, target.Paths)
	}
	return doctor.Site{
		Subject: subject, Client: one.Client, URL: one.Transport.JiraURL(), Proxy: proxyOf(one.Config, one.Transport.JiraURL()),
		Credentials: (&site{config: one.Config}).credentials(), Token: one.Config.AuthType == "pat",
		Allowed: one.Config.AllowsProject, Needs: doctor.Needs(p.users()), Webhook: target, Now: time.Now,
	}
}

// CompleteURL adds the daemon's path to an address without one.
func CompleteURL(raw string, paths []string) string {
	u, err := url.Parse(raw)
	if err != nil || strings.Trim(u.Path, "/") != "" || len(paths) == 0 {
		return raw
	}
	return u.JoinPath(paths[len(paths)-1]).String()
}

// users are the agents and flows that have each tool.
func (p *patient) users() map[string][]string {
	users := map[string][]string{}
	for _, one := range p.toolUsers() {
		for _, tool := range one.tools {
			users[tool] = append(users[tool], one.name)
		}
	}
	return users
}

// toolUser is who calls tools: an agent, or a flow with nodes that do.
type toolUser struct {
	name          string
	tools, spaces []string
}

func (p *patient) toolUsers() []toolUser {
	if p.catalog == nil {
		return nil
	}
	var list []toolUser
	for _, name := range slices.Sorted(maps.Keys(p.catalog.Agents)) {
		a := p.catalog.Agents[name]
		list = append(list, toolUser{"agent " + name, a.Tools, a.ScopeSpaces})
	}
	for _, name := range slices.Sorted(maps.Keys(p.catalog.Flows)) {
		f := p.catalog.Flows[name]
		one := toolUser{name: "flow " + name, spaces: f.ScopeSpaces}
		f.Each(func(n *manifest.FlowNode) {
			if t, ok := n.Config.(*manifest.ToolNode); ok && !slices.Contains(one.tools, t.Tool) {
				one.tools = append(one.tools, t.Tool)
			}
		})
		list = append(list, one)
	}
	return list
}

// proxyOf names the proxy through which a site is reached, without its password.
func proxyOf(cfg manifest.JiraSite, target string) string {
	conf := httpproxy.FromEnvironment()
	if cfg.HTTPProxy != "" || cfg.HTTPSProxy != "" || cfg.NoProxy != "" {
		conf = &httpproxy.Config{HTTPProxy: cfg.HTTPProxy, HTTPSProxy: cfg.HTTPSProxy, NoProxy: cfg.NoProxy}
	}
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	proxy, err := conf.ProxyFunc()(u)
	if err != nil || proxy == nil {
		return ""
	}
	return proxy.Host
}

func (p *patient) models() []doctor.Check {
	if p.catalog == nil {
		return nil
	}
	providers, err := newProviders(p.opts.Daemon, p.secrets, p.opts.Options)
	if err != nil {
		return []doctor.Check{told("models", problems("providers", err))}
	}
	a := &App{opts: p.opts.Options, providers: providers}
	var list []doctor.Check
	for _, ref := range p.refs() {
		m := doctor.Model{Ref: ref, Err: a.checkModel(ref)}
		if p.opts.Models && !p.opts.Offline {
			m.Ask = func(ctx context.Context) error { return askModel(ctx, providers, ref) }
		}
		list = append(list, m.Check())
	}
	return list
}

// refs are the models that agents use and those that stand in for them, each once.
func (p *patient) refs() []string {
	agents := slices.Collect(maps.Values(p.catalog.Agents))
	for _, fleet := range p.catalog.Fleets {
		agents = append(agents, fleet.Inline()...)
	}
	var refs []string
	for _, agent := range agents {
		refs = append(append(refs, agent.Model), agent.Fallbacks...)
		if len(agent.Fallbacks) == 0 {
			refs = append(refs, p.opts.Daemon.Fallbacks[agent.Model]...)
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// askTokens bounds the answer of a model that is only to show that it answers.
const askTokens = 16

func askModel(ctx context.Context, providers *llm.Providers, ref string) error {
	// One that stands in for it would hide that it does not answer.
	model, err := providers.OpenAlone(ref)
	if err != nil {
		return err
	}
	_, err = model.Complete(ctx, llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "Answer with ok."}}, MaxTokens: askTokens})
	return err
}

func (p *patient) storage() doctor.Check {
	if dir := p.opts.Daemon.Storage.Directory; dir != "" {
		return doctor.Disk{Directory: dir}.Check()
	}
	a := &App{opts: p.opts.Options, secrets: p.secrets}
	if err := errors.Join(a.resolveDSN(), p.secrets.err()); err != nil {
		return told("storage", problems("dsn", err))
	}
	if p.opts.Offline {
		return told("storage", []doctor.Result{doctor.Found("database", doctor.Skipped, "not asked (--offline)", "")})
	}
	schemas := []string{store.Schema, inboxpg.Schema}
	if !p.opts.Daemon.MasterKey.IsZero() {
		schemas = append(schemas, secret.Schema)
	}
	return doctor.Postgres{DSN: a.postgres.String(), Place: a.storagePlace(), Schemas: schemas}.Check()
}

func (p *patient) daemon() doctor.Check {
	d := p.opts.Daemon
	out := doctor.Daemon{Ports: map[string]string{}, Now: time.Now}
	if d.Server.Port != 0 {
		out.Ports["server port"] = address(d.Server.Host, d.Server.Port)
	}
	if d.Admin.Enabled && d.Admin.Port != 0 {
		out.Ports["admin port"] = address(d.Admin.Host, d.Admin.Port)
		host := d.Admin.Host
		if host == "0.0.0.0" || host == "::" {
			host = "127.0.0.1"
		}
		base := "http://" + address(cmp.Or(host, "127.0.0.1"), d.Admin.Port)
		out.Status = client.New(base, p.secrets.optional(d.Admin.Token), &http.Client{Transport: &http.Transport{}}).Status
	}
	return out.Check()
}
