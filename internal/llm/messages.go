package llm

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"
)

// defaultMaxTokens is sent where nothing is set: Anthropic wants a limit.
const defaultMaxTokens = 4096

// encodeMessages translates a request for Anthropic's Messages API. The cache is
// told to keep what stays: the tools, the instructions, and the conversation so
// far (https://platform.claude.com/docs/en/build-with-claude/prompt-caching).
func (m *model) encodeMessages(req Request) (*call, error) {
	out := messagesRequest{Model: anyModel, MaxTokens: defaultMaxTokens, Temperature: m.temperature(req)}
	if req.MaxTokens > 0 {
		out.MaxTokens = req.MaxTokens
	}
	if strings.TrimSpace(req.System) != "" {
		out.System = []contentBlock{{Type: "text", Text: req.System, CacheControl: keep()}}
	}
	tools, err := m.encodeTools(req.Tools)
	if err != nil {
		return nil, err
	}
	for i, t := range tools {
		spec := messagesTool{Name: t.Name, Description: t.Description, InputSchema: t.Parameters}
		if i == len(tools)-1 {
			spec.CacheControl = keep()
		}
		out.Tools = append(out.Tools, spec)
	}
	var prefix string
	out.Messages, prefix = m.turns(req)
	p := patch{model: m.name, last: "messages"}
	return &call{
		edit:  p.apply,
		check: m.checkMessage,
		send:  func(ctx context.Context, x *exchange) error { return x.postMessage(ctx, out) },
		read:  func(root gjson.Result) (Response, error) { return m.decodeMessage(req, root, prefix) },
	}, nil
}

// turns translates the conversation into turns of user and assistant, which take
// turns: what one says in a row is one message, and results of tools come first
// in theirs. It also gives what the conversation is known by.
func (m *model) turns(req Request) ([]message, string) {
	t := turnWriter{model: m}
	thinking := m.thinkingFits(req)
	known := newPrefix(req)
	for _, msg := range req.Messages {
		known.add(msg)
		switch msg.Role {
		case Assistant:
			t.add(roleAssistant, m.assistantBlocks(msg, thinking)...)
		case ToolRole:
			t.add(roleUser, m.resultBlock(msg))
		default:
			t.add(roleUser, textBlock(msg.Text))
		}
	}
	return t.finish(), known.String()
}

// turnWriter collects turns.
type turnWriter struct {
	model *model
	turns []message
}

func (t *turnWriter) add(role string, blocks ...contentBlock) {
	if len(t.turns) == 0 && role == roleAssistant {
		t.add(roleUser, textBlock("")) // a conversation begins with the user
	}
	if n := len(t.turns); n > 0 && t.turns[n-1].Role == role {
		t.turns[n-1].Content = append(t.turns[n-1].Content, blocks...)
		return
	}
	t.turns = append(t.turns, message{Role: role, Content: blocks})
}

// finish ends with a turn of the user, since newer models take no beginning of
// their own answer, and marks its end for the cache.
func (t *turnWriter) finish() []message {
	if n := len(t.turns); n > 0 && t.turns[n-1].Role == roleAssistant {
		t.add(roleUser, textBlock("Go on."))
	}
	last := t.turns[len(t.turns)-1].Content
	if end := &last[len(last)-1]; end.Own == nil {
		end.CacheControl = keep()
	}
	return t.turns
}

func textBlock(s string) contentBlock {
	if strings.TrimSpace(s) == "" {
		s = noText
	}
	return contentBlock{Type: "text", Text: s}
}

func (m *model) resultBlock(msg Message) contentBlock {
	text := msg.Text
	if strings.TrimSpace(text) == "" {
		text = noOutput
	}
	return contentBlock{Type: "tool_result", ToolUseID: m.wireID(msg.ToolCallID), Content: []contentBlock{{Type: "text", Text: text}}}
}

