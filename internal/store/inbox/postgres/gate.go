package postgres

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/postgres"
)

// gate is closed to all writes while the server takes none: waiting for it would
// only fill the memory, and a sender that is refused at once tries again.
type gate struct {
	mu     sync.Mutex
	closed bool
	broken error
	// kick asks for a trial at once.
	kick chan struct{}
	// wrote is true if a write succeeded since the last look.
	wrote atomic.Bool
}

func newGate() *gate { return &gate{kick: make(chan struct{}, 1)} }

// state is why nothing is taken; nil if it is.
func (g *gate) state() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return inbox.ErrClosed
	}
	return g.broken
}

// fault is why nothing can be written, also once the inbox is being closed.
func (g *gate) fault() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.broken
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// shut refuses writes, for the given reason, until a trial succeeds. The first
// trial follows at once: often only a connection was lost.
func (g *gate) shut(cause error) {
	g.mu.Lock()
	first := g.broken == nil
	g.broken = cause
	g.mu.Unlock()
	if !first {
		return
	}
	select {
	case g.kick <- struct{}{}:
	default:
	}
}

// open takes writes again, and tells whether they were refused.
func (g *gate) open() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	was := g.broken != nil
	g.broken = nil
	return was
}

// judge is told how each write ended, and returns the error for its caller.
func (g *gate) judge(err error) error {
	if err == nil {
		g.wrote.Store(true)
		return nil
	}
	err = spoilt(err)
	if postgres.Away(err) {
		g.shut(err)
	}
	return err
}

// probe looks after the server until the context ends: while writes are refused
// it tries one now and then; while there are none it asks whether the server is
// there, so that Healthy knows without anybody losing a delivery.
func (in *Inbox) probe(ctx context.Context) {
	ticker := time.NewTicker(in.opts.Probe)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-in.gate.kick:
		}
		in.look(ctx)
	}
}

func (in *Inbox) look(ctx context.Context) {
	broken := in.gate.fault() != nil
	if in.gate.wrote.Swap(false) && !broken {
		return
	}
	limited, cancel := context.WithTimeout(ctx, in.opts.Patience)
	defer cancel()
	err := in.try(limited, broken)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		in.gate.shut(spoilt(err))
	case in.gate.open():
		// What was refused may have been stored all the same.
		in.wake.poke()
	}
}

// try asks whether the server takes writes, or finds out by writing.
func (in *Inbox) try(ctx context.Context, byWriting bool) error {
	if byWriting {
		_, err := in.db.ExecContext(ctx, `UPDATE probe SET tries = tries + 1`)
		return err
	}
	var refuses bool
	if err := in.db.QueryRowContext(ctx, `SELECT current_setting('transaction_read_only')::bool`).Scan(&refuses); err != nil {
		return err
	}
	if refuses {
		return errors.New("the server takes no writes")
	}
	return nil
}
