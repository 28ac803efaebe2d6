package rovo

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
)

// exchanged is an answer as the client hands it on.
func exchanged(method, body string, event int) client.Exchange {
	x := client.Exchange{Method: method, RequestID: "1", Status: 200, Header: http.Header{}, Body: []byte(body), Event: event, Stream: event > 0}
	if id := gjson.Get(body, "id"); id.Exists() {
		x.RequestID = id.Str
	}
	x.Header.Set("Content-Type", "application/json")
	if event > 0 {
		x.Header.Set("Content-Type", "text/event-stream")
	}
	return x
}

func judgeOne(d client.Dialect, method, body string, event int) []string {
	j := newJudge()
	return j.answer(d, exchanged(method, body, event))
}

// Answers without a fault, from which the tests make faulty ones.
const (
	goodEAP = `{"jsonrpc":"2.0","id":"1","result":{"id":"t","contextId":"c","status":{"state":"working","message":{"kind":"message","role":"agent",` +
		`"parts":[{"kind":"text","text":"Looking"}],"messageId":"m","taskId":"t","contextId":"c"},"timestamp":"2025-01-01T12:00:00Z"},"kind":"task"}}`
	good10 = `{"jsonrpc":"2.0","id":"1","result":{"task":{"id":"t","contextId":"c","status":{"state":"TASK_STATE_WORKING","message":{"messageId":"m","taskId":"t",` +
		`"contextId":"c","role":"ROLE_AGENT","parts":[{"text":"Looking"}]},"timestamp":"2025-01-01T12:00:00.000Z"}}}}`
	goodStatusEAP = `{"jsonrpc":"2.0","id":"1","result":{"statusUpdate":{"taskId":"t","contextId":"c","status":{"state":"completed"},"message":{"kind":"message",` +
		`"role":"agent","parts":[{"kind":"text","text":"Done"}],"messageId":"m","taskId":"t","contextId":"c"},"kind":"status-update","final":true}}}`
	goodStatus10 = `{"jsonrpc":"2.0","id":"1","result":{"statusUpdate":{"taskId":"t","contextId":"c","status":{"state":"TASK_STATE_COMPLETED","message":{` +
		`"messageId":"m","role":"ROLE_AGENT","parts":[{"text":"Done"}]}}}}}`
	goodChunkEAP = `{"jsonrpc":"2.0","id":"1","result":{"artifactUpdate":{"taskId":"t","contextId":"c","artifact":{"artifactId":"a","parts":[{"kind":"data","data":{}}]},` +
		`"append":true,"lastChunk":true,"kind":"artifact-update"}}}`
	goodChunk10 = `{"jsonrpc":"2.0","id":"1","result":{"artifactUpdate":{"taskId":"t","contextId":"c","artifact":{"artifactId":"a","parts":[{"data":[1]}]}}}}`
)

// faulty is a good answer with one thing changed, and what has to be said of it.
type faulty struct{ base, old, with, says string }

