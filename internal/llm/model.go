package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"

	"github.com/tidwall/gjson"
)

// model is a model of one provider, asked through one of its APIs.
type model struct {
	ref      string
	name     string
	provider *provider
	prices   *Prices
	traits   traits
}

// call is a request that is ready to be sent: what a library needs to send it,
// and how to read what comes back.
type call struct {
	// edit changes the body that the library made; nil for no change.
	edit func(body []byte) []byte
	// check finds what is wrong with an answer that is JSON, and gives the body
	// that the library gets to decode.
	check func(root gjson.Result, body []byte) ([]byte, *Error)
	// send sends it through x, which keeps the answer.
	send func(ctx context.Context, x *exchange) error
	// read translates the answer.
	read func(root gjson.Result) (Response, error)
}

// errTooSlow is the cause of a context that ended by the call's own time limit.
var errTooSlow = errors.New("no answer in time")

// Complete asks the model once; it does not try again.
func (m *model) Complete(ctx context.Context, req Request) (Response, error) {
	if err := m.refuse(req); err != nil {
		return Response{}, err
	}
	c, err := m.encode(req)
	if err != nil {
		return Response{}, err
	}
	turn, err := m.provider.limit.acquire(ctx, req.ID, estimate(req))
	if err != nil {
		return Response{}, m.waitError(ctx, err)
	}
	resp, err := m.ask(ctx, c)
	turn.done(spent(resp, err), err != nil)
	return resp, err
}

// ask sends a call and reads its answer.
func (m *model) ask(ctx context.Context, c *call) (Response, error) {
	callCtx, cancel := context.WithTimeoutCause(ctx, m.provider.timeout, errTooSlow)
	defer cancel()
	x := &exchange{model: m, call: c}
	if err := c.send(callCtx, x); err != nil {
		return Response{}, m.failure(ctx, callCtx, err)
	}
	resp, err := c.read(x.answer)
	if err != nil {
		return resp, err
	}
	resp.Ref = m.ref
	if resp.Model == "" {
		resp.Model = m.name
	}
	return resp, nil
}

// encode translates a request for the model's API.
func (m *model) encode(req Request) (*call, error) {
	if err := m.checkMessages(req.Messages); err != nil {
		return nil, err
	}
	switch m.traits.api {
	case apiResponses:
		return m.encodeResponses(req)
	case apiMessages:
		return m.encodeMessages(req)
	default:
		return m.encodeChat(req)
	}
}

// refuse reports what the model is known not to take, before it is asked.
func (m *model) refuse(req Request) error {
	if req.MaxTokens < 0 {
		return m.invalid("max_tokens must not be negative")
	}
	t := req.Temperature
	switch {
	case t == nil:
	case math.IsNaN(*t) || *t < 0 || *t > 2:
		return m.invalid("temperature must be between 0 and 2")
	case m.traits.fixedTemperature && *t != 1:
		return m.invalid("this model takes no temperature: leave it out of the agent")
	case m.traits.api == apiMessages && *t > 1:
		return m.invalid("Anthropic takes a temperature between 0 and 1")
	}
	return nil
}

// temperature is what to send of it; nil for the provider's own.
func (m *model) temperature(req Request) *float64 {
	if m.traits.fixedTemperature {
		return nil
	}
	return req.Temperature
}

func (m *model) invalid(format string, args ...any) *Error {
	return &Error{Ref: m.ref, Kind: KindInvalid, Message: fmt.Sprintf(format, args...)}
}

// unusable is an answer with a good status that is none.
func (m *model) unusable(message string) *Error {
	return &Error{Ref: m.ref, Status: http.StatusOK, Kind: KindUnavailable, Message: message}
}

// billed notes on a failure what the provider says that it took.
func (m *model) billed(e *Error, u Usage, raw gjson.Result) *Error {
	if u.In+u.Out > 0 {
		e.Usage, e.CostMicroUSD = u, m.cost(u, raw)
	}
	return e
}

// waitError explains why a call got no turn.
func (m *model) waitError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("wait to call model %s: %w", m.ref, ctx.Err())
	}
	e := &Error{Ref: m.ref, Kind: KindRateLimit, Message: "the limit that is set for this provider leaves no turn now", cause: err}
	var later *noTurn
	if errors.As(err, &later) {
		e.RetryAfter, e.ours = later.wait, true
	}
	return e
}

// failure turns whatever stopped a call into what the caller can act on. An end
// of the caller's own context stays that; it is no fault of the provider.
func (m *model) failure(ctx, callCtx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("call model %s: %w", m.ref, ctx.Err())
	}
	if errors.Is(context.Cause(callCtx), errTooSlow) {
		return &Error{Ref: m.ref, Kind: KindTimeout, Message: fmt.Sprintf("no answer within %s", m.provider.timeout), cause: err}
	}
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &wrongType) {
		return &Error{Ref: m.ref, Kind: KindUnavailable, Message: "the answer cannot be decoded: " + tidy(err.Error()), cause: err}
	}
	return &Error{Ref: m.ref, Kind: KindInvalid, Message: tidy(err.Error()), cause: err}
}

// spent is the usage of a call, also of one that failed.
func spent(resp Response, err error) Usage {
	var e *Error
	if errors.As(err, &e) {
		return e.Usage
	}
	return resp.Usage
}
