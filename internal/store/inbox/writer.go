package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"
)

// pageSize suits rows of two to four kilobytes: several fit in a page, and an
// update of the narrow table does not rewrite too much.
const pageSize = 8192

// batch is the work of one transaction.
type batch struct {
	arrivals []*arrival
	changes  []*change
}

func (b batch) empty() bool { return len(b.arrivals) == 0 && len(b.changes) == 0 }

func (b batch) fail(err error) {
	for _, a := range b.arrivals {
		a.finish(err)
	}
	for _, c := range b.changes {
		c.done <- err
	}
}

// writer is the one goroutine that writes.
type writer struct {
	path    string
	inbox   *Inbox
	entropy *ulid.MonotonicEntropy
	session *session
	nextSeq int64
	ended   chan struct{}
}

func newWriter(ctx context.Context, path string, in *Inbox) (*writer, error) {
	w := &writer{
		path:    path,
		inbox:   in,
		entropy: ulid.Monotonic(in.opts.Entropy, 0),
		ended:   make(chan struct{}),
	}
	var err error
	if w.session, err = openSession(ctx, path, in.opts.Erase); err != nil {
		return nil, err
	}
	if w.nextSeq, err = w.session.nextSeq(ctx); err != nil {
		return nil, errors.Join(err, w.session.close())
	}
	return w, nil
}

func (w *writer) close() error {
	if w.session == nil {
		return nil
	}
	return w.session.close()
}

// run writes until the queue is closed and empty. It has no context: what was
// taken from the queue is finished, and nothing in it waits for the outside.
func (w *writer) run() {
	defer close(w.ended)
	ctx := context.Background()
	for {
		b, ok := w.inbox.queue.take()
		if !ok {
			return
		}
		if err := w.commit(ctx, b); err != nil {
			w.repair(ctx, b, fmt.Errorf("%w: %w", ErrUnavailable, err))
			continue
		}
		full := w.inbox.check.wrote(b)
		w.answer(b)
		if full {
			// A failed checkpoint loses nothing: the log still has everything, and
			// a disk that is at fault will say so at the next commit.
			_ = w.session.checkpoint(ctx)
		}
	}
}

// commit writes a batch in one transaction. After an error nothing of it is
// acknowledged, though it may turn out to be on the disk.
func (w *writer) commit(ctx context.Context, b batch) error {
	if err := w.session.begin(ctx); err != nil {
		return err
	}
	err := w.apply(ctx, b)
	if err == nil {
		err = w.session.commit(ctx)
	}
	if err != nil {
		return errors.Join(err, w.session.rollback(ctx))
	}
	return nil
}

func (w *writer) apply(ctx context.Context, b batch) error {
	if err := w.store(ctx, b.arrivals); err != nil {
		return err
	}
	for _, c := range b.changes {
		if err := c.apply(ctx, w.session); err != nil {
			return err
		}
	}
	return nil
}

// store gives the arrivals their sequence numbers and ids, and inserts those
// whose identity is new.
func (w *writer) store(ctx context.Context, arrivals []*arrival) error {
	if len(arrivals) == 0 {
		return nil
	}
	for _, a := range arrivals {
		id, err := ulid.New(uint64(max(a.received, 0)), w.entropy)
		if err != nil {
			return fmt.Errorf("make id: %w", err)
		}
		a.seq = w.nextSeq
		a.receipt = Receipt{ID: id.String(), Seq: a.seq}
		w.nextSeq++
	}
	fresh, err := w.session.claimIdentities(ctx, arrivals)
	if err != nil {
		return err
	}
	return w.session.insert(ctx, fresh)
}

// answer tells the callers that their batch is on the disk.
func (w *writer) answer(b batch) {
	w.inbox.queue.release(b)
	for _, a := range b.arrivals {
		a.finish(nil)
	}
	for _, c := range b.changes {
		c.done <- nil
	}
	if len(b.arrivals) > 0 {
		w.wakeReader()
	}
}

func (w *writer) wakeReader() {
	select {
	case w.inbox.wake <- struct{}{}:
	default:
	}
}

// repair refuses work until the disk takes a trial write. The files are opened
// again first: after a failed sync nobody knows what the kernel's and SQLite's
// caches hold, so both must be read from the disk anew.
func (w *writer) repair(ctx context.Context, b batch, cause error) {
	q := w.inbox.queue
	q.setBroken(cause)
	q.release(b)
	b.fail(cause)
	for {
		w.refuse(cause)
		if err := w.reopen(ctx); err == nil {
			q.setBroken(nil)
			// What was refused may be on the disk all the same.
			w.wakeReader()
			return
		}
		if !w.pause() {
			w.refuse(ErrClosed)
			return
		}
	}
}

// refuse answers what came in between the failure and the refusal.
func (w *writer) refuse(cause error) {
	for {
		b, _ := w.inbox.queue.poll()
		if b.empty() {
			return
		}
		w.inbox.queue.release(b)
		b.fail(cause)
	}
}

// pause waits for the next trial; false if the inbox is being closed.
func (w *writer) pause() bool {
	timer := time.NewTimer(w.inbox.queue.probe)
	defer timer.Stop()
	for {
		if errors.Is(w.inbox.queue.state(), ErrClosed) {
			return false
		}
		select {
		case <-timer.C:
			return true
		case <-w.inbox.queue.ready:
		}
	}
}

func (w *writer) reopen(ctx context.Context) error {
	if w.session != nil {
		// What closing has to say about a broken file is known already.
		_ = w.session.close()
		w.session = nil
	}
	s, err := openSession(ctx, w.path, w.inbox.opts.Erase)
	if err != nil {
		return err
	}
	next, err := s.nextSeq(ctx)
	if err == nil {
		err = s.probe(ctx)
	}
	if err != nil {
		return errors.Join(err, s.close())
	}
	w.session, w.nextSeq = s, max(next, w.nextSeq)
	return nil
}
