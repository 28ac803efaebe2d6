package jira

// Reason says, for machines, why a body is not an event of Jira's.
type Reason string

// The reasons.
const (
	// ReasonEmpty is a body without content, which is what Jira sends when
	// "Exclude body" is on.
	ReasonEmpty Reason = "empty_body"
	// ReasonTooLarge is a body of more than MaxBytes.
	ReasonTooLarge Reason = "too_large"
	// ReasonTooDeep is JSON that is nested deeper than MaxDepth.
	ReasonTooDeep Reason = "too_deep"
	// ReasonNotJSON is a body that is not JSON.
	ReasonNotJSON Reason = "not_json"
	// ReasonNotObject is JSON that is not an object.
	ReasonNotObject Reason = "not_an_object"
	// ReasonNoEventName is an object that does not name its event.
	ReasonNoEventName Reason = "no_event_name"
)

// NotEventError says that a body cannot be understood as an event of Jira's and
// what would have to be in it. It is final: the same body fails again.
type NotEventError struct {
	Reason Reason
	// Detail says what is missing or wrong, for the operator who set up the webhook.
	Detail string
}

// Error returns the whole sentence.
func (e *NotEventError) Error() string { return "not a Jira event: " + e.Detail }
