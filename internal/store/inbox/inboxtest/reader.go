package inboxtest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/aofctl/aofctl/internal/store/inbox"
)

// Reader reads pending deliveries as the dispatcher does: on and on from the
// last one, never back.
type Reader struct {
	in    Inbox
	after int64
	Seen  []inbox.Delivery
}

// NewReader returns a reader that begins at the beginning.
func NewReader(in Inbox) *Reader { return &Reader{in: in} }

// Read reads a page, and returns an error until want deliveries were read.
func (r *Reader) Read(ctx context.Context, want int) error {
	page, err := r.in.Pending(ctx, r.after, 7)
	for _, d := range page {
		r.Seen = append(r.Seen, d)
		r.after = d.Seq
	}
	if err == nil && len(r.Seen) < want {
		err = fmt.Errorf("read %d deliveries, want %d", len(r.Seen), want)
	}
	return err
}

// Last is the number of the last delivery that was read.
func (r *Reader) Last() int64 { return r.after }

// Check makes sure that what was read is in order and each once.
func (r *Reader) Check(t testing.TB) {
	t.Helper()
	keys := map[string]bool{}
	var last int64
	for _, d := range r.Seen {
		if d.Seq <= last || keys[d.Key] {
			t.Errorf("delivery %d, %s, after %d", d.Seq, d.Key, last)
		}
		last, keys[d.Key] = d.Seq, true
	}
}

// Turns records when each Append began and returned, by a counter that all
// callers share, to find out whether the order of acceptance was kept.
type Turns struct {
	mu    sync.Mutex
	count int
	began map[int64]int
	ended map[int64]int
}

// NewTurns returns an empty record.
func NewTurns() *Turns { return &Turns{began: map[int64]int{}, ended: map[int64]int{}} }

// Append appends, and remembers when if the delivery was new.
func (o *Turns) Append(ctx context.Context, in Inbox, d inbox.Delivery) (inbox.Receipt, error) {
	o.mu.Lock()
	o.count++
	began := o.count
	o.mu.Unlock()
	r, err := in.Append(ctx, d)
	if err != nil || r.Duplicate {
		return r, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count++
	o.began[r.Seq], o.ended[r.Seq] = began, o.count
	return r, nil
}

// Len is the number of remembered deliveries.
func (o *Turns) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.ended)
}

// Check makes sure that each of the deliveries, which are in order, was not
// accepted before another began that comes earlier, and that none is missing.
func (o *Turns) Check(t testing.TB, list []inbox.Delivery) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	latest, found := 0, 0
	for _, d := range list {
		ended, known := o.ended[d.Seq]
		if !known {
			continue // accepted, though its caller was told of an error
		}
		found++
		if ended < latest {
			t.Errorf("delivery %d was accepted before one in front of it began", d.Seq)
		}
		latest = max(latest, o.began[d.Seq])
	}
	if found != len(o.ended) {
		t.Errorf("%d of %d acknowledged deliveries were read", found, len(o.ended))
	}
}
