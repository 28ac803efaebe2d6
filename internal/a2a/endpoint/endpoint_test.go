package endpoint

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/aofctl/aofctl/internal/a2a"
)

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\ngot  %s\nwant %s", what, got, want)
	}
}

func TestAMessageIsAnsweredAtOnceWithItsTask(t *testing.T) {
	const (
		bare    = `"result":{"id":"t-1","contextId":"c-t-1","status":{"state":"submitted"},"kind":"task"}}`
		wrapped = `"result":{"task":{"id":"t-1","contextId":"c-t-1","status":{"state":"TASK_STATE_SUBMITTED"}}}}`
		history = `"history":[{"messageId":"m-1","contextId":"c-t-1","taskId":"t-1","role":"ROLE_USER","parts":[{"text":"Hello"}]}]`
	)
	for _, c := range []struct{ who, method, params, want string }{
		{"jira ann", "message/send", hello, bare},
		{"jira ann", "SendMessage", hello, wrapped},
		{"plain x", "message/send", strings.TrimSuffix(hello, "}") + `,"configuration":{"historyLength":0}}`, bare},
		{"plain x", "SendMessage", strings.TrimSuffix(hello, "}") + `,"configuration":{"returnImmediately":true}}`,
			strings.TrimSuffix(wrapped, "}}}") + "," + history + "}}}"},
	} {
		d := newDouble()
		expect(t, c.who+" "+c.method, newClient(t, d, c.who, Options{}).call(c.method, c.params), c.want)
		if len(d.sent) != 1 || d.follows != 0 {
			t.Errorf("sent %d, followed %d", len(d.sent), d.follows)
		}
	}
}

func TestAMessageMayBeAnsweredWithoutATask(t *testing.T) {
	d := newDouble()
	d.answers = &a2a.Message{ID: "r", Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf("Hi")}}
	c := newClient(t, d, "plain x", Options{})
	expect(t, "1.0", c.call("SendMessage", hello), `"result":{"message":{"messageId":"r","role":"ROLE_AGENT","parts":[{"text":"Hi"}]}}}`)
	expect(t, "0.3", c.call("message/send", hello), `"result":{"kind":"message","role":"agent","parts":[{"kind":"text","text":"Hi"}],"messageId":"r"}}`)
	expect(t, "stream", strings.Join(c.stream("message/stream", hello), "\n"), `{"kind":"message","role":"agent","parts":[{"kind":"text","text":"Hi"}],"messageId":"r"}`)
}

func TestWhatWorksKnowsWhoCallsAndHow(t *testing.T) {
	d := newDouble()
	c := newClient(t, d, "jira ann", Options{})
	c.header.Set("A2A-Extensions", "https://x/1, https://x/2")
	c.call("SendMessage", hello)
	c.call("tasks/get", `{"id":"t-1"}`)
	c.path = "/a2a/plain/json-rpc"
	c.as("plain x").call("tasks/get", `{"id":"t-1"}`)
	if d.token != "token of ann" {
		t.Errorf("the token is %v", d.token)
	}
	ann := a2a.Caller{Jira: true, Installation: "i-1", Account: "ann"}
	want := []a2a.Call{
		{Caller: ann, Version: "1.0", Extensions: []string{"https://x/1", "https://x/2"}},
		{Caller: ann, Version: "0.3", Extensions: []string{"https://x/1", "https://x/2"}},
		{Caller: a2a.Caller{Installation: "x"}, Version: "0.3", Agent: "plain"},
	}
	for i, call := range d.calls {
		if len(d.calls) != len(want) || call.Caller != want[i].Caller || call.Version != want[i].Version || call.Agent != want[i].Agent ||
			strings.Join(call.Extensions, " ") != strings.Join(want[i].Extensions, " ") {
			t.Errorf("call %d is %+v", i, call)
		}
	}
}

func TestSomebodyElsesTaskIsNotFound(t *testing.T) {
	d := newDouble()
	ann := newClient(t, d, "jira ann", Options{})
	ann.call("message/send", hello)
	bob := ann.as("jira bob")
	for _, method := range []string{"tasks/get", "tasks/resubscribe", "GetTask", "SubscribeToTask", "CancelTask"} {
		theirs, none := bob.call(method, `{"id":"t-1"}`), bob.call(method, `{"id":"t-2"}`)
		if !strings.Contains(theirs, `"code":-32001,`) || theirs != strings.ReplaceAll(none, "t-2", "t-1") {
			t.Errorf("%s: %s and %s", method, theirs, none)
		}
	}
	if got := ann.call("tasks/get", `{"taskId":"t-1"}`); !strings.Contains(got, `"id":"t-1"`) {
		t.Errorf("its own user gets %s", got)
	}
}

