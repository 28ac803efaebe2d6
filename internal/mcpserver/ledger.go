package mcpserver

import (
	"context"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/tool"
)

// Ledger remembers writes for as long as the process lives. That is enough here:
// a call has an id of its own and is tried again only by the process that took it;
// nobody takes up the calls of one that died. Its client got no answer and knows
// it.
type Ledger struct {
	mu      sync.Mutex
	effects map[string]noted
}

type noted struct {
	effect tool.Effect
	sent   time.Time
}

// NewLedger makes a Ledger that has no writes.
func NewLedger() *Ledger { return &Ledger{effects: map[string]noted{}} }

// forgotten is how long a write is remembered: longer than any call takes.
const forgotten = time.Hour

// Begin implements tool.Ledger.
func (l *Ledger) Begin(_ context.Context, id, _, _ string) (tool.Effect, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if n, known := l.effects[id]; known {
		n.effect.Fresh, n.effect.Age = false, now.Sub(n.sent)
		return n.effect, nil
	}
	for old, n := range l.effects {
		if now.Sub(n.sent) > forgotten {
			delete(l.effects, old)
		}
	}
	e := tool.Effect{ID: id, Begun: now, Fresh: true}
	l.effects[id] = noted{effect: e, sent: now}
	return e, nil
}

// Sent implements tool.Ledger.
func (l *Ledger) Sent(_ context.Context, id string) error {
	return l.change(id, func(n *noted) { n.sent = time.Now() })
}

// Done implements tool.Ledger.
func (l *Ledger) Done(_ context.Context, id, ref string) error {
	return l.change(id, func(n *noted) { n.effect.Done, n.effect.Ref = true, ref })
}

// Abandon implements tool.Ledger.
func (l *Ledger) Abandon(_ context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.effects, id)
	return nil
}

func (l *Ledger) change(id string, change func(*noted)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n, known := l.effects[id]; known {
		change(&n)
		l.effects[id] = n
	}
	return nil
}
