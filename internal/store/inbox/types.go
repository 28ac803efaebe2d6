package inbox

import (
	"encoding/json"
	"errors"
	"time"
)

// Errors of Append, ClaimContent and Finish. None of them means that a
// delivery was refused for good: the sender has to try again.
var (
	// ErrFull says that too many deliveries, or too many bytes of them, wait to
	// be written.
	ErrFull = errors.New("the inbox is full")
	// ErrClosed says that Close was called.
	ErrClosed = errors.New("the inbox is closed")
	// ErrUnavailable says that the disk did not take the last write. Nothing is
	// accepted until a trial write succeeds.
	ErrUnavailable = errors.New("the inbox cannot write")
)

// ErrNotFound is returned by Get for an unknown id.
var ErrNotFound = errors.New("no such delivery")

// State is how far a delivery has come.
type State string

// The states of a delivery.
const (
	// StateReceived waits to be looked at.
	StateReceived State = "received"
	// StateRouted became work for at least one target.
	StateRouted State = "routed"
	// StateIgnored matched no trigger.
	StateIgnored State = "ignored"
	// StateDuplicate told what an earlier delivery of another identity told.
	StateDuplicate State = "duplicate"
	// StateFailed could not be understood.
	StateFailed State = "failed"
)

// Known reports whether s is one of the states.
func (s State) Known() bool {
	switch s {
	case StateReceived, StateRouted, StateIgnored, StateDuplicate, StateFailed:
		return true
	}
	return false
}

// Summary is what is known of a delivery without its payload.
type Summary struct {
	// Seq orders deliveries by acceptance, with gaps.
	Seq int64
	// ID is a ULID.
	ID string
	// Source is the platform, such as "jira"; Site the configured site of it.
	Source, Site string
	// Key identifies the delivery within its source and site; a second delivery
	// with the same key is a duplicate.
	Key        string
	ReceivedAt time.Time
	// SignedBy names the secrets that verified the delivery, never their values.
	SignedBy []string
	State    State
	// Reason says in words why the state is what it is.
	Reason    string
	EventType string
	Subject   string
	Project   string
	IssueKey  string
	// Detail is JSON for an operator, such as the triggers that nearly matched.
	Detail json.RawMessage
	// ContentKey identifies what the delivery tells; see ClaimContent.
	ContentKey string
	// ProcessedAt is zero until the delivery is finished.
	ProcessedAt time.Time
}

// Delivery is a Summary with the payload as it came.
type Delivery struct {
	Summary
	// Headers are the HTTP headers worth keeping, by canonical name.
	Headers map[string]string
	// Body is the payload, byte for byte; nil once it was pruned.
	Body []byte
	// Damage says why the stored payload cannot be read, of which Headers and
	// Body are nil then. It is nil for a delivery that is whole.
	Damage error
}

// Arrived returns the delivery as Append stores it: failed if it says so, else
// received, and with the time now unless it has one.
func (d Delivery) Arrived(now time.Time) Delivery {
	if d.State != StateFailed {
		d.State, d.Reason = StateReceived, ""
	}
	if d.ReceivedAt.IsZero() {
		d.ReceivedAt = now
	}
	return d
}

// Receipt says what became of an appended delivery.
type Receipt struct {
	// ID and Seq are those of the stored delivery: for a duplicate, of the one
	// that came first.
	ID        string
	Seq       int64
	Duplicate bool
}

// Outcome is what processing made of one delivery.
type Outcome struct {
	Seq       int64
	State     State
	Reason    string
	EventType string
	Subject   string
	Project   string
	IssueKey  string
	Detail    json.RawMessage
}

// Filter chooses deliveries for List; zero fields do not filter.
type Filter struct {
	State    State
	Source   string
	Site     string
	IssueKey string
	// Before asks for those with a smaller Seq, to page backwards.
	Before int64
	// Limit bounds the answer; 0 means 100.
	Limit int
}
