package mcp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/rs/zerolog"
)

const (
	// connectTimeout bounds starting a server: one that is fetched by npx or uvx
	// takes a while the first time.
	connectTimeout = 90 * time.Second
	// firstPause and longestPause bound the wait after a server that could not be
	// started, or that ended at once; it doubles each time.
	firstPause   = time.Second
	longestPause = time.Minute
	// stable is how long a server has to live for its end to be no failure.
	stable = 10 * time.Second
	// fresh is how long a list of tools is believed.
	fresh = time.Minute
)

// connection is one server, started or not.
type connection struct {
	server  Server
	version string
	// directory is where its program is started.
	directory string
	log       zerolog.Logger
	// turn is held by whoever connects or lists.
	turn chan struct{}
	// life ends when the connection is closed for good.
	life context.Context //nolint:containedctx // the connection's own life
	die  context.CancelFunc

	mu      sync.Mutex
	session *sdk.ClientSession
	process *process
	begun   time.Time
	// failures counts those in a row; until is when to try again, cause why not now.
	failures int
	until    time.Time
	cause    string
	// prints are the fingerprints of the tools by name, listed when tools was read;
	// changed says that the server announced a change since.
	tools   []*sdk.Tool
	prints  map[string]string
	listed  time.Time
	changed bool
	// edition counts the lists that differed.
	edition int
	closed  bool
	// kept is true while the catalogue has the server; holds counts the runs.
	kept  bool
	holds int
}

func newConnection(s Server, o Options) *connection {
	c := &connection{server: s, version: o.Version, directory: o.Directory, turn: make(chan struct{}, 1),
		log: o.Log.With().Str("server", s.Name).Str("agent", s.Agent).Logger()}
	c.life, c.die = context.WithCancel(context.Background())
	return c
}

// take waits for the turn to connect.
func (c *connection) take(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for MCP server %s: %w", c.server.Name, ctx.Err())
	}
}

func (c *connection) give() { <-c.turn }

// open returns a session, which it makes if there is none.
func (c *connection) open(ctx context.Context) (*sdk.ClientSession, error) {
	if s := c.live(); s != nil {
		return s, nil
	}
	if err := c.take(ctx); err != nil {
		return nil, err
	}
	defer c.give()
	return c.ensure(ctx)
}

// live returns the session that there is.
func (c *connection) live() *sdk.ClientSession {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// ensure is open for who has the turn.
func (c *connection) ensure(ctx context.Context) (*sdk.ClientSession, error) {
	if s := c.live(); s != nil {
		return s, nil
	}
	if err := c.may(); err != nil {
		return nil, err
	}
	s, p, err := c.connect(ctx)
	if err != nil {
		c.failed(err)
		return nil, err
	}
	c.mu.Lock()
	closed := c.closed
	if !closed {
		c.session, c.process, c.begun, c.listed = s, p, time.Now(), time.Time{}
	}
	c.mu.Unlock()
	if closed {
		end(s, p)
		return nil, c.trouble("the daemon is stopping", nil)
	}
	c.log.Info().Str("protocol", s.InitializeResult().ProtocolVersion).Msg("MCP server connected")
	go c.watch(s, p)
	return s, nil
}

// may says whether it is time to try.
func (c *connection) may() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.trouble("the daemon is stopping, or the server was taken out of the manifest", nil)
	}
	if wait := time.Until(c.until); wait > 0 {
		return &Error{Server: c.server.Name, Reason: c.cause, After: wait}
	}
	return nil
}

