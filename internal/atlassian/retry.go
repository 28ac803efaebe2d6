package atlassian

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Bounds of retrying within one call. Atlassian recommends to begin with seconds,
// to double, to spread by 0.7 to 1.3 and to stop after four. A pause of more than
// maxWait is the caller's to make, who can do something else meanwhile.
const (
	maxTries     = 4
	firstBackoff = time.Second
	maxWait      = 5 * time.Second
)

type safeKey struct{}

// AsRead marks a request as one that changes nothing although its method says
// otherwise, such as a search by POST. It is retried like a GET.
func AsRead(ctx context.Context) context.Context { return context.WithValue(ctx, safeKey{}, true) }

func isRead(req *http.Request) bool {
	marked, _ := req.Context().Value(safeKey{}).(bool)
	return marked || safe(req.Method)
}

// retrier lets requests out within the limits and tries again what can be tried
// again. A write is only repeated if it is proven that nothing happened.
type retrier struct {
	next     http.RoundTripper
	limits   *limits
	breaker  *breaker
	observer Observer
	timeout  time.Duration
	first    time.Duration
	jitter   func() float64
}

func newRetrier(cfg Config, next http.RoundTripper) *retrier {
	r := &retrier{next: next, observer: cfg.Observer, timeout: cfg.Timeout, first: cfg.FirstBackoff, jitter: cfg.Jitter}
	if r.timeout <= 0 {
		r.timeout = DefaultTimeout
	}
	if r.first <= 0 {
		r.first = firstBackoff
	}
	if r.jitter == nil {
		r.jitter = rand.Float64
	}
	if s := cfg.Shared; s != nil {
		r.limits, r.breaker = s.limits, s.breaker
	} else {
		r.limits, r.breaker = newLimits(cfg, r.jitter), newBreaker(cfg.Breaker)
	}
	return r
}

// RoundTrip implements http.RoundTripper. Failures without an answer are *Error.
func (r *retrier) RoundTrip(req *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		resp, failure := r.try(req)
		wait, again := r.again(req, resp, failure, try)
		if !again && failure != nil {
			return nil, failure
		}
		if !again {
			return resp, nil
		}
		log := zerolog.Ctx(req.Context()).Debug().Str("method", req.Method).Str("path", req.URL.Path).
			Int("try", try).Dur("wait", wait).Int("status", statusOf(resp))
		if failure != nil {
			log = log.Err(failure)
		}
		log.Msg("retry request to Atlassian")
		discard(resp)
		if err := pause(req.Context(), wait); err != nil {
			return nil, unsent(req, fmt.Errorf("wait before the next try: %w", err))
		}
	}
}

// try makes one attempt, if the limits and the breaker let it.
func (r *retrier) try(req *http.Request) (*http.Response, *Error) {
	s := scopeOf(req)
	release, err := r.limits.admit(req.Context(), s)
	if err != nil {
		closeBody(req)
		return nil, unsent(req, err)
	}
	report, paused := r.breaker.allow()
	if paused != nil {
		release()
		closeBody(req)
		return nil, unsent(req, paused)
	}
	started := time.Now()
	resp, failure := r.send(req, release)
	seen := Attempt{Method: req.Method, Endpoint: endpoint(req.URL.EscapedPath()), Took: time.Since(started), Limits: Limits{Limit: -1, Remaining: -1}}
	if failure != nil {
		seen.Err = failure
		report(blame(req, failure), failure.Detail())
	} else {
		seen.Status, seen.Limits = resp.StatusCode, readLimits(resp, time.Now())
		report(judge(resp), http.StatusText(resp.StatusCode))
		r.limits.learn(s, resp.StatusCode, seen.Limits)
	}
	if r.observer != nil {
		r.observer.Attempt(seen)
	}
	return resp, failure
}

// send makes one attempt within the time-out. The slot and the time-out's timer
// are freed when the answer is closed, or when its time is over.
func (r *retrier) send(req *http.Request, release func()) (*http.Response, *Error) {
	ctx, cancel := context.WithTimeout(req.Context(), r.timeout)
	free := sync.OnceFunc(func() { cancel(); release() })
	context.AfterFunc(ctx, free)
	attempt := req.Clone(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			free()
			return nil, unsent(req, err)
		}
		attempt.Body = body
	}
	resp, err := r.next.RoundTrip(attempt)
	if err != nil {
		failure := FromDo(req, err)
		if ctx.Err() != nil && req.Context().Err() == nil {
			failure.Err = fmt.Errorf("no answer within %s: %w", r.timeout, failure.Err)
		}
		free()
		return nil, failure
	}
	resp.Request = req
	resp.Body = &freeing{ReadCloser: resp.Body, free: free}
	return resp, nil
}

// freeing gives back what a request holds when its answer's body is closed.
type freeing struct {
	io.ReadCloser
	free func()
}

// Close implements io.Closer.
func (c *freeing) Close() error {
	defer c.free()
	return c.ReadCloser.Close()
}

// judge says what an answer tells about the site: that of a server which fails is
// as good as none, save that it does not know the method.
func judge(resp *http.Response) verdict {
	if resp.StatusCode >= http.StatusInternalServerError && resp.StatusCode != http.StatusNotImplemented {
		return away
	}
	return answering
}

// blame says what the lack of an answer tells about the site: nothing if we gave
// up ourselves, were not permitted to write, or have no token.
func blame(req *http.Request, failure *Error) verdict {
	var denied *deniedError
	var login *loginError
	if req.Context().Err() != nil || errors.As(failure.Err, &denied) || errors.As(failure.Err, &login) {
		return unknown
	}
	return away
}

// again decides whether to try once more and after which pause.
func (r *retrier) again(req *http.Request, resp *http.Response, failure *Error, try int) (time.Duration, bool) {
	if try >= maxTries || req.Context().Err() != nil || (req.Body != nil && req.Body != http.NoBody && req.GetBody == nil) {
		return 0, false
	}
	var wish time.Duration
	var repeatable bool
	if failure != nil {
		var paused *PausedError
		if !failure.Temporary() || errors.As(failure.Err, &paused) {
			return 0, false
		}
		wish = failure.RetryAfter
		// No connection came about, so nothing has left; or we have no token yet.
		repeatable = failure.Refused()
	} else {
		if !transient(resp.StatusCode) {
			return 0, false
		}
		wish = asked(resp.Header, time.Now())
		repeatable = turnedAway(resp)
	}
	if wish > maxWait || (!repeatable && !isRead(req)) {
		return 0, false
	}
	return max(wish, r.backoff(try)), true
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

// closeBody closes the body of a request that is not handed on, as
// http.RoundTripper promises.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// dialFailed reports whether no connection came about, so that nothing of the
// request can have left.
func dialFailed(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}
