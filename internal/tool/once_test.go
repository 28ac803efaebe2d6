package tool_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aofctl/aofctl/internal/tool"
)

// memoryLedger is a Ledger that forgets with the test. A broken method fails.
type memoryLedger struct {
	mu      sync.Mutex
	effects map[string]tool.Effect
	broken  string
	sent    map[string]time.Time
	log     []string
}

func newLedger() *memoryLedger {
	return &memoryLedger{effects: map[string]tool.Effect{}, sent: map[string]time.Time{}}
}

func (l *memoryLedger) enter(ctx context.Context, method string) error {
	l.log = append(l.log, method)
	if l.broken == method {
		return errors.New("disk full")
	}
	return ctx.Err()
}

func (l *memoryLedger) Begin(ctx context.Context, id, _, _ string) (tool.Effect, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enter(ctx, "begin"); err != nil {
		return tool.Effect{}, err
	}
	if known, ok := l.effects[id]; ok {
		known.Fresh, known.Age = false, time.Since(l.sent[id])
		return known, nil
	}
	e := tool.Effect{ID: id, Begun: time.Now(), Fresh: true}
	l.effects[id], l.sent[id] = e, time.Now()
	return e, nil
}

func (l *memoryLedger) Sent(ctx context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enter(ctx, "sent"); err != nil {
		return err
	}
	l.sent[id] = time.Now()
	return nil
}

func (l *memoryLedger) Done(ctx context.Context, id, ref string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enter(ctx, "done"); err != nil {
		return err
	}
	e := l.effects[id]
	e.Done, e.Ref = true, ref
	l.effects[id] = e
	return nil
}

func (l *memoryLedger) Abandon(ctx context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enter(ctx, "abandon"); err != nil {
		return err
	}
	delete(l.effects, id)
	return nil
}

// outside is the world that a write changes.
type outside struct {
	sent   int
	looked []time.Duration
	start  time.Time
	// appears is when what was sent shows up; never if negative.
	appears time.Duration
	err     error
	cancel  context.CancelFunc
}

var errRefused = errors.New("refused")

func (o *outside) action(find bool) tool.Action {
	a := tool.Action{
		Kind: "comment", Target: "PROJ-1",
		Send: func(ctx context.Context) (string, error) {
			o.sent++
			if o.cancel != nil {
				o.cancel()
			}
			if o.err != nil {
				return "", o.err
			}
			return fmt.Sprintf("ref-%d", o.sent), nil
		},
		NotSent: func(err error) bool { return errors.Is(err, errRefused) },
	}
	if find {
		a.Find = func(context.Context, time.Time) (string, bool, error) {
			since := time.Since(o.start)
			o.looked = append(o.looked, since)
			return "found", o.appears >= 0 && since >= o.appears, nil
		}
	}
	return a
}

const settle = 30 * time.Second

func run(t *testing.T, test func(t *testing.T, w tool.Writer, l *memoryLedger, o *outside)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		test(t, tool.Writer{Ledger: l, Settle: settle}, l, &outside{start: time.Now(), appears: -1})
	})
}

// interrupt makes a first try that leaves it open whether it went through.
func interrupt(t *testing.T, w tool.Writer, o *outside) {
	t.Helper()
	o.err = errors.New("connection lost")
	if _, err := w.Once(t.Context(), "run:1", o.action(true)); !errors.Is(err, o.err) {
		t.Fatalf("first try: %v", err)
	}
	o.err = nil
}

func TestOnceSendsAFreshWriteWithoutLooking(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, l *memoryLedger, o *outside) {
		ref, err := w.Once(t.Context(), "run:1", o.action(true))
		if err != nil || ref != "ref-1" || o.sent != 1 || len(o.looked) != 0 {
			t.Fatalf("ref %q, err %v, sent %d, looked %v", ref, err, o.sent, o.looked)
		}
		if e := l.effects["run:1"]; !e.Done || e.Ref != "ref-1" {
			t.Errorf("ledger has %+v", e)
		}
	})
}

func TestOnceAnswersADoneWriteFromTheLedger(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, _ *memoryLedger, o *outside) {
		for range 3 {
			ref, err := w.Once(t.Context(), "run:1", o.action(true))
			if err != nil || ref != "ref-1" {
				t.Fatalf("ref %q, err %v", ref, err)
			}
		}
		if o.sent != 1 || len(o.looked) != 0 {
			t.Errorf("sent %d times, looked %v", o.sent, o.looked)
		}
	})
}