// failed remembers a failure, so that the next try waits.
func (c *connection) failed(err error) {
	var e *Error
	if errors.As(err, &e) && e.Lasting {
		return // nothing is gained by waiting
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	pause := min(firstPause<<min(c.failures, 10), longestPause)
	if errors.As(err, &e) {
		pause = max(pause, e.After)
		c.cause = e.Reason
	}
	c.failures++
	c.until = time.Now().Add(pause)
}

// connect starts or reaches the server and greets it.
func (c *connection) connect(ctx context.Context) (*sdk.ClientSession, *process, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	access, err := c.server.Access()
	if err != nil {
		return nil, nil, c.lasting(err.Error(), err)
	}
	client := sdk.NewClient(&sdk.Implementation{Name: "aofctl", Version: c.version}, &sdk.ClientOptions{
		Capabilities:           &sdk.ClientCapabilities{},
		MultiRoundTrip:         &sdk.MultiRoundTripOptions{Disabled: true},
		ToolListChangedHandler: func(context.Context, *sdk.ToolListChangedRequest) { c.announce() },
	})
	if c.server.Command == "" {
		ctx, t := withTrace(ctx)
		s, err := client.Connect(ctx, httpTransport(c.server, access, c.version), nil)
		return s, nil, c.unreached(err, t)
	}
	p, err := start(c.server.Command, c.directory, access, c.log)
	if err != nil {
		return nil, nil, c.lasting(fmt.Sprintf("its program cannot be started: %v", err), err)
	}
	in, out := p.ioPair()
	s, err := client.Connect(ctx, &sdk.IOTransport{Reader: in, Writer: out, MaxLineLength: maxMessage}, nil)
	if err != nil {
		ended := p.soon()
		p.stop()
		return nil, nil, c.silent(ctx, err, ended)
	}
	return s, p, nil
}

// unreached explains why a server behind a URL could not be reached.
func (c *connection) unreached(err error, t *trace) error {
	if err == nil {
		return nil
	}
	if refused := t.refused.Load(); refused != nil {
		return &Error{Server: c.server.Name, Reason: refused.Error(), After: refused.after, Lasting: refused.after == 0 && refused.status != 429, Err: refused}
	}
	return c.trouble("it cannot be reached: "+oneLine(err.Error(), maxWords), err)
}

// silent explains why a program that was started does not speak.
func (c *connection) silent(ctx context.Context, err error, ended string) error {
	switch {
	case ended != "":
		return c.trouble("its program ended before it answered ("+ended+"); the log at level debug has what it said", err)
	case ctx.Err() != nil:
		return c.trouble(fmt.Sprintf("its program did not answer within %s", connectTimeout), err)
	}
	return c.trouble("its program does not speak MCP: "+oneLine(err.Error(), maxWords), err)
}

func (c *connection) trouble(reason string, cause error) *Error {
	return &Error{Server: c.server.Name, Reason: reason, Err: cause}
}

func (c *connection) lasting(reason string, cause error) *Error {
	return &Error{Server: c.server.Name, Reason: reason, Err: cause, Lasting: true}
}

// watch notices the end of a session.
func (c *connection) watch(s *sdk.ClientSession, p *process) {
	err := s.Wait()
	if p != nil {
		p.stop()
	}
	how := "the connection ended"
	if p != nil {
		how = "its program ended: " + p.ended()
	}
	if gone, _ := c.retire(s, how); !gone {
		return
	}
	c.log.Warn().AnErr("cause", err).Str("how", strings.TrimSpace(how)).Msg("MCP server lost: it is started again when it is needed")
}

// retire forgets a session that has ended, unless that is done already. One that
// ended soon is a failure, after which the next try waits.
func (c *connection) retire(s *sdk.ClientSession, how string) (bool, *process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != s {
		return false, nil
	}
	p := c.process
	c.session, c.process = nil, nil
	if time.Since(c.begun) < stable {
		c.until = time.Now().Add(min(firstPause<<min(c.failures, 10), longestPause))
		c.failures++
		c.cause = how
	} else {
		c.failures = 0
	}
	return true, p
}

// drop gives a session up that may be broken.
func (c *connection) drop(s *sdk.ClientSession, how string) {
	if gone, p := c.retire(s, how); gone {
		end(s, p)
	}
}

// close ends the server for good. One that is being started is waited for, which
// ends at once.
func (c *connection) close() {
	c.die()
	c.turn <- struct{}{}
	defer c.give()
	c.mu.Lock()
	s, p := c.session, c.process
	c.closed, c.session, c.process = true, nil, nil
	c.mu.Unlock()
	if s != nil {
		end(s, p)
		c.log.Info().Msg("MCP server stopped")
	}
}

// end closes a session and stops its program. A server that does not take the
// farewell is not waited for.
func end(s *sdk.ClientSession, p *process) {
	closed := make(chan struct{})
	go func() { defer close(closed); _ = s.Close() }()
	if p != nil {
		p.stop()
	}
	select {
	case <-closed:
	case <-time.After(patience):
	}
}

// announce notes that the server says that its tools changed.
func (c *connection) announce() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed = true
}
