package llm_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aofctl/aofctl/internal/llm"
)

// slow answers after a second and counts how many calls it has at a time.
func slow(now, most *atomic.Int64) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(time.Second)
		return answering(200, said("ok"), nil)(r)
	}
}

func limited(t *testing.T, transport http.RoundTripper, cfg llm.ProviderConfig) llm.Model {
	t.Helper()
	cfg.Name, cfg.APIKey = "openai", "k"
	p, err := llm.NewProviders([]llm.ProviderConfig{cfg}, llm.Options{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Open("openai:gpt-4.1")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCallsAtATimeAreBoundedPerProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		m := limited(t, slow(&now, &most), llm.ProviderConfig{MaxConcurrent: 3})
		start := time.Now()
		done := make(chan error)
		for range 9 {
			go func() {
				_, err := m.Complete(t.Context(), hello())
				done <- err
			}()
		}
		for range 9 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if most.Load() != 3 || time.Since(start) != 3*time.Second {
			t.Errorf("%d calls at a time, %s in all", most.Load(), time.Since(start))
		}
	})
}

func TestCallsPerSecondAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := limited(t, answering(200, said("ok"), nil), llm.ProviderConfig{RequestsPerSecond: 2})
		start := time.Now()
		for range 6 {
			if _, err := m.Complete(t.Context(), hello()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < 1900*time.Millisecond || took > 2100*time.Millisecond {
			t.Errorf("six calls took %s", took) // two at once, then two a second
		}
	})
}

func TestWaitingForATurnEndsWithTheContextAndTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		m := limited(t, slow(&now, &most), llm.ProviderConfig{MaxConcurrent: 1})
		first := make(chan error)
		go func() {
			_, err := m.Complete(t.Context(), hello())
			first <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := m.Complete(ctx, hello())
		wantContextError(t, err, context.DeadlineExceeded)
		if err := <-first; err != nil {
			t.Error(err)
		}
		if _, err := m.Complete(t.Context(), hello()); err != nil {
			t.Errorf("after that: %v", err)
		}
	})
}

func TestNoTurnBeforeTheDeadlineIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := limited(t, answering(200, said("ok"), nil), llm.ProviderConfig{RequestsPerSecond: 0.1})
		if _, err := m.Complete(t.Context(), hello()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := m.Complete(ctx, hello())
		wantError(t, err, llm.KindRateLimit, 0, true, "leaves no turn before the deadline")
	})
}

// The time limit of a call is for the call and not for waiting for a turn.
func TestWaitingForATurnDoesNotCountAsAnswering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		p, err := llm.NewProviders([]llm.ProviderConfig{{Name: "openai", APIKey: "k", MaxConcurrent: 1}},
			llm.Options{Transport: slow(&now, &most), Timeout: 1500 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		m, err := p.Open("openai:gpt-4.1")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		for range 4 {
			go func() {
				_, err := m.Complete(t.Context(), hello())
				done <- err
			}()
		}
		for range 4 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}
