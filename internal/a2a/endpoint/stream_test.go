package endpoint

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

// begin posts a request for a stream and returns how to wait for its end.
func (c *client) begin(method, params string) func() *httptest.ResponseRecorder {
	w, done := httptest.NewRecorder(), make(chan struct{})
	r := c.request(`{"jsonrpc":"2.0","id":"s","method":"` + method + `","params":` + params + `}`)
	go func() {
		defer close(done)
		c.handler.ServeHTTP(w, r)
	}()
	synctest.Wait()
	return func() *httptest.ResponseRecorder {
		<-done
		return w
	}
}

func TestStreamsBeginWithTheTaskAndEndWithItInTheCallersDialect(t *testing.T) {
	for _, c := range []struct{ who, method, task, first, chunk, last string }{
		{
			"jira ann", "message/stream", `{"task":{"id":"t-1","contextId":"c-t-1","status":{"state":"submitted"},"kind":"task"}}`,
			`{"statusUpdate":{"taskId":"t-1","contextId":"c-t-1","status":{"state":"working","message":{"kind":"message","role":"agent","parts":[{"kind":"text","text":"Reading"}],"messageId":"m"}},"message":{"kind":"message","role":"agent","parts":[{"kind":"text","text":"Reading"}],"messageId":"m"},"kind":"status-update","final":false}}`,
			`{"artifactUpdate":{"taskId":"t-1","contextId":"c-t-1","artifact":{"artifactId":"a","parts":[{"kind":"text","text":"One"}]},"kind":"artifact-update"}}`,
			`{"statusUpdate":{"taskId":"t-1","contextId":"c-t-1","status":{"state":"completed"},"kind":"status-update","final":true}}`,
		},
		{
			"jira ann", "SendStreamingMessage", `{"task":{"id":"t-1","contextId":"c-t-1","status":{"state":"TASK_STATE_SUBMITTED"}}}`,
			`{"statusUpdate":{"taskId":"t-1","contextId":"c-t-1","status":{"state":"TASK_STATE_WORKING","message":{"messageId":"m","role":"ROLE_AGENT","parts":[{"text":"Reading"}]}}}}`,
			`{"artifactUpdate":{"taskId":"t-1","contextId":"c-t-1","artifact":{"artifactId":"a","parts":[{"text":"One"}]}}}`,
			`{"statusUpdate":{"taskId":"t-1","contextId":"c-t-1","status":{"state":"TASK_STATE_COMPLETED"}}}`,
		},
		{
			"plain x", "message/stream", `{"id":"t-1","contextId":"c-t-1","status":{"state":"submitted"},"history":[{"kind":"message","role":"user","parts":[{"kind":"text","text":"Hello"}],"messageId":"m-1","taskId":"t-1","contextId":"c-t-1"}],"kind":"task"}`,
			`{"taskId":"t-1","contextId":"c-t-1","status":{"state":"working","message":{"kind":"message","role":"agent","parts":[{"kind":"text","text":"Reading"}],"messageId":"m"}},"kind":"status-update","final":false}`,
			`{"taskId":"t-1","contextId":"c-t-1","artifact":{"artifactId":"a","parts":[{"kind":"text","text":"One"}]},"kind":"artifact-update"}`,
			`{"taskId":"t-1","contextId":"c-t-1","status":{"state":"completed"},"kind":"status-update","final":true}`,
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDouble()
			client := newClient(t, d, c.who, Options{})
			end := client.begin(c.method, hello)
			d.emit("t-1", statusEvent(a2a.Working, "Reading"))
			d.emit("t-1", chunkEvent("One", false))
			d.emit("t-1", statusEvent(a2a.Completed, ""))
			got := client.events(end())
			expect(t, c.who+" "+c.method, strings.Join(got, "\n"), strings.Join([]string{c.task, c.first, c.chunk, c.last}, "\n"))
			if d.open != 0 || d.gets != 0 {
				t.Errorf("%d readers are open, the task was read %d times", d.open, d.gets)
			}
		})
	}
}