func TestErrorsHaveTheCodesThatJirasGuideNames(t *testing.T) {
	d := newDouble()
	c := newClient(t, d, "jira ann", Options{})
	c.call("message/send", hello)
	expect(t, "get", c.call("tasks/get", `{"taskId":"x"}`), `"error":{"code":-32001,"message":"Task not found"}}`)
	expect(t, "cancel", c.call("tasks/cancel", `{"taskId":"t-1"}`),
		`"result":{"id":"t-1","contextId":"c-t-1","status":{"state":"canceled","message":{"kind":"message","role":"agent","parts":[{"kind":"text","text":"Canceled at the user's request."}],"messageId":"m"}},"kind":"task"}}`)
	expect(t, "cancel again", c.call("tasks/cancel", `{"taskId":"t-1"}`), `"error":{"code":-32002,"message":"Task cannot be canceled: it is canceled"}}`)
	expect(t, "cancel nothing", c.call("tasks/cancel", `{"taskId":"x"}`), `"error":{"code":-32002,"message":"Task not found"}}`)
	d.fails = a2a.Unsupported("x")
	expect(t, "unsupported", c.call("tasks/cancel", `{"taskId":"t-1"}`), `"error":{"code":-32004,"message":"This operation is not supported: x"}}`)
	d.fails = errors.New("secret database is away")
	expect(t, "a failure of ours", c.call("tasks/get", `{"taskId":"t-1"}`), `"error":{"code":-32603,"message":"Internal error"}}`)
}

func TestRequestsAreRefusedBeforeTheyAreReadWhenNobodyIsKnown(t *testing.T) {
	d := newDouble()
	for _, c := range []struct {
		who                    string
		status                 int
		challenge, again, text string
	}{
		{"", 401, "Bearer", "", "Sign in"},
		{"keyless", 503, "", "2", "The keys are not there yet"},
		{"broken", 500, "", "", "Internal error"},
	} {
		client := newClient(t, d, c.who, Options{})
		r := client.request("")
		r.Body = io.NopCloser(unreadable{t})
		w := httptest.NewRecorder()
		client.handler.ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("WWW-Authenticate") != c.challenge || w.Header().Get("Retry-After") != c.again {
			t.Errorf("%s: %d %v", c.who, w.Code, w.Header())
		}
		expect(t, c.who, w.Body.String(), `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"`+c.text+`"}}`)
	}
	d.fails = &a2a.Refusal{Status: 429, Message: "Too many tasks", RetryAfter: time.Minute}
	if w := newClient(t, d, "jira ann", Options{}).post(`{"jsonrpc":"2.0","id":1,"method":"message/send","params":` + hello + `}`); w.Code != 429 || w.Header().Get("Retry-After") != "60" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestWhatIsNoRequestIsAnsweredAllTheSame(t *testing.T) {
	c := newClient(t, newDouble(), "plain x", Options{MaxBody: 200})
	for _, q := range []struct {
		name, kind, version, body string
		status                    int
		want                      string
	}{
		{"a batch", "", "", `[{"jsonrpc":"2.0","id":1,"method":"tasks/get"}]`, 200, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid request: batches are not taken: send one request at a time"}}`},
		{"nothing", "application/json", "", ``, 200, `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Invalid JSON payload: the body is not valid JSON"}}`},
		{"an unknown method", "application/json; charset=utf-8", "", `{"jsonrpc":"2.0","id":"r","method":"tasks/list"}`, 200, `{"jsonrpc":"2.0","id":"r","error":{"code":-32601,"message":"Method not found: tasks/list"}}`},
		{"a large number as id", "application/a2a+json", "", `{"jsonrpc":"2.0","id":9007199254740993,"method":"tasks/get"}`, 200, `{"jsonrpc":"2.0","id":9007199254740993,"error":{"code":-32602,"message":"Invalid parameters: id: is required"}}`},
		{"the same in 1.0", "", "1.0", `{"jsonrpc":"2.0","id":9007199254740993,"method":"GetTask"}`, 200, `{"jsonrpc":"2.0","id":9007199254740993,"error":{"code":-32602,"message":"Invalid parameters: id: is required","data":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"id","description":"is required"}]}]}}`},
		{"a version to come", "", "2.0", `{"jsonrpc":"2.0","id":1,"method":"GetTask"}`, 200, `{"jsonrpc":"2.0","id":1,"error":{"code":-32009,"message":"This version of the A2A protocol is not supported: 0.3 and 1.0 are","data":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"VERSION_NOT_SUPPORTED","domain":"a2a-protocol.org","metadata":{"requestedVersion":"2.0","supportedVersions":"0.3,1.0"}}]}}`},
		{"text", "text/plain", "1.0", `{}`, 415, `{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"Content type not supported: send application/json","data":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"CONTENT_TYPE_NOT_SUPPORTED","domain":"a2a-protocol.org"}]}}`},
		{"too much", "", "", strings.Repeat(" ", 201), 413, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid request: it is larger than 200 bytes"}}`},
	} {
		r := c.request(q.body)
		r.Header.Set("A2A-Version", q.version)
		if r.Header.Set("Content-Type", q.kind); q.kind == "" {
			r.Header.Del("Content-Type")
		}
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, r)
		expect(t, q.name, w.Body.String(), q.want)
		if w.Code != q.status || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v", q.name, w.Code, w.Header())
		}
	}
}

func TestABodyThatEndsEarlyIsRefused(t *testing.T) {
	c := newClient(t, newDouble(), "plain x", Options{})
	r := c.request("")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{}))
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "-32700") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestTheVersionMayBeAParameterOfTheAddress(t *testing.T) {
	c := newClient(t, newDouble(), "plain x", Options{})
	c.path += "?A2A-Version=0.5"
	if got := c.call("SendMessage", hello); !strings.Contains(got, `"code":-32009`) {
		t.Errorf("got %s", got)
	}
}

