package atlassian

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
)

// wire is where a request leaves us. It asks for the permit to write, and knows
// of a request without an answer whether it had a connection to leave by.
type wire struct {
	next   http.RoundTripper
	permit func(context.Context) error
}

// deniedError is a request that Permit stopped.
type deniedError struct{ cause error }

func (e *deniedError) Error() string { return "not sent: " + e.cause.Error() }
func (e *deniedError) Unwrap() error { return e.cause }

// RoundTrip implements http.RoundTripper. Every error is an *Error.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	var connected atomic.Bool
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	out := req.Clone(ctx)
	gate := &gate{ask: func() error { return w.permit(req.Context()) }}
	if w.permit != nil && !safe(req.Method) && !gate.stand(out) {
		return nil, unsent(req, &deniedError{gate.refusal()})
	}
	resp, err := w.next.RoundTrip(out)
	if denied := gate.refusal(); denied != nil {
		discard(resp)
		return nil, unsent(req, &deniedError{denied})
	}
	if err != nil {
		failure := noAnswer(req, err)
		// Refused, unknown host, failed handshake, proxy that says no: without a
		// connection nothing of the request has left.
		failure.unsent = failure.unsent || !connected.Load()
		return nil, failure
	}
	return resp, nil
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// gate asks for the permit at the first read of a body, which net/http does once
// it has a connection: dialling can take long. A request whose body never comes
// is incomplete, so nobody carries it out.
type gate struct {
	ask func() error

	mu     sync.Mutex
	denied error
}

// stand puts the gate before the body. Without a body it asks at once. It reports
// false if the request must not go out.
func (g *gate) stand(req *http.Request) bool {
	if req.Body == nil || req.Body == http.NoBody {
		return g.open() == nil
	}
	req.Body = &gated{ReadCloser: req.Body, gate: g}
	if again := req.GetBody; again != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			if err := g.refusal(); err != nil {
				return nil, err
			}
			body, err := again()
			return &gated{ReadCloser: body, gate: g}, err
		}
	}
	return true
}

func (g *gate) open() error {
	err := g.ask()
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil && g.denied == nil {
		g.denied = err
	}
	return g.denied
}

func (g *gate) refusal() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.denied
}

type gated struct {
	io.ReadCloser
	gate  *gate
	asked bool
}

// Read implements io.Reader.
func (b *gated) Read(p []byte) (int, error) {
	if !b.asked {
		b.asked = true
		if err := b.gate.open(); err != nil {
			return 0, err
		}
	}
	return b.ReadCloser.Read(p)
}
