package model

import (
	"fmt"
)

// completion is the answer to a call.
type completion struct {
	ID      string   `json:"id"`
	Object  string   `json:"object"`
	Created int64    `json:"created"`
	Model   string   `json:"model"`
	Choices []choice `json:"choices"`
	Usage   usage    `json:"usage"`
}

type choice struct {
	Index        int           `json:"index"`
	Message      answerMessage `json:"message"`
	FinishReason string        `json:"finish_reason"`
}

type answerMessage struct {
	Role      string     `json:"role"`
	Content   *string    `json:"content"`
	ToolCalls []toolCall `json:"tool_calls,omitempty"`
}

type usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	TotalTokens      int `json:"total_tokens"`
}

// completion makes the answer. Ids of calls tell the turn and the position, so
// that they are unique in a conversation and the same each time.
func (s *Server) completion(body []byte, turn int, out reply) completion {
	msg := answerMessage{Role: "assistant"}
	if out.say != "" || len(out.calls) == 0 {
		msg.Content = &out.say
	}
	size := len(out.say)
	for i, c := range out.calls {
		size += len(c.tool) + len(c.args)
		msg.ToolCalls = append(msg.ToolCalls, toolCall{
			ID: fmt.Sprintf("call%03d%02d", turn, i), Type: "function",
			Function: callBody{Name: c.tool, Arguments: string(c.args)},
		})
	}
	finish := "stop"
	if len(msg.ToolCalls) > 0 {
		finish = "tool_calls"
	}
	in, written := tokens(len(body)), tokens(size)
	return completion{
		ID:     fmt.Sprintf("chatcmpl-sandbox-%d", s.count.Add(1)),
		Object: "chat.completion", Created: s.opts.Now().Unix(), Model: Name,
		Choices: []choice{{Message: msg, FinishReason: finish}},
		Usage:   usage{PromptTokens: in, CompletionTokens: written, TotalTokens: in + written},
	}
}

// tokens guesses the tokens of a text of so many bytes.
func tokens(bytes int) int { return (bytes + 2) / 3 }

// made lists the calls of a reply for the log.
func (r reply) made() []Call {
	var calls []Call
	for _, c := range r.calls {
		calls = append(calls, Call{Tool: c.tool, Args: c.args})
	}
	return calls
}
