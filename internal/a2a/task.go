package a2a

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Task is one piece of work, and a snapshot of it: Seq says of when.
type Task struct {
	ID        string     `json:"id"`
	ContextID string     `json:"contextId"`
	Status    Status     `json:"status"`
	Artifacts []Artifact `json:"artifacts,omitempty"`
	// History are the messages of the task, oldest first.
	History []Message `json:"history,omitempty"`
	// Metadata is a JSON object, or nil.
	Metadata json.RawMessage `json:"metadata,omitempty"`
	// Seq is the number of the last event that the snapshot contains; following
	// the task from there misses nothing and repeats nothing. Callers never see it.
	Seq int64 `json:"seq,omitempty"`
}

// Status is where a task stands, and why in words.
type Status struct {
	State State `json:"state"`
	// Message tells the user, in Markdown; nil says nothing.
	Message *Message  `json:"message,omitempty"`
	Time    time.Time `json:"time,omitzero"`
}

// Event is one change of a task. Exactly one of its parts is set; a stream begins
// with Task, or consists of a Message alone.
type Event struct {
	// Seq numbers the events of one task upwards from 1, in the order in which all
	// readers see them.
	Seq      int64           `json:"seq,omitempty"`
	Task     *Task           `json:"task,omitempty"`
	Message  *Message        `json:"message,omitempty"`
	Status   *StatusUpdate   `json:"status,omitempty"`
	Artifact *ArtifactUpdate `json:"artifact,omitempty"`
}

// StatusUpdate tells of a new status.
type StatusUpdate struct {
	TaskID    string          `json:"taskId"`
	ContextID string          `json:"contextId"`
	Status    Status          `json:"status"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
}

// ArtifactUpdate brings an artifact or a further chunk of one.
type ArtifactUpdate struct {
	TaskID    string   `json:"taskId"`
	ContextID string   `json:"contextId"`
	Artifact  Artifact `json:"artifact"`
	// Append adds the parts to the artifact with the same id, which there is by
	// then; otherwise the artifact is new, or replaces the one with its id.
	Append bool `json:"append,omitempty"`
	// Last says that no further chunk of the artifact follows.
	Last     bool            `json:"last,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
}

// TerminalError says that a task has come to its end and cannot change.
type TerminalError struct {
	TaskID string
	State  State
}

// Error implements error.
func (e *TerminalError) Error() string {
	return fmt.Sprintf("task %s is %s and cannot change any more", e.TaskID, e.State)
}

// Apply changes the task as the event says. Events that the snapshot already
// contains change nothing. A task in a terminal state takes none: the error is a
// *TerminalError then.
func (t *Task) Apply(e Event) error {
	if e.Seq != 0 && e.Seq <= t.Seq {
		return nil
	}
	if t.Status.State.Terminal() {
		return &TerminalError{TaskID: t.ID, State: t.Status.State}
	}
	switch {
	case e.Task != nil:
		*t = *e.Task
	case e.Status != nil:
		t.Status = e.Status.Status
	case e.Artifact != nil:
		if err := t.applyArtifact(e.Artifact); err != nil {
			return err
		}
	}
	t.Seq = max(t.Seq, e.Seq)
	return nil
}

func (t *Task) applyArtifact(u *ArtifactUpdate) error {
	at := slices.IndexFunc(t.Artifacts, func(a Artifact) bool { return a.ID == u.Artifact.ID })
	switch {
	case at < 0 && u.Append:
		return fmt.Errorf("append to artifact %q of task %s: there is no such artifact", u.Artifact.ID, t.ID)
	case at < 0:
		t.Artifacts = append(t.Artifacts, u.Artifact)
	case u.Append:
		a := &t.Artifacts[at]
		a.Parts = append(a.Parts, u.Artifact.Parts...)
	default:
		t.Artifacts[at] = u.Artifact
	}
	return nil
}

// AllHistory asks for as much history as there is.
const AllHistory = -1

// LastMessages cuts the task's history down to its newest n messages; AllHistory
// leaves it as it is.
func (t *Task) LastMessages(n int) {
	if n >= 0 && len(t.History) > n {
		t.History = t.History[len(t.History)-n:]
	}
}
