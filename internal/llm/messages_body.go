package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// messagesVersion is the version of Anthropic's API that is spoken
// (https://platform.claude.com/docs/en/api/versioning).
const messagesVersion = "2023-06-01"

// Roles of messages.
const (
	roleUser      = "user"
	roleAssistant = "assistant"
)

// messagesRequest is the body of a request
// (https://platform.claude.com/docs/en/api/messages/create).
type messagesRequest struct {
	Model       string         `json:"model"`
	MaxTokens   int            `json:"max_tokens"`
	Temperature *float64       `json:"temperature,omitempty"`
	System      []contentBlock `json:"system,omitempty"`
	Tools       []messagesTool `json:"tools,omitempty"`
	Messages    []message      `json:"messages"`
}

// messagesTool is a tool that the model may call.
type messagesTool struct {
	Name         string        `json:"name"`
	Description  string        `json:"description,omitempty"`
	InputSchema  any           `json:"input_schema"`
	CacheControl *cacheControl `json:"cache_control,omitempty"`
}

// message is one turn.
type message struct {
	Role    string         `json:"role"`
	Content []contentBlock `json:"content"`
}

// contentBlock is a block of text, a call of a tool or its result, or one of the
// service's own that goes back as it came.
type contentBlock struct {
	Type         string          `json:"type"`
	Text         string          `json:"text,omitempty"`
	ID           string          `json:"id,omitempty"`
	Name         string          `json:"name,omitempty"`
	Input        json.RawMessage `json:"input,omitempty"`
	ToolUseID    string          `json:"tool_use_id,omitempty"`
	Content      []contentBlock  `json:"content,omitempty"`
	CacheControl *cacheControl   `json:"cache_control,omitempty"`
	// Own stands for all of them.
	Own json.RawMessage `json:"-"`
}

// MarshalJSON implements json.Marshaler.
func (b contentBlock) MarshalJSON() ([]byte, error) {
	if b.Own != nil {
		return b.Own, nil
	}
	type plain contentBlock
	return json.Marshal(plain(b))
}

// cacheControl marks what is to be kept in the cache, with all before it.
type cacheControl struct {
	Type string `json:"type"`
}

func keep() *cacheControl { return &cacheControl{"ephemeral"} }

// postMessage sends a request; what is answered is in x.
func (x *exchange) postMessage(ctx context.Context, body messagesRequest) error {
	p := x.model.provider
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.baseURL+"/v1/messages", bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Anthropic-Version", messagesVersion)
	req.Header.Set("X-Api-Key", p.key)
	_, err = x.Do(req) //nolint:bodyclose // the body was read, and is one in memory
	return err
}
