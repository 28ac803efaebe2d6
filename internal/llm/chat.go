package llm

import (
	"context"
	"encoding/json"
	"strings"

	openai "github.com/sashabaranov/go-openai"
	"github.com/tidwall/gjson"
)

// anyModel stands for the model's name while go-openai builds a request: it
// refuses some names itself, whoever serves them. The name is put in after it.
const anyModel = "model"

// encodeChat translates a request for a chat completions endpoint. The same
// request gives the same bytes, and a conversation that goes on repeats the
// bytes of its beginning.
func (m *model) encodeChat(req Request) (*call, error) {
	out := openai.ChatCompletionRequest{Model: anyModel}
	p := patch{
		model: m.name, temperature: m.temperature(req), dropEmptyParameters: m.provider.dialect.omitEmptyParameters,
	}
	if req.System != "" {
		out.Messages = append(out.Messages, openai.ChatCompletionMessage{Role: openai.ChatMessageRoleSystem, Content: req.System})
	}
	for _, msg := range req.Messages {
		if more := m.messagePatch(msg); !more.empty() {
			p.message(len(out.Messages), more)
		}
		out.Messages = append(out.Messages, m.encodeMessage(msg))
	}
	tools, err := m.encodeTools(req.Tools)
	if err != nil {
		return nil, err
	}
	for i := range tools {
		out.Tools = append(out.Tools, openai.Tool{Type: openai.ToolTypeFunction, Function: &tools[i]})
	}
	if req.MaxTokens > 0 {
		p.maxTokens, p.maxTokensField = req.MaxTokens, "max_tokens"
		if m.traits.completionLimit {
			p.maxTokensField = "max_completion_tokens"
		}
	}
	var answer openai.ChatCompletionResponse
	return &call{
		edit:  p.apply,
		check: m.checkChat,
		send: func(ctx context.Context, x *exchange) error {
			var err error
			answer, err = x.openAI().CreateChatCompletion(ctx, out)
			return err
		},
		read: func(root gjson.Result) (Response, error) { return m.decodeChat(req, answer, root) },
	}, nil
}

func (m *model) encodeMessage(msg Message) openai.ChatCompletionMessage {
	out := openai.ChatCompletionMessage{Role: string(msg.Role), Content: msg.Text}
	for _, c := range msg.ToolCalls {
		out.ToolCalls = append(out.ToolCalls, openai.ToolCall{
			ID: m.wireID(c.ID), Type: openai.ToolTypeFunction,
			Function: openai.FunctionCall{Name: wireName(c.Name), Arguments: wireArgs(c.Args)},
		})
	}
	switch {
	case msg.Role == ToolRole:
		out.ToolCallID = m.wireID(msg.ToolCallID)
		// Gemini refuses a result without the tool's name; others ignore it.
		out.Name = wireName(msg.ToolName)
		if out.Content == "" {
			out.Content = noOutput
		}
	case out.Content == "" && len(msg.ToolCalls) == 0:
		out.Content = noText
	}
	return out
}

// checkChat checks that an answer is a chat completion with something in it, and
// gives it in the form that go-openai decodes.
func (m *model) checkChat(root gjson.Result, body []byte) ([]byte, *Error) {
	if blocked := root.Get("promptFeedback.blockReason"); blocked.String() != "" {
		return nil, m.billed(&Error{Ref: m.ref, Kind: KindContent, Message: "the prompt was blocked: " + blocked.String()}, chatUsage(root), root)
	}
	if !root.Get("choices.0").IsObject() {
		return nil, m.billed(m.unusable("the answer has no choices"), chatUsage(root), root)
	}
	if canonical(root) {
		return body, nil
	}
	rebuilt, err := json.Marshal(rebuild(root))
	if err != nil {
		return nil, m.unusable("the answer is not a chat completion")
	}
	return rebuilt, nil
}

// decodeChat translates an answer. raw is the body that it came from.
func (m *model) decodeChat(req Request, answer openai.ChatCompletionResponse, raw gjson.Result) (Response, error) {
	if len(answer.Choices) == 0 { // a second "choices" in the same object
		return Response{}, m.unusable("the answer has no choices")
	}
	choice := answer.Choices[0]
	usage := chatUsage(raw)
	resp := Response{
		Message: Message{Role: Assistant, Text: textOf(choice.Message)},
		Usage:   usage, Model: tidy(answer.Model), CostMicroUSD: m.cost(usage, raw),
	}
	resp.stopped(stopOf(string(choice.FinishReason)))
	resp.Message.ToolCalls = m.calls(req, chatCalls(choice.Message))
	state, err := m.stateOf(raw.Get("choices.0.message"))
	if err != nil {
		return Response{}, err
	}
	resp.Message.ProviderState = state
	return resp, m.empty(string(choice.FinishReason), resp)
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

func chatCalls(msg openai.ChatCompletionMessage) []ToolCall {
	list := msg.ToolCalls
	if len(list) == 0 && msg.FunctionCall != nil && msg.FunctionCall.Name != "" {
		list = []openai.ToolCall{{Function: *msg.FunctionCall}} // the form before tool_calls
	}
	var calls []ToolCall
	for _, c := range list {
		calls = append(calls, ToolCall{ID: c.ID, Name: c.Function.Name, Args: argsOf(c.Function.Arguments)})
	}
	return calls
}
