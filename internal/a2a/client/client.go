package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 16 << 20

// Client calls one agent as one caller. It is safe for concurrent use.
type Client struct {
	// URL is the agent's address.
	URL     string
	Dialect Dialect
	// HTTP sends the requests; nil for http.DefaultClient. Its Timeout would also cut
	// streams: limit calls by their contexts.
	HTTP *http.Client
	// Sign adds credentials to each request; nil for none.
	Sign func(*http.Request) error
	// Watch sees every answer as it came; nil for nobody.
	Watch func(Exchange)
	// StreamBySend asks for streams with the method of plain answers and the header
	// Accept, as early Jira does. It has no effect on A2A 1.0.
	StreamBySend bool
}

// Exchange is a request with its answer, or with one event of it.
type Exchange struct {
	Method string
	// RequestID is what the answer has to repeat.
	RequestID string
	// Request is the body that was sent.
	Request []byte
	// Status and Header are the answer's; 0 if there was none.
	Status int
	Header http.Header
	// Stream says that a stream was asked for. Event numbers its events from 1; 0
	// is an answer that is none.
	Stream bool
	Event  int
	// Body is the answer's, or the event's data.
	Body []byte
	// Ended says that a stream came to its end without an error, after Event events.
	Ended bool
	// Took is how long it was until the answer was there.
	Took time.Duration
	// Err is why there is no answer.
	Err error
}

// Send sends a message and returns what it is answered with.
func (c *Client) Send(ctx context.Context, m Message) (Reply, error) {
	body, err := c.call(ctx, send, c.Dialect.ofMessage(identified(m)))
	if err != nil {
		return Reply{}, err
	}
	return readReply(body)
}

// Get reads a task.
func (c *Client) Get(ctx context.Context, id string) (Task, error) { return c.ofTask(ctx, get, id) }

// Cancel asks for a task to stop.
func (c *Client) Cancel(ctx context.Context, id string) (Task, error) {
	return c.ofTask(ctx, cancel, id)
}

func (c *Client) ofTask(ctx context.Context, op operation, id string) (Task, error) {
	body, err := c.call(ctx, op, map[string]string{c.Dialect.idMember(op): id})
	if err != nil {
		return Task{}, err
	}
	r, err := result(body)
	if err != nil {
		return Task{}, err
	}
	return readTask(r)
}

// call sends a request and reads the whole answer.
func (c *Client) call(ctx context.Context, op operation, params any) ([]byte, error) {
	x := &exchange{client: c, began: time.Now(), Exchange: Exchange{Method: c.Dialect.method(op)}}
	resp, err := x.post(ctx, params, "application/json")
	if err != nil {
		return nil, x.fail(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return x.read(resp)
}

// exchange is one request on its way.
type exchange struct {
	Exchange
	client *Client
	began  time.Time
}

// post sends the request.
func (x *exchange) post(ctx context.Context, params any, accept string) (*http.Response, error) {
	x.RequestID = NewID()
	body, err := encode(x.RequestID, x.Method, params)
	if err != nil {
		return nil, err
	}
	x.Request = body
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, x.client.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", accept)
	if x.client.Dialect.v10() {
		req.Header.Set("A2A-Version", "1.0")
	}
	if x.client.Sign != nil {
		if err := x.client.Sign(req); err != nil {
			return nil, fmt.Errorf("sign request: %w", err)
		}
	}
	hc := x.client.HTTP
	if hc == nil {
		hc = http.DefaultClient
	}
	resp, err := hc.Do(req)
	if err != nil {
		return nil, fmt.Errorf("call agent: %w", err)
	}
	x.Status, x.Header = resp.StatusCode, resp.Header
	return resp, nil
}

// read takes an answer that is no stream.
func (x *exchange) read(resp *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errors.New("it is larger than 16 MiB")
	}
	if err != nil {
		return nil, x.fail(fmt.Errorf("read answer: %w", err))
	}
	x.Body = body
	x.tell()
	if resp.StatusCode != http.StatusOK && (!x.Stream || !toldInBody(body)) {
		return nil, &HTTPError{Status: resp.StatusCode, Message: refusal(body)}
	}
	return body, nil
}

// toldInBody says whether a body holds an error of the protocol. Servers that have
// none to tell of may use the code that JSON-RPC leaves to them, -32000.
func toldInBody(body []byte) bool {
	const ofTheServer = -32000
	code := gjson.GetBytes(body, "error.code")
	return gjson.ValidBytes(body) && code.Type == gjson.Number && code.Int() != ofTheServer
}

// refusal is what a body says of why the request was refused.
func refusal(body []byte) string {
	if m := gjson.GetBytes(body, "error.message"); json.Valid(body) && m.Type == gjson.String {
		return shorten(m.Str)
	}
	return shorten(strings.TrimSpace(string(body)))
}

func (x *exchange) tell() {
	if x.client.Watch != nil {
		x.Took = time.Since(x.began)
		x.client.Watch(x.Exchange)
	}
}

func (x *exchange) fail(err error) error {
	x.Err = err
	x.tell()
	return err
}

func identified(m Message) Message {
	if m.ID == "" {
		m.ID = NewID()
	}
	return m
}

// NewID makes a random UUID, RFC 9562, version 4.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
