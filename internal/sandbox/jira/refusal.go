package jira

import (
	"fmt"
	"net/http"
	"sort"
	"strings"
)

// Refusal is Jira's answer to a request that it does not carry out. It is
// rendered as Jira's ErrorCollection: errorMessages and errors by field.
type Refusal struct {
	// Status is the HTTP status.
	Status int
	// Messages are about the request as a whole.
	Messages []string
	// Fields has a text for each field that is wrong.
	Fields map[string]string
}

// Error puts status and texts into one line.
func (r *Refusal) Error() string {
	parts := append([]string(nil), r.Messages...)
	names := make([]string, 0, len(r.Fields))
	for name := range r.Fields {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		parts = append(parts, name+": "+r.Fields[name])
	}
	return fmt.Sprintf("jira refuses with %d: %s", r.Status, strings.Join(parts, "; "))
}

// body is the ErrorCollection.
func (r *Refusal) body() any {
	messages, fields := r.Messages, r.Fields
	if messages == nil {
		messages = []string{}
	}
	if fields == nil {
		fields = map[string]string{}
	}
	return obj{"errorMessages": messages, "errors": fields}
}

// obj is a JSON object.
type obj = map[string]any

func refuse(status int, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Messages: []string{fmt.Sprintf(format, args...)}}
}

func refuseField(name, format string, args ...any) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Fields: map[string]string{name: fmt.Sprintf(format, args...)}}
}

func refusePayload() *Refusal {
	return refuse(http.StatusBadRequest, "Invalid request payload. Refer to the REST API documentation and try again.")
}

func noIssue() *Refusal {
	return refuse(http.StatusNotFound, "Issue does not exist or you do not have permission to see it.")
}

func notAuthenticated() *Refusal {
	return refuse(http.StatusUnauthorized, "Client must be authenticated to access this resource.")
}
