package wire

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with the file, or writes it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s: %s", file, d)
	}
}

func indent(t *testing.T, body []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := json.Indent(&buf, body, "", "  "); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return append(buf.Bytes(), '\n')
}

func dialects() []Dialect { return []Dialect{Plain03, Plain10, JiraEAP, Jira10} }

// readAny reads the parameters by whatever the operation is.
func readAny(req Request, d Dialect) (any, *a2a.Error) {
	switch req.Operation {
	case Send, SendStream:
		return req.Send(d)
	case Get:
		return req.Get(d)
	case List:
		return req.List()
	case Cancel:
		return req.Cancel(d)
	case Subscribe:
		return req.Subscribe(d)
	case SetPush:
		return req.SetPush(d)
	case GetPush, ListPush, DeletePush:
		task, config, err := req.PushID(d)
		return map[string]string{"task": task, "config": config}, err
	}
	return nil, nil
}

func TestRequestsOfAllDialectsAreReadAsTheyAreMeant(t *testing.T) {
	for _, d := range dialects() {
		files, err := filepath.Glob(filepath.Join("testdata/requests", d.String(), "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no requests in %s: %v", d, err)
		}
		for _, file := range files {
			t.Run(strings.TrimPrefix(file, "testdata/requests/"), func(t *testing.T) { readGolden(t, d, file) })
		}
	}
}

func readGolden(t *testing.T, want Dialect, file string) {
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	req, wrong := Parse(body)
	if wrong != nil {
		t.Fatal(wrong)
	}
	d, wrong := Detect(want.Jira(), req.Method, "")
	if wrong != nil || d != want {
		t.Fatalf("taken for %s: %v", d, wrong)
	}
	value, wrong := readAny(req, d)
	if wrong != nil {
		t.Fatal(wrong)
	}
	dump, err := marshal(map[string]any{"operation": req.Operation.String(), "id": string(req.ID), "read": value})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, strings.TrimSuffix(file, ".json")+".read", indent(t, dump))
}

// sample is a task with one of everything.
func sample() a2a.Task {
	at := time.Date(2026, 3, 4, 6, 6, 7, 891_000_000, time.FixedZone("", 3600))
	says := a2a.Message{
		ID: "m-9", ContextID: "c-1", TaskID: "t-1", Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf("Reading **AOF-1** & <more>.")},
	}
	return a2a.Task{
		ID: "t-1", ContextID: "c-1", Seq: 4,
		Status: a2a.Status{State: a2a.Working, Message: &says, Time: at},
		Artifacts: []a2a.Artifact{{
			ID: "a-1", Name: "answer", Description: "What was found", Extensions: []string{"https://example.com/ext/v1"},
			Metadata: json.RawMessage(`{"n":9007199254740993}`),
			Parts: []a2a.Part{
				a2a.TextOf(""), a2a.DataOf(json.RawMessage(`{"x":1.50}`)), a2a.DataOf(json.RawMessage(`[1]`)), a2a.DataOf(nil),
				{Kind: a2a.BytesPart, Bytes: []byte("hello"), Filename: "a.txt", MediaType: "text/plain"},
				{Kind: a2a.URLPart, URL: "https://files.example.com/b?x=1&y=2", Metadata: json.RawMessage(`{"k":"v"}`)},
			},
		}},
		History: []a2a.Message{{
			ID: "m-1", Role: a2a.User, Parts: []a2a.Part{a2a.TextOf("Why?")}, ReferenceTaskIDs: []string{"t-0"},
		}},
		Metadata: json.RawMessage(`{"run":"r-1"}`),
	}
}

