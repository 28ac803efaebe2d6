package llm_test

import (
	"context"
	"net/http"
	"strings"
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

func TestCallsPerMinuteAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := limited(t, answering(200, said("ok"), nil), llm.ProviderConfig{RequestsPerMinute: 30})
		start := time.Now()
		for range 6 {
			if _, err := m.Complete(t.Context(), hello()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < 5900*time.Millisecond || took > 6100*time.Millisecond {
			t.Errorf("six calls took %s", took) // three at once, then one each two seconds
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

// A run lets go of what it holds while it waits, and comes back at its time.
func TestALongWaitIsToldAndItsPlaceKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := limited(t, answering(200, said("ok"), nil), llm.ProviderConfig{RequestsPerMinute: 6})
		if _, err := m.Complete(t.Context(), hello()); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		var came []string
		done := make(chan string)
		for _, id := range []string{"a", "b", "c"} {
			go func() {
				req := hello()
				for req.ID = id; ; {
					_, err := m.Complete(t.Context(), req)
					if err == nil {
						done <- id
						return
					}
					e := wantError(t, err, llm.KindRateLimit, 0, true, "the limit that is set for this provider")
					time.Sleep(e.RetryDelay())
				}
			}()
			synctest.Wait()
		}
		// Others in the meantime neither get a turn nor take one away.
		for range 5 {
			_, err := m.Complete(t.Context(), hello())
			wantError(t, err, llm.KindRateLimit, 0, true, "")
		}
		for range 3 {
			came = append(came, <-done)
		}
		if strings.Join(came, "") != "abc" || time.Since(start) != 30*time.Second {
			t.Errorf("%v after %s", came, time.Since(start))
		}
	})
}

func TestAPlaceIsNotGivenBeforeItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := limited(t, answering(200, said("ok"), nil), llm.ProviderConfig{RequestsPerMinute: 1})
		if _, err := m.Complete(t.Context(), hello()); err != nil {
			t.Fatal(err)
		}
		req := hello()
		req.ID = "early"
		for i := range 3 {
			_, err := m.Complete(t.Context(), req)
			if e := wantError(t, err, llm.KindRateLimit, 0, true, ""); e.RetryAfter != time.Minute-time.Duration(i)*10*time.Second {
				t.Errorf("try %d is to wait %s", i, e.RetryAfter)
			}
			time.Sleep(10 * time.Second)
		}
	})
}

func TestAWaitThatIsBrokenOffTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := limited(t, answering(200, said("ok"), nil), llm.ProviderConfig{RequestsPerMinute: 30})
		for range 3 {
			if _, err := m.Complete(t.Context(), hello()); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := m.Complete(ctx, hello())
		wantContextError(t, err, context.DeadlineExceeded)
		start := time.Now()
		if _, err := m.Complete(t.Context(), hello()); err != nil || time.Since(start) != time.Second {
			t.Errorf("the next turn came after %s: %v", time.Since(start), err)
		}
	})
}

func TestAPlaceIsGoodForOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := limited(t, answering(200, said("ok"), nil), llm.ProviderConfig{RequestsPerMinute: 6})
		req := hello()
		req.ID = "a"
		for i, wait := range []time.Duration{0, 10 * time.Second, 0, 10 * time.Second, 0} {
			_, err := m.Complete(t.Context(), req)
			if wait == 0 && err != nil {
				t.Errorf("%d: %v", i, err)
			}
			if wait > 0 {
				wantError(t, err, llm.KindRateLimit, 0, true, "")
				time.Sleep(wait)
			}
		}
	})
}

// Whole answers may be taken into account only after they came.
func TestTokensPerMinuteAreBoundedByWhatCallsTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		big := strings.Replace(said("ok"), `"prompt_tokens":10,"completion_tokens":2,"total_tokens":12`, `"prompt_tokens":5900,"completion_tokens":100`, 1)
		m := limited(t, answering(200, big, nil), llm.ProviderConfig{TokensPerMinute: 6000})
		req := hello()
		req.MaxTokens = 100
		if _, err := m.Complete(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		_, err := m.Complete(t.Context(), req)
		e := wantError(t, err, llm.KindRateLimit, 0, true, "")
		if e.RetryAfter < 50*time.Second || e.RetryAfter > time.Minute {
			t.Errorf("after 6000 tokens of 6000 a minute the next call is to wait %s", e.RetryAfter)
		}
	})
}

func TestACallThatFailedTookNoTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := limited(t, answering(503, "", nil), llm.ProviderConfig{TokensPerMinute: 6000})
		req := hello()
		req.MaxTokens = 500
		for range 20 {
			_, err := m.Complete(t.Context(), req)
			wantError(t, err, llm.KindOverloaded, 503, true, "")
		}
	})
}

func TestACallLargerThanTheLimitGoesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := limited(t, answering(200, said("ok"), nil), llm.ProviderConfig{TokensPerMinute: 60})
		req := hello()
		req.MaxTokens = 100_000
		if _, err := m.Complete(t.Context(), req); err != nil {
			t.Error(err)
		}
	})
}

// Whoever is put off comes back after about half the time that a call takes.
func TestThePauseFollowsThePaceOfTheProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took := 80 * time.Second
		slow := roundTrip(func(r *http.Request) (*http.Response, error) {
			time.Sleep(took)
			return answering(200, said("ok"), nil)(r)
		})
		m := limited(t, slow, llm.ProviderConfig{MaxConcurrent: 1})
		for range 20 {
			if _, err := m.Complete(t.Context(), hello()); err != nil {
				t.Fatal(err)
			}
		}
		first := make(chan error)
		go func() {
			_, err := m.Complete(t.Context(), hello())
			first <- err
		}()
		synctest.Wait()
		req := hello()
		req.ID = "put off"
		_, err := m.Complete(t.Context(), req)
		if e := wantError(t, err, llm.KindRateLimit, 0, true, ""); e.RetryAfter < 39*time.Second || e.RetryAfter > 40*time.Second {
			t.Errorf("put off for %s", e.RetryAfter)
		}
		if err := <-first; err != nil {
			t.Error(err)
		}
		if _, err := m.Complete(t.Context(), req); err != nil {
			t.Errorf("and then: %v", err)
		}
	})
}

func TestAWaitForAFreeConnectionIsNotEndless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := limited(t, silent(), llm.ProviderConfig{MaxConcurrent: 1})
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error)
		go func() {
			_, err := m.Complete(ctx, hello())
			first <- err
		}()
		synctest.Wait()
		start := time.Now()
		_, err := m.Complete(t.Context(), hello())
		e := wantError(t, err, llm.KindRateLimit, 0, true, "")
		if time.Since(start) != 20*time.Second || e.RetryAfter <= 0 {
			t.Errorf("put off after %s for %s", time.Since(start), e.RetryAfter)
		}
		cancel()
		<-first
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

func TestTheTimeOfACallIsItsProviders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for timeout, want := range map[time.Duration]time.Duration{0: 2 * time.Minute, 7 * time.Second: 7 * time.Second, 10 * time.Minute: 10 * time.Minute} {
			start := time.Now()
			_, err := limited(t, silent(), llm.ProviderConfig{Timeout: timeout}).Complete(t.Context(), hello())
			wantError(t, err, llm.KindTimeout, 0, true, "no answer within "+want.String())
			if took := time.Since(start); took != want {
				t.Errorf("given up after %s, want %s", took, want)
			}
		}
	})
}

func TestEveryAPIIsBoundedInTimeAndSize(t *testing.T) {
	for _, kind := range []struct{ provider, model string }{{"responses", "gpt-5.4"}, {"anthropic", "claude-haiku-4-5"}, {"azure", "m"}} {
		synctest.Test(t, func(t *testing.T) {
			m := open(t, kind.provider, kind.model, "http://x.test", llm.Options{Transport: silent(), Timeout: time.Minute})
			_, err := m.Complete(t.Context(), hello())
			wantError(t, err, llm.KindTimeout, 0, true, "no answer within 1m0s")
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err = m.Complete(ctx, hello())
			wantContextError(t, err, context.DeadlineExceeded)
		})
		m := open(t, kind.provider, kind.model, "http://x.test", llm.Options{Transport: answering(200, saidAnyhow(strings.Repeat("x", 1<<20)), nil), MaxResponseBytes: 1 << 20})
		_, err := m.Complete(t.Context(), hello())
		wantError(t, err, llm.KindInvalid, 200, false, "larger than 1048576 bytes")
	}
}
