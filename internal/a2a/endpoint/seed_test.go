package endpoint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
)

// guide are the requests that Jira's guide to remote agents shows, byte for byte;
// it is not part of the repository.
func guide(t *testing.T) []string {
	t.Helper()
	file := filepath.Join(os.Getenv("AOF_SHARED"), "seeds/jira-remote-agents.txt")
	for dir, _ := os.Getwd(); os.Getenv("AOF_SHARED") == "" && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		candidate := filepath.Join(dir, "../shared/seeds/jira-remote-agents.txt")
		if _, err := os.Stat(candidate); err == nil {
			file = candidate
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Skip("the guide is not there")
	}
	var requests []string
	for line := range strings.Lines(string(text)) {
		body, ok := strings.CutPrefix(strings.TrimSpace(line), "1 2")
		if ok && strings.Contains(body, `"method"`) && !strings.Contains(body, "$requestId") {
			requests = append(requests, body)
		}
	}
	return requests
}

// TestTheRequestsOfJirasGuideWorkVerbatim has the ids of the guide's tasks
// answered by tasks of its user, and checks that each answer echoes its id.
func TestTheRequestsOfJirasGuideWorkVerbatim(t *testing.T) {
	for _, body := range guide(t) {
		d := newDouble()
		c := newClient(t, d, "jira 22222", Options{})
		c.call("message/send", hello)
		const task = "909aef32-059d-46d7-ade3-38fa4d2c5162"
		d.logs[task] = d.logs["t-1"]
		d.logs[task].task.ID = task

		w := c.post(body)
		_, id, _ := strings.Cut(body, `"id": "`)
		id, _, _ = strings.Cut(id, `"`)
		got := w.Body.String()
		if w.Code != 200 || !strings.HasPrefix(got, `{"jsonrpc":"2.0","id":"`+id+`","result":{"id":"`) || !strings.HasSuffix(got, `"kind":"task"}}`) {
			t.Errorf("%s\ngot %d %s", body, w.Code, got)
		}
		if strings.Contains(body, "tasks/cancel") && !strings.Contains(got, `"state":"`+string(a2a.Canceled)+`"`) {
			t.Errorf("canceling gives %s", got)
		}
	}
}

// TestTheGuidesRequestsMayBeStreamed sends what the guide shows for message/send
// with the header and with the method that ask for a stream.
func TestTheGuidesRequestsMayBeStreamed(t *testing.T) {
	for _, body := range guide(t) {
		if !strings.Contains(body, "message/send") {
			continue
		}
		for _, method := range []string{"message/send", "message/stream"} {
			d := newDouble()
			c := newClient(t, d, "jira 22222", Options{})
			d.breaks = a2a.TaskNotFound("")
			c.header.Set("Accept", "text/event-stream")
			w := c.post(strings.Replace(body, "message/send", method, 1))
			if w.Header().Get("Content-Type") != "text/event-stream" || !strings.Contains(w.Body.String(), `"result":{"task":{"id":"t-1"`) {
				t.Errorf("%s: %v %s", method, w.Header(), w.Body)
			}
		}
	}
}
