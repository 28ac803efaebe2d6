package wire

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
)

// guide reads the examples of Jira's guide to remote agents, each on a line of its
// own, which are not part of the repository.
func guide(t *testing.T) (requests, responses, streams [][]byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sharedDir(t), "seeds/jira-remote-agents.txt"))
	if err != nil {
		t.Skip("the guide is not there")
	}
	for line := range strings.Lines(string(text)) {
		example, ok := strings.CutPrefix(strings.TrimSpace(line), "1 2")
		switch {
		case !ok || !strings.Contains(example, `"jsonrpc"`) || strings.Contains(example, "$requestId"):
		case strings.HasPrefix(example, "data:"):
			for event := range strings.SplitSeq(strings.TrimPrefix(example, "data:"), " data: ") {
				streams = append(streams, []byte(event))
			}
		case strings.Contains(example, `"method"`):
			requests = append(requests, []byte(example))
		default:
			responses = append(responses, []byte(example))
		}
	}
	if len(requests) < 5 || len(responses) < 6 || len(streams) != 3 {
		t.Fatalf("found %d requests, %d responses and %d events in the guide", len(requests), len(responses), len(streams))
	}
	return requests, responses, streams
}

func sharedDir(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("AOF_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		candidate := filepath.Join(dir, "..", "shared")
		if _, err := os.Stat(candidate); err == nil {
			return candidate
		}
	}
	t.Skip("the shared test data is not there")
	return ""
}

func TestTheRequestsOfJirasGuideAreRead(t *testing.T) {
	requests, _, _ := guide(t)
	seen := map[Operation]int{}
	for _, body := range requests {
		req, wrong := Parse(body)
		if wrong != nil {
			t.Fatalf("%s: %v", body, wrong)
		}
		d, wrong := Detect(true, req.Method, "")
		if wrong != nil || d != JiraEAP {
			t.Fatalf("%s: %s %v", body, d, wrong)
		}
		value, wrong := readAny(req, d)
		if wrong != nil {
			t.Fatalf("%s: %v", body, wrong)
		}
		checkGuide(t, body, value)
		seen[req.Operation]++
	}
	if seen[Send] != 3 || seen[Get] != 1 || seen[Cancel] != 1 {
		t.Errorf("the guide has %v", seen)
	}
}

func checkGuide(t *testing.T, body []byte, value any) {
	t.Helper()
	var said struct {
		Params struct {
			TaskID  string `json:"taskId"`
			Message struct {
				MessageID string `json:"messageId"`
				ContextID string `json:"contextId"`
				Parts     []struct {
					Text string          `json:"text"`
					Data json.RawMessage `json:"data"`
				} `json:"parts"`
			} `json:"message"`
		} `json:"params"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		t.Fatal(err)
	}
	switch got := value.(type) {
	case a2a.GetRequest:
		if got.ID != said.Params.TaskID {
			t.Errorf("read %q as %q", said.Params.TaskID, got.ID)
		}
	case a2a.CancelRequest:
		if got.ID != said.Params.TaskID {
			t.Errorf("read %q as %q", said.Params.TaskID, got.ID)
		}
	case a2a.SendRequest:
		m := said.Params.Message
		want := a2a.Message{ID: m.MessageID, ContextID: m.ContextID, Role: a2a.User, Parts: []a2a.Part{
			a2a.TextOf(m.Parts[0].Text), a2a.DataOf(m.Parts[1].Data),
		}}
		if d := cmp.Diff(want, got.Message); d != "" || got.Wait {
			t.Errorf("wait is %v; %s", got.Wait, d)
		}
		if inv, ok := got.Message.Invocation(); !ok || inv.Cause == a2a.Other || inv.IssueID == "" || inv.UserAccountID == "" {
			t.Errorf("the invocation is %+v", inv)
		}
	default:
		t.Errorf("read a %T", value)
	}
}

// TestTheResponsesOfJirasGuideAreWrittenByteForByte takes the guide's tasks apart
// and writes them anew.
func TestTheResponsesOfJirasGuideAreWrittenByteForByte(t *testing.T) {
	_, responses, _ := guide(t)
	for _, body := range responses {
		var said struct {
			ID     json.RawMessage `json:"id"`
			Result task03          `json:"result"`
		}
		if err := json.Unmarshal(body, &said); err != nil {
			t.Fatal(err)
		}
		got, err := Result(said.ID, JiraEAP.Task(taskOf(t, said.Result)))
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := json.Compact(&want, body); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.String(), string(got)); d != "" {
			t.Error(d)
		}
	}
}

func taskOf(t *testing.T, said task03) a2a.Task {
	t.Helper()
	task := a2a.Task{ID: said.ID, ContextID: said.ContextID, Status: a2a.Status{
		State: a2a.State(said.Status.State), Message: messageOf(said.Status.Message),
	}}
	if said.Status.Timestamp != "" {
		at, err := time.Parse(time.RFC3339, said.Status.Timestamp)
		if err != nil {
			t.Fatal(err)
		}
		task.Status.Time = at
	}
	return task
}

func messageOf(said *message03) *a2a.Message {
	if said == nil {
		return nil
	}
	m := &a2a.Message{ID: said.MessageID, ContextID: said.ContextID, TaskID: said.TaskID, Role: a2a.Role(said.Role)}
	for _, p := range said.Parts {
		m.Parts = append(m.Parts, a2a.TextOf(*p.Text))
	}
	return m
}

// TestTheStreamOfJirasGuideIsWithinOurs: ours says more, and everything that the
// guide's says.
func TestTheStreamOfJirasGuideIsWithinOurs(t *testing.T) {
	_, _, streams := guide(t)
	for _, body := range streams {
		var said struct {
			ID     json.RawMessage `json:"id"`
			Result payloadEAP      `json:"result"`
		}
		if err := json.Unmarshal(body, &said); err != nil {
			t.Fatal(err)
		}
		var e a2a.Event
		if said.Result.Task != nil {
			task := taskOf(t, *said.Result.Task)
			e.Task = &task
		} else {
			u := said.Result.StatusUpdate
			e.Status = &a2a.StatusUpdate{TaskID: u.TaskID, ContextID: u.ContextID, Status: a2a.Status{
				State: a2a.State(u.Status.State), Message: messageOf(u.Message),
			}}
		}
		got, err := Result(said.ID, JiraEAP.Event(e))
		if err != nil {
			t.Fatal(err)
		}
		var less, more any
		if json.Unmarshal(body, &less) != nil || json.Unmarshal(got, &more) != nil || !within(less, more) {
			t.Errorf("the guide has %s\nwe write %s", body, got)
		}
	}
}

func within(less, more any) bool {
	switch less := less.(type) {
	case map[string]any:
		all, ok := more.(map[string]any)
		for k, v := range less {
			ok = ok && within(v, all[k])
		}
		return ok
	case []any:
		all, ok := more.([]any)
		ok = ok && len(all) == len(less)
		for i := range less {
			ok = ok && within(less[i], all[i])
		}
		return ok
	}
	return less == more
}
