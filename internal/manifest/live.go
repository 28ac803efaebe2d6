package manifest

import (
	"context"
	"sync"
	"sync/atomic"
)

// Live is the catalogue in force. A reload puts a new one in its place whole, or
// leaves the last good one where it is.
type Live struct {
	load    func(context.Context) (*Catalog, error)
	current atomic.Pointer[Catalog]
	failure atomic.Pointer[error]
	// reloading is held during a reload, so that an older state never replaces a
	// newer one.
	reloading sync.Mutex
}

// NewLive loads the first catalogue, which must be good. Load is commonly that
// of a Loader.
func NewLive(ctx context.Context, load func(context.Context) (*Catalog, error)) (*Live, error) {
	first, err := load(ctx)
	if err != nil {
		return nil, err
	}
	l := &Live{load: load}
	l.current.Store(first)
	return l, nil
}

// Current returns the catalogue in force. It is never nil and never changes.
func (l *Live) Current() *Catalog { return l.current.Load() }

// Err returns why the files as they were last seen are not in force, or nil if
// they are.
func (l *Live) Err() error {
	if err := l.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// Reload loads the catalogue anew. Changed is false if nothing in it differs, in
// which case the one in force stays. On an error it stays as well.
func (l *Live) Reload(ctx context.Context) (changed bool, err error) {
	l.reloading.Lock()
	defer l.reloading.Unlock()
	next, err := l.load(ctx)
	if err != nil {
		if ctx.Err() == nil {
			l.failure.Store(&err)
		}
		return false, err
	}
	l.failure.Store(nil)
	if next.Revision == l.Current().Revision {
		return false, nil
	}
	l.current.Store(next)
	return true, nil
}
