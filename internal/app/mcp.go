package app

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/tool/mcp"
)

// lender gives agents the tools of their MCP servers.
type lender struct {
	pool *mcp.Pool
	env  func(string) (string, bool)
	// learn is told of values that must not leave the daemon.
	learn func(values ...string)
	// answers stand in for all servers; nil if they are to be asked.
	answers map[string]map[string]string
}

// Own implements agent.Toolbox.
func (l *lender) Own(ctx context.Context, a *manifest.Agent) (*tool.Registry, error) {
	if len(a.MCPServers) == 0 {
		return nil, nil
	}
	if l.answers != nil {
		return mcp.Rehearse(l.servers(a), l.answers)
	}
	return l.pool.Registry(ctx, l.servers(a))
}

// Hold implements agent.Toolbox.
func (l *lender) Hold(a *manifest.Agent) (release func()) { return l.pool.Hold(l.servers(a)) }

// keep starts the servers of a catalogue and lets go of all others.
func (l *lender) keep(cat *manifest.Catalog) {
	if l.answers != nil {
		return
	}
	var all []mcp.Server
	for _, a := range cat.MCPAgents() {
		all = append(all, l.servers(a)...)
	}
	l.pool.Keep(all)
}

// servers are an agent's, ready to be reached. Each has its own for an agent:
// what one agent does there is not seen by another.
func (l *lender) servers(a *manifest.Agent) []mcp.Server {
	list := make([]mcp.Server, len(a.MCPServers))
	for i, s := range a.MCPServers {
		list[i] = mcp.Server{
			Key: a.Name + "/" + s.Name + "/" + s.Fingerprint(), Agent: a.Name, Name: s.Name, Command: s.Command, URL: s.URL,
			Access: func() (mcp.Access, error) { return l.access(s) }, Tools: s.Tools, Listed: s.Listed, ReadOnly: s.ReadOnly,
			TrustAnnotations: s.TrustAnnotations, Pin: s.Pin, Timeout: s.Timeout,
		}
	}
	return list
}

// access resolves what is taken from the environment.
func (l *lender) access(s manifest.MCPServer) (mcp.Access, error) {
	access := mcp.Access{Headers: http.Header{}}
	expand := func(t manifest.Deferred) (string, error) {
		text, secrets, err := t.Expand(l.env)
		l.learn(secrets...)
		access.Secrets = append(access.Secrets, secrets...)
		return text, err
	}
	for _, t := range s.Args {
		text, err := expand(t)
		if err != nil {
			return mcp.Access{}, fmt.Errorf("args: %w", err)
		}
		access.Args = append(access.Args, text)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		text, err := expand(s.Env[name])
		if err != nil {
			return mcp.Access{}, fmt.Errorf("env %s: %w", name, err)
		}
		access.Env = append(access.Env, name+"="+text)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		text, err := expand(s.Headers[name])
		if err != nil {
			return mcp.Access{}, fmt.Errorf("header %s: %w", name, err)
		}
		access.Headers.Set(name, text)
	}
	return access, nil
}

// mcpSecrets are the values that the servers of a catalogue are given, as far as
// they are there.
func mcpSecrets(cat *manifest.Catalog, env func(string) (string, bool)) []string {
	var values []string
	l := &lender{env: env, learn: func(more ...string) { values = append(values, more...) }}
	for _, a := range cat.MCPAgents() {
		for _, s := range a.MCPServers {
			_, _ = l.access(s) // what is missing is told where it is needed
		}
	}
	return values
}
