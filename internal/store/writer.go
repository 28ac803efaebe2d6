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

// commit carries out the batch in one transaction and answers everybody. A
// change that fails is undone alone; if the commit fails, all have failed.
func (w *writer) commit(batch []write) {
	errs := make([]error, len(batch))
	if err := w.transact(batch, errs); err != nil {
		for i := range errs {
			errs[i] = errors.Join(errs[i], err)
		}
	}
	w.committed()
	for i, b := range batch {
		b.done <- errs[i]
	}
}

func (w *writer) transact(batch []write, errs []error) error {
	tx, err := w.db.BeginTx(context.Background(), nil)
	if err != nil {
		return fmt.Errorf("begin write: %w", err)
	}
	for i, b := range batch {
		if err := savepoint(tx, b.fn, &errs[i]); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// savepoint runs fn so that its failure undoes only its own changes.
func savepoint(tx *sql.Tx, fn func(tx *sql.Tx) error, failed *error) error {
	if _, err := tx.Exec("SAVEPOINT change"); err != nil {
		return fmt.Errorf("begin change: %w", err)
	}
	end := "RELEASE change"
	if err := fn(tx); err != nil {
		*failed = refusal(err)
		end = "ROLLBACK TO change; RELEASE change"
	}
	if _, err := tx.Exec(end); err != nil {
		return fmt.Errorf("end change: %w", err)
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
