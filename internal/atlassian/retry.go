package atlassian

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"
)

// Bounds of retrying within one call. Atlassian recommends to begin with seconds,
// to double, to spread by 0.7 to 1.3 and to stop after four.
const (
	maxTries     = 4
	firstBackoff = time.Second
	maxWait      = 30 * time.Second
)

type safeKey struct{}

// AsRead marks a request as one that changes nothing although its method says
// otherwise, such as a search by POST. It is retried like a GET.
func AsRead(ctx context.Context) context.Context { return context.WithValue(ctx, safeKey{}, true) }

func isRead(req *http.Request) bool {
	marked, _ := req.Context().Value(safeKey{}).(bool)
	return marked || req.Method == http.MethodGet || req.Method == http.MethodHead
}

// retrier keeps to the cap of requests and tries again what can be tried again.
// A write is only repeated if the answer proves that nothing happened.
type retrier struct {
	next    http.RoundTripper
	limiter *rate.Limiter
	timeout time.Duration
	first   time.Duration
	jitter  func() float64
}

// RoundTrip implements http.RoundTripper. Failures without an answer are *Error.
func (r *retrier) RoundTrip(req *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		resp, err := r.try(req)
		wait, again := r.again(req, resp, err, try)
		if !again {
			return resp, err
		}
		zerolog.Ctx(req.Context()).Debug().Str("method", req.Method).Str("path", req.URL.Path).
			Int("try", try).Dur("wait", wait).Int("status", statusOf(resp)).Err(err).Msg("retry request to Atlassian")
		discard(resp)
		if err := pause(req.Context(), wait); err != nil {
			return nil, unsent(req, fmt.Errorf("wait before the next try: %w", err))
		}
	}
}

func (r *retrier) try(req *http.Request) (*http.Response, error) {
	if r.limiter != nil {
		if err := r.limiter.Wait(req.Context()); err != nil {
			return nil, unsent(req, fmt.Errorf("wait for our own rate limit: %w", err))
		}
	}
	ctx, cancel := context.WithTimeout(req.Context(), r.timeout)
	attempt := req.Clone(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			cancel()
			return nil, unsent(req, err)
		}
		attempt.Body = body
	}
	resp, err := r.next.RoundTrip(attempt)
	if err != nil {
		defer cancel()
		return nil, noAnswer(req, r.explain(ctx, req, err))
	}
	resp.Request = req
	resp.Body = &canceling{ReadCloser: resp.Body, cancel: cancel}
	return resp, nil
}

// explain says that it was our time-out, which the caller's context does not know.
func (r *retrier) explain(ctx context.Context, req *http.Request, err error) error {
	if ctx.Err() != nil && req.Context().Err() == nil {
		return fmt.Errorf("no answer within %s: %w", r.timeout, err)
	}
	return err
}

// canceling frees the time-out of a request when its answer's body is closed.
type canceling struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (c *canceling) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}

// again decides whether to try once more and after which pause.
func (r *retrier) again(req *http.Request, resp *http.Response, err error, try int) (time.Duration, bool) {
	if try >= maxTries || req.Context().Err() != nil || (req.Body != nil && req.Body != http.NoBody && req.GetBody == nil) {
		return 0, false
	}
	backoff := r.backoff(try)
	if err != nil {
		var failure *Error
		if !errors.As(err, &failure) || !failure.Temporary() {
			return 0, false
		}
		return backoff, isRead(req) || failure.Refused()
	}
	if !transient(resp.StatusCode) {
		return 0, false
	}
	asked := retryAfter(resp.Header, time.Now())
	if asked > maxWait {
		return 0, false
	}
	refused := resp.StatusCode == http.StatusTooManyRequests ||
		(resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "")
	if !isRead(req) && !refused {
		return 0, false
	}
	return max(asked, backoff), true
}

// backoff doubles with each try and is spread by ±30 %.
func (r *retrier) backoff(try int) time.Duration {
	d := r.first << (try - 1)
	return min(time.Duration(float64(d)*(0.7+0.6*r.jitter())), maxWait)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func statusOf(resp *http.Response) int {
	if resp == nil {
		return 0
	}
	return resp.StatusCode
}

// discard reads a little of what is left, so that the connection can be used
// again, and closes the body.
func discard(resp *http.Response) {
	if resp == nil {
		return
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	_ = resp.Body.Close()
}

// dialFailed reports whether no connection came about, so that nothing of the
// request can have left.
func dialFailed(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}