func TestOnceFindsAnInterruptedWriteThatHappened(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, l *memoryLedger, o *outside) {
		interrupt(t, w, o)
		o.appears = 0
		ref, err := w.Once(t.Context(), "run:1", o.action(true))
		if err != nil || ref != "found" || o.sent != 1 {
			t.Fatalf("ref %q, err %v, sent %d", ref, err, o.sent)
		}
		if e := l.effects["run:1"]; !e.Done || e.Ref != "found" {
			t.Errorf("ledger has %+v", e)
		}
	})
}

func TestOnceWaitsForAnInterruptedWriteToShowUp(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, _ *memoryLedger, o *outside) {
		interrupt(t, w, o)
		o.appears = 15 * time.Second
		ref, err := w.Once(t.Context(), "run:1", o.action(true))
		if err != nil || ref != "found" || o.sent != 1 {
			t.Fatalf("ref %q, err %v, sent %d", ref, err, o.sent)
		}
		if since := time.Since(o.start); since >= settle {
			t.Errorf("waited the whole %s although it showed up", since)
		}
	})
}

func TestOnceSendsAgainWhatDidNotShowUpWithinSettle(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, _ *memoryLedger, o *outside) {
		interrupt(t, w, o)
		ref, err := w.Once(t.Context(), "run:1", o.action(true))
		if err != nil || ref != "ref-2" {
			t.Fatalf("ref %q, err %v", ref, err)
		}
		if last := o.looked[len(o.looked)-1]; last < settle {
			t.Errorf("gave up after %s, within the %s that it may take", last, settle)
		}
	})
}

func TestOnceDoesNotWaitForWhatWasInterruptedLongAgo(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, _ *memoryLedger, o *outside) {
		interrupt(t, w, o)
		time.Sleep(time.Hour)
		before := time.Now()
		if _, err := w.Once(t.Context(), "run:1", o.action(true)); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(before); waited != 0 || len(o.looked) != 1 {
			t.Errorf("waited %s and looked %d times", waited, len(o.looked))
		}
	})
}

func TestOnceWaitsAnewAfterASecondInterruption(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, _ *memoryLedger, o *outside) {
		interrupt(t, w, o)
		time.Sleep(time.Hour)
		interrupt(t, w, o)
		o.appears = time.Hour + 20*time.Second
		ref, err := w.Once(t.Context(), "run:1", o.action(true))
		if err != nil || ref != "found" || o.sent != 2 {
			t.Fatalf("ref %q, err %v, sent %d: the second sending was not given time", ref, err, o.sent)
		}
	})
}

func TestOnceRepeatsARepeatableWriteWithoutWaiting(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, _ *memoryLedger, o *outside) {
		interrupt(t, w, o)
		a := o.action(true)
		a.Repeatable = true
		if _, err := w.Once(t.Context(), "run:1", a); err != nil {
			t.Fatal(err)
		}
		if o.sent != 2 || time.Since(o.start) != 0 {
			t.Errorf("sent %d times after %s", o.sent, time.Since(o.start))
		}
	})
}

func TestOnceIsInDoubtWhereNobodyCanLook(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, l *memoryLedger, o *outside) {
		interrupt(t, w, o)
		for range 2 {
			if _, err := w.Once(t.Context(), "run:1", o.action(false)); !errors.Is(err, tool.ErrInDoubt) {
				t.Fatalf("err %v, want ErrInDoubt", err)
			}
		}
		if o.sent != 1 {
			t.Errorf("sent %d times", o.sent)
		}
		if _, open := l.effects["run:1"]; !open {
			t.Error("the ledger forgot a write in doubt")
		}
	})
}

func TestOnceForgetsAWriteThatWasRefused(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, l *memoryLedger, o *outside) {
		o.err = fmt.Errorf("summary: %w", errRefused)
		if _, err := w.Once(t.Context(), "run:1", o.action(true)); !errors.Is(err, errRefused) {
			t.Fatalf("err %v", err)
		}
		if len(l.effects) != 0 {
			t.Errorf("ledger has %v", l.effects)
		}
		o.err = nil
		if ref, err := w.Once(t.Context(), "run:1", o.action(true)); err != nil || ref != "ref-2" || len(o.looked) != 0 {
			t.Errorf("ref %q, err %v, looked %v", ref, err, o.looked)
		}
	})
}

func TestOnceDoesNotSendIfTheLedgerFails(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, l *memoryLedger, o *outside) {
		l.broken = "begin"
		if _, err := w.Once(t.Context(), "run:1", o.action(true)); err == nil {
			t.Fatal("no error")
		}
		if o.sent != 0 {
			t.Error("sent without a record of the intent")
		}
	})
}

