package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAppendedDeliveryIsReadBackWhole(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	in := open(t, t.TempDir(), Options{Now: newClock(now).now, Entropy: noise{}})
	bodies := map[string]string{
		"small": `{"a":1}`, "empty": "", "binary": "\x00\xff{\x00}", "large": strings.Repeat(`{"x":"äöü"}`, 300_000),
	}
	for name, text := range bodies {
		d := incoming("eu", name, text)
		d.SignedBy = []string{"A", "B"}
		r := mustAppend(t, in, d)
		if r.Duplicate || len(r.ID) != 26 {
			t.Errorf("%s: receipt %+v", name, r)
		}
		got, err := in.Get(context.Background(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := d
		want.Seq, want.ID, want.State, want.ReceivedAt = r.Seq, r.ID, StateReceived, now
		if string(got.Body) != text || got.Body == nil {
			t.Errorf("%s: body of %d bytes, want %d", name, len(got.Body), len(text))
		}
		want.Body, got.Body = nil, nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func TestGetOfUnknownDeliveryIsNotFound(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	for _, id := range []string{"", "nonsense", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "' OR 1=1 --"} {
		if _, err := in.Get(context.Background(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: got %v", id, err)
		}
	}
}

func TestIdentityIsStoredOnce(t *testing.T) {
	dir := t.TempDir()
	in := open(t, dir, Options{})
	first := mustAppend(t, in, incoming("a", "k", "{}"))
	tests := []struct {
		name      string
		d         Delivery
		duplicate bool
	}{
		{"same", incoming("a", "k", "{}"), true},
		{"same key, other body", incoming("a", "k", `{"b":1}`), true},
		{"other site", incoming("b", "k", "{}"), false},
		{"other key", incoming("a", "k2", "{}"), false},
		{"parts run together", incoming("ak", "", "{}"), false},
	}
	for _, tt := range tests {
		r := mustAppend(t, in, tt.d)
		if r.Duplicate != tt.duplicate || tt.duplicate != (r.ID == first.ID && r.Seq == first.Seq) {
			t.Errorf("%s: receipt %+v, first %+v", tt.name, r, first)
		}
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	again := mustAppend(t, open(t, dir, Options{}), incoming("a", "k", "{}"))
	if !again.Duplicate || again.ID != first.ID {
		t.Errorf("after opening again: %+v", again)
	}
}

func TestParallelAppendsOfOneIdentityStoreOne(t *testing.T) {
	dir := t.TempDir()
	in := open(t, dir, Options{})
	const n = 64
	receipts := make([]Receipt, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			r, err := in.Append(context.Background(), incoming("", "same", "{}"))
			if err != nil {
				t.Error(err)
			}
			receipts[i] = r
		})
	}
	wg.Wait()
	fresh := 0
	for _, r := range receipts {
		if !r.Duplicate {
			fresh++
		}
		if r.ID != receipts[0].ID || r.Seq != receipts[0].Seq {
			t.Errorf("receipts differ: %+v and %+v", r, receipts[0])
		}
	}
	if fresh != 1 {
		t.Errorf("%d receipts are not duplicates, want 1", fresh)
	}
	if got := pendingSeqs(t, in, 0, 100); len(got) != 1 {
		t.Errorf("pending %v, want one", got)
	}
}

func TestSequenceFollowsAcceptanceAcrossOpenings(t *testing.T) {
	dir := t.TempDir()
	var last int64
	var ids []string
	for round := range 3 {
		in := open(t, dir, Options{})
		for i := range 10 {
			r := mustAppend(t, in, incoming("", fmt.Sprintf("%d-%d", round, i), "{}"))
			if r.Seq <= last {
				t.Fatalf("sequence number %d after %d", r.Seq, last)
			}
			last = r.Seq
			ids = append(ids, r.ID)
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 30 {
		t.Error("ids repeat")
	}
}

func TestFailedDeliveryIsStoredAsFinished(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	d := incoming("", "k", "not json")
	d.State, d.Reason = StateFailed, "the body is not JSON"
	r := mustAppend(t, in, d)
	got, err := in.Get(context.Background(), r.ID)
	if err != nil || got.State != StateFailed || got.Reason != d.Reason {
		t.Errorf("got %+v, %v", got.Summary, err)
	}
	if seqs := pendingSeqs(t, in, 0, 10); len(seqs) != 0 {
		t.Errorf("pending %v", seqs)
	}
	d = incoming("", "k2", "{}")
	d.State, d.Reason = StateRouted, "made up by the caller"
	r = mustAppend(t, in, d)
	if got, err := in.Get(context.Background(), r.ID); err != nil || got.State != StateReceived || got.Reason != "" {
		t.Errorf("got %+v, %v", got.Summary, err)
	}
}

func TestAppendAfterCloseIsRefused(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Append(context.Background(), incoming("", "k", "{}")); !errors.Is(err, ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if err := in.Finish(context.Background(), []Outcome{{Seq: 1, State: StateRouted}}); !errors.Is(err, ErrClosed) {
		t.Errorf("finish: %v", err)
	}
	if !errors.Is(in.Healthy(), ErrClosed) {
		t.Errorf("healthy: %v", in.Healthy())
	}
}

func TestCloseWritesWhatWasAccepted(t *testing.T) {
	dir := t.TempDir()
	in := open(t, dir, Options{MaxBatch: 4})
	var mu sync.Mutex
	acked := map[string]bool{}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := 0; ; j++ {
				r, err := in.Append(context.Background(), incoming("", fmt.Sprintf("%d-%d", i, j), "{}"))
				if errors.Is(err, ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acked[r.ID] = true
				mu.Unlock()
			}
		})
	}
	for range 3 {
		<-in.Wake()
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	in = open(t, dir, Options{})
	for id := range acked {
		if _, err := in.Get(context.Background(), id); err != nil {
			t.Error(err)
		}
	}
	if len(acked) == 0 {
		t.Error("nothing was accepted")
	}
}

// stall keeps the writer busy until the returned function is called.
func stall(t *testing.T, in *Inbox) func() {
	t.Helper()
	entered, leave := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- in.queue.change(context.Background(), func(context.Context, *session) error {
			close(entered)
			<-leave
			return nil
		})
	}()
	<-entered
	return func() {
		close(leave)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestFullQueueRefuses(t *testing.T) {
	tests := []struct {
		name string
		opts Options
		fits int
	}{
		{"by count", Options{MaxWaiting: 3}, 3},
		{"by bytes", Options{MaxBytes: 250}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := open(t, t.TempDir(), tt.opts)
			resume := stall(t, in)
			var accepted []*arrival
			for i := range 10 {
				a, err := in.newArrival(incoming("", fmt.Sprint(i), random(100, i)))
				if err != nil {
					t.Fatal(err)
				}
				switch err := in.queue.add(a); {
				case err == nil:
					accepted = append(accepted, a)
				case !errors.Is(err, ErrFull):
					t.Fatal(err)
				}
			}
			if len(accepted) != tt.fits {
				t.Errorf("%d fit, want %d", len(accepted), tt.fits)
			}
			if err := in.Healthy(); err != nil {
				t.Errorf("a full queue is not a fault: %v", err)
			}
			resume()
			for _, a := range accepted {
				if <-a.done; a.err != nil {
					t.Error(a.err)
				}
			}
			mustAppend(t, in, incoming("", "later", random(100, 99)))
			eventually(t, func() error {
				in.queue.mu.Lock()
				defer in.queue.mu.Unlock()
				if in.queue.bytes != 0 {
					return fmt.Errorf("%d bytes still counted", in.queue.bytes)
				}
				return nil
			})
		})
	}
}

// random is text that does not compress.
func random(n, seed int) string {
	b := make([]byte, n)
	x := uint32(seed) + 12345
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return string(b)
}

func TestAppendLargerThanTheBoundFitsAlone(t *testing.T) {
	in := open(t, t.TempDir(), Options{MaxBytes: 100})
	mustAppend(t, in, incoming("", "k", random(10_000, 1)))
}

func TestAppendStopsWaitingWithItsContext(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	resume := stall(t, in)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := in.Append(ctx, incoming("", "k", "{}"))
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	if _, _, err := in.ClaimContent(ctx, 1, "jira", "", "c"); !errors.Is(err, context.Canceled) {
		t.Errorf("claim: %v", err)
	}
	resume()
	r := mustAppend(t, in, incoming("", "k2", "{}"))
	if r.Duplicate {
		t.Errorf("receipt %+v", r)
	}
}

func TestWakeComesAfterTheCommit(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	select {
	case <-in.Wake():
		t.Fatal("woken without a delivery")
	default:
	}
	go appendSome(t, in, 5)
	seen := map[int64]bool{}
	for len(seen) < 5 {
		<-in.Wake()
		for _, seq := range pendingSeqs(t, in, 0, 10) {
			seen[seq] = true
		}
	}
}
