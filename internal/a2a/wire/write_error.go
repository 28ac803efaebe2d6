package wire

import (
	"encoding/json"

	"github.com/aofctl/aofctl/internal/a2a"
)

type error03 struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type error10 struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    []any  `json:"data,omitempty"`
}

// errorInfo is google.rpc.ErrorInfo as A2A 1.0 wants it, section 9.5.
type errorInfo struct {
	Type     string            `json:"@type"`
	Reason   string            `json:"reason"`
	Domain   string            `json:"domain"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

type badRequest struct {
	Type       string      `json:"@type"`
	Violations []violation `json:"fieldViolations"`
}

type violation struct {
	Field string `json:"field"`
	Why   string `json:"description"`
}

// Error writes the response that tells of an error of the operation.
func (d Dialect) Error(id json.RawMessage, op Operation, e *a2a.Error) []byte {
	code := e.Code
	if d == JiraEAP {
		code = codeEAP(op, code)
	}
	var value any = error03{Code: int(code), Message: e.Message}
	if d.v10() {
		value = error10{Code: int(code), Message: e.Message, Data: details(e)}
	}
	body, _ := marshal(value) // texts and numbers cannot fail
	return envelope(id, `,"error":`, body)
}

// codeEAP keeps to what Jira's guide says that Jira understands: not found when a
// task is read, not cancelable or unsupported when it is canceled. What JSON-RPC
// itself defines stays as it is, because a failure of ours for a moment must not
// look like the end of a task.
func codeEAP(op Operation, code a2a.Code) a2a.Code {
	ofA2A := code <= a2a.CodeTaskNotFound && code >= a2a.CodeVersion
	switch {
	case op == Get && ofA2A:
		return a2a.CodeTaskNotFound
	case op == Cancel && code == a2a.CodeTaskNotFound:
		return a2a.CodeNotCancelable
	case op == Cancel && ofA2A && code != a2a.CodeNotCancelable:
		return a2a.CodeUnsupported
	}
	return code
}

func details(e *a2a.Error) []any {
	if reason := reason(e.Code); reason != "" {
		return []any{errorInfo{
			Type: "type.googleapis.com/google.rpc.ErrorInfo", Reason: reason, Domain: "a2a-protocol.org", Metadata: e.Details,
		}}
	}
	if len(e.Violations) == 0 {
		return nil
	}
	list := make([]violation, 0, len(e.Violations))
	for _, v := range e.Violations {
		list = append(list, violation(v))
	}
	return []any{badRequest{Type: "type.googleapis.com/google.rpc.BadRequest", Violations: list}}
}

// reason is the name of an error of A2A in the form of google.rpc.ErrorInfo; "" for
// those of JSON-RPC.
func reason(code a2a.Code) string {
	switch code {
	case a2a.CodeTaskNotFound:
		return "TASK_NOT_FOUND"
	case a2a.CodeNotCancelable:
		return "TASK_NOT_CANCELABLE"
	case a2a.CodePushNotSupported:
		return "PUSH_NOTIFICATION_NOT_SUPPORTED"
	case a2a.CodeUnsupported:
		return "UNSUPPORTED_OPERATION"
	case a2a.CodeContentType:
		return "CONTENT_TYPE_NOT_SUPPORTED"
	case a2a.CodeInvalidResponse:
		return "INVALID_AGENT_RESPONSE"
	case a2a.CodeNoExtendedCard:
		return "EXTENDED_AGENT_CARD_NOT_CONFIGURED"
	case a2a.CodeExtensionRequired:
		return "EXTENSION_SUPPORT_REQUIRED"
	case a2a.CodeVersion:
		return "VERSION_NOT_SUPPORTED"
	}
	return ""
}
