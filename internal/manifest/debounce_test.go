package manifest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// firings runs debounce with events at the given times and returns when it fired.
func firings(t *testing.T, events ...time.Duration) []time.Duration {
	t.Helper()
	var got []time.Duration
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		signal := make(chan struct{}, 1)
		start := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			debounce(ctx, signal, func() { got = append(got, time.Since(start)) })
		}()
		for _, at := range events {
			time.Sleep(at - time.Since(start))
			select {
			case signal <- struct{}{}:
			default:
			}
		}
		time.Sleep(time.Minute)
		cancel()
		<-done
	})
	return got
}

func TestBurstOfEventsFiresOnceAfterwards(t *testing.T) {
	const ms = time.Millisecond
	var steady []time.Duration
	for at := time.Duration(0); at < 3*time.Second; at += 50 * ms {
		steady = append(steady, at)
	}
	cases := []struct {
		name         string
		events, want []time.Duration
	}{
		{"one", []time.Duration{10 * ms}, []time.Duration{110 * ms}},
		{"burst", []time.Duration{0, 20 * ms, 90 * ms, 180 * ms}, []time.Duration{280 * ms}},
		{"two", []time.Duration{0, 500 * ms}, []time.Duration{100 * ms, 600 * ms}},
		{"never calm", steady, []time.Duration{2 * time.Second, 3050 * ms}},
		{"none", nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, firings(t, c.events...)); diff != "" {
				t.Errorf("fired at (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDebounceEndsInTheMiddleOfABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		signal := make(chan struct{}, 1)
		signal <- struct{}{}
		done := make(chan struct{})
		go func() {
			defer close(done)
			debounce(ctx, signal, func() { t.Error("fired after the end") })
		}()
		synctest.Wait()
		cancel()
		<-done
	})
}
