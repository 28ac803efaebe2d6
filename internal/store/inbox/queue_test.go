package inbox

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

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

func TestPruningSparesWhatIsPutBackMeanwhile(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	r := mustAppend(t, in, incoming("", "k", "{}"))
	mustAppend(t, in, incoming("", "newest", "{}"))
	if err := in.Finish(t.Context(), []Outcome{{Seq: r.Seq, State: StateRouted}}); err != nil {
		t.Fatal(err)
	}
	resume := stall(t, in)
	queued := func(n int) {
		t.Helper()
		eventually(t, func() error {
			in.queue.mu.Lock()
			defer in.queue.mu.Unlock()
			if len(in.queue.changes) != n {
				return fmt.Errorf("%d changes wait, want %d", len(in.queue.changes), n)
			}
			return nil
		})
	}
	done := make(chan error, 2)
	go func() { done <- in.Finish(context.Background(), []Outcome{{Seq: r.Seq, State: StateReceived}}) }()
	queued(1)
	go func() {
		p, err := in.Prune(context.Background(), time.Now().Add(time.Hour), 10)
		if p != (Pruned{}) {
			err = fmt.Errorf("pruned %+v, %w", p, err)
		}
		done <- err
	}()
	queued(2)
	resume()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if d, err := in.Get(t.Context(), r.ID); err != nil || d.Body == nil {
		t.Errorf("body %q, %v", d.Body, err)
	}
}
