package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	openai "github.com/sashabaranov/go-openai"
)

// chatModel is a model behind an OpenAI-compatible chat completions endpoint.
type chatModel struct {
	ref      string
	name     string
	provider *provider
	prices   *Prices
	traits   traits
}

// errTooSlow is the cause of a context that ended by the call's own time limit.
var errTooSlow = errors.New("no answer in time")

// Complete asks the model once; it does not try again.
func (m *chatModel) Complete(ctx context.Context, req Request) (Response, error) {
	if err := m.refuse(req); err != nil {
		return Response{}, err
	}
	out, err := m.encode(req)
	if err != nil {
		return Response{}, err
	}
	release, err := m.provider.limit.acquire(ctx)
	if err != nil {
		return Response{}, m.waitError(ctx, err)
	}
	defer release()

	callCtx, cancel := context.WithTimeoutCause(ctx, m.provider.timeout, errTooSlow)
	defer cancel()
	x := &exchange{model: m, patch: out.patch}
	answer, err := x.client().CreateChatCompletion(callCtx, out.request)
	if err != nil {
		return Response{}, m.failure(ctx, callCtx, err)
	}
	return m.decode(req, answer, x.answer)
}

// refuse reports what the model is known not to take, before it is asked.
func (m *chatModel) refuse(req Request) error {
	if req.MaxTokens < 0 {
		return m.invalid("max_tokens must not be negative")
	}
	if t := req.Temperature; t != nil {
		if math.IsNaN(*t) || *t < 0 || *t > 2 {
			return m.invalid("temperature must be between 0 and 2")
		}
		if m.traits.fixedTemperature && *t != 1 {
			return m.invalid("this reasoning model takes no temperature: leave it out of the agent")
		}
	}
	if len(req.Tools) > 0 && m.traits.responsesTools {
		return m.invalid(needsResponses)
	}
	return nil
}

// needsResponses explains a refusal of OpenAI's.
const needsResponses = "OpenAI takes tools for this model only through its Responses API, which is not spoken here: " +
	"use openai:gpt-5.2 or an earlier model, or another provider"

func (m *chatModel) invalid(format string, args ...any) *Error {
	return &Error{Ref: m.ref, Kind: KindInvalid, Message: fmt.Sprintf(format, args...)}
}

// waitError explains why a call got no turn.
func (m *chatModel) waitError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("wait to call model %s: %w", m.ref, ctx.Err())
	}
	return &Error{Ref: m.ref, Kind: KindRateLimit, Message: "the limit set for this provider leaves no turn before the deadline", cause: err}
}

// failure turns whatever stopped a call into what the caller can act on. An end
// of the caller's own context stays that; it is no fault of the provider.
func (m *chatModel) failure(ctx, callCtx context.Context, err error) error {
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
	if errors.Is(err, openai.ErrReasoningToolsRequireResponses) {
		return m.invalid(needsResponses)
	}
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &wrongType) {
		return &Error{Ref: m.ref, Kind: KindUnavailable, Message: "the answer is not a chat completion: " + tidy(err.Error()), cause: err}
	}
	return &Error{Ref: m.ref, Kind: KindInvalid, Message: tidy(err.Error()), cause: err}
}
