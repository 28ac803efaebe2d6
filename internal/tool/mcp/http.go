package mcp

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// maxMessage bounds one message of a server. Results are cut later; this keeps a
// server from filling the memory.
const maxMessage = 8 << 20

// errTooLarge says that a server sent more than maxMessage.
var errTooLarge = errors.New("it sent a message that is too large")

// trace follows one call to a server behind a URL: the SDK takes each failure of
// a request for one that never arrived, which a lost answer is not.
type trace struct {
	sent    atomic.Bool
	refused atomic.Pointer[refusedError]
}

type traceKey struct{}

func withTrace(ctx context.Context) (context.Context, *trace) {
	t := &trace{}
	return context.WithValue(ctx, traceKey{}, t), t
}

// httpTransport speaks to a server behind a URL.
func httpTransport(s Server, a Access, version string) sdk.Transport {
	base := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // the standard library's own
	base.ResponseHeaderTimeout = 2 * s.timeout()
	return &sdk.StreamableClientTransport{
		Endpoint: s.URL, DisableStandaloneSSE: true, MaxRetries: -1, MaxEventSize: maxMessage,
		HTTPClient: &http.Client{
			Transport: &courier{base: base, headers: a.Headers, agent: "aofctl/" + version},
			// A redirect would carry the headers to where nobody sent them.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// courier adds the operator's headers to requests, notes what became of them, and
// bounds the answers.
type courier struct {
	base    *http.Transport
	headers http.Header
	agent   string
}

// RoundTrip implements http.RoundTripper.
func (c *courier) RoundTrip(req *http.Request) (*http.Response, error) {
	t, _ := req.Context().Value(traceKey{}).(*trace)
	ctx := req.Context()
	if t != nil {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { t.sent.Store(true) }})
	}
	req = req.Clone(ctx)
	req.Header.Set("User-Agent", c.agent)
	maps.Copy(req.Header, c.headers)
	resp, err := c.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if t != nil && req.Method == http.MethodPost {
		t.refused.Store(refusal(resp))
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, stream: strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")}
	return resp, nil
}

// refusal returns what a status says that keeps a request from being carried out.
func refusal(resp *http.Response) *refusedError {
	if resp.StatusCode < 300 || resp.StatusCode >= 500 || resp.StatusCode == http.StatusRequestTimeout {
		return nil
	}
	e := &refusedError{status: resp.StatusCode}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.after = time.Duration(min(seconds, 600)) * time.Second
	}
	return e
}

// boundedBody fails where a server sends too much. The events of a stream are
// bounded one by one, elsewhere.
type boundedBody struct {
	io.ReadCloser
	stream bool
	read   int
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.read += n; b.read > maxMessage && !b.stream {
		return 0, errTooLarge
	}
	return n, err
}
