package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/app"
)

// mcpFlags are those of mcp.
type mcpFlags struct {
	config, agent, site string
	projects, spaces    []string
	tools               []string
	write               bool
	http, tokenEnv      string
	logLevel            choice
}

func newMCP(c *console) *cobra.Command {
	f := mcpFlags{logLevel: choice{allowed: []string{"trace", "debug", "info", "warn", "error"}}}
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Serve the tools to editors and assistants (Model Context Protocol)",
		Long: `mcp serves the daemon's tools to a program that speaks the Model Context Protocol: on
standard input and output, as such programs start their servers, or with --http to several
at an address, each with a bearer token. It uses the credentials of the configuration and
needs no running daemon.

The policy of agents holds: only the listed tools, only the projects of --projects and the
spaces of --spaces, or those of the agent's scope, no secret of the daemon in any argument,
and as many writes and comments an hour as an agent has per run. Without --write only tools
that read are served. With --agent the tools, the scope and the mode of writing are the
agent's, and calls that would need approval are refused. Each call is logged on standard error.

It opens no database, since a daemon may hold it: what was written is remembered in memory.
A call is tried again only by this process and under one id, and looks in Jira before it
writes again. A client that repeats a call makes a new one.`,
		Example: `  aofctl mcp --config daemon.yaml --projects PROJ,TEAM*
  aofctl mcp --config daemon.yaml --spaces DOC --tools confluence
  aofctl mcp --config daemon.yaml --agent bug-triager --write
  aofctl mcp --config daemon.yaml --projects PROJ --http 127.0.0.1:3002 --token-env AOF_MCP_TOKEN`,
		Args: noArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serveMCP(cmd.Context(), f) },
	}
	cmd.Flags().StringVarP(&f.config, "config", "c", "daemon.yaml", "the daemon's configuration `file`")
	cmd.Flags().StringVar(&f.agent, "agent", "", "`name` of the agent whose tools and scope are in force")
	cmd.Flags().StringVar(&f.site, "site", "", "`name` of the Jira site, if there are several (default the first)")
	cmd.Flags().StringSliceVar(&f.projects, "projects", nil, "`keys` or globs of the projects that may be touched, and owner/name of repositories")
	cmd.Flags().StringSliceVar(&f.spaces, "spaces", nil, "`keys` or globs of the spaces of Confluence that may be touched")
	cmd.Flags().StringSliceVar(&f.tools, "tools", nil, "`names`, globs or toolsets of the tools to serve (default all)")
	cmd.Flags().BoolVar(&f.write, "write", false, "serve tools that change things, too")
	cmd.Flags().StringVar(&f.http, "http", "", "`address` to serve at over HTTP, in place of standard input and output")
	cmd.Flags().StringVar(&f.tokenEnv, "token-env", "AOF_MCP_TOKEN", "environment `variable` with the token that clients of --http need")
	cmd.Flags().Var(&f.logLevel, "log-level", "trace, debug, info, warn or error (default: the configuration's, else info)")
	return cmd
}

// minToken is how long a token has to be for not being guessed.
const minToken = 16

func (c *console) serveMCP(ctx context.Context, f mcpFlags) (err error) {
	token := ""
	if f.http != "" {
		if token = c.getenv(f.tokenEnv); len(token) < minToken {
			return &usageError{fmt.Errorf("--http needs a token of at least %d characters in the environment variable %s", minToken, f.tokenEnv)}
		}
	}
	d, err := c.loadDaemon(f.config)
	if err != nil {
		return c.refuse(err, "not started")
	}
	if f.logLevel.value == "" {
		f.logLevel.value = d.Log.Level
	}
	server, closeAll, err := app.OpenMCP(ctx, app.MCPOptions{
		Options: app.Options{Daemon: d, Env: c.env, Version: version(), LogOut: c.err, LogLevel: f.logLevel.value, LogFormat: d.Log.Format},
		Agent:   f.agent, Site: f.site, Tools: f.tools, Scope: f.projects, Spaces: f.spaces, Write: f.write, Token: token,
	})
	if err != nil {
		return c.refuse(err, "not started")
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	if f.http == "" {
		return server.Stdio(ctx, c.in, c.out)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", f.http)
	if err != nil {
		return fmt.Errorf("listen for MCP clients (--http): %w", err)
	}
	_, _ = fmt.Fprintf(c.err, "aofctl: %d tools at http://%s/ (streamable HTTP), with the token of %s\n", len(server.Tools()), strings.TrimSpace(l.Addr().String()), f.tokenEnv)
	return server.HTTP(ctx, l, token)
}
