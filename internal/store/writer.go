package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

const (
	// maxBatch bounds how many writes share a commit.
	maxBatch = 256
	// queued bounds how many writes wait for one.
	queued = 1024
)

var (
	// ErrClosed is returned for writes after Close.
	ErrClosed = errors.New("store is closed")
	// ErrRefused is returned for a change that the database does not take as it
	// is, however often it is tried: it is too large or breaks a rule.
	ErrRefused = errors.New("the database refuses this change")
)

// write is one change that waits for its commit.
type write struct {
	fn   func(tx tx) error
	done chan error
}

// writer commits changes in groups: there is one writer at a time and each commit
// costs a flush to the disk, so changes that wait together go together.
type writer struct {
	db      *sql.DB
	dialect *dialect
	// changed is called after commits with something that others wait for.
	changed func()
	queue   chan write
	closed  chan struct{}
	ended   chan struct{}
}

func newWriter(db *sql.DB, d *dialect, changed func()) *writer {
	w := &writer{db: db, dialect: d, changed: changed, queue: make(chan write, queued),
		closed: make(chan struct{}), ended: make(chan struct{})}
	go w.run()
	return w
}

// post queues the change and returns where its outcome will be told. Changes
// are carried out in the order in which they were queued, and once queued they
// are carried out whatever becomes of ctx.
func (w *writer) post(ctx context.Context, fn func(tx tx) error) (<-chan error, error) {
	done := make(chan error, 1)
	select {
	case <-w.closed:
		return nil, ErrClosed
	default:
	}
	select {
	case w.queue <- write{fn: fn, done: done}:
		return done, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-w.closed:
		return nil, ErrClosed
	}
}

// do queues the change and waits until it is on disk or refused.
func (w *writer) do(ctx context.Context, fn func(tx tx) error) error {
	done, err := w.post(ctx, fn)
	if err != nil {
		return err
	}
	return w.outcome(done)
}

// outcome waits until a queued change is on disk or refused.
func (w *writer) outcome(done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-w.ended:
		select {
		case err := <-done:
			return err
		default:
			return ErrClosed
		}
	}
}

// close carries out what is queued and ends.
func (w *writer) close() {
	close(w.closed)
	<-w.ended
}

func (w *writer) run() {
	defer close(w.ended)
	for {
		select {
		case first := <-w.queue:
			w.commit(w.gather(first))
		case <-w.closed:
			w.drain()
			return
		}
	}
}

func (w *writer) drain() {
	for {
		select {
		case first := <-w.queue:
			w.commit(w.gather(first))
		default:
			return
		}
	}
}

func (w *writer) gather(first write) []write {
	batch := []write{first}
	for len(batch) < maxBatch {
		select {
		case next := <-w.queue:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

// commit carries out the batch in one transaction and answers everybody. If a
// change fails, which is rare, each is carried out in a transaction of its own,
// so that it fails alone; a change may therefore be called twice.
func (w *writer) commit(batch []write) {
	errs, news := make([]error, len(batch)), false
	if len(batch) == 1 || !w.together(batch, errs, &news) {
		w.eachAlone(batch, errs, &news)
	}
	if news {
		w.changed()
	}
	for i, b := range batch {
		b.done <- errs[i]
	}
}

// together reports whether the batch was dealt with: committed whole, or refused
// whole by the disk. It was not if one of several changes failed.
func (w *writer) together(batch []write, errs []error, news *bool) bool {
	failed := false
	_, err := w.transact(news, func(tx tx) error {
		for _, b := range batch {
			if err := b.fn(tx); err != nil {
				failed = true
				return err
			}
		}
		return nil
	})
	if failed {
		return false
	}
	for i := range errs {
		errs[i] = err
	}
	return true
}

// eachAlone carries the changes out one by one. If the database does not even let
// one begin, the others do not wait for the same.
func (w *writer) eachAlone(batch []write, errs []error, news *bool) {
	for i, b := range batch {
		begun, err := w.transact(news, func(tx tx) error { return w.refusal(b.fn(tx)) })
		errs[i] = err
		if begun {
			continue
		}
		for rest := i + 1; rest < len(errs); rest++ {
			errs[rest] = err
		}
		return
	}
}

// transact sets news if what was carried out, and may be committed, is something
// that others wait for. It reports whether it came to carrying it out at all.
func (w *writer) transact(news *bool, fn func(tx tx) error) (begun bool, err error) {
	ctx := context.Background()
	if w.dialect.patience > 0 { // what hangs would keep all others waiting for ever
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.dialect.patience)
		defer cancel()
	}
	t := tx{ctx: ctx, dialect: w.dialect, news: new(bool)}
	if t.Tx, err = w.db.BeginTx(ctx, &sql.TxOptions{Isolation: w.dialect.isolation}); err != nil {
		return false, fmt.Errorf("begin write: %w", err)
	}
	if begun, err = w.inside(t, fn); err != nil {
		return begun, errors.Join(err, t.Rollback())
	}
	*news = *news || *t.news
	if err := t.Commit(); err != nil {
		return true, fmt.Errorf("commit: %w", err)
	}
	return true, nil
}

// inside surrounds the changes with what makes them safe beside other processes.
func (w *writer) inside(t tx, fn func(tx tx) error) (begun bool, err error) {
	if w.dialect.serialize != "" {
		if _, err := t.exec(w.dialect.serialize); err != nil {
			return false, fmt.Errorf("wait for other writers: %w", err)
		}
	}
	if err := fn(t); err != nil {
		return true, err
	}
	if w.dialect.notify != "" && *t.news {
		if _, err := t.exec(w.dialect.notify); err != nil {
			return true, fmt.Errorf("tell other processes: %w", err)
		}
	}
	return true, nil
}

// refusal marks the errors that are the change's own fault.
func (w *writer) refusal(err error) error {
	if err != nil && w.dialect.refused(err) {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}
