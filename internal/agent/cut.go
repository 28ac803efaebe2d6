package agent

import (
	"errors"
	"fmt"

	"github.com/aofctl/aofctl/internal/llm"
)

// ErrCut says that the model's final answer is not whole. Half an answer is never
// posted.
var ErrCut = errors.New("the model's answer is cut off")

// goOn asks the model, once, to go on where its text was cut off.
func (l *loop) goOn(answer llm.Response, asked bool) error {
	if answer.Stop == llm.StopContent {
		return fmt.Errorf("%w by the provider's content filter", ErrCut)
	}
	if asked {
		return fmt.Errorf("%w at the token limit, twice: raise max_tokens (%d) of agent %s or have it write less",
			ErrCut, l.job.Agent.MaxTokens, l.job.Agent.Name)
	}
	text := "Your answer reached the token limit and is cut off. Go on exactly where it ends, without repeating anything " +
		"and without a remark about it, and come to an end soon."
	if answer.Message.Text == "" {
		text = "Your answer reached the token limit before it said anything. Think less and answer briefly."
	}
	l.messages = append(l.messages, llm.Message{Role: llm.User, Text: text})
	return nil
}

// withhold answers the last tool call of an answer that was cut off, without
// making it: its arguments may end anywhere.
func (l *loop) withhold(call llm.ToolCall, answer llm.Response) {
	text := "Not carried out: your answer reached the token limit in this call, so its arguments may be incomplete. Call again with shorter arguments."
	if answer.Stop == llm.StopContent {
		text = "Not carried out: the provider's content filter cut your answer off in this call."
	}
	l.messages = append(l.messages, llm.Message{Role: llm.ToolRole, ToolCallID: call.ID, ToolName: call.Name, Text: text})
}
