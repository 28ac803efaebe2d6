package atlassian

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// reply is what a scripted server does with one request.
type reply struct {
	status int
	header map[string]string
	err    error
	// hang makes the server not answer until the request is given up.
	hang bool
	// after is how long the server takes.
	after time.Duration
}

// script is a RoundTripper that answers by a list; the last one repeats.
type script struct {
	mu      sync.Mutex
	replies []reply
	bodies  []string
	at      []time.Duration
	start   time.Time
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		raw, _ := io.ReadAll(req.Body)
		body = string(raw)
	}
	r := s.next(body)
	if r.hang {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	time.Sleep(r.after)
	if r.err != nil {
		return nil, r.err
	}
	h := http.Header{}
	for k, v := range r.header {
		h.Set(k, v)
	}
	return &http.Response{StatusCode: r.status, Header: h, Body: io.NopCloser(strings.NewReader("{}")), Request: req}, nil
}

func (s *script) next(body string) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.replies[min(len(s.bodies), len(s.replies)-1)]
	s.bodies = append(s.bodies, body)
	s.at = append(s.at, time.Since(s.start))
	return r
}

var (
	errDial  = &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	errReset = &net.OpError{Op: "read", Err: errors.New("connection reset")}
)

func attempt(t *testing.T, s *script, req *http.Request) (*http.Response, error) {
	t.Helper()
	s.start = time.Now()
	return newRetrier(Config{Jitter: func() float64 { return 0.5 }}, s).RoundTrip(req)
}

func request(ctx context.Context, method string) *http.Request {
	var body io.Reader
	if method != http.MethodGet {
		body = strings.NewReader(`{"a":1}`)
	}
	req, _ := http.NewRequestWithContext(ctx, method, "https://example.atlassian.net/rest/api/2/issue/A-1", body)
	return req
}

func TestRetryRepeatsOnlyWhatCannotHaveHappened(t *testing.T) {
	wait := func(seconds string) map[string]string { return map[string]string{"Retry-After": seconds} }
	tests := map[string]struct {
		method  string
		replies []reply
		tries   int
		status  int
	}{
		"GET after 500":                    {"GET", []reply{{status: 500}, {status: 200}}, 2, 200},
		"GET after 502, 503, 504":          {"GET", []reply{{status: 502}, {status: 503}, {status: 504}, {status: 200}}, 4, 200},
		"GET after 429":                    {"GET", []reply{{status: 429, header: wait("2")}, {status: 200}}, 2, 200},
		"GET after a reset":                {"GET", []reply{{err: errReset}, {status: 200}}, 2, 200},
		"GET after a failed dial":          {"GET", []reply{{err: errDial}, {status: 200}}, 2, 200},
		"GET stops after four":             {"GET", []reply{{status: 503}}, 4, 503},
		"GET is not repeated on 404":       {"GET", []reply{{status: 404}}, 1, 404},
		"GET is not repeated on 501":       {"GET", []reply{{status: 501}}, 1, 501},
		"POST after 429":                   {"POST", []reply{{status: 429}, {status: 201}}, 2, 201},
		"POST after 503 with Retry-After":  {"POST", []reply{{status: 503, header: wait("1")}, {status: 201}}, 2, 201},
		"POST after a failed dial":         {"POST", []reply{{err: errDial}, {status: 201}}, 2, 201},
		"POST not after 503":               {"POST", []reply{{status: 503}}, 1, 503},
		"POST not after 500":               {"POST", []reply{{status: 500}}, 1, 500},
		"POST not after a reset":           {"POST", []reply{{err: errReset}}, 1, 0},
		"PUT not after 504":                {"PUT", []reply{{status: 504}}, 1, 504},
		"DELETE not after a reset":         {"DELETE", []reply{{err: errReset}}, 1, 0},
		"POST dial, then reset":            {"POST", []reply{{err: errDial}, {err: errReset}}, 2, 0},
		"long Retry-After is not waited":   {"GET", []reply{{status: 429, header: wait("6")}}, 1, 429},
		"absurd Retry-After is ignored":    {"GET", []reply{{status: 429, header: wait("99999999")}, {status: 200}}, 2, 200},
		"negative Retry-After is ignored":  {"GET", []reply{{status: 429, header: wait("-5")}, {status: 200}}, 2, 200},
		"Retry-After that is no number":    {"GET", []reply{{status: 429, header: wait("soon")}, {status: 200}}, 2, 200},
		"Retry-After NaN":                  {"GET", []reply{{status: 429, header: wait("NaN")}, {status: 200}}, 2, 200},
		"POST after 503 with Retry-After0": {"POST", []reply{{status: 503, header: wait("0")}, {status: 201}}, 2, 201},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{replies: tt.replies}
				resp, err := attempt(t, s, request(t.Context(), tt.method))
				if len(s.bodies) != tt.tries {
					t.Errorf("%d tries, want %d", len(s.bodies), tt.tries)
				}
				if statusOf(resp) != tt.status || (err != nil) != (tt.status == 0) {
					t.Errorf("status %d, err %v", statusOf(resp), err)
				}
				for _, body := range s.bodies {
					if tt.method != "GET" && body != `{"a":1}` {
						t.Errorf("a try had the body %q", body)
					}
				}
				discard(resp)
			})
		})
	}
}

func TestRetryWaitsAsAskedAndEverLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{{status: 503}, {status: 429, header: map[string]string{"Retry-After": "4"}}, {status: 502}, {status: 200}}}
		resp, err := attempt(t, s, request(t.Context(), "GET"))
		if err != nil {
			t.Fatal(err)
		}
		discard(resp)
		want := []time.Duration{0, time.Second, 5 * time.Second, 9 * time.Second}
		for i, at := range s.at {
			if at != want[i] {
				t.Errorf("try %d after %s, want %s", i+1, at, want[i])
			}
		}
	})
}

func TestRetrySpreadsItsPauses(t *testing.T) {
	for jitter, want := range map[float64]time.Duration{0: 700 * time.Millisecond, 0.5: time.Second, 0.9999999: 1300 * time.Millisecond} {
		r := &retrier{first: firstBackoff, jitter: func() float64 { return jitter }}
		if got := r.backoff(1).Round(time.Millisecond); got != want {
			t.Errorf("jitter %v: %s, want %s", jitter, got, want)
		}
	}
}

func TestRetryGivesUpOnASilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{{hang: true}}}
		_, err := attempt(t, s, request(t.Context(), "POST"))
		var failure *Error
		if !errors.As(err, &failure) || !failure.Temporary() || failure.Refused() {
			t.Fatalf("err %v: a time-out is transient and proves nothing", err)
		}
		if !strings.Contains(err.Error(), "no answer within 30s") || len(s.at) != 1 {
			t.Errorf("err %v after %d tries", err, len(s.at))
		}
		if since := time.Since(s.start); since != DefaultTimeout {
			t.Errorf("gave up after %s", since)
		}
	})
}

func TestRetryStopsWhenTheCallerDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		s := &script{replies: []reply{{status: 429}}}
		_, err := attempt(t, s, request(ctx, "POST"))
		var failure *Error
		if !errors.As(err, &failure) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("err %v", err)
		}
		if !failure.Refused() {
			t.Error("every try was refused, so nothing happened")
		}
		if time.Since(s.start) != 1500*time.Millisecond {
			t.Errorf("stopped after %s", time.Since(s.start))
		}
	})
}

func TestRetryTreatsAMarkedPostAsARead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{{status: 500}, {status: 200}}}
		resp, err := attempt(t, s, request(AsRead(t.Context()), "POST"))
		if err != nil || statusOf(resp) != 200 || len(s.at) != 2 {
			t.Errorf("status %d, err %v, %d tries", statusOf(resp), err, len(s.at))
		}
		discard(resp)
	})
}

func TestRetryDoesNotRepeatABodyThatCannotBeReadTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		req := request(t.Context(), "POST")
		req.GetBody = nil
		s := &script{replies: []reply{{status: 429}, {status: 200}}}
		resp, _ := attempt(t, s, req)
		if len(s.bodies) != 1 {
			t.Errorf("tried %d times", len(s.bodies))
		}
		discard(resp)
	})
}

func TestLimiterSpreadsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{{status: 200}}, start: time.Now()}
		r := newRetrier(Config{RequestsPerSecond: 2, Burst: 1}, s)
		for range 5 {
			resp, err := r.RoundTrip(request(t.Context(), "GET"))
			if err != nil {
				t.Fatal(err)
			}
			discard(resp)
		}
		if last := s.at[4]; last != 2*time.Second {
			t.Errorf("the fifth request went after %s, want 2s at two a second", last)
		}
	})
}

func TestLimiterRefusesWhatWouldComeTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := newRetrier(Config{RequestsPerSecond: 0.1}, &script{replies: []reply{{status: 200}}})
		resp, err := r.RoundTrip(request(ctx, "POST"))
		if err != nil {
			t.Fatal(err)
		}
		discard(resp)
		_, err = r.RoundTrip(request(ctx, "POST"))
		var failure *Error
		if !errors.As(err, &failure) || !failure.Refused() || !failure.Temporary() || failure.RetryDelay() != 10*time.Second {
			t.Errorf("err %v: it was never sent and may go in ten seconds", err)
		}
	})
}
