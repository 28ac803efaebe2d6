package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	openai "github.com/sashabaranov/go-openai"
	"github.com/tidwall/gjson"
)

// decode translates an answer. raw is the body that it came from.
func (m *chatModel) decode(req Request, answer openai.ChatCompletionResponse, raw gjson.Result) (Response, error) {
	if len(answer.Choices) == 0 { // a second "choices" in the same object
		return Response{}, &Error{Ref: m.ref, Status: http.StatusOK, Kind: KindUnavailable, Message: "the answer has no choices"}
	}
	choice := answer.Choices[0]
	usage := usageOf(answer.Usage)
	resp := Response{
		Message:      Message{Role: Assistant, Text: textOf(choice.Message)},
		Usage:        usage,
		Model:        tidy(answer.Model),
		Truncated:    choice.FinishReason == openai.FinishReasonLength || choice.FinishReason == openai.FinishReasonContentFilter,
		CostMicroUSD: m.prices.Cost(m.ref, usage),
	}
	resp.Message.ToolCalls = m.calls(req, choice.Message)
	state, err := m.stateOf(raw.Get("choices.0.message"))
	if err != nil {
		return Response{}, fmt.Errorf("keep provider state: %w", err)
	}
	resp.Message.ProviderState = state
	if resp.Message.Text == "" && len(resp.Message.ToolCalls) == 0 {
		return resp, m.empty(choice.FinishReason, resp)
	}
	return resp, nil
}

// empty explains an answer without text and calls, if it is a failure. A model
// may also have nothing to say, or have spent its limit on thinking.
func (m *chatModel) empty(reason openai.FinishReason, resp Response) error {
	e := &Error{Ref: m.ref, Status: http.StatusOK, Usage: resp.Usage, CostMicroUSD: resp.CostMicroUSD}
	said := strings.ToLower(string(reason))
	switch {
	case strings.Contains(said, "malformed_function_call"):
		e.Kind, e.Message = KindUnavailable, "the model garbled its tool call"
	case strings.Contains(said, "filter"), strings.Contains(said, "safety"), strings.Contains(said, "blocklist"),
		strings.Contains(said, "prohibited"), strings.Contains(said, "recitation"), strings.Contains(said, "spii"):
		e.Kind, e.Message = KindContent, "the provider's content filter stopped the answer ("+tidy(string(reason))+")"
	case said == "error":
		e.Kind, e.Message = KindUnavailable, "the provider failed in the middle of the answer"
	default:
		return nil
	}
	return e
}

func textOf(msg openai.ChatCompletionMessage) string {
	if msg.Content != "" {
		return msg.Content
	}
	var b strings.Builder
	for _, part := range msg.MultiContent {
		b.WriteString(part.Text)
	}
	if b.Len() > 0 {
		return b.String()
	}
	return msg.Refusal
}

// calls translates the tool calls and gives each an id that is its own within
// the conversation: some servers send none, or count anew with each answer.
func (m *chatModel) calls(req Request, msg openai.ChatCompletionMessage) []ToolCall {
	list := msg.ToolCalls
	if len(list) == 0 && msg.FunctionCall != nil && msg.FunctionCall.Name != "" {
		list = []openai.ToolCall{{Function: *msg.FunctionCall}} // the form before tool_calls
	}
	if len(list) == 0 {
		return nil
	}
	used := map[string]bool{"": true}
	for _, old := range req.Messages {
		for _, c := range old.ToolCalls {
			used[c.ID] = true
		}
	}
	calls := make([]ToolCall, 0, len(list))
	for _, c := range list {
		id := c.ID
		for n := len(used); used[id]; n++ {
			id = fmt.Sprintf("call%05d", n) // nine characters, as Mistral wants
		}
		used[id] = true
		calls = append(calls, ToolCall{ID: id, Name: c.Function.Name, Args: argsOf(c.Function.Arguments)})
	}
	return calls
}

// argsOf gives arguments as JSON: none are an empty object, and text that is not
// JSON becomes a JSON string, for the schema to refuse.
func argsOf(s string) json.RawMessage {
	trimmed := strings.TrimSpace(s)
	if trimmed == "" || trimmed == "null" {
		return json.RawMessage("{}")
	}
	var b bytes.Buffer
	if json.Compact(&b, []byte(trimmed)) != nil {
		return jsonOf(s)
	}
	return b.Bytes()
}

// usageOf reads the usage. Gemini and others count thinking in the total only,
// though it is billed as output.
func usageOf(u openai.Usage) Usage {
	out := Usage{In: clampCount(u.PromptTokens), Out: clampCount(u.CompletionTokens)}
	out.Out = max(out.Out, clampCount(u.TotalTokens)-out.In)
	if u.PromptTokensDetails != nil {
		out.CachedIn = min(clampCount(u.PromptTokensDetails.CachedTokens), out.In)
	}
	return out
}

func clampCount(n int) int { return min(max(n, 0), maxTokenCount) }
