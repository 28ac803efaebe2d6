package inbox

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/store/inbox/codec"
)

// arrival is a delivery on its way to the disk. Its fields are the columns.
type arrival struct {
	delivery Delivery
	hash     [codec.HashSize]byte
	received int64
	signed   string
	headers  string
	block    []byte

	seq     int64
	receipt Receipt
	err     error
	done    chan struct{}
}

func (in *Inbox) newArrival(d Delivery) (*arrival, error) {
	if len(d.Body) > codec.MaxBody {
		return nil, fmt.Errorf("body of %d bytes is larger than %d", len(d.Body), codec.MaxBody)
	}
	d = d.Arrived(in.opts.Now())
	headers, err := codec.PackHeaders(d.Headers)
	if err != nil {
		return nil, err
	}
	a := &arrival{
		hash:     codec.Hash(d.Source, d.Site, d.Key),
		received: d.ReceivedAt.UnixMilli(),
		signed:   codec.PackNames(d.SignedBy),
		headers:  headers,
		block:    in.queue.packer.Pack(d.Body),
		done:     make(chan struct{}),
	}
	d.Body, d.Headers = nil, nil
	a.delivery = d
	return a, nil
}

func (a *arrival) finish(err error) {
	a.err = err
	close(a.done)
}

// change is any other write, done in the same transactions.
type change struct {
	apply func(context.Context, *session) error
	done  chan error
}

// queue holds what waits for the writer, within its bounds.
type queue struct {
	maxCount, maxBatch int
	maxBytes           int64
	probe              time.Duration
	packer             codec.Packer

	mu       sync.Mutex
	arrivals []*arrival
	changes  []*change
	bytes    int64
	closed   bool
	broken   error
	// ready has a value whenever the writer has to look.
	ready chan struct{}
}

func newQueue(o Options) *queue {
	return &queue{
		maxCount: o.MaxWaiting,
		maxBatch: o.MaxBatch,
		maxBytes: o.MaxBytes,
		probe:    o.Probe,
		ready:    make(chan struct{}, 1),
	}
}

func (q *queue) add(a *arrival) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.refusal(); err != nil {
		return err
	}
	// One arrival always fits, however large.
	size := int64(len(a.block))
	if len(q.arrivals) >= q.maxCount || (q.bytes > 0 && q.bytes+size > q.maxBytes) {
		return ErrFull
	}
	q.arrivals = append(q.arrivals, a)
	q.bytes += size
	q.signal()
	return nil
}

func (q *queue) change(ctx context.Context, apply func(context.Context, *session) error) error {
	c := &change{apply: apply, done: make(chan error, 1)}
	if err := q.addChange(c); err != nil {
		return err
	}
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *queue) addChange(c *change) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.refusal(); err != nil {
		return err
	}
	q.changes = append(q.changes, c)
	q.signal()
	return nil
}

// refusal is why nothing new is taken; nil if it is. The caller holds the lock.
func (q *queue) refusal() error {
	if q.closed {
		return ErrClosed
	}
	return q.broken
}

func (q *queue) state() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.refusal()
}

func (q *queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take waits for work and returns a batch of it; false when the queue is closed
// and empty.
func (q *queue) take() (batch, bool) {
	for {
		b, closed := q.poll()
		if !b.empty() {
			return b, true
		}
		if closed {
			return b, false
		}
		<-q.ready
	}
}

func (q *queue) poll() (batch, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.arrivals), q.maxBatch)
	m := min(len(q.changes), q.maxBatch)
	b := batch{arrivals: q.arrivals[:n:n], changes: q.changes[:m:m]}
	q.arrivals, q.changes = q.arrivals[n:], q.changes[m:]
	return b, q.closed
}

// release gives back the memory of a batch that is done with.
func (q *queue) release(b batch) {
	var n int64
	for _, a := range b.arrivals {
		n += int64(len(a.block))
		q.packer.Recycle(a.block)
		a.block = nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= n
}

// setBroken makes every addition fail with err until it is called with nil.
func (q *queue) setBroken(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.broken = err
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}
