package durable

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// tally counts what happened outside, as Jira would.
type tally struct {
	mu   sync.Mutex
	seen map[string]int
}

func newTally() *tally { return &tally{seen: map[string]int{}} }

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[what]++
}

func (c *tally) snapshot() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int{}
	for k, v := range c.seen {
		out[k] = v
	}
	return out
}

func openEngine(t *testing.T, dir string, work Work, opts Options) *Engine {
	t.Helper()
	return openEngineOn(t, filepath.Join(dir, "main.db"), sqlite.Options{}, work, opts)
}

func openEngineOn(t *testing.T, path string, disk sqlite.Options, work Work, opts Options) *Engine {
	t.Helper()
	db, err := sqlite.Open(path, disk)
	if err != nil {
		t.Fatal(err)
	}
	opts.Log = zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.FatalLevel)
	e, err := Open(t.Context(), db, work, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Launch(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = e.Shutdown(ctx) // the second time for tests that shut down themselves
		_ = db.Close()
	})
	return e
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting for %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func TestStepsRunInOrderAndTheJournalDescribesThem(t *testing.T) {
	entries := make(chan []step.Entry, 1)
	e := openEngine(t, t.TempDir(), func(ctx context.Context, id string, j step.Journal) error {
		var got []step.Entry
		for i := range 3 {
			entry, err := j.Do(ctx, step.KindTool, fmt.Sprint("tool", i), func(_ context.Context, stepID string) (step.Entry, error) {
				return step.Entry{Output: []byte(fmt.Sprintf("%q", stepID))}, nil
			})
			if err != nil {
				return err
			}
			got = append(got, entry)
		}
		entries <- got
		return nil
	}, Options{})
	if err := e.Start(t.Context(), "run-1"); err != nil {
		t.Fatal(err)
	}
	got := <-entries
	for i, entry := range got {
		want := step.Entry{Index: i, Kind: step.KindTool, Name: fmt.Sprint("tool", i), Attempts: 1,
			Output: []byte(fmt.Sprintf("%q", fmt.Sprint("run-1:", i))), Started: entry.Started, Finished: entry.Finished}
		if diff := cmp.Diff(want, entry); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestStartingARunAgainDoesNotRepeatIt(t *testing.T) {
	count := newTally()
	e := openEngine(t, t.TempDir(), func(_ context.Context, id string, _ step.Journal) error {
		count.add(id)
		return nil
	}, Options{})
	for range 3 {
		if err := e.Start(t.Context(), "once"); err != nil {
			t.Fatal(err)
		}
		await(t, "run to end", func() bool { return e.Active() == 0 && count.snapshot()["once"] > 0 })
	}
	if n := count.snapshot()["once"]; n != 1 {
		t.Errorf("ran %d times, want 1", n)
	}
}

// TestAnInterruptedRunContinuesBehindItsLastFinishedStep stops the engine while
// a step is at work, which is what a restart of the daemon does.
func TestAnInterruptedRunContinuesBehindItsLastFinishedStep(t *testing.T) {
	dir, count := t.TempDir(), newTally()
	reached := make(chan struct{})
	work := func(hang bool) Work {
		return func(ctx context.Context, _ string, j step.Journal) error {
			for i := range 3 {
				_, err := j.Do(ctx, step.KindTool, "t", func(ctx context.Context, _ string) (step.Entry, error) {
					count.add(fmt.Sprint("step", i))
					if hang && i == 1 {
						close(reached)
						<-ctx.Done()
						return step.Entry{}, ctx.Err()
					}
					return step.Entry{}, nil
				})
				if err != nil {
					return err
				}
			}
			count.add("end")
			return nil
		}
	}
	first := openEngine(t, dir, work(true), Options{})
	if err := first.Start(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	<-reached
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	if err := first.Shutdown(expired); err != nil {
		t.Fatal(err)
	}
	openEngine(t, dir, work(false), Options{})
	await(t, "the run to end", func() bool { return count.snapshot()["end"] == 1 })
	want := map[string]int{"step0": 1, "step1": 2, "step2": 1, "end": 1}
	if diff := cmp.Diff(want, count.snapshot()); diff != "" {
		t.Errorf("work done (-want +got):\n%s", diff)
	}
}

func TestShutdownLetsTheStepAtWorkFinishAndBeginsNoOther(t *testing.T) {
	dir, count := t.TempDir(), newTally()
	reached, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	work := func(ctx context.Context, _ string, j step.Journal) error {
		for i := range 2 {
			if _, err := j.Do(ctx, step.KindTool, "t", func(context.Context, string) (step.Entry, error) {
				once.Do(func() { close(reached); <-release })
				count.add(fmt.Sprint("step", i))
				return step.Entry{}, nil
			}); err != nil {
				return err
			}
		}
		count.add("end")
		return nil
	}
	first := openEngine(t, dir, work, Options{})
	if err := first.Start(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	<-reached
	stopped := make(chan error)
	go func() { stopped <- first.Shutdown(context.Background()) }()
	await(t, "the engine to drain", func() bool {
		first.mu.Lock()
		defer first.mu.Unlock()
		return first.draining
	})
	if err := first.Start(t.Context(), "late"); !errors.Is(err, ErrClosing) {
		t.Errorf("Start while draining = %v, want ErrClosing", err)
	}
	close(release)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"step0": 1}, count.snapshot()); diff != "" {
		t.Fatalf("done at shutdown (-want +got):\n%s", diff)
	}
	openEngine(t, dir, work, Options{})
	await(t, "the run to end", func() bool { return count.snapshot()["end"] == 1 })
	if diff := cmp.Diff(map[string]int{"step0": 1, "step1": 1, "end": 1}, count.snapshot()); diff != "" {
		t.Errorf("done in the end (-want +got):\n%s", diff)
	}
}

// flaky is an error that goes away.
type flaky struct{ delay time.Duration }

func (flaky) Error() string               { return "service unavailable" }
func (flaky) Temporary() bool             { return true }
func (f flaky) RetryDelay() time.Duration { return f.delay }

func TestFailuresOfSteps(t *testing.T) {
	tests := map[string]struct {
		fail     []error // outcome of each try; the last one stays
		wantErr  string
		attempts int
	}{
		"transient, then well": {[]error{flaky{}, flaky{time.Millisecond}, nil}, "", 3},
		"transient for ever":   {[]error{flaky{}}, "t: service unavailable", 3},
		"permanent":            {[]error{errors.New("no such issue")}, "t: no such issue", 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			result := make(chan error, 1)
			entries := make(chan step.Entry, 1)
			tries := 0
			e := openEngine(t, t.TempDir(), func(ctx context.Context, _ string, j step.Journal) error {
				entry, err := j.Do(ctx, step.KindTool, "t", func(context.Context, string) (step.Entry, error) {
					outcome := tt.fail[min(tries, len(tt.fail)-1)]
					tries++
					return step.Entry{}, outcome
				})
				entries <- entry
				result <- err
				return nil
			}, Options{Retry: Retry{Tries: 3, Base: time.Millisecond, Max: 2 * time.Millisecond}})
			if err := e.Start(t.Context(), "r"); err != nil {
				t.Fatal(err)
			}
			entry, err := <-entries, <-result
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.wantErr || entry.Attempts != tt.attempts {
				t.Errorf("error %q after %d attempts, want %q after %d", got, entry.Attempts, tt.wantErr, tt.attempts)
			}
		})
	}
}

func TestAPanicFailsTheStepAndNotTheProcess(t *testing.T) {
	result := make(chan error, 1)
	e := openEngine(t, t.TempDir(), func(ctx context.Context, _ string, j step.Journal) error {
		_, err := j.Do(ctx, step.KindTool, "bad", func(context.Context, string) (step.Entry, error) { panic("boom") })
		result <- err
		return nil
	}, Options{})
	if err := e.Start(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	var failure *step.Failure
	if err := <-result; !errors.As(err, &failure) || failure.Message != "panic: boom" {
		t.Errorf("error is %v, want the panic", err)
	}
	await(t, "the run to end", func() bool { return e.Active() == 0 })
}