func TestJiraGetsAStreamForThePlainMethodIfItAcceptsOne(t *testing.T) {
	for _, c := range []struct {
		who, method, accept string
		streams             bool
	}{
		{"jira ann", "message/send", "text/event-stream", true},
		{"jira ann", "SendMessage", "application/json, text/event-stream;q=0.5", true},
		{"jira ann", "message/send", "text/event-stream;q=0", false},
		{"jira ann", "message/send", "application/json", false},
		{"jira ann", "message/send", "*/*", false},
		{"jira ann", "tasks/get", "text/event-stream", false},
		{"plain x", "message/send", "text/event-stream", false},
	} {
		synctest.Test(t, func(t *testing.T) {
			client := newClient(t, newDouble(), c.who, Options{MaxStream: time.Minute})
			client.header.Set("Accept", c.accept)
			w := client.begin(c.method, hello)()
			if got := w.Header().Get("Content-Type") == "text/event-stream"; got != c.streams {
				t.Errorf("%+v: %s", c, w.Body)
			}
		})
	}
}

func TestSubscribingGivesTheTaskAsItIsAndWhatFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDouble()
		c := newClient(t, d, "jira ann", Options{})
		c.call("message/send", hello)
		d.emit("t-1", statusEvent(a2a.Working, ""))
		d.emit("t-1", chunkEvent("One", false))
		first, second := c.begin("tasks/resubscribe", `{"id":"t-1"}`), c.begin("SubscribeToTask", `{"id":"t-1"}`)
		d.emit("t-1", chunkEvent("Two", true))
		d.emit("t-1", statusEvent(a2a.Failed, ""))
		expect(t, "EAP", strings.Join(c.events(first()), "\n"), strings.Join([]string{
			`{"task":{"id":"t-1","contextId":"c-t-1","status":{"state":"working"},"artifacts":[{"artifactId":"a","parts":[{"kind":"text","text":"One"}]}],"kind":"task"}}`,
			`{"artifactUpdate":{"taskId":"t-1","contextId":"c-t-1","artifact":{"artifactId":"a","parts":[{"kind":"text","text":"Two"}]},"append":true,"kind":"artifact-update"}}`,
			`{"statusUpdate":{"taskId":"t-1","contextId":"c-t-1","status":{"state":"failed"},"kind":"status-update","final":true}}`,
		}, "\n"))
		if got := c.events(second()); len(got) != 3 {
			t.Errorf("the other reader got %q", got)
		}
	})
}

func TestATaskThatHasEndedIsShownOrRefusedAsTheDialectWants(t *testing.T) {
	d := newDouble()
	jira := newClient(t, d, "jira ann", Options{})
	plain := jira.as("plain x")
	jira.call("message/send", hello)
	plain.call("message/send", hello)
	for _, id := range []string{"t-1", "t-2"} {
		d.emit(id, statusEvent(a2a.Rejected, ""))
	}
	for method, want := range map[string]string{
		"tasks/resubscribe": `{"task":{"id":"t-1","contextId":"c-t-1","status":{"state":"rejected"},"kind":"task"}}`,
		"SubscribeToTask":   `{"task":{"id":"t-1","contextId":"c-t-1","status":{"state":"TASK_STATE_REJECTED"}}}`,
	} {
		expect(t, method, strings.Join(jira.stream(method, `{"id":"t-1"}`), "\n"), want)
	}
	if got := plain.stream("tasks/resubscribe", `{"id":"t-2"}`); len(got) != 1 || !strings.Contains(got[0], `"state":"rejected"`) {
		t.Errorf("plain 0.3 gets %q", got)
	}
	expect(t, "plain 1.0", plain.call("SubscribeToTask", `{"id":"t-2"}`),
		`"error":{"code":-32004,"message":"This operation is not supported: the task is rejected","data":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"UNSUPPORTED_OPERATION","domain":"a2a-protocol.org","metadata":{"taskId":"t-2"}}]}}`)
	if d.follows != 0 {
		t.Error("a task that has ended was followed")
	}
}

func TestOnlyStreamsOfPlain03EndAtAQuestion(t *testing.T) {
	for _, c := range []struct {
		who, method string
		ends        bool
	}{
		{"jira ann", "message/stream", false}, {"jira ann", "SendStreamingMessage", false},
		{"plain x", "message/stream", true}, {"plain x", "SendStreamingMessage", false},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDouble()
			client := newClient(t, d, c.who, Options{})
			end := client.begin(c.method, hello)
			d.emit("t-1", statusEvent(a2a.AuthRequired, ""))
			d.emit("t-1", statusEvent(a2a.InputRequired, ""))
			synctest.Wait()
			d.emit("t-1", statusEvent(a2a.Completed, ""))
			if got := client.events(end()); (len(got) == 3) != c.ends {
				t.Errorf("%s %s: %q", c.who, c.method, got)
			}
		})
	}
}

