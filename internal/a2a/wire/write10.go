package wire

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

// The types of A2A 1.0, as ProtoJSON writes specification/a2a.proto: what is
// empty is left out, unless it is required.

type payload10 struct {
	Task           *task10     `json:"task,omitempty"`
	Message        *message10  `json:"message,omitempty"`
	StatusUpdate   *status10   `json:"statusUpdate,omitempty"`
	ArtifactUpdate *artifactUp `json:"artifactUpdate,omitempty"`
}

type task10 struct {
	ID        string          `json:"id"`
	ContextID string          `json:"contextId,omitempty"`
	Status    taskStatus10    `json:"status"`
	Artifacts *[]artifact10   `json:"artifacts,omitempty"`
	History   []*message10    `json:"history,omitempty"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
}

type taskStatus10 struct {
	State     string     `json:"state"`
	Message   *message10 `json:"message,omitempty"`
	Timestamp string     `json:"timestamp,omitempty"`
}

type status10 struct {
	TaskID    string          `json:"taskId"`
	ContextID string          `json:"contextId"`
	Status    taskStatus10    `json:"status"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
}

type artifactUp struct {
	TaskID    string          `json:"taskId"`
	ContextID string          `json:"contextId"`
	Artifact  artifact10      `json:"artifact"`
	Append    bool            `json:"append,omitempty"`
	LastChunk bool            `json:"lastChunk,omitempty"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
}

type message10 struct {
	MessageID        string          `json:"messageId"`
	ContextID        string          `json:"contextId,omitempty"`
	TaskID           string          `json:"taskId,omitempty"`
	Role             string          `json:"role"`
	Parts            []part10        `json:"parts"`
	Metadata         json.RawMessage `json:"metadata,omitempty"`
	Extensions       []string        `json:"extensions,omitempty"`
	ReferenceTaskIDs []string        `json:"referenceTaskIds,omitempty"`
}

type part10 struct {
	Text      *string         `json:"text,omitempty"`
	Raw       *string         `json:"raw,omitempty"`
	URL       *string         `json:"url,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
	Filename  string          `json:"filename,omitempty"`
	MediaType string          `json:"mediaType,omitempty"`
}

type artifact10 struct {
	ArtifactID  string          `json:"artifactId"`
	Name        string          `json:"name,omitempty"`
	Description string          `json:"description,omitempty"`
	Parts       []part10        `json:"parts"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	Extensions  []string        `json:"extensions,omitempty"`
}

type page10 struct {
	Tasks         []*task10 `json:"tasks"`
	NextPageToken string    `json:"nextPageToken"`
	PageSize      int       `json:"pageSize"`
	TotalSize     int       `json:"totalSize"`
}

func event10(e a2a.Event) payload10 {
	switch {
	case e.Task != nil:
		return payload10{Task: task10Of(*e.Task)}
	case e.Message != nil:
		return payload10{Message: message10Of(e.Message)}
	case e.Status != nil:
		u := e.Status
		return payload10{StatusUpdate: &status10{
			TaskID: u.TaskID, ContextID: u.ContextID, Status: taskStatus10Of(u.Status), Metadata: u.Metadata,
		}}
	case e.Artifact != nil:
		u := e.Artifact
		return payload10{ArtifactUpdate: &artifactUp{
			TaskID: u.TaskID, ContextID: u.ContextID, Artifact: artifact10Of(u.Artifact),
			Append: u.Append, LastChunk: u.Last, Metadata: u.Metadata,
		}}
	}
	return payload10{}
}

func task10Of(t a2a.Task) *task10 {
	out := &task10{ID: t.ID, ContextID: t.ContextID, Status: taskStatus10Of(t.Status), Metadata: t.Metadata}
	if len(t.Artifacts) > 0 {
		list := make([]artifact10, 0, len(t.Artifacts))
		for _, a := range t.Artifacts {
			list = append(list, artifact10Of(a))
		}
		out.Artifacts = &list
	}
	for i := range t.History {
		out.History = append(out.History, message10Of(&t.History[i]))
	}
	return out
}

func taskStatus10Of(s a2a.Status) taskStatus10 {
	return taskStatus10{State: state10(s.State), Message: message10Of(s.Message), Timestamp: millis(s.Time)}
}

func state10(s a2a.State) string {
	if s == a2a.Unknown || s == "" {
		return "TASK_STATE_UNSPECIFIED"
	}
	return "TASK_STATE_" + strings.ToUpper(strings.ReplaceAll(string(s), "-", "_"))
}

// millis writes a time as section 5.6.1 wants it; "" for none.
func millis(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func message10Of(m *a2a.Message) *message10 {
	if m == nil {
		return nil
	}
	return &message10{
		MessageID: m.ID, ContextID: m.ContextID, TaskID: m.TaskID, Role: "ROLE_" + strings.ToUpper(string(m.Role)),
		Parts: parts10(m.Parts), Metadata: m.Metadata, Extensions: m.Extensions, ReferenceTaskIDs: m.ReferenceTaskIDs,
	}
}

func artifact10Of(a a2a.Artifact) artifact10 {
	return artifact10{
		ArtifactID: a.ID, Name: a.Name, Description: a.Description, Parts: parts10(a.Parts),
		Metadata: a.Metadata, Extensions: a.Extensions,
	}
}

func parts10(parts []a2a.Part) []part10 {
	list := make([]part10, 0, len(parts))
	for _, p := range parts {
		out := part10{Metadata: p.Metadata, Filename: p.Filename, MediaType: p.MediaType}
		switch p.Kind {
		case a2a.DataPart:
			out.Data = orNull(p.Data)
		case a2a.BytesPart:
			raw := base64.StdEncoding.EncodeToString(p.Bytes)
			out.Raw = &raw
		case a2a.URLPart:
			out.URL = &p.URL
		default:
			out.Text = &p.Text
		}
		list = append(list, out)
	}
	return list
}

func orNull(data json.RawMessage) json.RawMessage {
	if len(data) == 0 {
		return json.RawMessage("null")
	}
	return data
}