// assistantBlocks gives an answer back: with its thinking as it came, if that
// still fits, else without.
func (m *model) assistantBlocks(msg Message, thinking bool) []contentBlock {
	if s, ok := m.stateFor(msg); ok && thinking {
		var blocks []contentBlock
		for _, raw := range s.Items {
			blocks = append(blocks, contentBlock{Own: raw})
		}
		return blocks
	}
	var blocks []contentBlock
	if strings.TrimSpace(msg.Text) != "" || len(msg.ToolCalls) == 0 {
		blocks = append(blocks, textBlock(msg.Text))
	}
	for _, c := range msg.ToolCalls {
		blocks = append(blocks, contentBlock{Type: "tool_use", ID: m.wireID(c.ID), Input: json.RawMessage(wireArgs(c.Args)), Name: wireName(c.Name)})
	}
	return blocks
}

// thinkingFits reports whether the thinking of earlier answers may be sent:
// Anthropic refuses it in a conversation that is not, from its beginning, the one
// it was thought in, and it refuses one of several that lacks the others
// (https://platform.claude.com/docs/en/build-with-claude/preserved-thinking/prefix-checks).
func (m *model) thinkingFits(req Request) bool {
	known := newPrefix(req)
	for _, msg := range req.Messages {
		if msg.Role == Assistant && len(msg.ProviderState) > 0 {
			s, ok := m.stateFor(msg)
			if !ok || s.Prefix != known.String() || !sameCalls(s.Items, "id", msg.ToolCalls) {
				return false
			}
		}
		known.add(msg)
	}
	return true
}

// checkMessage checks that an answer is a message.
func (m *model) checkMessage(root gjson.Result, _ []byte) ([]byte, *Error) {
	if !root.Get("content").IsArray() {
		return nil, m.unusable("the answer has no content: is base_url that of Anthropic's API?")
	}
	return []byte(`{}`), nil // it is read here, whatever its types
}

// decodeMessage translates an answer.
func (m *model) decodeMessage(req Request, root gjson.Result, prefix string) (Response, error) {
	usage := messagesUsage(root)
	resp := Response{
		Message: Message{Role: Assistant}, Usage: usage, Model: tidy(text(root.Get("model"))), CostMicroUSD: m.cost(usage, root),
	}
	reason := text(root.Get("stop_reason"))
	resp.stopped(stopOf(reason))
	var out strings.Builder
	var calls []ToolCall
	thought := false
	s := state{Provider: m.provider.name, Model: m.name, Prefix: prefix}
	for _, block := range root.Get("content").Array() {
		switch block.Get("type").String() {
		case "text":
			out.WriteString(block.Get("text").String())
		case "tool_use":
			calls = append(calls, ToolCall{ID: text(block.Get("id")), Name: text(block.Get("name")), Args: argsOf(text(block.Get("input")))})
		case "thinking", "redacted_thinking":
			thought = true
		}
		s.keepBlock(block)
	}
	resp.Message.Text, resp.Message.ToolCalls = out.String(), m.calls(req, calls)
	if thought && resp.Stop == StopEnd {
		raw, err := s.encode()
		if err != nil {
			return Response{}, err
		}
		resp.Message.ProviderState = raw
	}
	return resp, m.empty(reason, resp)
}

// keepBlock keeps a block of an answer in the form in which it may come back.
func (s *state) keepBlock(b gjson.Result) {
	var kept any
	switch b.Get("type").String() {
	case "thinking", "redacted_thinking":
		s.Items = append(s.Items, json.RawMessage(b.Raw))
		return
	case "text":
		if strings.TrimSpace(b.Get("text").String()) == "" {
			return
		}
		kept = textBlock(b.Get("text").String())
	case "tool_use":
		kept = contentBlock{Type: "tool_use", ID: text(b.Get("id")), Input: json.RawMessage(wireArgs(json.RawMessage(b.Get("input").Raw))), Name: text(b.Get("name"))}
	default:
		return
	}
	if raw, err := json.Marshal(kept); err == nil {
		s.Items = append(s.Items, raw)
	}
}
