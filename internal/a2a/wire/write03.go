package wire

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a"
)

// The types of A2A 0.3, types/src/types.ts, with their members in the order of
// Jira's guide. Each tells its kind.

type task03 struct {
	ID        string          `json:"id"`
	ContextID string          `json:"contextId"`
	Status    taskStatus03    `json:"status"`
	Artifacts []artifact03    `json:"artifacts,omitempty"`
	History   []*message03    `json:"history,omitempty"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
	Kind      string          `json:"kind"`
}

type taskStatus03 struct {
	State     string     `json:"state"`
	Message   *message03 `json:"message,omitempty"`
	Timestamp string     `json:"timestamp,omitempty"`
}

// status03 has its message twice in Jira's early dialect: beside the status, where
// Jira's guide has it, and within, where A2A has it.
type status03 struct {
	TaskID    string          `json:"taskId"`
	ContextID string          `json:"contextId"`
	Status    taskStatus03    `json:"status"`
	Message   *message03      `json:"message,omitempty"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
	Kind      string          `json:"kind"`
	Final     bool            `json:"final"`
}

type artifactUp03 struct {
	TaskID    string          `json:"taskId"`
	ContextID string          `json:"contextId"`
	Artifact  artifact03      `json:"artifact"`
	Append    bool            `json:"append,omitempty"`
	LastChunk bool            `json:"lastChunk,omitempty"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
	Kind      string          `json:"kind"`
}

type message03 struct {
	Kind             string          `json:"kind"`
	Role             string          `json:"role"`
	Parts            []part03        `json:"parts"`
	MessageID        string          `json:"messageId"`
	TaskID           string          `json:"taskId,omitempty"`
	ContextID        string          `json:"contextId,omitempty"`
	Metadata         json.RawMessage `json:"metadata,omitempty"`
	Extensions       []string        `json:"extensions,omitempty"`
	ReferenceTaskIDs []string        `json:"referenceTaskIds,omitempty"`
}

type part03 struct {
	Kind     string          `json:"kind"`
	Text     *string         `json:"text,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
	File     *file03         `json:"file,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
}

type file03 struct {
	Name     string  `json:"name,omitempty"`
	MimeType string  `json:"mimeType,omitempty"`
	Bytes    *string `json:"bytes,omitempty"`
	URI      *string `json:"uri,omitempty"`
}

type artifact03 struct {
	ArtifactID  string          `json:"artifactId"`
	Name        string          `json:"name,omitempty"`
	Description string          `json:"description,omitempty"`
	Parts       []part03        `json:"parts"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	Extensions  []string        `json:"extensions,omitempty"`
}

// payloadEAP wraps what Jira's early dialect streams.
type payloadEAP struct {
	Task           *task03       `json:"task,omitempty"`
	StatusUpdate   *status03     `json:"statusUpdate,omitempty"`
	ArtifactUpdate *artifactUp03 `json:"artifactUpdate,omitempty"`
	Message        *message03    `json:"message,omitempty"`
}

func eventEAP(e a2a.Event) payloadEAP {
	switch {
	case e.Task != nil:
		t := task03Of(*e.Task, JiraEAP)
		return payloadEAP{Task: &t}
	case e.Status != nil:
		u := status03Of(e.Status, JiraEAP)
		u.Message = u.Status.Message
		return payloadEAP{StatusUpdate: &u}
	case e.Artifact != nil:
		u := artifactUp03Of(e.Artifact)
		return payloadEAP{ArtifactUpdate: &u}
	}
	return payloadEAP{Message: message03Of(e.Message)}
}

func event03(e a2a.Event) any {
	switch {
	case e.Task != nil:
		return task03Of(*e.Task, Plain03)
	case e.Status != nil:
		return status03Of(e.Status, Plain03)
	case e.Artifact != nil:
		return artifactUp03Of(e.Artifact)
	}
	return message03Of(e.Message)
}

func task03Of(t a2a.Task, d Dialect) task03 {
	out := task03{
		ID: t.ID, ContextID: t.ContextID, Status: taskStatus03Of(t.Status, d), Metadata: t.Metadata, Kind: "task",
	}
	for _, a := range t.Artifacts {
		out.Artifacts = append(out.Artifacts, artifact03Of(a))
	}
	for i := range t.History {
		out.History = append(out.History, message03Of(&t.History[i]))
	}
	return out
}

func taskStatus03Of(s a2a.Status, d Dialect) taskStatus03 {
	state := s.State
	if state == "" {
		state = a2a.Unknown
	}
	return taskStatus03{State: string(state), Message: message03Of(s.Message), Timestamp: stamp(s.Time, d)}
}

// stamp writes a time, in whole seconds for Jira as in its guide; "" for none.
func stamp(t time.Time, d Dialect) string {
	if t.IsZero() || d != JiraEAP {
		return millis(t)
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func status03Of(u *a2a.StatusUpdate, d Dialect) status03 {
	return status03{
		TaskID: u.TaskID, ContextID: u.ContextID, Status: taskStatus03Of(u.Status, d), Metadata: u.Metadata,
		Kind: "status-update", Final: d.Ends(u.Status.State),
	}
}

func artifactUp03Of(u *a2a.ArtifactUpdate) artifactUp03 {
	return artifactUp03{
		TaskID: u.TaskID, ContextID: u.ContextID, Artifact: artifact03Of(u.Artifact),
		Append: u.Append, LastChunk: u.Last, Metadata: u.Metadata, Kind: "artifact-update",
	}
}

func message03Of(m *a2a.Message) *message03 {
	if m == nil {
		return nil
	}
	return &message03{
		Kind: "message", Role: string(m.Role), Parts: parts03(m.Parts), MessageID: m.ID, TaskID: m.TaskID,
		ContextID: m.ContextID, Metadata: m.Metadata, Extensions: m.Extensions, ReferenceTaskIDs: m.ReferenceTaskIDs,
	}
}

func artifact03Of(a a2a.Artifact) artifact03 {
	return artifact03{
		ArtifactID: a.ID, Name: a.Name, Description: a.Description, Parts: parts03(a.Parts),
		Metadata: a.Metadata, Extensions: a.Extensions,
	}
}

func parts03(parts []a2a.Part) []part03 {
	list := make([]part03, 0, len(parts))
	for _, p := range parts {
		out := part03{Kind: "text", Metadata: p.Metadata}
		switch p.Kind {
		case a2a.DataPart:
			out.Kind, out.Data = "data", data03(p.Data)
		case a2a.BytesPart:
			raw := base64.StdEncoding.EncodeToString(p.Bytes)
			out.Kind, out.File = "file", &file03{Name: p.Filename, MimeType: p.MediaType, Bytes: &raw}
		case a2a.URLPart:
			out.Kind, out.File = "file", &file03{Name: p.Filename, MimeType: p.MediaType, URI: &p.URL}
		default:
			out.Text = &p.Text
		}
		list = append(list, out)
	}
	return list
}

// data03 makes an object of any value: data of 0.3 is always one.
func data03(data json.RawMessage) json.RawMessage {
	if gjson.ParseBytes(data).IsObject() {
		return data
	}
	return append(append(json.RawMessage(`{"value":`), orNull(data)...), '}')
}
