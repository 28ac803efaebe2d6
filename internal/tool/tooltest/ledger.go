// Package tooltest has what tests of tools need: a ledger of writes in memory.
package tooltest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/tool"
)

// Ledger is a [tool.Ledger] in memory, which forgets with the test. Its zero value is
// ready; it is safe for concurrent use.
type Ledger struct {
	mu      sync.Mutex
	effects map[string]tool.Effect
}

var _ tool.Ledger = (*Ledger)(nil)

// Begin implements [tool.Ledger].
func (l *Ledger) Begin(_ context.Context, id, _, _ string) (tool.Effect, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.effects[id]; ok {
		e.Fresh, e.Age = false, time.Since(e.Begun)
		return e, nil
	}
	e := tool.Effect{ID: id, Begun: time.Now(), Fresh: true}
	if l.effects == nil {
		l.effects = map[string]tool.Effect{}
	}
	l.effects[id] = e
	return e, nil
}

// Sent implements [tool.Ledger].
func (*Ledger) Sent(context.Context, string) error { return nil }

// Done implements [tool.Ledger].
func (l *Ledger) Done(_ context.Context, id, ref string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.effects[id]
	if !ok {
		return fmt.Errorf("note the end of effect %s: it was not begun", id)
	}
	e.Done, e.Ref = true, ref
	l.effects[id] = e
	return nil
}

// Abandon implements [tool.Ledger].
func (l *Ledger) Abandon(_ context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.effects, id)
	return nil
}

// All are the ids of the effects that were begun and not abandoned, in their order as
// words.
func (l *Ledger) All() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.effects))
}

// Open are those of All of which the end is not known.
func (l *Ledger) Open() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(l.effects)), func(id string) bool { return l.effects[id].Done })
}

// Forget drops all effects, as losing the database does.
func (l *Ledger) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.effects)
}
