package a2a

import (
	"context"
	"encoding/json"
	"time"
)

// Caller is who speaks to us, as their credentials say: never as a body says.
// Everything is read and written by (Installation, Account).
type Caller struct {
	// Jira says that a valid Forge invocation token came with the request.
	Jira bool
	// Installation is the id of the app's installation in a Jira site, or what
	// names a plain caller's token.
	Installation string
	// Account is the Atlassian account of the user; "" for plain callers.
	Account string
}

// Call is what all operations of one request share.
type Call struct {
	Caller Caller
	// Agent is the agent that the address names; "" for the default one.
	Agent string
	// Version is the version of the protocol that the caller speaks: 0.3 or 1.0.
	Version string
	// Extensions are the URIs that the caller asked for.
	Extensions []string
}

// Tasks does the work. Its methods are called at the same time from many
// requests. Their errors are *Error for what the caller is told, *Refusal for
// HTTP statuses; any other is logged, and the caller hears of an internal error.
type Tasks interface {
	// Send stores a message and returns, before anybody works on it, the task that it
	// belongs to as it is with the message. Without a context it begins a task in a
	// new one; with a context it goes to the task that is active there, or begins
	// one; with a task it goes to that, which is TaskNotFound, Ended, or Invalid if
	// its context is another. A context that is not the caller's is
	// ContextNotFound. A message with the id of an earlier one of the caller is the
	// same, and Invalid if it says something else; of Jira it is another one then.
	Send(ctx context.Context, call Call, req SendRequest) (Reply, error)
	// Get reads a task of the caller.
	Get(ctx context.Context, call Call, req GetRequest) (Task, error)
	// List reads the caller's tasks, the newest status first.
	List(ctx context.Context, call Call, req ListRequest) (Page, error)
	// Cancel stops a task and returns it as canceled, or *Error with
	// CodeNotCancelable.
	Cancel(ctx context.Context, call Call, req CancelRequest) (Task, error)
	// Follow gives the events of a task after the one with the number after, those
	// that have happened and those to come, in one order for all who follow.
	Follow(ctx context.Context, call Call, taskID string, after int64) (Stream, error)
}

// Stream are the events of one task, in order.
type Stream interface {
	// Next waits for an event until ctx is done, and returns ctx's error then; no
	// event is lost by that. After the last event of a task that has ended it
	// returns io.EOF.
	Next(ctx context.Context) (Event, error)
	// Close lets go of what the stream holds. It has no effect on the task.
	Close()
}

// PushConfigs keeps where callers want to be told of changes.
type PushConfigs interface {
	// SetPush stores a configuration, replacing the one with its id, and returns
	// it with the id it got if it had none.
	SetPush(ctx context.Context, call Call, config PushConfig) (PushConfig, error)
	// GetPush reads one; with id "" the task's oldest. Its error is a *Error with
	// CodeTaskNotFound if there is none.
	GetPush(ctx context.Context, call Call, taskID, id string) (PushConfig, error)
	// ListPush reads all of a task.
	ListPush(ctx context.Context, call Call, taskID string) ([]PushConfig, error)
	// DeletePush removes one. That it is gone already is no error.
	DeletePush(ctx context.Context, call Call, taskID, id string) error
}

// SendRequest is a message with how its sender wants to be answered.
type SendRequest struct {
	Message Message
	// Push is where to tell of the task's changes; nil for nowhere.
	Push *PushConfig
	// Wait says that the sender wants the answer once the task is settled. The
	// endpoint looks after that; Send returns at once.
	Wait bool
	// History is how many messages of history the answer may have; AllHistory for
	// all.
	History int
	// OutputModes are the media types that the sender takes; none for any.
	OutputModes []string
	// Metadata is a JSON object, or nil.
	Metadata json.RawMessage
}

// Reply answers a message with a task, or with a message and no task.
type Reply struct {
	Task    *Task
	Message *Message
}

// GetRequest asks for a task.
type GetRequest struct {
	ID string
	// History is how many messages of history to read; AllHistory for all.
	History int
}

// CancelRequest asks for a task to stop.
type CancelRequest struct {
	ID string
	// Metadata is a JSON object, or nil.
	Metadata json.RawMessage
}

// ListRequest asks for a page of tasks.
type ListRequest struct {
	// ContextID and State choose tasks; "" chooses all.
	ContextID string
	State     State
	// PageSize is 1 to 100.
	PageSize int
	// After is where the page begins; the zero Cursor is the newest task.
	After Cursor
	// History is how many messages of history each task may have.
	History int
	// ChangedAfter leaves out tasks whose status is older; the zero time none.
	ChangedAfter time.Time
	// Artifacts says whether to read them.
	Artifacts bool
}

// Page is one page of a list.
type Page struct {
	Tasks []Task
	// Next is where the next page begins; the zero Cursor says that there is none.
	Next Cursor
	// Total is how many tasks fit the request altogether.
	Total int
}

// PushConfig is where and how to tell a caller of a task's changes.
type PushConfig struct {
	ID, TaskID string
	URL        string
	// Token is sent back for the receiver to know us; "" sends none.
	Token string
	// Schemes and Credentials sign the notification in: the first scheme is used.
	Schemes     []string
	Credentials string
	// Version is the version of the protocol in which it was set, and so in which
	// the receiver is told: 0.3 or 1.0.
	Version string
}