func TestAPlainCallerResumesAfterTheEventThatItSawLast(t *testing.T) {
	d := newDouble()
	c := newClient(t, d, "plain x", Options{})
	c.call("message/send", hello)
	for i := range 4 {
		d.emit("t-1", chunkEvent(fmt.Sprint(i), i > 0))
	}
	d.emit("t-1", statusEvent(a2a.Completed, ""))
	c.header.Set("Last-Event-ID", "3")
	w := c.post(`{"jsonrpc":"2.0","id":"s","method":"tasks/resubscribe","params":{"id":"t-1"}}`)
	got := c.events(w)
	if len(got) != 4 || strings.Contains(got[0], "artifact") || !strings.Contains(got[1], `"text":"2"`) || !strings.Contains(got[3], `"final":true`) {
		t.Errorf("got %q", got)
	}
	for _, id := range []string{"id: 3\n", "id: 4\n", "id: 5\n", "id: 6\n"} {
		if !strings.Contains(w.Body.String(), id) {
			t.Errorf("%q is not in %s", id, w.Body)
		}
	}
	for _, header := range []string{"6", "99", "x", ""} {
		c.header.Set("Last-Event-ID", header)
		if got := c.stream("tasks/resubscribe", `{"id":"t-1"}`); len(got) != 1 || strings.Count(got[0], `"text":`) != 5 {
			t.Errorf("%q: %q", header, got)
		}
	}
}

func TestJirasStreamsHaveDataAlone(t *testing.T) {
	d := newDouble()
	c := newClient(t, d, "jira ann", Options{})
	c.call("message/send", hello)
	d.emit("t-1", chunkEvent("x", false))
	d.emit("t-1", statusEvent(a2a.Completed, ""))
	c.header.Set("Last-Event-ID", "1")
	w := c.post(`{"jsonrpc":"2.0","id":"s","method":"tasks/resubscribe","params":{"id":"t-1"}}`)
	if len(c.events(w)) != 1 || strings.Contains(w.Body.String(), "id: ") {
		t.Errorf("got %s", w.Body)
	}
}

func TestAQuietStreamIsKeptAliveAndEndsBeforeJiraCutsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDouble()
		c := newClient(t, d, "jira ann", Options{})
		began := time.Now()
		w := c.begin("message/stream", hello)()
		if took := time.Since(began); took != 14*time.Minute {
			t.Errorf("the stream took %v", took)
		}
		body := w.Body.String()
		if n := strings.Count(body, ": keep-alive\n\n"); n < 55 || n > 56 || !strings.HasSuffix(body, ": the task goes on: subscribe again\n\n") || d.open != 0 {
			t.Errorf("%d keep-alives, %d open, %s", n, d.open, body)
		}
		if len(c.events(w)) != 1 || w.Header().Get("X-Accel-Buffering") != "no" || !strings.Contains(w.Header().Get("Cache-Control"), "no-cache") {
			t.Errorf("%v %s", w.Header(), body)
		}
	})
}

func TestStreamsEndWhenTheEndpointCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDouble()
		c := newClient(t, d, "plain x", Options{})
		stream, waiting := c.begin("message/stream", hello), c.begin("SendMessage", hello)
		began := time.Now()
		c.e.Close()
		if body := stream().Body.String(); !strings.HasSuffix(body, ": the task goes on: subscribe again\n\n") {
			t.Errorf("got %s", body)
		}
		if body := waiting().Body.String(); !strings.Contains(body, "TASK_STATE_SUBMITTED") {
			t.Errorf("who waits gets %s", body)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("that took %v", took)
		}
	})
}

func TestAStreamThatBreaksTellsToSubscribeAgain(t *testing.T) {
	d := newDouble()
	d.breaks = errors.New("secret database is away")
	c := newClient(t, d, "jira ann", Options{})
	w := c.post(`{"jsonrpc":"2.0","id":"s","method":"message/stream","params":` + hello + `}`)
	if body := w.Body.String(); len(c.events(w)) != 1 || !strings.HasSuffix(body, ": the stream broke off: subscribe again\n\n") || strings.Contains(body, "secret") {
		t.Errorf("got %s", body)
	}
}

