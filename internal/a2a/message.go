package a2a

import (
	"encoding/json"
	"strings"
)

// Message is one turn of a conversation.
type Message struct {
	// ID is chosen by the sender: two messages of one sender with one id are the
	// same message.
	ID string `json:"id,omitempty"`
	// ContextID and TaskID are where the message belongs; either may be "".
	ContextID string `json:"contextId,omitempty"`
	TaskID    string `json:"taskId,omitempty"`
	Role      Role   `json:"role,omitempty"`
	Parts     []Part `json:"parts,omitempty"`
	// Metadata is a JSON object, or nil.
	Metadata json.RawMessage `json:"metadata,omitempty"`
	// Extensions are the URIs of the extensions that shaped the message.
	Extensions []string `json:"extensions,omitempty"`
	// ReferenceTaskIDs are earlier tasks that the message speaks of.
	ReferenceTaskIDs []string `json:"referenceTaskIds,omitempty"`
}

// Text is all text of the message, its parts separated by blank lines.
func (m Message) Text() string {
	var texts []string
	for _, p := range m.Parts {
		if p.Kind == TextPart && p.Text != "" {
			texts = append(texts, p.Text)
		}
	}
	return strings.Join(texts, "\n\n")
}

// PartKind is what a part holds.
type PartKind string

// The kinds of parts. Files come by value or by address.
const (
	TextPart  PartKind = "text"
	DataPart  PartKind = "data"
	BytesPart PartKind = "bytes"
	URLPart   PartKind = "url"
)

// Part is a piece of a message or of an artifact. Kind says which of the contents
// it has.
type Part struct {
	Kind PartKind `json:"kind"`
	Text string   `json:"text,omitempty"`
	// Data is any JSON value, byte for byte as it came: numbers keep their digits.
	Data  json.RawMessage `json:"data,omitempty"`
	Bytes []byte          `json:"bytes,omitempty"`
	URL   string          `json:"url,omitempty"`
	// Filename and MediaType describe the content; either may be "".
	Filename  string `json:"filename,omitempty"`
	MediaType string `json:"mediaType,omitempty"`
	// Metadata is a JSON object, or nil.
	Metadata json.RawMessage `json:"metadata,omitempty"`
}

// TextOf makes a part of text.
func TextOf(text string) Part { return Part{Kind: TextPart, Text: text} }

// DataOf makes a part of a JSON value.
func DataOf(data json.RawMessage) Part { return Part{Kind: DataPart, Data: data} }

// File says whether the part is a file, by value or by address.
func (p Part) File() bool { return p.Kind == BytesPart || p.Kind == URLPart }

// Artifact is a result of a task.
type Artifact struct {
	// ID is unique within the task.
	ID          string `json:"id"`
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	Parts       []Part `json:"parts,omitempty"`
	// Metadata is a JSON object, or nil.
	Metadata   json.RawMessage `json:"metadata,omitempty"`
	Extensions []string        `json:"extensions,omitempty"`
}