func TestAnswersAreReadStrictly(t *testing.T) {
	both := []faulty{
		{"", `"jsonrpc":"2.0"`, `"jsonrpc":"1.0"`, `response.jsonrpc is "1.0"`}, {"", `"id":"1"`, `"id":1`, "response.id is 1"},
		{"", `"id":"1",`, ``, "response.id is missing"}, {"", `"id":"1"`, `"id":"1","more":2`, "response.more is not documented"},
		{"", `"result":`, `"error":{"code":-32603,"message":"x"},"result":`, "not exactly one of result and error"},
		{"", `"contextId":"c","status"`, `"status"`, "contextId is missing"}, {"", `"id":"t"`, `"id":""`, "is no text"},
		{"", `"status":{`, `"status":{"why":1,`, "status.why is not documented"}, {"", `"messageId":"m"`, `"messageId":null`, "messageId is null"},
		{"", `"messageId":"m"`, `"messageId":"m","messageId":"n"`, "is there twice"}, {"", `"taskId":"t"`, `"taskId":"u"`, `taskId is "u", not "t"`},
		{"", `"parts":[`, `"parts":[],"extensions":[`, "no list with something in it"}, {"", `"Looking"`, `7`, "text is no text"},
		{"", `Z"`, `+01:00"`, "no time in UTC"}, {"", `"timestamp":"2025`, `"timestamp":"20x5`, "no time in UTC"}, {"", `{"jsonrpc"`, `[{"jsonrpc"`, "is no JSON"},
	}
	for _, f := range both {
		f.base = goodEAP
		checkFault(t, client.JiraEAP, "message/send", f)
		f.base = good10
		checkFault(t, client.Jira10, "SendMessage", f)
	}
	for _, f := range []faulty{
		{goodEAP, `,"kind":"task"`, ``, "result.kind is missing"}, {goodEAP, `"working"`, `"TASK_STATE_WORKING"`, "no state that Jira shows"},
		{goodEAP, `"working"`, `"unknown"`, "no state that Jira shows"}, {goodEAP, `"role":"agent"`, `"role":"user"`, `role is "user"`},
		{goodEAP, `"kind":"text","text":"Looking"`, `"kind":"file","file":{}`, "neither text nor data"}, {goodEAP, `"kind":"message",`, ``, "message.kind is missing"},
		{goodEAP, `"message":{"kind"`, `"metadata":{"kind"`, "metadata is not documented"},
	} {
		checkFault(t, client.JiraEAP, "message/send", f)
	}
	for _, f := range []faulty{
		{good10, `{"task":{"id":"t"`, `{"kind":"task","task":{"id":"t"`, "result.kind is not documented"}, {good10, `"role":"ROLE_AGENT"`, `"role":"agent"`, `role is "agent"`},
		{good10, `"TASK_STATE_WORKING"`, `"working"`, "no state that Jira shows"}, {good10, `{"text":"Looking"}`, `{"text":"Looking","data":1}`, "not exactly one of text"},
		{good10, `{"text":"Looking"}`, `{"kind":"text","text":"Looking"}`, "kind is not documented"}, {good10, `{"task":`, `{"message":`, "result.task is missing"},
	} {
		checkFault(t, client.Jira10, "SendMessage", f)
	}
}

func checkFault(t *testing.T, d client.Dialect, method string, f faulty) {
	t.Helper()
	if wrong := judgeOne(d, method, f.base, 0); len(wrong) > 0 {
		t.Fatalf("%s: the answer without a fault has %v", d, wrong)
	}
	body := strings.Replace(f.base, f.old, f.with, 1)
	if body == f.base {
		t.Fatalf("%s: %q is not in the answer", d, f.old)
	}
	x := exchanged(method, f.base, 0)
	x.Body = []byte(body)
	j := newJudge()
	if wrong := j.answer(d, x); !slices.ContainsFunc(wrong, func(s string) bool { return strings.Contains(s, f.says) }) {
		t.Errorf("%s: %q in place of %q is judged %v, want %q", d, f.with, f.old, wrong, f.says)
	}
}

func TestWhatAUserSeesHasToSaySomething(t *testing.T) {
	silent := `{"jsonrpc":"2.0","id":"1","result":{"id":"t","contextId":"c","status":{"state":"%"},"kind":"task"}}`
	for state, want := range map[string]int{"working": 0, "input-required": 1, "auth-required": 1, "completed": 1, "failed": 1} {
		if wrong := judgeOne(client.JiraEAP, "message/send", strings.Replace(silent, "%", state, 1), 0); len(wrong) != want {
			t.Errorf("%s: %v", state, wrong)
		}
	}
	if wrong := judgeOne(client.JiraEAP, "tasks/get", strings.Replace(silent, "%", "working", 1), 0); len(wrong) != 1 {
		t.Errorf("a poll without words: %v", wrong)
	}
}

func TestErrorsAreThoseThatJiraKnows(t *testing.T) {
	const info = `,"data":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"TASK_NOT_FOUND","domain":"a2a-protocol.org"}]`
	for _, c := range []struct {
		dialect      client.Dialect
		method, more string
		code         string
		ok           bool
	}{
		{client.JiraEAP, "tasks/get", "", "-32001", true}, {client.JiraEAP, "tasks/get", "", "-32002", false}, {client.JiraEAP, "tasks/get", "", "-32603", true},
		{client.JiraEAP, "tasks/cancel", "", "-32002", true}, {client.JiraEAP, "tasks/cancel", "", "-32004", true}, {client.JiraEAP, "tasks/cancel", "", "-32001", false},
		{client.JiraEAP, "message/send", "", "-32602", true}, {client.JiraEAP, "message/send", "", "-32000", false}, {client.JiraEAP, "message/send", "", `"-32602"`, false},
		{client.Jira10, "GetTask", info, "-32001", true}, {client.Jira10, "GetTask", "", "-32001", false}, {client.Jira10, "GetTask", "", "-32602", true},
		{client.Jira10, "GetTask", `,"data":{}`, "-32002", false},
	} {
		body := `{"jsonrpc":"2.0","id":"1","error":{"code":` + c.code + `,"message":"No"` + c.more + `}}`
		if wrong := judgeOne(c.dialect, c.method, body, 0); (len(wrong) == 0) != c.ok {
			t.Errorf("%s %s %s%s: %v", c.dialect, c.method, c.code, c.more, wrong)
		}
	}
}

