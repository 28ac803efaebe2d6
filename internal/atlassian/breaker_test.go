package atlassian

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func once(t *testing.T, r *retrier, method string) (*http.Response, *Error) {
	t.Helper()
	resp, err := r.RoundTrip(request(t.Context(), method))
	discard(resp)
	var failure *Error
	if err != nil && !errors.As(err, &failure) {
		t.Errorf("err %v", err)
	}
	return resp, failure
}

// failing returns a retrier whose breaker opens after three failures.
func failing(s *script) *retrier {
	s.start = time.Now()
	return newRetrier(Config{Jitter: func() float64 { return 0.5 }, Breaker: BreakerConfig{Failures: 3}}, s)
}

func TestASiteThatIsAwayIsLeftAloneAndThenAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{{status: 502}}}
		r := failing(s)
		for range 3 {
			once(t, r, "POST")
		}
		sent := len(s.bodies)
		_, failure := once(t, r, "POST")
		var paused *PausedError
		if len(s.bodies) != sent || failure == nil || !failure.Temporary() || !failure.Refused() || failure.RetryDelay() != 10*time.Second || !errors.As(failure, &paused) {
			t.Fatalf("%v after %d requests: it should fail at once", failure, len(s.bodies))
		}
		if h := r.breaker.health(); !h.Away || h.Cause != "Bad Gateway" || h.Failures != 3 || time.Until(h.Until) != 10*time.Second {
			t.Errorf("%+v", h)
		}
		time.Sleep(10 * time.Second)
		once(t, r, "POST") // the probe fails
		if len(s.bodies) != sent+1 {
			t.Errorf("%d probes", len(s.bodies)-sent)
		}
		if _, failure := once(t, r, "POST"); failure == nil || failure.RetryDelay() != 20*time.Second {
			t.Errorf("%v: the pause doubles", failure)
		}
		time.Sleep(20 * time.Second)
		s.replies = []reply{{status: 404}} // an answer, if not the wished one
		once(t, r, "POST")
		if h := r.breaker.health(); h.Away || h.Failures != 0 {
			t.Errorf("%+v", h)
		}
	})
}

func TestOnlyOneProbeGoesOutAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(BreakerConfig{Failures: 1, LongestPause: 15 * time.Second})
		report, _ := b.allow()
		late, _ := b.allow()
		report(away, "gone")
		late(away, "gone") // was out already: prolongs nothing
		if h := b.health(); time.Until(h.Until) != 10*time.Second {
			t.Errorf("%+v", h)
		}
		time.Sleep(10 * time.Second)
		probe, paused := b.allow()
		if paused != nil {
			t.Fatal(paused)
		}
		if _, paused := b.allow(); paused == nil || paused.For != time.Second || !b.health().Probing {
			t.Errorf("%v: a second probe", paused)
		}
		probe(unknown, "") // given up: the next may try
		probe, paused = b.allow()
		if paused != nil {
			t.Fatal(paused)
		}
		probe(away, "still gone")
		if _, paused := b.allow(); paused == nil || paused.For != 15*time.Second || !strings.Contains(paused.Error(), "still gone") {
			t.Errorf("%v: the pause is bounded", paused)
		}
	})
}

func TestWhatSaysThatASiteIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		for name, tt := range map[string]struct {
			ctx     context.Context
			reply   reply
			failure bool
		}{
			"no connection": {t.Context(), reply{err: errDial}, true},
			"reset":         {t.Context(), reply{err: errReset}, true},
			"time-out":      {t.Context(), reply{hang: true}, true},
			"500":           {t.Context(), reply{status: 500}, true},
			"503":           {t.Context(), reply{status: 503}, true},
			"501":           {t.Context(), reply{status: 501}, false},
			"429":           {t.Context(), reply{status: 429, header: map[string]string{"Retry-After": "60"}}, false},
			"404":           {t.Context(), reply{status: 404}, false},
			"200":           {t.Context(), reply{status: 200}, false},
			"given up":      {canceled, reply{hang: true}, false},
			"no token":      {t.Context(), reply{err: notSignedIn(request(t.Context(), "GET"), errReset)}, false},
			"not permitted": {t.Context(), reply{err: unsent(request(t.Context(), "GET"), &deniedError{errReset})}, false},
		} {
			r := failing(&script{replies: []reply{tt.reply}})
			req := request(tt.ctx, "PUT")
			if tt.reply.hang && tt.failure {
				r.timeout = time.Second
			}
			resp, _ := r.RoundTrip(req)
			discard(resp)
			if got := r.breaker.health().Failures > 0; got != tt.failure {
				t.Errorf("%s: counts as a failure: %v, want %v", name, got, tt.failure)
			}
		}
	})
}