func TestFilesAreTakenWhereTheCardSaysSo(t *testing.T) {
	c := newClient(t, newDouble(), "jira ann", Options{})
	for part, taken := range map[string]bool{
		`{"raw":"aGk=","mediaType":"text/csv"}`: true, `{"url":"https://x","mediaType":"application/json; charset=utf-8"}`: true,
		`{"raw":"aGk=","mediaType":"image/png"}`: false, `{"raw":"aGk="}`: false, `{"raw":"aGk=","mediaType":"nonsense/"}`: false,
		`{"data":{},"mediaType":"image/png"}`: true,
	} {
		got := c.call("SendMessage", `{"message":{"messageId":"m","role":"user","parts":[`+part+`]}}`)
		if taken != strings.Contains(got, `"result"`) || !taken && !strings.Contains(got, `"code":-32005`) {
			t.Errorf("%s: %s", part, got)
		}
	}
}

func TestWhatTheCardDoesNotOfferIsRefused(t *testing.T) {
	d := newDouble()
	c := newClient(t, d, "plain x", Options{})
	without := New(byHeader{}, d, nil, deck{}, Options{})
	defer without.Close()
	c.handler, c.path = mux(without), "/a2a/plain/json-rpc"
	for _, q := range []struct{ method, params, code string }{
		{"SendStreamingMessage", hello, "-32004"}, {"message/stream", hello, "-32004"}, {"SubscribeToTask", `{"id":"t"}`, "-32004"},
		{"GetExtendedAgentCard", "null", "-32004"}, {"agent/getAuthenticatedExtendedCard", "null", "-32007"},
		{"CreateTaskPushNotificationConfig", `{}`, "-32003"}, {"tasks/pushNotificationConfig/get", `{}`, "-32003"},
		{"ListTaskPushNotificationConfigs", `{}`, "-32003"}, {"tasks/pushNotificationConfig/delete", `{}`, "-32003"},
		{"message/send", `{"message":{"messageId":"m","role":"user","parts":[{"text":"x"}]},"configuration":{"pushNotificationConfig":{"url":"https://x"}}}`, "-32003"},
	} {
		if got := c.call(q.method, q.params); !strings.Contains(got, `"code":`+q.code+`,`) {
			t.Errorf("%s: %s", q.method, got)
		}
	}
	if len(d.calls) != 0 {
		t.Errorf("%d calls came through", len(d.calls))
	}
}