func TestOnceFindsAWriteWhoseRecordFailed(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, l *memoryLedger, o *outside) {
		l.broken = "done"
		if _, err := w.Once(t.Context(), "run:1", o.action(true)); err == nil {
			t.Fatal("no error although the effect could not be recorded")
		}
		l.broken, o.appears = "", 0
		ref, err := w.Once(t.Context(), "run:1", o.action(true))
		if err != nil || ref != "found" || o.sent != 1 {
			t.Errorf("ref %q, err %v, sent %d", ref, err, o.sent)
		}
	})
}

func TestOnceReportsBothIfForgettingFails(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, l *memoryLedger, o *outside) {
		l.broken, o.err = "abandon", errRefused
		_, err := w.Once(t.Context(), "run:1", o.action(true))
		if !errors.Is(err, errRefused) || err.Error() == errRefused.Error() {
			t.Errorf("err %v", err)
		}
	})
}

func TestOnceRecordsAWriteThoughTheRunWasCanceledMeanwhile(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, l *memoryLedger, o *outside) {
		ctx, cancel := context.WithCancel(t.Context())
		o.cancel = cancel
		if _, err := w.Once(ctx, "run:1", o.action(true)); err != nil {
			t.Fatal(err)
		}
		if !l.effects["run:1"].Done {
			t.Error("the effect was not recorded")
		}
	})
}

func TestOnceStopsWaitingWhenCanceled(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, l *memoryLedger, o *outside) {
		interrupt(t, w, o)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := w.Once(ctx, "run:1", o.action(true)); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("err %v", err)
		}
		if _, open := l.effects["run:1"]; !open || o.sent != 1 {
			t.Errorf("open %v, sent %d", open, o.sent)
		}
	})
}

func TestOnceWaitsNoLongerThanSettleIfTheClockWasSetBack(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, l *memoryLedger, o *outside) {
		interrupt(t, w, o)
		l.sent["run:1"] = o.start.Add(24 * time.Hour)
		if _, err := w.Once(t.Context(), "run:1", o.action(true)); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(o.start); waited > settle {
			t.Errorf("waited %s", waited)
		}
	})
}

// TestOnceGivesASlowWriteItsTimeFromTheTimeOut is a request that times out after
// as long as a write may take to show up, and shows up just after that.
func TestOnceGivesASlowWriteItsTimeFromTheTimeOut(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, _ *memoryLedger, o *outside) {
		a := o.action(true)
		a.Send = func(context.Context) (string, error) {
			o.sent++
			time.Sleep(settle)
			return "", errors.New("no answer")
		}
		if _, err := w.Once(t.Context(), "run:1", a); err == nil {
			t.Fatal("the first try went through")
		}
		o.appears = settle + 3*time.Second
		ref, err := w.Once(t.Context(), "run:1", o.action(true))
		if err != nil || ref != "found" || o.sent != 1 {
			t.Errorf("ref %q, err %v, sent %d", ref, err, o.sent)
		}
	})
}

// TestOnceAsksToComeAgainInsteadOfALongWait lets a write that was interrupted show
// up after some of the looks, and never.
func TestOnceAsksToComeAgainInsteadOfALongWait(t *testing.T) {
	for name, tt := range map[string]struct {
		appears time.Duration
		ref     string
		asked   int
	}{
		"it shows up":       {15 * time.Second, "found", 2},
		"it never shows up": {-1, "ref-2", 3},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, w tool.Writer, _ *memoryLedger, o *outside) {
				w.Patience = 3 * time.Second
				interrupt(t, w, o)
				o.appears = tt.appears
				for asked := 0; ; asked++ {
					before := time.Now()
					ref, err := w.Once(t.Context(), "run:1", o.action(true))
					if time.Since(before) != 0 {
						t.Errorf("slept %s", time.Since(before))
					}
					var settling *tool.SettlingError
					if errors.As(err, &settling) && settling.Temporary() {
						time.Sleep(settling.RetryDelay())
						continue
					}
					if err != nil || ref != tt.ref || asked != tt.asked {
						t.Errorf("ref %q after being asked %d times to come again, %v", ref, asked, err)
					}
					return
				}
			})
		})
	}
}

func TestOncePassesOnThatLookingFailed(t *testing.T) {
	run(t, func(t *testing.T, w tool.Writer, _ *memoryLedger, o *outside) {
		interrupt(t, w, o)
		a := o.action(true)
		broken := errors.New("no route")
		a.Find = func(context.Context, time.Time) (string, bool, error) { return "", false, broken }
		if _, err := w.Once(t.Context(), "run:1", a); !errors.Is(err, broken) || o.sent != 1 {
			t.Errorf("err %v, sent %d", err, o.sent)
		}
	})
}
