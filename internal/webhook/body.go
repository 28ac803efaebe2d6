package webhook

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// smallChunk holds most bodies, mediumChunk nearly all.
	smallChunk  = 16 << 10
	mediumChunk = 64 << 10
	// maxChunk bounds the steps in which memory for a large body is taken: what
	// a sender announces is not believed before it has come.
	maxChunk = 1 << 20
	// minRate is how many bytes per second a sender must manage once its grace
	// period is over.
	minRate = 8 << 10
	// tightGrace is that period while memory is scarce.
	tightGrace = time.Second
)

// budget bounds the memory of all bodies at once.
type budget struct {
	limit int64
	used  atomic.Int64
}

func (b *budget) take(n int64) bool {
	if b.used.Add(n) <= b.limit {
		return true
	}
	b.used.Add(-n)
	return false
}

func (b *budget) give(n int64) { b.used.Add(-n) }

// tight reports whether most of the budget is used.
func (b *budget) tight() bool { return b.used.Load() > b.limit/2 }

// bodies reads request bodies within limits of size, time and memory.
type bodies struct {
	max          int64
	grace, total time.Duration
	// first is for the first chunk of each body and rest for what goes beyond,
	// so that a few huge bodies cannot keep all others out.
	first, rest   budget
	small, medium sync.Pool
}

func newBodies(o Options) *bodies {
	b := &bodies{max: o.MaxBodyBytes, grace: o.Grace, total: o.BodyTimeout}
	b.first.limit = o.MemoryBytes / 2
	b.rest.limit = o.MemoryBytes - b.first.limit
	return b
}

// body is what was read, with the memory that it holds.
type body struct {
	owner *bodies
	bytes []byte
	chunk []byte
	rest  int64
}

// release gives the memory back; the bytes must not be used any more.
func (b *body) release() {
	b.owner.rest.give(b.rest)
	if b.chunk != nil {
		b.owner.first.give(int64(len(b.chunk)))
		b.owner.pool(len(b.chunk)).Put(&b.chunk)
	}
}

func (b *bodies) pool(size int) *sync.Pool {
	if size == smallChunk {
		return &b.small
	}
	return &b.medium
}

// read returns the request's body. It must be released whatever the result.
func (b *bodies) read(w http.ResponseWriter, r *http.Request) (*body, Result) {
	out := &body{owner: b}
	if r.ContentLength > b.max {
		return out, TooLarge
	}
	if !out.takeFirst(r.ContentLength) {
		return out, Full
	}
	p := b.newPace(w)
	n, err := readFull(r.Body, out.chunk)
	out.bytes = out.chunk[:n]
	if err != nil {
		return out, out.result(err)
	}
	return out, out.readRest(r.Body, p)
}

// takeFirst gets the first chunk, as large as a body of the announced length
// needs if that is small; -1 stands for a length that is not known.
func (b *body) takeFirst(announced int64) bool {
	size := mediumChunk
	if announced < smallChunk {
		size = smallChunk
	}
	if !b.owner.first.take(int64(size)) {
		return false
	}
	if chunk, ok := b.owner.pool(size).Get().(*[]byte); ok {
		b.chunk = *chunk
		return true
	}
	b.chunk = make([]byte, size)
	return true
}

// readRest goes on where the first chunk was full. The pieces are put together
// at the end, so that no more than twice the body is held.
func (b *body) readRest(r io.Reader, p pace) Result {
	pieces := [][]byte{b.bytes}
	total := int64(len(b.bytes))
	for size := mediumChunk; ; size = min(2*size, maxChunk) {
		p.allow(total)
		if !b.takeRest(int64(size)) {
			return Full
		}
		piece := make([]byte, size)
		n, err := readFull(r, piece)
		total += int64(n)
		if total > b.owner.max {
			return TooLarge
		}
		pieces = append(pieces, piece[:n])
		if err == nil {
			continue
		}
		if !errors.Is(err, io.EOF) {
			return b.result(err)
		}
		return b.join(pieces, total)
	}
}

func (b *body) takeRest(n int64) bool {
	if !b.owner.rest.take(n) {
		return false
	}
	b.rest += n
	return true
}

func (b *body) join(pieces [][]byte, total int64) Result {
	held := b.rest
	if !b.takeRest(total) {
		return Full
	}
	b.bytes = make([]byte, 0, total)
	for _, p := range pieces {
		b.bytes = append(b.bytes, p...)
	}
	b.rest -= held
	b.owner.rest.give(held)
	return Accepted
}

// result translates the error that ended the reading.
func (b *body) result(err error) Result {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, io.EOF) && int64(len(b.bytes)) > b.owner.max:
		return TooLarge
	case errors.Is(err, io.EOF):
		return Accepted
	case errors.Is(err, os.ErrDeadlineExceeded):
		return TooSlow
	case errors.As(err, &tooLarge):
		return TooLarge
	}
	return Aborted
}

// readFull fills p. It returns io.EOF when the body ended, also if p is full
// then, and nil if p is full and there may be more.
func readFull(r io.Reader, p []byte) (int, error) {
	n := 0
	for n < len(p) {
		m, err := r.Read(p[n:])
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// pace cuts slow senders off by the read deadline of the connection, which
// net/http lifts when the body has ended.
type pace struct {
	conn         *http.ResponseController
	start        time.Time
	grace, total time.Duration
}

func (b *bodies) newPace(w http.ResponseWriter) pace {
	p := pace{conn: http.NewResponseController(w), start: time.Now(), grace: b.grace, total: b.total}
	if b.first.tight() {
		p.grace = min(p.grace, tightGrace)
	}
	p.allow(0)
	return p
}

// allow sets the time by which more must have come than the n bytes so far. A
// writer without a connection, as in some tests, has no deadline.
func (p pace) allow(n int64) {
	d := min(p.grace+time.Duration(n)*time.Second/minRate, p.total)
	_ = p.conn.SetReadDeadline(p.start.Add(d))
}