func TestTasksAreListedPageByPage(t *testing.T) {
	d := newDouble()
	c := newClient(t, d, "plain x", Options{})
	expect(t, "none", c.call("ListTasks", "null"), `"result":{"tasks":[],"nextPageToken":"","pageSize":50,"totalSize":0}}`)
	c.call("message/send", hello)
	c.call("message/send", hello)
	c.as("plain y").call("message/send", hello)
	expect(t, "one", c.call("ListTasks", `{"pageSize":1,"historyLength":0}`),
		`"result":{"tasks":[{"id":"t-2","contextId":"c-t-2","status":{"state":"TASK_STATE_SUBMITTED"}}],"nextPageToken":"`+a2a.Cursor{ID: "t-2"}.String()+`","pageSize":1,"totalSize":2}}`)
	if got := c.call("ListTasks", `{"historyLength":1,"includeArtifacts":true}`); strings.Count(got, `"history":[{`) != 2 || strings.Count(got, `"artifacts":[]`) != 2 {
		t.Errorf("got %s", got)
	}
	if got := c.call("tasks/list", `{}`); !strings.Contains(got, "-32601") {
		t.Errorf("0.3 has no such method, and got %s", got)
	}
}

func TestPushConfigurationsAreKeptInBothVersions(t *testing.T) {
	d := newDouble()
	c := newClient(t, d, "plain x", Options{})
	c.call("message/send", hello)
	expect(t, "set", c.call("tasks/pushNotificationConfig/set", `{"taskId":"t-1","pushNotificationConfig":{"url":"https://a"}}`),
		`"result":{"taskId":"t-1","pushNotificationConfig":{"id":"p-1","url":"https://a"}}}`)
	expect(t, "create", c.call("CreateTaskPushNotificationConfig", `{"taskId":"t-1","id":"q","url":"https://b"}`), `"result":{"id":"q","taskId":"t-1","url":"https://b"}}`)
	expect(t, "of nobody's task", c.as("plain y").call("tasks/pushNotificationConfig/set", `{"taskId":"t-1","pushNotificationConfig":{"url":"https://a"}}`),
		`"error":{"code":-32001,"message":"Task not found"}}`)
	expect(t, "get", c.call("GetTaskPushNotificationConfig", `{"taskId":"t-1","id":"p-1"}`), `"result":{"id":"p-1","taskId":"t-1","url":"https://a"}}`)
	expect(t, "get the first", c.call("tasks/pushNotificationConfig/get", `{"id":"t-1"}`), `"result":{"taskId":"t-1","pushNotificationConfig":{"id":"p-1","url":"https://a"}}}`)
	for range 2 {
		expect(t, "delete", c.call("tasks/pushNotificationConfig/delete", `{"id":"t-1","pushNotificationConfigId":"p-1"}`), `"result":null}`)
	}
	expect(t, "list", c.call("ListTaskPushNotificationConfigs", `{"taskId":"t-1"}`), `"result":{"configs":[{"id":"q","taskId":"t-1","url":"https://b"}],"nextPageToken":""}}`)
	expect(t, "delete", c.call("DeleteTaskPushNotificationConfig", `{"taskId":"t-1","id":"q"}`), `"result":{}}`)
	expect(t, "empty list", c.call("tasks/pushNotificationConfig/list", `{"id":"t-1"}`), `"result":[]}`)
	if got := c.call("GetTaskPushNotificationConfig", `{"taskId":"t-1","id":"q"}`); !strings.Contains(got, "-32001") {
		t.Errorf("what is gone is %s", got)
	}
}

func TestTheExtendedCardIsWrittenInTheCallersVersion(t *testing.T) {
	c := newClient(t, newDouble(), "plain x", Options{})
	if got := c.call("GetExtendedAgentCard", "null"); !strings.Contains(got, `"name":"More"`) || !strings.Contains(got, "supportedInterfaces") || strings.Contains(got, "preferredTransport") {
		t.Errorf("1.0: %s", got)
	}
	if got := c.call("agent/getAuthenticatedExtendedCard", "null"); !strings.Contains(got, `"name":"More"`) || strings.Contains(got, "supportedInterfaces") {
		t.Errorf("0.3: %s", got)
	}
	for _, method := range []string{"GetExtendedAgentCard", "agent/getAuthenticatedExtendedCard"} {
		if got := c.as("plain little").call(method, "null"); !strings.Contains(got, `"code":-32007,`) {
			t.Errorf("%s: %s", method, got)
		}
	}
}

