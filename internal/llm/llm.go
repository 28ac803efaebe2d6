// Package llm talks to language models: one small interface, Model, and the
// providers behind it. It knows nothing of Jira, agents or runs.
package llm

import (
	"context"
	"encoding/json"
)

// Role says who speaks in a message.
type Role string

// The roles of messages. Instructions are not a message: see Request.System.
const (
	User      Role = "user"
	Assistant Role = "assistant"
	ToolRole  Role = "tool"
)

// Message is one turn of the conversation.
type Message struct {
	Role Role   `json:"role"`
	Text string `json:"text,omitempty"`
	// ToolCalls are what an assistant message asks for.
	ToolCalls []ToolCall `json:"tool_calls,omitempty"`
	// ToolCallID and ToolName say which call a tool message answers.
	ToolCallID string `json:"tool_call_id,omitempty"`
	ToolName   string `json:"tool_name,omitempty"`
	// ProviderState is opaque to everybody but the provider that made it, and
	// has to come back to it unchanged (thought signatures, reasoning items).
	ProviderState json.RawMessage `json:"provider_state,omitempty"`
}

// ToolCall is a model's wish to call a tool. Args is a JSON object; what a
// model sent instead of one is handed on as a JSON string, for the schema to
// refuse.
type ToolCall struct {
	ID   string          `json:"id"`
	Name string          `json:"name"`
	Args json.RawMessage `json:"args"`
}

// ToolSpec describes a tool to the model.
type ToolSpec struct {
	Name        string
	Description string
	Parameters  json.RawMessage
}

// Request is one call of a model.
type Request struct {
	// ID names the call and is the same each time that it is tried again; "" for
	// a call without a name. A call that had to wait for a turn is known by it.
	ID string
	// System is the operator's instructions; text from outside never goes here.
	System   string
	Messages []Message
	// Tools come in a stable order, so that providers can cache the prefix.
	Tools []ToolSpec
	// Temperature is nil for the provider's default; 0 is sent as 0.
	Temperature *float64
	// MaxTokens bounds the answer; 0 for the provider's default.
	MaxTokens int
}

// Usage is what the provider says a call took, in tokens.
type Usage struct {
	In int `json:"in"`
	// CachedIn and CacheWriteIn are the parts of In that were read from the
	// provider's cache and written to it.
	CachedIn     int `json:"cached_in,omitempty"`
	CacheWriteIn int `json:"cache_write_in,omitempty"`
	// Out is what the model wrote, thinking included.
	Out int `json:"out"`
}

// Stop says why an answer ended.
type Stop string

// The ways in which an answer ends.
const (
	// StopEnd: the model was done.
	StopEnd Stop = ""
	// StopLength: it reached the token limit; what there is may end anywhere.
	StopLength Stop = "length"
	// StopContent: a content filter cut it, or the model refused to go on.
	StopContent Stop = "content"
)

// Response is a model's answer.
type Response struct {
	Message Message `json:"message"`
	// Usage is what the call took, with what other tries of it took that were
	// charged and gave no answer.
	Usage Usage `json:"usage"`
	// Ref is the model that answered, as "provider:model"; another than was
	// asked if a fallback answered.
	Ref string `json:"ref,omitempty"`
	// Model is the name that the provider gives to what answered.
	Model string `json:"model,omitempty"`
	// Truncated is true if the answer is not whole: the text, and the last of the
	// tool calls, may end anywhere. Stop says why.
	Truncated bool `json:"truncated,omitempty"`
	Stop      Stop `json:"stop,omitempty"`
	// CostMicroUSD is the price of the call in millionths of a dollar; nil if no
	// price is known for the model.
	CostMicroUSD *int64 `json:"cost_micro_usd,omitempty"`
}

// Model is a language model, ready to be called.
type Model interface {
	// Complete asks the model once. Errors are *Error where the provider
	// answered at all.
	Complete(ctx context.Context, req Request) (Response, error)
}