// streamedOf judges the events of one stream.
func streamedOf(d client.Dialect, events ...string) []string {
	j := newJudge()
	var all []string
	for n, body := range events {
		all = append(all, j.answer(d, exchanged("stream", body, n+1))...)
	}
	return all
}

func TestStreamsAreReadStrictly(t *testing.T) {
	began := map[client.Dialect]string{
		client.JiraEAP: strings.Replace(goodEAP, `"result":{`, `"result":{"task":{`, 1) + "}", client.Jira10: good10,
	}
	for d, rest := range map[client.Dialect][2]string{client.JiraEAP: {goodChunkEAP, goodStatusEAP}, client.Jira10: {goodChunk10, goodStatus10}} {
		chunk, status, task := rest[0], rest[1], began[d]
		if wrong := streamedOf(d, task, chunk, status); len(wrong) > 0 {
			t.Errorf("%s: a good stream: %v", d, wrong)
		}
		for name, c := range map[string]struct {
			events []string
			says   string
		}{
			"no task first":     {[]string{status}, "begins with a statusUpdate"},
			"two tasks":         {[]string{task, task}, "a second time"},
			"after the end":     {[]string{task, status, chunk}, "goes on after its end"},
			"another task":      {[]string{task, strings.ReplaceAll(chunk, `"taskId":"t"`, `"taskId":"u"`)}, `taskId is "u"`},
			"bare":              {[]string{task, strings.Replace(strings.Replace(chunk, `{"artifactUpdate":`, ``, 1), `}}}`, `}}`, 1)}, "not exactly one of task"},
			"two at once":       {[]string{strings.Replace(task, `"result":{`, `"result":{"message":{},`, 1)}, "not exactly one of task"},
			"silent at the end": {[]string{task, strings.Replace(status, `"Done"`, `" "`, 1)}, "says nothing"},
		} {
			if wrong := streamedOf(d, c.events...); !slices.ContainsFunc(wrong, func(s string) bool { return strings.Contains(s, c.says) }) {
				t.Errorf("%s: %s is judged %v", d, name, wrong)
			}
		}
	}
	for old, with := range map[string]string{`"final":true`: `"final":false`, `,"final":true`: ``, `"kind":"status-update",`: ``, `"message":{`: `"metadata":{}, "status_message":{`} {
		if wrong := streamedOf(client.JiraEAP, began[client.JiraEAP], strings.Replace(goodStatusEAP, old, with, 1)); len(wrong) == 0 {
			t.Errorf("%q in place of %q passes", with, old)
		}
	}
	inside := strings.Replace(goodStatusEAP, `"status":{"state":"completed"},"message":`, `"status":{"state":"completed","message":`, 1)
	inside = strings.Replace(inside, `},"kind":"status-update"`, `}},"kind":"status-update"`, 1)
	if wrong := streamedOf(client.JiraEAP, began[client.JiraEAP], inside); !slices.ContainsFunc(wrong, func(s string) bool { return strings.Contains(s, "does not look into the status") }) {
		t.Errorf("a text within the status alone: %v", wrong)
	}
	if wrong := streamedOf(client.Jira10, good10, strings.Replace(goodStatus10, `"contextId":"c",`, `"contextId":"c","final":true,`, 1)); len(wrong) != 1 {
		t.Errorf("final in 1.0: %v", wrong)
	}
}

func TestTheAnswersKindIsChecked(t *testing.T) {
	x := exchanged("SendMessage", good10, 0)
	x.Header.Set("Content-Type", "text/html")
	if wrong := (&judge{streams: map[string]*streamed{}, ended: map[string]a2a.State{}}).answer(client.Jira10, x); len(wrong) != 1 {
		t.Errorf("HTML: %v", wrong)
	}
	x = exchanged("SendStreamingMessage", good10, 0)
	x.Stream = true
	j := newJudge()
	if wrong := j.answer(client.Jira10, x); len(wrong) != 1 || !strings.Contains(wrong[0], "is not a stream") {
		t.Errorf("no stream: %v", wrong)
	}
}

