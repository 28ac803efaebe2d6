package llm

import (
	"context"
	"encoding/json"
	"strings"

	openai "github.com/sashabaranov/go-openai"
	"github.com/tidwall/gjson"
)

// encodeResponses translates a request for OpenAI's Responses API. Nothing is
// stored there: the model's reasoning comes back to us encrypted, and goes with
// the next request (https://platform.openai.com/docs/guides/reasoning).
func (m *model) encodeResponses(req Request) (*call, error) {
	tools, err := m.encodeTools(req.Tools)
	if err != nil {
		return nil, err
	}
	store := false
	out := openai.CreateResponseRequest{
		Model: anyModel, Instructions: req.System, MaxOutputTokens: req.MaxTokens, Store: &store,
		Include: []openai.ResponseInclude{openai.ResponseIncludeReasoningEncryptedContent},
		// Requests with one key meet the same cache.
		PromptCacheKey: newPrefix(req).String(),
	}
	for _, t := range tools {
		rt := openai.NewResponseFunctionTool(t)
		rt.Parameters["strict"] = false // left out it means true, with a dialect of schemas of its own
		out.Tools = append(out.Tools, rt)
	}
	p := patch{model: m.name, temperature: m.temperature(req), last: "input"}
	out.Input = m.responsesInput(req)
	return &call{
		edit:  p.apply,
		check: m.checkResponse,
		send: func(ctx context.Context, x *exchange) error {
			_, err := x.openAI().CreateResponse(ctx, out)
			return err
		},
		read: func(root gjson.Result) (Response, error) { return m.decodeResponse(req, root) },
	}, nil
}

// responsesInput translates the conversation into items.
func (m *model) responsesInput(req Request) []any {
	input := make([]any, 0, 2*len(req.Messages))
	for _, msg := range req.Messages {
		switch msg.Role {
		case ToolRole:
			text := msg.Text
			if text == "" {
				text = noOutput
			}
			input = append(input, openai.ResponseFunctionCallOutput{Type: "function_call_output", CallID: m.wireID(msg.ToolCallID), Output: text})
		case Assistant:
			input = append(input, m.responsesTurn(msg)...)
		default:
			input = append(input, textItem(msg))
		}
	}
	return input
}

// responsesTurn gives an answer back: as the items that it came as, if this model
// made it, else made anew.
func (m *model) responsesTurn(msg Message) []any {
	var items []any
	if s, ok := m.stateFor(msg); ok && sameCalls(s.Items, "call_id", msg.ToolCalls) {
		for _, raw := range s.Items {
			items = append(items, raw)
		}
		return items
	}
	if strings.TrimSpace(msg.Text) != "" || len(msg.ToolCalls) == 0 {
		items = append(items, textItem(msg))
	}
	for _, c := range msg.ToolCalls {
		items = append(items, functionCallItem{
			Type: "function_call", CallID: m.wireID(c.ID), Name: wireName(c.Name), Arguments: wireArgs(c.Args),
		})
	}
	return items
}

// functionCallItem is a tool call that another model made.
type functionCallItem struct {
	Type      string `json:"type"`
	CallID    string `json:"call_id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

func textItem(msg Message) any {
	text := msg.Text
	if text == "" {
		text = noText
	}
	return openai.ResponseInputMessage{Type: "message", Role: string(msg.Role), Content: text}
}

// sameCalls reports whether items hold exactly these tool calls: an id that had
// to be repaired, or an edited transcript, would not fit the results.
func sameCalls(items []json.RawMessage, idField string, calls []ToolCall) bool {
	n := 0
	for _, raw := range items {
		id := gjson.GetBytes(raw, idField)
		if !id.Exists() {
			continue
		}
		if n >= len(calls) || calls[n].ID != id.String() {
			return false
		}
		n++
	}
	return len(items) > 0 && n == len(calls)
}

// checkResponse checks that an answer is a response that did not fail.
func (m *model) checkResponse(root gjson.Result, _ []byte) ([]byte, *Error) {
	if !root.Get("output").IsArray() {
		return nil, m.unusable("the answer has no output: is base_url that of the Responses API?")
	}
	switch status := root.Get("status").String(); status {
	case "failed", "cancelled":
		return nil, m.billed(&Error{Ref: m.ref, Kind: KindUnavailable, Message: "the response " + status}, responsesUsage(root), root)
	case "queued", "in_progress":
		return nil, m.unusable("the response is not finished")
	}
	return []byte(`{}`), nil // it is read here, whatever its types
}

// decodeResponse translates an answer.
func (m *model) decodeResponse(req Request, root gjson.Result) (Response, error) {
	usage := responsesUsage(root)
	resp := Response{
		Message: Message{Role: Assistant}, Usage: usage, Model: tidy(text(root.Get("model"))), CostMicroUSD: m.cost(usage, root),
	}
	reason := text(root.Get("incomplete_details.reason"))
	resp.stopped(stopOf(reason))
	var out, refusal strings.Builder
	var calls []ToolCall
	s := state{Provider: m.provider.name, Model: m.name}
	for _, item := range root.Get("output").Array() {
		switch item.Get("type").String() {
		case "message":
			readOutputText(item, &out, &refusal)
		case "function_call":
			calls = append(calls, ToolCall{ID: text(item.Get("call_id")), Name: text(item.Get("name")), Args: argsOf(text(item.Get("arguments")))})
		}
		if item.IsObject() {
			s.Items = append(s.Items, wireItem(item))
		}
	}
	resp.Message.Text, resp.Message.ToolCalls = out.String(), m.calls(req, calls)
	if resp.Message.Text == "" {
		resp.Message.Text = refusal.String()
	}
	if resp.Stop == StopEnd && len(calls) > 0 { // only between tool calls is the reasoning wanted back
		raw, err := s.encode()
		if err != nil {
			return Response{}, err
		}
		resp.Message.ProviderState = raw
	}
	return resp, m.empty(reason, resp)
}

// wireItem is an item as it may come back: with arguments that are an object.
func wireItem(item gjson.Result) json.RawMessage {
	given := item.Get("arguments")
	args := wireArgs(json.RawMessage(text(given)))
	if item.Get("type").String() != "function_call" || given.Type == gjson.String && args == given.Str {
		return json.RawMessage(item.Raw)
	}
	out := []byte{'{'}
	item.ForEach(func(k, v gjson.Result) bool {
		raw := v.Raw
		if k.Str == "arguments" {
			raw = string(jsonOf(args))
		}
		out = appendField(out, k.Str, raw)
		return true
	})
	return append(out, '}')
}

func readOutputText(item gjson.Result, out, refusal *strings.Builder) {
	content := item.Get("content")
	if content.Type == gjson.String {
		out.WriteString(content.Str)
	}
	for _, part := range content.Array() {
		out.WriteString(part.Get("text").String())
		refusal.WriteString(part.Get("refusal").String())
	}
}
