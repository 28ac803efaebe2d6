package client

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Message is what a user says.
type Message struct {
	// ID is new for each message; two with one id are the same. "" has the client
	// make one.
	ID string
	// ContextID and TaskID are where it belongs; either may be "".
	ContextID, TaskID string
	Text              string
	// Data is a JSON object sent beside the text, or nil.
	Data json.RawMessage
}

// request has its members in the order of Jira's guide.
type request struct {
	JSONRPC string `json:"jsonrpc"`
	ID      string `json:"id"`
	Method  string `json:"method"`
	Params  any    `json:"params"`
}

type params struct {
	Message       any            `json:"message"`
	Configuration map[string]any `json:"configuration,omitempty"`
}

type message03 struct {
	Kind      string   `json:"kind"`
	Role      string   `json:"role"`
	Parts     []part03 `json:"parts"`
	ContextID string   `json:"contextId,omitempty"`
	TaskID    string   `json:"taskId,omitempty"`
	MessageID string   `json:"messageId"`
}

type part03 struct {
	Kind string          `json:"kind"`
	Text *string         `json:"text,omitempty"`
	Data json.RawMessage `json:"data,omitempty"`
}

type message10 struct {
	MessageID string   `json:"messageId"`
	ContextID string   `json:"contextId,omitempty"`
	TaskID    string   `json:"taskId,omitempty"`
	Role      string   `json:"role"`
	Parts     []part10 `json:"parts"`
}

type part10 struct {
	Text *string         `json:"text,omitempty"`
	Data json.RawMessage `json:"data,omitempty"`
}

// ofMessage writes the parameters that send a message. Plain callers say that they
// do not wait, which A2A 1.0 has them do otherwise; Jira says nothing.
func (d Dialect) ofMessage(m Message) params {
	p := params{Message: d.message(m)}
	switch d {
	case Plain03:
		p.Configuration = map[string]any{"blocking": false}
	case Plain10:
		p.Configuration = map[string]any{"returnImmediately": true}
	}
	return p
}

func (d Dialect) message(m Message) any {
	if d.v10() {
		parts := []part10{{Text: &m.Text}}
		if m.Data != nil {
			parts = append(parts, part10{Data: m.Data})
		}
		return message10{MessageID: m.ID, ContextID: m.ContextID, TaskID: m.TaskID, Role: "ROLE_USER", Parts: parts}
	}
	parts := []part03{{Kind: "text", Text: &m.Text}}
	if m.Data != nil {
		parts = append(parts, part03{Kind: "data", Data: m.Data})
	}
	return message03{Kind: "message", Role: "user", Parts: parts, ContextID: m.ContextID, TaskID: m.TaskID, MessageID: m.ID}
}

// encode writes a request without the escapes that are meant for HTML pages.
func encode(id, method string, params any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(request{JSONRPC: "2.0", ID: id, Method: method, Params: params}); err != nil {
		return nil, fmt.Errorf("write request %s: %w", method, err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
