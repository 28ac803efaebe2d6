package a2a

import (
	"fmt"
	"strings"
	"time"
)

// Code is an error code of JSON-RPC 2.0 or of A2A, section 5.4.
type Code int

// The codes. Those from CodeExtensionRequired on are new in A2A 1.0.
const (
	CodeParse          Code = -32700
	CodeInvalidRequest Code = -32600
	CodeMethodNotFound Code = -32601
	CodeInvalidParams  Code = -32602
	CodeInternal       Code = -32603
	// CodeRefused is ours, from the range that JSON-RPC leaves to servers: the
	// request was refused with the HTTP status, and never looked at.
	CodeRefused Code = -32000

	CodeTaskNotFound      Code = -32001
	CodeNotCancelable     Code = -32002
	CodePushNotSupported  Code = -32003
	CodeUnsupported       Code = -32004
	CodeContentType       Code = -32005
	CodeInvalidResponse   Code = -32006
	CodeNoExtendedCard    Code = -32007
	CodeExtensionRequired Code = -32008
	CodeVersion           Code = -32009
)

// Error is what a caller is told went wrong. Its texts are for strangers: they
// hold nothing that the caller did not send or may not know.
type Error struct {
	Code    Code
	Message string
	// Violations say which parameters are wrong, for CodeInvalidParams.
	Violations []Violation
	// Details are machine-readable, such as the id that was not found.
	Details map[string]string
}

// Violation is one wrong parameter.
type Violation struct {
	// Field is its path, such as message.parts[0].text.
	Field string
	// Why says what is wrong with it.
	Why string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// TaskNotFound is the answer to ids that do not exist and to those of somebody
// else, which nobody can tell apart.
func TaskNotFound(id string) *Error {
	return &Error{Code: CodeTaskNotFound, Message: "Task not found", Details: map[string]string{"taskId": id}}
}

// ContextNotFound is the answer to a message for a context that does not exist,
// or is somebody else's. A2A has no code of its own for it.
func ContextNotFound(id string) *Error {
	return &Error{Code: CodeTaskNotFound, Message: "Context not found", Details: map[string]string{"contextId": id}}
}

// NotCancelable is the answer to canceling what has ended.
func NotCancelable(id string, state State) *Error {
	return &Error{
		Code: CodeNotCancelable, Message: "Task cannot be canceled: it is " + string(state),
		Details: map[string]string{"taskId": id},
	}
}

// Ended is the answer to whoever wants something of a task that has ended.
func Ended(id string, state State) *Error {
	return Unsupported("the task is "+string(state), "taskId", id)
}

// Unsupported refuses an operation; details are pairs of name and value.
func Unsupported(why string, details ...string) *Error {
	e := &Error{Code: CodeUnsupported, Message: "This operation is not supported: " + why}
	for i := 0; i+1 < len(details); i += 2 {
		if e.Details == nil {
			e.Details = map[string]string{}
		}
		e.Details[details[i]] = details[i+1]
	}
	return e
}

// InvalidParams is the answer to parameters that do not fit.
func InvalidParams(violations ...Violation) *Error {
	whys := make([]string, 0, len(violations))
	for _, v := range violations {
		whys = append(whys, strings.TrimPrefix(v.Field+": "+v.Why, ": "))
	}
	return &Error{
		Code: CodeInvalidParams, Message: "Invalid parameters: " + strings.Join(whys, "; "), Violations: violations,
	}
}

// Invalid is InvalidParams for one field.
func Invalid(field, format string, args ...any) *Error {
	return InvalidParams(Violation{Field: field, Why: fmt.Sprintf(format, args...)})
}

// Refusal ends a request with an HTTP status before it is looked at: who sent it
// is not known (401), may not (403), sends too much (429), or has to come again
// (503). See RFC 9110, sections 11.6.1 and 10.2.3.
type Refusal struct {
	Status  int
	Message string
	// Challenge is the value of WWW-Authenticate; "" sends none.
	Challenge string
	// RetryAfter is when to come again; 0 says nothing.
	RetryAfter time.Duration
	// Cause is for the log alone.
	Cause error
}

// Error implements error.
func (r *Refusal) Error() string {
	if r.Cause != nil {
		return r.Message + ": " + r.Cause.Error()
	}
	return r.Message
}

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Cause }
