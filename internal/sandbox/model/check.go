package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// chatRequest is the body of a call, in the fields that OpenAI documents.
type chatRequest struct {
	Model               string          `json:"model"`
	Messages            []message       `json:"messages"`
	Tools               []toolSpec      `json:"tools"`
	ToolChoice          json.RawMessage `json:"tool_choice"`
	ParallelToolCalls   *bool           `json:"parallel_tool_calls"`
	Temperature         *float64        `json:"temperature"`
	TopP                *float64        `json:"top_p"`
	N                   *int            `json:"n"`
	MaxTokens           *int            `json:"max_tokens"`
	MaxCompletionTokens *int            `json:"max_completion_tokens"`
	Stream              bool            `json:"stream"`
	Stop                json.RawMessage `json:"stop"`
	Seed                *int            `json:"seed"`
	User                string          `json:"user"`
	ResponseFormat      json.RawMessage `json:"response_format"`
	ReasoningEffort     string          `json:"reasoning_effort"`
	Metadata            json.RawMessage `json:"metadata"`
	Store               *bool           `json:"store"`
	ServiceTier         string          `json:"service_tier"`
	PresencePenalty     *float64        `json:"presence_penalty"`
	FrequencyPenalty    *float64        `json:"frequency_penalty"`
}

type message struct {
	Role       string          `json:"role"`
	Content    json.RawMessage `json:"content"`
	Name       string          `json:"name"`
	Refusal    *string         `json:"refusal"`
	ToolCalls  []toolCall      `json:"tool_calls"`
	ToolCallID string          `json:"tool_call_id"`

	text string
}

type toolCall struct {
	ID       string   `json:"id"`
	Type     string   `json:"type"`
	Function callBody `json:"function"`
}

type callBody struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type toolSpec struct {
	Type     string       `json:"type"`
	Function functionSpec `json:"function"`
}

type functionSpec struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Parameters  json.RawMessage `json:"parameters"`
	Strict      *bool           `json:"strict"`
}

// problem is a refusal in OpenAI's form.
type problem struct {
	status  int
	kind    string
	code    string
	message string
}

func (p *problem) Error() string { return p.message }

// bad is a request that cannot be answered as it is.
func bad(format string, args ...any) *problem {
	return &problem{status: http.StatusBadRequest, kind: "invalid_request_error", message: fmt.Sprintf(format, args...)}
}

// decode reads a body and checks it as strictly as a real provider.
func decode(body []byte) (*chatRequest, *problem) {
	var req chatRequest
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&req); err != nil {
		if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return nil, bad("Unrecognized request argument supplied: %s", strings.Trim(field, `"`))
		}
		return nil, bad("We could not parse the JSON body of your request: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, bad("We could not parse the JSON body of your request: there is more than one value in it.")
	}
	for _, check := range []func(*chatRequest) *problem{checkParameters, checkTools, checkMessages} {
		if p := check(&req); p != nil {
			return nil, p
		}
	}
	return &req, nil
}

func checkParameters(req *chatRequest) *problem {
	switch {
	case req.Model == "":
		return bad("you must provide a model parameter")
	case req.Stream:
		return bad("The sandbox model does not stream; set stream to false.")
	case req.Temperature != nil && (*req.Temperature < 0 || *req.Temperature > 2):
		return bad("Invalid 'temperature': expected a value between 0 and 2.")
	case req.N != nil && *req.N != 1:
		return bad("Invalid 'n': the sandbox model gives one choice.")
	case req.MaxTokens != nil && req.MaxCompletionTokens != nil:
		return bad("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
	case req.MaxTokens != nil && *req.MaxTokens < 1, req.MaxCompletionTokens != nil && *req.MaxCompletionTokens < 1:
		return bad("Invalid 'max_tokens': expected at least 1.")
	}
	return nil
}

// checkMessages checks each message, and that each tool call is answered before
// anything else is said.
func checkMessages(req *chatRequest) *problem {
	if len(req.Messages) == 0 {
		return bad("Invalid 'messages': empty array. Expected an array with minimum length 1.")
	}
	open := map[string]bool{}
	for i := range req.Messages {
		m := &req.Messages[i]
		if m.Role != "tool" && len(open) > 0 {
			return unanswered(open)
		}
		if p := m.readContent(i); p != nil {
			return p
		}
		switch m.Role {
		case "system", "developer", "user":
			if len(m.ToolCalls) > 0 {
				return bad("Invalid 'messages[%d]': only assistant messages have 'tool_calls'.", i)
			}
		case "assistant":
			if p := m.checkCalls(i, open); p != nil {
				return p
			}
		case "tool":
			if !open[m.ToolCallID] {
				return bad("Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls' (messages[%d]).", i)
			}
			delete(open, m.ToolCallID)
		default:
			return bad("Invalid value: '%.40s'. Supported values are: 'system', 'assistant', 'user', 'tool' and 'developer' (messages[%d].role).", m.Role, i)
		}
	}
	if len(open) > 0 {
		return unanswered(open)
	}
	return nil
}

func unanswered(open map[string]bool) *problem {
	return bad("An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. %d tool_call_ids did not have response messages.", len(open))
}

// readContent reads a text, parts of text, or, for tool calls, nothing.
func (m *message) readContent(i int) *problem {
	raw := bytes.TrimSpace(m.Content)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		if m.Role == "assistant" && len(m.ToolCalls) > 0 {
			return nil
		}
		return bad("Invalid value for 'content': expected a string, got null (messages[%d]).", i)
	case raw[0] == '"':
		if err := json.Unmarshal(raw, &m.text); err != nil {
			return bad("Invalid value for 'content' (messages[%d]).", i)
		}
		return nil
	}
	var parts []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil || len(parts) == 0 {
		return bad("Invalid type for 'messages[%d].content': expected one of a string or array of objects.", i)
	}
	var texts []string
	for _, p := range parts {
		if p.Type != "text" {
			return bad("The sandbox model reads text only, not '%.40s' (messages[%d]).", p.Type, i)
		}
		texts = append(texts, p.Text)
	}
	m.text = strings.Join(texts, "\n")
	return nil
}

func (m *message) checkCalls(i int, open map[string]bool) *problem {
	if m.ToolCalls != nil && len(m.ToolCalls) == 0 {
		return bad("Invalid 'messages[%d].tool_calls': empty array. Expected an array with minimum length 1.", i)
	}
	for j, c := range m.ToolCalls {
		at := fmt.Sprintf("messages[%d].tool_calls[%d]", i, j)
		var args map[string]any
		switch {
		case c.ID == "" || len(c.ID) > 40:
			return bad("Invalid '%s.id': expected 1 to 40 characters.", at)
		case c.Type != "function":
			return bad("Invalid '%s.type': expected 'function'.", at)
		case !isToolName(c.Function.Name):
			return bad("Invalid '%s.function.name': string does not match pattern '^[a-zA-Z0-9_-]+$'.", at)
		case json.Unmarshal([]byte(c.Function.Arguments), &args) != nil:
			return bad("Invalid '%s.function.arguments': expected a JSON object.", at)
		case open[c.ID]:
			return bad("Duplicate value for 'tool_call_id' of '%s' (%s).", c.ID, at)
		}
		open[c.ID] = true
	}
	return nil
}
