package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/mcpserver"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/telemetry"
	"github.com/aofctl/aofctl/internal/tool"
)

// MCPOptions say what is served to programs that speak MCP.
type MCPOptions struct {
	Options
	// Agent names the agent whose tools, scope and mode of writing are in force; ""
	// for those that follow.
	Agent string
	// Site names the Jira; "" for the first.
	Site string
	// Tools are names, globs and toolsets; empty for all.
	Tools []string
	// Scope are the projects and repositories that may be touched, as names or
	// globs. With an agent they narrow its own.
	Scope []string
	// Spaces are those of Confluence, by their keys or as globs.
	Spaces []string
	// Write lets calls change things.
	Write bool
	// Token is the bearer token of clients, which no call may carry; "" for none.
	Token string
}

// OpenMCP makes a server of the program's tools. It needs no daemon and takes no
// lock: what it writes is remembered for as long as it runs. The returned function
// closes what was opened.
func OpenMCP(ctx context.Context, opts MCPOptions) (*mcpserver.Server, func() error, error) {
	opts.Scope = slices.Clone(opts.Scope)
	for _, key := range opts.Spaces {
		opts.Scope = append(opts.Scope, tool.ScopeSpace(key))
	}
	o := &outlet{opts: opts, secrets: &secretStore{env: opts.Env}}
	server, err := o.open(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, o.close())
	}
	return server, o.close, nil
}

// outlet is what a server of tools is made of.
type outlet struct {
	opts    MCPOptions
	secrets *secretStore
	tokens  *Sites
	sites   *sites
}

func (o *outlet) open(ctx context.Context) (*mcpserver.Server, error) {
	d := o.opts.Daemon
	if err := o.openSites(ctx); err != nil {
		return nil, err
	}
	if o.opts.Site != "" {
		if _, err := o.sites.find(o.opts.Site); err != nil {
			return nil, err
		}
	}
	writer := tool.Writer{Ledger: mcpserver.NewLedger(), Settle: d.Runtime.Settle, Patience: settlePatience}
	client := newOutbound(d, o.secrets, Options{Version: o.opts.Version}, nil)
	registry, err := newRegistry(o.sites, writer, helpers{client: client})
	if err != nil {
		return nil, err
	}
	if o.opts.Token != "" {
		o.secrets.values = append(o.secrets.values, o.opts.Token)
	}
	if err := o.secrets.err(); err != nil {
		return nil, err
	}
	cfg, err := o.config(ctx, registry)
	if err != nil {
		return nil, err
	}
	cfg.Policy = policy.New(rulesOf(d, registry, o.secrets))
	level, format := o.opts.LogLevel, o.opts.LogFormat
	if cfg.Log, err = telemetry.NewLogger(orDiscard(o.opts.LogOut), level, format, o.secrets.values); err != nil {
		return nil, err
	}
	return mcpserver.New(cfg)
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

func (o *outlet) openSites(ctx context.Context) error {
	o.tokens = &Sites{}
	parts := siteParts{secrets: o.secrets, version: o.opts.Version, metrics: telemetry.NewMetrics(o.opts.Version), tokens: &o.tokens.tokens,
		backoff: 200 * time.Millisecond}
	if !o.opts.Daemon.MasterKey.IsZero() {
		if _, err := o.tokens.openTokens(ctx, o.opts.Options); err != nil {
			return err
		}
	}
	var err error
	o.sites, err = newSites(o.opts.Daemon, parts, &expressions{})
	return errors.Join(o.secrets.err(), err)
}

// config says what may be called.
func (o *outlet) config(ctx context.Context, registry *tool.Registry) (mcpserver.Config, error) {
	cfg := mcpserver.Config{Tools: registry, Write: o.opts.Write, Scope: o.opts.Scope, Site: o.opts.Site, Version: o.opts.Version,
		ID: func() string { return "mcp-" + ulid.Make().String() + ":0" }}
	allowed := registry.Names()
	if o.opts.Agent != "" {
		a, err := o.agent(ctx)
		if err != nil {
			return cfg, err
		}
		if err := o.adopt(&cfg, a); err != nil {
			return cfg, err
		}
		allowed = a.Tools
	}
	if len(cfg.Scope) == 0 {
		return cfg, errors.New("nothing says what may be touched: name projects with --projects PROJ,TEAM* ('*' for all), spaces with --spaces, or an agent that has a scope with --agent")
	}
	cfg.Allowed = servable(registry, allowed, len(o.opts.Daemon.AllowedHosts) > 0)
	if len(o.opts.Tools) > 0 {
		chosen, unknown := registry.Resolve(o.opts.Tools)
		if len(unknown) > 0 {
			return cfg, fmt.Errorf("--tools: no tool matches %s", strings.Join(unknown, ", "))
		}
		cfg.Allowed = slices.DeleteFunc(cfg.Allowed, func(name string) bool {
			return !slices.ContainsFunc(chosen, func(t tool.Tool) bool { return t.Spec().Name == name })
		})
	}
	return cfg, nil
}

func (o *outlet) agent(ctx context.Context) (*manifest.Agent, error) {
	cat, err := OfflineCatalog(ctx, o.opts.Daemon, o.opts.Env)
	if err != nil {
		return nil, err
	}
	a := cat.Agents[o.opts.Agent]
	if a == nil {
		return nil, fmt.Errorf("there is no agent %q in the manifests", o.opts.Agent)
	}
	return a, nil
}

// adopt puts an agent's rules in force.
func (o *outlet) adopt(cfg *mcpserver.Config, a *manifest.Agent) error {
	cfg.Agent, cfg.DryRun = a.Name, a.Writes == manifest.WritesDryRun
	if (a.Writes == manifest.WritesPropose || a.Writes == manifest.WritesDraft) && o.opts.Write {
		return fmt.Errorf("agent %s proposes its writes, and there is nobody to approve them here: leave --write out", a.Name)
	}
	if a.Approval != nil {
		cfg.Approval = a.Approval.Tools
	}
	own := a.Scope()
	if len(cfg.Scope) == 0 {
		cfg.Scope = own
		return nil
	}
	for _, s := range cfg.Scope {
		if len(own) > 0 && !tool.InProjects(own, s) {
			return fmt.Errorf("%s is outside the scope of agent %s, which is %s", s, a.Name, strings.Join(own, ", "))
		}
	}
	return nil
}

// servable leaves out what makes sense only within a run, and what reaches no host.
func servable(registry *tool.Registry, names []string, hosts bool) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		t, ok := registry.Lookup(name)
		return !ok || t.Spec().Internal || t.Spec().Toolset == "memory" || name == "http_request" && !hosts
	})
}

func (o *outlet) close() error {
	var errs []error
	if o.sites != nil {
		errs = append(errs, o.sites.close())
	}
	if o.tokens != nil {
		errs = append(errs, o.tokens.Close())
	}
	return errors.Join(errs...)
}