func TestACallerOf10WaitsUntilItsTaskIsSettled(t *testing.T) {
	for _, state := range []a2a.State{a2a.Completed, a2a.Failed, a2a.Canceled, a2a.Rejected, a2a.InputRequired, a2a.AuthRequired} {
		synctest.Test(t, func(t *testing.T) {
			d := newDouble()
			c := newClient(t, d, "plain x", Options{})
			end := c.begin("SendMessage", hello)
			began := time.Now()
			time.Sleep(20 * time.Second)
			d.emit("t-1", statusEvent(a2a.Working, ""))
			d.emit("t-1", chunkEvent("Done", false))
			d.emit("t-1", statusEvent(state, ""))
			body := end().Body.String()
			if time.Since(began) != 20*time.Second || d.open != 0 || !strings.Contains(body, strings.ReplaceAll(strings.ToUpper(string(state)), "-", "_")) || !strings.Contains(body, `"text":"Done"`) {
				t.Errorf("%s: after %v: %s", state, time.Since(began), body)
			}
		})
	}
}

func TestWaitingHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDouble()
		c := newClient(t, d, "plain x", Options{})
		began := time.Now()
		end := c.begin("message/send", strings.TrimSuffix(hello, "}")+`,"configuration":{"blocking":true,"historyLength":0}}`)
		d.emit("t-1", statusEvent(a2a.Working, ""))
		body := end().Body.String()
		if time.Since(began) != 55*time.Second || body != `{"jsonrpc":"2.0","id":"s","result":{"id":"t-1","contextId":"c-t-1","status":{"state":"working"},"kind":"task"}}` {
			t.Errorf("after %v: %s", time.Since(began), body)
		}
	})
}

func TestWhoLeavesWhileWaitingIsToldNothing(t *testing.T) {
	d := newDouble()
	c := newClient(t, d, "plain x", Options{})
	ctx, leave := context.WithCancel(t.Context())
	leave()
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, c.request(`{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":`+hello+`}`).WithContext(ctx))
	if w.Body.Len() != 0 || d.open != 0 {
		t.Errorf("%d open, got %s", d.open, w.Body)
	}
}

func TestWaitingForATaskOfAStoreThatFailsIsAnError(t *testing.T) {
	d := newDouble()
	d.breaks = errors.New("secret database is away")
	if got := newClient(t, d, "plain x", Options{}).call("SendMessage", hello); !strings.Contains(got, `"code":-32603,"message":"Internal error"`) {
		t.Errorf("got %s", got)
	}
}

