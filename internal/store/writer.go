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
	fn   func(tx *sql.Tx) error
	done chan error
}

// writer commits changes in groups: SQLite has one writer at a time and each
// commit costs a flush to the disk, so changes that wait together go together.
type writer struct {
	db *sql.DB
	// committed is called after each commit.
	committed func()
	queue     chan write
	closed    chan struct{}
	ended     chan struct{}
}

func newWriter(db *sql.DB, committed func()) *writer {
	w := &writer{db: db, committed: committed, queue: make(chan write, queued),
		closed: make(chan struct{}), ended: make(chan struct{})}
	go w.run()
	return w
}

// post queues the change and returns where its outcome will be told. Changes
// are carried out in the order in which they were queued, and once queued they
// are carried out whatever becomes of ctx.
func (w *writer) post(ctx context.Context, fn func(tx *sql.Tx) error) (<-chan error, error) {
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
func (w *writer) do(ctx context.Context, fn func(tx *sql.Tx) error) error {
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
	errs := make([]error, len(batch))
	if !w.together(batch, errs) {
		for i := range batch {
			errs[i] = w.alone(batch[i])
		}
	}
	w.committed()
	for i, b := range batch {
		b.done <- errs[i]
	}
}

// together reports whether the batch was dealt with: committed whole, or refused
// whole by the disk. It was not if one of several changes failed.
func (w *writer) together(batch []write, errs []error) bool {
	if len(batch) == 1 {
		errs[0] = w.alone(batch[0])
		return true
	}
	failed := false
	err := w.transact(func(tx *sql.Tx) error {
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

// alone carries out one change.
func (w *writer) alone(b write) error {
	return w.transact(func(tx *sql.Tx) error {
		if err := b.fn(tx); err != nil {
			return refusal(err)
		}
		return nil
	})
}

func (w *writer) transact(fn func(tx *sql.Tx) error) error {
	tx, err := w.db.BeginTx(context.Background(), nil)
	if err != nil {
		return fmt.Errorf("begin write: %w", err)
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// refusal marks the errors that are the change's own fault.
// https://sqlite.org/rescode.html
func refusal(err error) error {
	const tooBig, constraint, mismatch = 18, 19, 20
	var coded interface{ Code() int }
	if !errors.As(err, &coded) {
		return err
	}
	switch coded.Code() & 0xff {
	case tooBig, constraint, mismatch:
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}