func TestViolationsOfADaemonAreCollected(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(string) string
		says string
	}{
		"another dialect":  {func(s string) string { return strings.ReplaceAll(s, "TASK_STATE_SUBMITTED", "submitted") }, "no state that Jira shows"},
		"an unknown field": {func(s string) string { return strings.Replace(s, `"contextId"`, `"createdAt":1,"contextId"`, 1) }, "createdAt is not documented"},
	} {
		st := newStage(t, Options{})
		st.remote.corrupt(c.edit)
		if _, err := st.acme.User("alice").Assign(st.ctx, Agent{}, "PROJ-1"); err != nil {
			t.Fatal(err)
		}
		found := st.rovo.Violations()
		if len(found) == 0 || !strings.Contains(found[0].String(), c.says) || found[0].Tenant != "acme" || found[0].Account == "" {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestRulesOnContextsAndTasksAreChecked(t *testing.T) {
	st := newStage(t, Options{})
	alice, agent := st.acme.User("alice"), Agent{}
	talk, err := alice.Assign(st.ctx, agent, "PROJ-1")
	if err != nil {
		t.Fatal(err)
	}
	first, id := talk.ContextID(), talk.Task().ID
	expect := func(what string) {
		t.Helper()
		found := st.rovo.Violations()
		if len(found) == 0 || !slices.ContainsFunc(found, func(v Violation) bool { return strings.Contains(v.What, what) }) {
			t.Errorf("want %q, found %v", what, found)
		}
	}
	// Another assignment is answered in the context of the first one.
	st.remote.corrupt(func(s string) string {
		if context := gjson.Get(s, "result.task.contextId").Str; context != "" {
			return strings.ReplaceAll(s, context, first)
		}
		return s
	})
	if _, err := alice.Assign(st.ctx, agent, "FEAT-1"); err != nil {
		t.Fatal(err)
	}
	expect("which there was before")
	// A message in a context is answered in another one.
	st.remote.corrupt(func(s string) string { return strings.ReplaceAll(s, first, "elsewhere") })
	if _, err := talk.Say(st.ctx, "hello"); err != nil {
		t.Fatal(err)
	}
	expect("was answered in elsewhere")
	// A task that has ended comes back to life, and is used again.
	st.remote.corrupt(nil)
	other, err := alice.Assign(st.ctx, agent, "PROJ-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Cancel(st.ctx); err != nil {
		t.Fatal(err)
	}
	ended := other.Task().ID
	st.remote.corrupt(func(s string) string { return strings.ReplaceAll(s, "TASK_STATE_CANCELED", "TASK_STATE_WORKING") })
	if _, err := other.Poll(st.ctx); err != nil {
		t.Fatal(err)
	}
	expect("what has ended never changes")
	st.remote.corrupt(nil)
	if _, err := other.Poll(st.ctx); err != nil {
		t.Fatal(err)
	}
	st.remote.corrupt(func(s string) string {
		if now := gjson.Get(s, "result.task.id").Str; now != "" {
			return strings.ReplaceAll(s, now, ended)
		}
		return s
	})
	if _, err := other.Retry(st.ctx); err != nil {
		t.Fatal(err)
	}
	expect("was answered with that task")
	if id == ended {
		t.Error("two assignments have one task")
	}
}

func TestAStrangersErrorIsNoViolation(t *testing.T) {
	st := newStage(t, Options{})
	for _, d := range []client.Dialect{client.JiraEAP, client.Jira10} {
		probe := st.acme.User("bob").Resume(Agent{Dialect: d}, "PROJ-1", "c", "t")
		var told *client.Error
		if _, err := probe.Poll(st.ctx); !errors.As(err, &told) {
			t.Errorf("poll: %v", err)
		}
		if _, err := probe.Cancel(st.ctx); !errors.As(err, &told) {
			t.Errorf("cancel: %v", err)
		}
		if _, err := probe.Resubscribe(st.ctx); !errors.As(err, &told) {
			t.Errorf("resubscribe: %v", err)
		}
	}
	st.clean()
}
