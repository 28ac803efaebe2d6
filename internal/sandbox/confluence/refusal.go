package confluence

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// obj is a JSON object.
type obj = map[string]any

// Refusal is Confluence's answer to a request that it does not carry out.
type Refusal struct {
	// Status is the HTTP status, Message what it says.
	Status  int
	Message string
}

// Error puts status and text into one line.
func (r *Refusal) Error() string {
	return fmt.Sprintf("confluence refuses with %d: %s", r.Status, r.Message)
}

func refuse(status int, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Message: fmt.Sprintf(format, args...)}
}

func missing(what string) *Refusal {
	return refuse(http.StatusNotFound, "%s", what)
}

// v1 is the refusal as version 1 has it.
func (r *Refusal) v1() obj {
	authorized := r.Status != http.StatusForbidden && r.Status != http.StatusUnauthorized
	return obj{
		"statusCode": r.Status, "message": r.Message, "reason": http.StatusText(r.Status),
		"data": obj{"authorized": authorized, "valid": false, "errors": []any{}, "successful": false},
	}
}

// v2 is the refusal as version 2 has it.
func (r *Refusal) v2() obj {
	code := map[int]string{
		400: "INVALID_REQUEST_PARAMETER", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND", 409: "CONFLICT", 413: "PAYLOAD_TOO_LARGE",
	}[r.Status]
	return obj{"errors": []obj{{"status": r.Status, "code": code, "title": r.Message, "detail": nil}}}
}

// writeError answers with a refusal in the form of the API's version.
func writeError(w http.ResponseWriter, version int, err error) {
	var r *Refusal
	if !errors.As(err, &r) {
		r = refuse(http.StatusInternalServerError, "Internal server error")
	}
	body := r.v1()
	if version == 2 {
		body = r.v2()
	}
	writeJSON(w, r.Status, body)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "encode answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