// TestEventsReachTheCallerAsTheyHappen speaks to a server, and leaves in the midst
// of a task.
func TestEventsReachTheCallerAsTheyHappen(t *testing.T) {
	d := newDouble()
	c := newClient(t, d, "jira ann", Options{})
	server := httptest.NewServer(c.handler)
	defer server.Close()
	defer server.Client().CloseIdleConnections()

	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+c.path, strings.NewReader(`{"jsonrpc":"2.0","id":"s","method":"message/stream","params":`+hello+`}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", c.who)
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for _, want := range []string{"submitted", "working", "One"} {
		for lines.Scan() && !strings.Contains(lines.Text(), want) {
			if lines.Text() != "" {
				t.Fatalf("waiting for %s, got %q", want, lines.Text())
			}
		}
		switch want {
		case "submitted":
			d.emit("t-1", statusEvent(a2a.Working, ""))
		case "working":
			d.emit("t-1", chunkEvent("One", false))
		}
	}
	leave()
	await(t, "the stream is closed", func() bool { return d.open == 0 }, d)
	if got := c.call("tasks/get", `{"id":"t-1"}`); !strings.Contains(got, `"state":"working"`) {
		t.Errorf("the task became %s", got)
	}
}

// fill gives a task so many chunks and ends it.
func fill(d *double, n int) {
	for i := range n {
		d.emit("t-1", chunkEvent("a word or two ", i > 0))
	}
	d.emit("t-1", statusEvent(a2a.Completed, ""))
}

func TestAStreamReadsTheTaskOnceHoweverManyChunksThereAre(t *testing.T) {
	size := func(n int) int {
		d := newDouble()
		c := newClient(t, d, "plain x", Options{})
		c.call("message/send", hello)
		c.header.Set("Last-Event-ID", "1")
		fill(d, n)
		w := c.post(`{"jsonrpc":"2.0","id":"s","method":"SubscribeToTask","params":{"id":"t-1"}}`)
		if w.Header().Get("Content-Type") == "text/event-stream" {
			t.Fatal("1.0 shows tasks that have ended")
		}
		w = c.post(`{"jsonrpc":"2.0","id":"s","method":"tasks/resubscribe","params":{"id":"t-1"}}`)
		if got := c.events(w); len(got) != n+2 {
			t.Fatalf("%d chunks came as %d events", n, len(got))
		}
		if d.gets != 2 || d.follows != 1 {
			t.Errorf("%d chunks: read %d times, followed %d times", n, d.gets, d.follows)
		}
		return w.Body.Len()
	}
	small, large := size(200), size(2000)
	if large > 11*small {
		t.Errorf("ten times the chunks made %d bytes of %d", large, small)
	}
}

func BenchmarkStream(b *testing.B) {
	for _, n := range []int{250, 500, 1000, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := newDouble()
			c := newClient(b, d, "plain x", Options{})
			c.call("message/send", hello)
			c.header.Set("Last-Event-ID", "1")
			fill(d, n)
			for b.Loop() {
				if got := c.stream("tasks/resubscribe", `{"id":"t-1"}`); len(got) != n+2 {
					b.Fatal(len(got))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/chunk")
		})
	}
}

func BenchmarkSendAndGet(b *testing.B) {
	d := newDouble()
	c := newClient(b, d, "jira ann", Options{})
	c.call("message/send", hello)
	for b.Loop() {
		c.call("tasks/get", `{"taskId":"t-1"}`)
	}
}

// TestAStreamThatDoesNotBeginIsRefusedWhereItsCallerLooks has callers ask for streams
// of nothing: those who take events get an error that clients in use find, those who
// do not take them plain JSON, as Jira does.
func TestAStreamThatDoesNotBeginIsRefusedWhereItsCallerLooks(t *testing.T) {
	const event, plain = "text/event-stream", "application/json"
	for name, q := range map[string]struct {
		who, accept, method, params string
		status                      int
		kind, has                   string
	}{
		"0.3":                   {"plain x", event, "tasks/resubscribe", `{"id":"none"}`, 200, event, "data: {\"jsonrpc\":\"2.0\",\"id\":\"r\",\"error\":{\"code\":-32001,"},
		"0.3 without a header":  {"plain x", "", "tasks/resubscribe", `{"id":"none"}`, 200, plain, `"error":{"code":-32001,`},
		"1.0":                   {"plain x", event, "SubscribeToTask", `{"id":"none"}`, 404, plain, `"error":{"code":-32001,`},
		"1.0 wrong parameters":  {"plain x", event, "SendStreamingMessage", `{}`, 400, plain, `"error":{"code":-32602,`},
		"1.0 without a header":  {"plain x", "", "SubscribeToTask", `{"id":"none"}`, 200, plain, `"error":{"code":-32001,`},
		"1.0 that is no stream": {"plain x", event, "GetTask", `{"id":"none"}`, 200, plain, `"error":{"code":-32001,`},
		"Jira":                  {"jira ann", event, "SubscribeToTask", `{"id":"none"}`, 200, plain, `"error":{"code":-32001,`},
	} {
		c := newClient(t, newDouble(), q.who, Options{})
		r := c.request(`{"jsonrpc":"2.0","id":"r","method":"` + q.method + `","params":` + q.params + `}`)
		r.Header.Set("Accept", q.accept)
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, r)
		if w.Code != q.status || w.Header().Get("Content-Type") != q.kind || !strings.Contains(w.Body.String(), q.has) {
			t.Errorf("%s: %d %s %s", name, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
	}
}

func TestErrorsHaveTheStatusOfTheirVersion(t *testing.T) {
	for code, want := range map[a2a.Code]int{
		a2a.CodeTaskNotFound: 404, a2a.CodeNotCancelable: 409, a2a.CodePushNotSupported: 400, a2a.CodeUnsupported: 400, a2a.CodeContentType: 415,
		a2a.CodeInvalidResponse: 502, a2a.CodeNoExtendedCard: 400, a2a.CodeExtensionRequired: 400, a2a.CodeVersion: 400, a2a.CodeInternal: 500,
	} {
		if got := statusOf(code); got != want {
			t.Errorf("%d has the status %d, want %d", code, got, want)
		}
	}
}
