package llm

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	openai "github.com/sashabaranov/go-openai"
	"github.com/tidwall/gjson"
)

// errTooLarge says that an answer is longer than the limit.
var errTooLarge = errors.New("the answer is too large")

// exchange carries one call over HTTP. go-openai sends through it, so that the
// request can say what go-openai's types cannot, and so that nothing of the
// answer is lost: error bodies of every shape, headers, unknown fields.
type exchange struct {
	model *model
	call  *call
	// answer is the body of a successful answer, once there is one.
	answer gjson.Result
}

// openAI makes a go-openai client that sends through x.
func (x *exchange) openAI() *openai.Client {
	cfg := openai.DefaultConfig(x.model.provider.key)
	cfg.BaseURL = x.model.provider.baseURL
	cfg.HTTPClient = x
	return openai.NewClientWithConfig(cfg)
}

// Do sends the request and reads the whole answer. Every failure is an *Error.
func (x *exchange) Do(req *http.Request) (*http.Response, error) {
	p := x.model.provider
	if err := x.rewrite(req); err != nil {
		return nil, err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, x.connection(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := readAtMost(resp.Body, p.maxBytes)
	switch {
	case errors.Is(err, errTooLarge):
		return nil, x.fail(resp, KindInvalid, fmt.Sprintf("the answer is larger than %d bytes", p.maxBytes))
	case err != nil:
		return nil, x.connection(err)
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return nil, x.refused(resp, body)
	}
	clean, err := x.accept(resp, body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(clean))
	return resp, nil
}

// rewrite addresses the request and changes the body that the library made.
func (x *exchange) rewrite(req *http.Request) error {
	p := x.model.provider
	if err := p.address(req, x.model); err != nil {
		return err
	}
	req.Header.Set("User-Agent", p.userAgent)
	if x.call.edit == nil {
		return nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	body = x.call.edit(body)
	req.ContentLength = int64(len(body))
	req.Body = io.NopCloser(bytes.NewReader(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

// readAtMost reads everything, or fails with errTooLarge before it holds more
// than limit bytes.
func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, errTooLarge
	}
	return body, nil
}

// connection explains a failure to get an answer. A certificate that is not
// trusted stays so; anything else may be better the next time.
func (x *exchange) connection(err error) *Error {
	e := &Error{Ref: x.model.ref, Kind: KindUnavailable, Message: x.clean(err.Error()), cause: err}
	var cert *tls.CertificateVerificationError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &cert):
		e.Kind = KindConfig
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		e.Kind = KindTimeout
	}
	return e
}

// refused explains an answer that is a failure by its status or its body.
func (x *exchange) refused(resp *http.Response, body []byte) *Error {
	said := readErrBody(body)
	status := resp.StatusCode
	if status < 300 && said.status != 0 {
		status = said.status
	}
	e := x.fail(resp, said.kind(status), said.message)
	e.Status = status
	if e.Temporary() {
		e.RetryAfter = max(e.RetryAfter, said.wait(x.model.provider.now()))
	}
	if to := resp.Header.Get("Location"); status >= 300 && status < 400 {
		e.Message = "the server redirects to " + x.clean(to) + ": set base_url to where the API is"
	}
	if e.Message == "" {
		e.Message = http.StatusText(status)
	}
	return e
}

// fail makes an error of an answer.
func (x *exchange) fail(resp *http.Response, kind Kind, message string) *Error {
	e := &Error{
		Ref: x.model.ref, Status: resp.StatusCode, Kind: kind, Message: x.clean(message), Advice: x.model.advise(kind),
		RetryAfter: retryAfter(resp.Header, x.model.provider.now()),
	}
	for _, h := range []string{"X-Request-Id", "Request-Id"} {
		if e.RequestID == "" {
			e.RequestID = tidy(resp.Header.Get(h))
		}
	}
	return e
}

// clean makes foreign text fit for a log, without the key that some servers
// repeat in their complaints.
func (x *exchange) clean(s string) string {
	if key := x.model.provider.key; len(key) >= 4 {
		s = strings.ReplaceAll(s, key, "[key]")
	}
	return tidy(s)
}
