package llm

import (
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"
)

// state is the ProviderState of an answer: fields that go-openai does not know
// and that the provider wants back unchanged, such as Gemini's thought
// signatures. It is JSON in the transcript, so that it survives a restart.
type state struct {
	// Provider made it; another is not shown it.
	Provider string `json:"provider"`
	// Message and Calls are the fields of the message and of each tool call, by
	// position, since ids may be repaired.
	Message fields   `json:"message,omitempty"`
	Calls   []fields `json:"calls,omitempty"`
	// Model made it, Prefix tells what it was told before, and Items are the
	// whole of its answer, in order, where nothing less may come back.
	Model  string            `json:"model,omitempty"`
	Prefix string            `json:"prefix,omitempty"`
	Items  []json.RawMessage `json:"items,omitempty"`
}

// fields are JSON values by name.
type fields map[string]json.RawMessage

// stateOf takes what has to come back from the raw message of an answer; nil if
// there is nothing of the kind.
func (m *model) stateOf(message gjson.Result) (json.RawMessage, error) {
	d := m.provider.dialect
	s := state{Provider: m.provider.name, Message: pick(message, d.keepMessage)}
	some := len(s.Message) > 0
	for _, call := range message.Get("tool_calls").Array() {
		f := pick(call, d.keepCall)
		some = some || len(f) > 0
		s.Calls = append(s.Calls, f)
	}
	if !some {
		return nil, nil
	}
	return s.encode()
}

func (s state) encode() (json.RawMessage, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("keep provider state: %w", err)
	}
	return raw, nil
}

func pick(v gjson.Result, names []string) fields {
	var out fields
	for _, name := range names {
		if f := v.Get(name); f.Exists() && f.Type != gjson.Null {
			if out == nil {
				out = fields{}
			}
			out[name] = json.RawMessage(f.Raw)
		}
	}
	return out
}

// messagePatch gives the fields to add to an assistant message. State that
// another provider made, or that cannot be read, is left out.
func (m *model) messagePatch(msg Message) messagePatch {
	var p messagePatch
	if msg.Role != Assistant {
		return p
	}
	var s state
	if len(msg.ProviderState) > 0 && json.Unmarshal(msg.ProviderState, &s) == nil && s.Provider == m.provider.name {
		p.fields = only(s.Message, m.provider.dialect.keepMessage)
		for i := range min(len(s.Calls), len(msg.ToolCalls)) {
			p.calls = append(p.calls, only(s.Calls[i], m.provider.dialect.keepCall))
		}
	}
	if len(msg.ToolCalls) == 0 {
		// Reasoning in clear text is only wanted back between tool calls.
		delete(p.fields, "reasoning_content")
		delete(p.fields, "reasoning")
	}
	if m.traits.signatures && len(msg.ToolCalls) > 0 && !p.signed() {
		p.sign()
	}
	return p
}

// only keeps the named fields: a transcript from elsewhere must not add others.
func only(f fields, names []string) fields {
	out := fields{}
	for _, name := range names {
		if v, ok := f[name]; ok && json.Valid(v) {
			out[name] = v
		}
	}
	return out
}

// signed reports whether the first tool call has its signature; the others of a
// parallel group have none.
func (p messagePatch) signed() bool {
	return len(p.calls) > 0 && gjson.GetBytes(p.calls[0]["extra_content"], "google.thought_signature").String() != ""
}

func (p *messagePatch) sign() {
	if len(p.calls) == 0 {
		p.calls = []fields{{}}
	}
	p.calls[0]["extra_content"] = json.RawMessage(`{"google":{"thought_signature":"` + skipSignature + `"}}`)
}

// stateFor is the state of an answer if this very model made it; another is not
// shown it.
func (m *model) stateFor(msg Message) (state, bool) {
	var s state
	if len(msg.ProviderState) == 0 || json.Unmarshal(msg.ProviderState, &s) != nil {
		return state{}, false
	}
	ok := s.Provider == m.provider.name && s.Model == m.name && len(s.Items) > 0
	for _, item := range s.Items {
		ok = ok && gjson.ParseBytes(item).IsObject()
	}
	return s, ok
}