func TestCardsAreServedWhereCallersLookForThem(t *testing.T) {
	c := newClient(t, newDouble(), "", Options{})
	for _, q := range []struct {
		method, path string
		status       int
		has, lacks   string
	}{
		{"GET", "/.well-known/agent-card.json", 200, "preferredTransport", "none"},
		{"GET", "/.well-known/agent-card.json", 200, "supportedInterfaces", "none"},
		{"GET", "/.well-known/agent.json", 200, "supportedInterfaces", "none"},
		{"GET", "/.well-known/agent-card.json?A2A-Version=1.0", 200, "supportedInterfaces", "preferredTransport"},
		{"GET", "/v1/.well-known/agent-card.json", 200, "supportedInterfaces", "preferredTransport"},
		{"GET", "/v1/.well-known/agent-card.json?A2A-Version=0.3", 200, "supportedInterfaces", "preferredTransport"},
		{"GET", "/v0.3/.well-known/agent-card.json", 200, "preferredTransport", "supportedInterfaces"},
		{"GET", "/a2a/json-rpc", 200, "Default", "none"},
		{"GET", "/a2a/plain/json-rpc", 200, "Plain", "none"},
		{"GET", "/a2a/plain/.well-known/agent-card.json", 200, "Plain", "none"},
		{"GET", "/a2a/nobody/.well-known/agent-card.json", 404, "no such agent", "none"},
		{"HEAD", "/a2a/json-rpc", 200, "", "none"},
		{"PUT", "/a2a/json-rpc", 405, "POST", "none"},
		{"POST", "/.well-known/agent-card.json", 405, "GET", "none"},
		{"GET", "/a2a/nobody/json-rpc", 404, "no such agent", "none"},
		{"POST", "/a2a/nobody/json-rpc", 404, "no such agent", "none"},
	} {
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, httptest.NewRequest(q.method, q.path, nil))
		if w.Code != q.status || !strings.Contains(w.Body.String(), q.has) || strings.Contains(w.Body.String(), q.lacks) {
			t.Errorf("%s %s: %d %s", q.method, q.path, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	c.e.CardOf("nobody", 0).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 404 {
		t.Errorf("%d", w.Code)
	}
}

func TestTheRoutesFitTheRouterOfTheDaemon(t *testing.T) {
	c := newClient(t, newDouble(), "plain x", Options{})
	router := chi.NewRouter()
	for path, h := range c.e.Routes() {
		router.Handle(path, h)
	}
	c.handler = router
	for path, want := range map[string]string{"/a2a/json-rpc": "Default", "/a2a/plain/json-rpc": "Plain", "/a2a/nobody/json-rpc": "no such agent"} {
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
	expect(t, "post", c.call("tasks/get", `{"id":"x"}`), `"error":{"code":-32001,"message":"Task not found"}}`)
}

type noted struct{ list []string }

func (n *noted) Answered(dialect, operation string, code int, _ time.Duration) {
	n.list = append(n.list, strings.Join([]string{dialect, operation, http.StatusText(-code)}, " "))
	if code != 0 {
		n.list[len(n.list)-1] += "error"
	}
}

func TestSomebodyIsToldOfEachRequest(t *testing.T) {
	var n noted
	c := newClient(t, newDouble(), "jira ann", Options{Observer: &n})
	c.call("SendMessage", hello)
	c.call("tasks/get", `{"taskId":"x"}`)
	c.post("[]")
	c.as("plain x").call("message/send", hello)
	expect(t, "observed", strings.Join(n.list, "|"), "jira-1.0 SendMessage |jira-eap GetTask error|jira-eap none error|a2a-0.3 SendMessage ")
}

// TestAnAgentTakesTheFilesThatItsCardNames asks an agent whose card says nothing of
// its own about what it takes.
func TestAnAgentTakesTheFilesThatItsCardNames(t *testing.T) {
	c := newClient(t, newDouble(), "plain x", Options{})
	c.path = "/a2a/plain/json-rpc"
	for kind, want := range map[string]string{
		"text/plain": `"result":{`, "application/json": `"result":{`, "image/png": `"error":{"code":-32005,"message":"Content type not supported: message.parts[0] is a file; this agent takes text/plain, application/json"`,
	} {
		got := c.call("message/send", `{"message":{"messageId":"`+kind+`","role":"user","parts":[{"kind":"file","file":{"bytes":"eA==","mimeType":"`+kind+`"}}]}}`)
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s", kind, got)
		}
	}
}
