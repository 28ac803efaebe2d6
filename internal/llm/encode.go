package llm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	openai "github.com/sashabaranov/go-openai"
)

// What stands in for a text that is empty: go-openai drops empty contents, and
// servers refuse messages without one.
const (
	noOutput = "(no output)"
	noText   = "(no text)"
)

// outgoing is a request ready to be sent, with what go-openai cannot say.
type outgoing struct {
	request openai.ChatCompletionRequest
	patch   patch
}

// encode translates a request. The same request gives the same bytes, and a
// conversation that goes on repeats the bytes of its beginning.
func (m *chatModel) encode(req Request) (outgoing, error) {
	var out outgoing
	if err := m.checkMessages(req.Messages); err != nil {
		return out, err
	}
	out.request.Model = m.name
	if req.System != "" {
		out.request.Messages = append(out.request.Messages, openai.ChatCompletionMessage{
			Role: openai.ChatMessageRoleSystem, Content: req.System,
		})
	}
	for _, msg := range req.Messages {
		if p := m.messagePatch(msg); !p.empty() {
			out.patch.message(len(out.request.Messages), p)
		}
		out.request.Messages = append(out.request.Messages, m.encodeMessage(msg))
	}
	tools, err := m.encodeTools(req.Tools)
	if err != nil {
		return out, err
	}
	out.request.Tools = tools
	out.patch.dropEmptyParameters = m.provider.dialect.omitEmptyParameters
	out.patch.temperature = req.Temperature
	if req.MaxTokens > 0 {
		out.patch.maxTokens = req.MaxTokens
		out.patch.maxTokensField = "max_tokens"
		if m.traits.completionLimit {
			out.patch.maxTokensField = "max_completion_tokens"
		}
	}
	return out, nil
}

func (m *chatModel) encodeMessage(msg Message) openai.ChatCompletionMessage {
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

// wireID gives an id that the provider takes: OpenAI wants at most 40
// characters, Mistral nine letters and digits. It matters for calls that another
// provider made.
func (m *chatModel) wireID(id string) string {
	short := m.provider.dialect.shortIDs
	if short && isShortID(id) || !short && len(id) <= 40 {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])[:9]
}

func isShortID(id string) bool {
	return len(id) == 9 && wireName(id) == id && !strings.ContainsAny(id, "_-")
}

// wireName makes a name that providers take of what a model may have invented.
func wireName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return '_'
	}, name)
	if name == "" {
		return "unknown"
	}
	return name[:min(len(name), 64)]
}

// wireArgs gives the arguments back as the model sent them. Where they were no
// object, the tool's answer tells so; servers that decode them take only objects.
func wireArgs(args json.RawMessage) string {
	trimmed := bytes.TrimSpace(args)
	if len(trimmed) == 0 || trimmed[0] != '{' || !json.Valid(trimmed) {
		return "{}"
	}
	return string(trimmed)
}