func TestAnswersAreWrittenInTheDialectOfTheCaller(t *testing.T) {
	task := sample()
	done := a2a.StatusUpdate{TaskID: "t-1", ContextID: "c-1", Metadata: json.RawMessage(`{"k":1}`), Status: task.Status}
	done.Status.State = a2a.Completed
	config := a2a.PushConfig{
		ID: "p-1", TaskID: "t-1", URL: "https://client.example.com/hook", Token: "abc", Schemes: []string{"Bearer", "Basic"}, Credentials: "xyz",
	}
	bare := a2a.PushConfig{ID: "p-2", TaskID: "t-1", URL: "https://client.example.com/hook"}
	list := a2a.ListRequest{PageSize: 50}
	for _, d := range dialects() {
		answers := map[string]any{
			"reply-task":     d.Reply(a2a.Reply{Task: &task}),
			"reply-message":  d.Reply(a2a.Reply{Message: task.Status.Message}),
			"task":           d.Task(task),
			"task-bare":      d.Task(a2a.Task{ID: "t-2", ContextID: "c-2", Status: a2a.Status{State: a2a.Submitted}}),
			"event-task":     d.Event(a2a.Event{Task: &task}),
			"event-message":  d.Event(a2a.Event{Message: task.Status.Message}),
			"event-working":  d.Event(a2a.Event{Status: &a2a.StatusUpdate{TaskID: "t-1", ContextID: "c-1", Status: a2a.Status{State: a2a.Working}}}),
			"event-question": d.Event(a2a.Event{Status: &a2a.StatusUpdate{TaskID: "t-1", ContextID: "c-1", Status: a2a.Status{State: a2a.InputRequired}}}),
			"event-status":   d.Event(a2a.Event{Status: &done}),
			"event-artifact": d.Event(a2a.Event{Artifact: &a2a.ArtifactUpdate{TaskID: "t-1", ContextID: "c-1", Artifact: task.Artifacts[0]}}),
			"event-chunk": d.Event(a2a.Event{Artifact: &a2a.ArtifactUpdate{
				TaskID: "t-1", ContextID: "c-1", Artifact: a2a.Artifact{ID: "a-1", Parts: []a2a.Part{a2a.TextOf(" more")}}, Append: true, Last: true,
			}}),
			"push": d.Push(config), "push-list": d.PushList([]a2a.PushConfig{config, bare}), "push-none": d.PushList(nil), "push-deleted": d.PushDeleted(),
		}
		if d == Plain10 {
			next := a2a.Cursor{Time: time.Unix(1763716800, 0), ID: "t-1"}
			answers["page"] = d.Page(a2a.Page{Tasks: []a2a.Task{task}, Next: next, Total: 7}, list)
			answers["page-empty"] = d.Page(a2a.Page{}, list)
			list.Artifacts = true
			answers["page-artifacts"] = d.Page(a2a.Page{Tasks: []a2a.Task{task, {ID: "t-2", Status: a2a.Status{State: a2a.Failed}}}, Total: 2}, list)
		}
		for name, value := range answers {
			body, err := Result(json.RawMessage(`"r-1"`), value)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata/answers", d.String(), name+".json"), indent(t, body))
		}
	}
}

func TestErrorsAreWrittenInTheDialectOfTheCaller(t *testing.T) {
	errs := []*a2a.Error{
		a2a.TaskNotFound("t-1"), a2a.NotCancelable("t-1", a2a.Completed), a2a.Unsupported("x"),
		{Code: a2a.CodePushNotSupported, Message: "no push"}, {Code: a2a.CodeContentType, Message: "no files"},
		{Code: a2a.CodeInvalidResponse, Message: "bad"}, {Code: a2a.CodeNoExtendedCard, Message: "no card"},
		{Code: a2a.CodeExtensionRequired, Message: "needs x"}, {Code: a2a.CodeVersion, Message: "no version"},
		{Code: a2a.CodeParse, Message: "parse"}, {Code: a2a.CodeInternal, Message: "Internal error"},
		a2a.InvalidParams(a2a.Violation{Field: "message.parts", Why: "at least one part is required"}),
	}
	for _, d := range dialects() {
		var all []byte
		for _, op := range []Operation{Send, Get, Cancel} {
			for _, e := range errs {
				all = append(all, op.String()+" "...)
				all = append(append(all, d.Error(json.RawMessage("1"), op, e)...), '\n')
			}
		}
		golden(t, filepath.Join("testdata/answers", d.String(), "errors.txt"), all)
	}
}
