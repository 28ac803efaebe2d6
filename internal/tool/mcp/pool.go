package mcp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/tool"
)

// Options are what a Pool is made of.
type Options struct {
	// Writer has writes happen once.
	Writer tool.Writer
	// Version is the program's.
	Version string
	// Directory is where programs are started; "" for this process's own.
	Directory string
	Log       zerolog.Logger
}

// Pool keeps the servers of all agents: each is started when it is wanted, shared
// by the runs that have it, and stopped when the catalogue has it no more and no
// run uses it. It is safe for concurrent use.
type Pool struct {
	opts Options
	// ctx ends when the pool closes; it bounds what is done in the background.
	ctx        context.Context //nolint:containedctx // the pool's own life
	cancel     context.CancelFunc
	background sync.WaitGroup

	mu     sync.Mutex
	conns  map[string]*connection
	closed bool
	// made are the registries by the servers that they are of.
	made map[string]made
}

// made is a registry and of which lists it is.
type made struct {
	editions string
	registry *tool.Registry
}

// NewPool makes a Pool that has no servers yet.
func NewPool(opts Options) *Pool {
	p := &Pool{opts: opts, conns: map[string]*connection{}, made: map[string]made{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// connection returns the server's, which it makes if there is none.
func (p *Pool) connection(s Server) *connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.find(s)
}

// find is connection for who holds the lock.
func (p *Pool) find(s Server) *connection {
	c := p.conns[s.Key]
	if c == nil {
		c = newConnection(s, p.opts)
		c.closed = p.closed
		p.conns[s.Key] = c
	}
	return c
}

// Hold keeps servers from being stopped until release is called, which whoever
// runs an agent does when the run's turn is over.
func (p *Pool) Hold(servers []Server) (release func()) {
	var held []*connection
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range servers {
		c := p.find(s)
		c.mu.Lock()
		c.holds++
		c.mu.Unlock()
		held = append(held, c)
	}
	return sync.OnceFunc(func() {
		for _, c := range held {
			c.mu.Lock()
			c.holds--
			c.mu.Unlock()
		}
		p.sweep()
	})
}

// Keep tells which servers the catalogue has. New ones are started in the
// background, so that the first run need not wait for them and mistakes show in
// the log at once; others are stopped as soon as no run uses them.
func (p *Pool) Keep(servers []Server) {
	var fresh []Server
	wanted := map[string]bool{}
	p.mu.Lock()
	for _, s := range servers {
		c := p.find(s)
		c.mu.Lock()
		if !c.kept && !wanted[s.Key] {
			fresh = append(fresh, s)
		}
		c.kept = true
		c.mu.Unlock()
		wanted[s.Key] = true
	}
	for key, c := range p.conns {
		c.mu.Lock()
		c.kept = wanted[key]
		c.mu.Unlock()
	}
	for _, s := range fresh {
		if !p.closed {
			p.background.Go(func() { p.warm(s) })
		}
	}
	p.mu.Unlock()
	p.sweep()
}

// warm starts a server and says what it offers.
func (p *Pool) warm(s Server) {
	log := p.opts.Log.With().Str("server", s.Name).Str("agent", s.Agent).Logger()
	report, err := p.Look(p.ctx, s)
	if p.ctx.Err() != nil {
		return
	}
	if err != nil {
		log.Error().Err(err).Msg("MCP server cannot be used: it is tried again by the runs that need it")
		return
	}
	for _, problem := range report.Problems {
		log.Warn().Msg(problem)
	}
	log.Info().Strs("reads", report.Reads).Strs("writes", report.Writes).Str("fingerprint", report.Fingerprint).Msg("MCP server offers tools")
}

// sweep stops what nobody wants any more.
func (p *Pool) sweep() {
	p.mu.Lock()
	var idle []*connection
	for key, c := range p.conns {
		c.mu.Lock()
		if !c.kept && c.holds == 0 {
			idle = append(idle, c)
			delete(p.conns, key)
		}
		c.mu.Unlock()
	}
	p.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
}

// Close stops all servers, and returns when their programs are gone.
func (p *Pool) Close() error {
	p.cancel()
	p.mu.Lock()
	p.closed = true
	conns := make([]*connection, 0, len(p.conns))
	for _, c := range p.conns {
		conns = append(conns, c)
	}
	p.mu.Unlock()
	var closing sync.WaitGroup
	for _, c := range conns {
		closing.Go(c.close)
	}
	closing.Wait()
	p.background.Wait()
	return nil
}

// Tools returns the tools that servers lend an agent, sorted by name. A server
// that cannot be reached is an *Error.
func (p *Pool) Tools(ctx context.Context, servers []Server) ([]tool.Tool, error) {
	found, _, err := p.survey(ctx, servers)
	if err != nil {
		return nil, err
	}
	out := make([]tool.Tool, len(found))
	for i, r := range found {
		out[i] = r
	}
	return out, nil
}

// Registry returns the tools that servers lend an agent, ready to be looked up.
// A server that cannot be reached is an *Error.
func (p *Pool) Registry(ctx context.Context, servers []Server) (*tool.Registry, error) {
	var key, editions strings.Builder
	for _, s := range servers {
		c := p.connection(s)
		if _, err := c.list(ctx); err != nil {
			return nil, err
		}
		c.mu.Lock()
		fmt.Fprintf(&editions, "%p %d ", c, c.edition)
		c.mu.Unlock()
		key.WriteString(s.Key + "\x00")
	}
	p.mu.Lock()
	have := p.made[key.String()]
	p.mu.Unlock()
	if have.registry != nil && have.editions == editions.String() {
		return have.registry, nil
	}
	tools, err := p.Tools(ctx, servers)
	if err != nil {
		return nil, err
	}
	registry, err := tool.NewRegistry(tools...)
	if err != nil {
		return nil, fmt.Errorf("use tools of MCP servers: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.made) >= maxMade {
		clear(p.made)
	}
	p.made[key.String()] = made{editions: editions.String(), registry: registry}
	return registry, nil
}

// maxMade bounds the registries that are kept.
const maxMade = 100

// listing is a tool before it has its name for models.
type listing struct {
	conn *connection
	tool *sdk.Tool
	name string
}

// survey lists the tools of servers, and what is wrong with those that cannot be
// offered.
func (p *Pool) survey(ctx context.Context, servers []Server) ([]*remote, []string, error) {
	var all []listing
	for _, s := range servers {
		c := p.connection(s)
		tools, err := c.list(ctx)
		if err != nil {
			return nil, nil, err
		}
		for _, t := range tools {
			all = append(all, listing{conn: c, tool: t, name: modelName(s.Name, t.Name)})
		}
	}
	distinguish(all)
	var out []*remote
	var problems []string
	for _, l := range all {
		r, err := newRemote(l.conn, l.tool, l.name, p.opts.Writer)
		if err != nil {
			problems = append(problems, "tool "+Display(l.conn.server.Name, oneLine(l.tool.Name, maxName))+" is not offered: "+err.Error())
			continue
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *remote) int { return compareText(a.spec.Name, b.spec.Name) })
	return out, problems, nil
}

// distinguish makes names unique that are alike, such as those of server a_b with
// tool c and server a with tool b_c.
func distinguish(all []listing) {
	count := map[string]int{}
	for _, l := range all {
		count[l.name]++
	}
	for i, l := range all {
		if count[l.name] > 1 {
			all[i].name = hashed(l.name, l.conn.server.Name, l.tool.Name)
		}
	}
}

// Report is what a server offers an agent.
type Report struct {
	// Reads and Writes are the names of its tools for models.
	Reads, Writes []string
	// Problems are tools that are listed and cannot be had.
	Problems []string
	// Fingerprint is what a pin would have to be.
	Fingerprint string
}

// Look connects to a server and tells what it offers.
func (p *Pool) Look(ctx context.Context, s Server) (Report, error) {
	found, problems, err := p.survey(ctx, []Server{s})
	if err != nil {
		return Report{}, err
	}
	c := p.connection(s)
	c.mu.Lock()
	tools := c.tools
	c.mu.Unlock()
	report := Report{Problems: append(problems, absent(s, tools)...), Fingerprint: Fingerprint(tools)}
	for _, r := range found {
		if r.spec.Access == tool.Read {
			report.Reads = append(report.Reads, r.spec.Name)
		} else {
			report.Writes = append(report.Writes, r.spec.Name)
		}
	}
	return report, nil
}

// absent names the tools that are listed and that the server does not have.
func absent(s Server, tools []*sdk.Tool) []string {
	var problems []string
	for _, list := range [][]string{s.Tools, s.Listed, s.ReadOnly} {
		for _, glob := range list {
			if !slices.ContainsFunc(tools, func(t *sdk.Tool) bool { return matches([]string{glob}, t.Name) }) {
				problems = append(problems, "the server offers no tool that is listed as "+Display(s.Name, glob))
			}
		}
	}
	slices.Sort(problems)
	return slices.Compact(problems)
}

// Lasting reports whether an error of a server stays until somebody mends
// something, such as a wrong token.
func Lasting(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Lasting
}
