package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/doctor"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/tool/mcp"
)

// servers looks at each MCP server of each agent: it is started or asked, tells
// its tools, and is stopped.
func (p *patient) servers() []doctor.Check {
	if p.catalog == nil {
		return nil
	}
	p.secrets.values = append(p.secrets.values, mcpSecrets(p.catalog, p.opts.Env)...)
	l := &lender{env: p.opts.Env, learn: func(...string) {}} // what there is to learn is known by now
	var list []doctor.Check
	for _, a := range p.catalog.MCPAgents() {
		for _, s := range l.servers(a) {
			subject := "mcp " + a.Name + "/" + s.Name
			if p.opts.Offline {
				list = append(list, told(subject, []doctor.Result{doctor.Found("tools", doctor.Skipped, "not asked (--offline)", "")}))
				continue
			}
			list = append(list, doctor.Check{Subject: subject, Name: "tools",
				Run: func(ctx context.Context) []doctor.Result { return p.examineServer(ctx, s) }})
		}
	}
	return list
}

// examineServer connects to one server.
func (p *patient) examineServer(ctx context.Context, s mcp.Server) []doctor.Result {
	pool := mcp.NewPool(mcp.Options{Writer: tool.Writer{}, Version: p.opts.Version, Directory: p.opts.Daemon.Dir(), Log: zerolog.Nop()})
	defer func() { _ = pool.Close() }()
	report, err := pool.Look(ctx, s)
	var trouble *mcp.Error
	switch {
	case errors.As(err, &trouble):
		return []doctor.Result{doctor.Found("tools", doctor.Failed, trouble.Reason, "mend the server's settings in mcp_servers of agent "+s.Agent)}
	case err != nil:
		return []doctor.Result{doctor.Found("tools", doctor.Failed, err.Error(), "")}
	}
	detail := fmt.Sprintf("reads: %s; writes: %s; pin: %s", orNone(report.Reads), orNone(report.Writes), report.Fingerprint)
	list := []doctor.Result{doctor.Found("tools", doctor.OK, detail, "")}
	for _, problem := range report.Problems {
		list = append(list, doctor.Found("tools", doctor.Warning, problem, "compare the names in mcp_servers and tools with those of the server"))
	}
	return list
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
