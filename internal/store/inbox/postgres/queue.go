package postgres

import (
	"sync"

	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/inbox/codec"
)

// arrival is a delivery on its way to the server. Its fields are the columns.
type arrival struct {
	delivery inbox.Delivery
	hash     [codec.HashSize]byte
	id       string
	received int64
	signed   string
	headers  string
	block    []byte

	receipt inbox.Receipt
	err     error
	done    chan struct{}
}

// queue holds what waits for a connection, within its bounds.
type queue struct {
	packer   codec.Packer
	maxBytes int64
	work     chan *arrival

	mu     sync.Mutex
	bytes  int64
	closed bool
}

func newQueue(o Options) *queue {
	return &queue{maxBytes: o.MaxBytes, work: make(chan *arrival, o.MaxWaiting)}
}

func (q *queue) add(a *arrival) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return inbox.ErrClosed
	}
	// One arrival always fits, however large.
	size := int64(len(a.block))
	if q.bytes > 0 && q.bytes+size > q.maxBytes {
		return inbox.ErrFull
	}
	select {
	case q.work <- a:
		q.bytes += size
		return nil
	default:
		return inbox.ErrFull
	}
}

// finish tells the caller what became of an arrival, and gives its memory back.
func (q *queue) finish(a *arrival, receipt inbox.Receipt, err error) {
	size := int64(len(a.block))
	q.packer.Recycle(a.block)
	a.block = nil
	q.mu.Lock()
	q.bytes -= size
	q.mu.Unlock()
	a.receipt, a.err = receipt, err
	close(a.done)
}

// close refuses what comes; what waits is still handed out.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	close(q.work)
}
