package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a"
)

// Task is a task as its agent tells of it.
type Task struct {
	ID        string    `json:"id"`
	ContextID string    `json:"contextId"`
	State     a2a.State `json:"state"`
	// Text is what the status says, in Markdown.
	Text string `json:"text,omitempty"`
	// Time is that of the status; zero if it is not told.
	Time      time.Time  `json:"time,omitzero"`
	Artifacts []Artifact `json:"artifacts,omitempty"`
}

// Artifact is a result of a task, as far as it is text.
type Artifact struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	Text string `json:"text,omitempty"`
	// Data is its first value that is no text, as it came; nil for none.
	Data json.RawMessage `json:"data,omitempty"`
}

// Reply answers a message: with a task, or with a text and no task.
type Reply struct {
	Task *Task
	Text string
}

// Error is what an agent answers in place of a result.
type Error struct {
	Code    a2a.Code
	Message string
	// Data is what it says for machines; nil for nothing.
	Data json.RawMessage
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s (code %d)", e.Message, e.Code) }

// HTTPError is an answer with a status of HTTP that refuses the request.
type HTTPError struct {
	Status  int
	Message string
}

// Error implements error.
func (e *HTTPError) Error() string { return fmt.Sprintf("HTTP status %d: %s", e.Status, e.Message) }

var errNoAnswer = errors.New("read answer: it has neither a result nor an error")

// result takes an answer apart.
func result(body []byte) (gjson.Result, error) {
	if !json.Valid(body) {
		return gjson.Result{}, fmt.Errorf("read answer: it is no JSON: %s", shorten(string(body)))
	}
	doc := gjson.ParseBytes(body)
	if e := doc.Get("error"); e.IsObject() {
		out := &Error{Code: a2a.Code(e.Get("code").Int()), Message: e.Get("message").String()}
		if data := e.Get("data"); data.Exists() {
			out.Data = json.RawMessage(data.Raw)
		}
		return gjson.Result{}, out
	}
	if r := doc.Get("result"); r.IsObject() {
		return r, nil
	}
	return gjson.Result{}, errNoAnswer
}

// readReply reads the result of a message, wrapped or bare.
func readReply(body []byte) (Reply, error) {
	r, err := result(body)
	if err != nil {
		return Reply{}, err
	}
	switch {
	case r.Get("task").IsObject():
		t, err := readTask(r.Get("task"))
		return Reply{Task: &t}, err
	case r.Get("message").IsObject():
		return Reply{Text: textOf(r.Get("message"))}, nil
	case r.Get("kind").Str == "message":
		return Reply{Text: textOf(r)}, nil
	}
	t, err := readTask(r)
	return Reply{Task: &t}, err
}

func readTask(r gjson.Result) (Task, error) {
	t := Task{ID: r.Get("id").Str, ContextID: r.Get("contextId").Str}
	if t.ID == "" || !r.Get("status").IsObject() {
		return t, fmt.Errorf("read task: it has no id or no status: %s", shorten(r.Raw))
	}
	t.readStatus(r)
	for _, a := range r.Get("artifacts").Array() {
		t.Artifacts = append(t.Artifacts, artifactOf(a))
	}
	return t, nil
}

// readStatus takes over a status, whose text may stand beside it.
func (t *Task) readStatus(r gjson.Result) {
	status := r.Get("status")
	t.State = stateOf(status.Get("state").Str)
	t.Text = textOf(status.Get("message"))
	if t.Text == "" {
		t.Text = textOf(r.Get("message"))
	}
	if at, err := time.Parse(time.RFC3339Nano, status.Get("timestamp").Str); err == nil {
		t.Time = at
	}
}

func artifactOf(r gjson.Result) Artifact {
	a := Artifact{ID: r.Get("artifactId").Str, Name: r.Get("name").Str, Text: textOf(r)}
	if data := r.Get("parts.#.data|0"); data.Exists() {
		a.Data = json.RawMessage(data.Raw)
	}
	return a
}

// textOf is the text of the parts of a message or an artifact.
func textOf(r gjson.Result) string {
	var texts []string
	for _, p := range r.Get("parts").Array() {
		if text := p.Get("text"); text.Type == gjson.String && text.Str != "" {
			texts = append(texts, text.Str)
		}
	}
	return strings.Join(texts, "\n\n")
}

func shorten(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}
