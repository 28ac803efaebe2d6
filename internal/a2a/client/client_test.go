package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/wire"
	"github.com/aofctl/aofctl/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// serve answers each request with what the function writes.
func serve(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, body gjson.Result)) *Client {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		answer(w, r, gjson.ParseBytes(raw))
	}))
	hc := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		hc.CloseIdleConnections()
		web.CloseClientConnections()
		web.Close()
	})
	return &Client{URL: web.URL, HTTP: hc, Dialect: Plain10}
}

// written are the dialects of the endpoint by those of the client.
func written() map[Dialect]wire.Dialect {
	return map[Dialect]wire.Dialect{JiraEAP: wire.JiraEAP, Jira10: wire.Jira10, Plain03: wire.Plain03, Plain10: wire.Plain10}
}

var when = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

func someTask() a2a.Task {
	return a2a.Task{
		ID: "t", ContextID: "c", Status: a2a.Status{State: a2a.InputRequired, Time: when, Message: said("Which one?")},
		Artifacts: []a2a.Artifact{{ID: "a", Name: "answer", Parts: []a2a.Part{a2a.TextOf("One"), a2a.TextOf("Two"), a2a.DataOf([]byte(`{"n":9007199254740993}`))}}},
	}
}

func said(text string) *a2a.Message {
	return &a2a.Message{ID: "m", Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(text)}}
}

func TestAnswersOfTheEndpointAreUnderstoodInEveryDialect(t *testing.T) {
	want := Task{ID: "t", ContextID: "c", State: a2a.InputRequired, Text: "Which one?", Time: when, Artifacts: []Artifact{
		{ID: "a", Name: "answer", Text: "One\n\nTwo", Data: json.RawMessage(`{"n":9007199254740993}`)},
	}}
	for d, w := range written() {
		task := someTask()
		for name, value := range map[string]any{"reply": w.Reply(a2a.Reply{Task: &task}), "task": w.Task(task)} {
			body, err := wire.Result([]byte(`"1"`), value)
			if err != nil {
				t.Fatal(err)
			}
			got, err := readReply(body)
			if err != nil || got.Task == nil {
				t.Fatalf("%s %s: %v", d, name, err)
			}
			if diff := cmp.Diff(want, *got.Task); diff != "" {
				t.Errorf("%s %s: %s", d, name, diff)
			}
		}
		body, err := wire.Result([]byte(`"1"`), w.Reply(a2a.Reply{Message: said("Hello")}))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := readReply(body); err != nil || got.Task != nil || got.Text != "Hello" {
			t.Errorf("%s: a message is %+v %v", d, got, err)
		}
	}
}

func TestStreamsOfTheEndpointAreUnderstoodInEveryDialect(t *testing.T) {
	working := a2a.Task{ID: "t", ContextID: "c", Status: a2a.Status{State: a2a.Working}}
	chunk := func(text string, more bool) a2a.Event {
		return a2a.Event{Artifact: &a2a.ArtifactUpdate{TaskID: "t", ContextID: "c", Append: more, Artifact: a2a.Artifact{ID: "a", Name: "answer", Parts: []a2a.Part{a2a.TextOf(text)}}}}
	}
	events := []a2a.Event{
		{Task: &working}, {Status: &a2a.StatusUpdate{TaskID: "t", ContextID: "c", Status: a2a.Status{State: a2a.Working, Message: said("Looking")}}},
		chunk("All ", false), chunk("good", true), {Artifact: &a2a.ArtifactUpdate{TaskID: "t", ContextID: "c", Artifact: a2a.Artifact{ID: "b"}}},
		{Status: &a2a.StatusUpdate{TaskID: "t", ContextID: "c", Status: a2a.Status{State: a2a.Completed, Message: said("Done")}}},
	}
	for d, w := range written() {
		c := serve(t, func(out http.ResponseWriter, _ *http.Request, body gjson.Result) {
			out.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
			_, _ = out.Write(wire.Comment("keep-alive"))
			for n, e := range events {
				data, _ := wire.Result([]byte(body.Get("id").Raw), w.Event(e))
				_, _ = out.Write(wire.Frame(data, int64(n+1)))
			}
		})
		c.Dialect = d
		var seen []Exchange
		c.Watch = func(x Exchange) { seen = append(seen, x) }
		s, err := c.Stream(t.Context(), Message{Text: "hello"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			u, err := s.Next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%s %s %q", u.Change, u.Task.State, u.Text))
		}
		s.Close()
		want := []string{`task working ""`, `status working "Looking"`, `artifact working "All "`, `artifact working "good"`, `artifact working ""`, `status completed "Done"`}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", d, diff)
		}
		last := Task{ID: "t", ContextID: "c", State: a2a.Completed, Text: "Done", Artifacts: []Artifact{{ID: "a", Name: "answer", Text: "All good"}, {ID: "b"}}}
		if diff := cmp.Diff(last, s.Task()); diff != "" {
			t.Errorf("%s: %s", d, diff)
		}
		if len(seen) != 7 || seen[3].Event != 4 || seen[3].RequestID == "" || !seen[6].Ended || seen[6].Event != 6 {
			t.Errorf("%s: the watcher saw %d exchanges", d, len(seen))
		}
	}
}

func TestRequestsAreUnderstoodByTheEndpointInEveryDialect(t *testing.T) {
	m := Message{ID: "m-1", ContextID: "c", TaskID: "t", Text: "a <b> & c", Data: json.RawMessage(`{"n":9007199254740993}`)}
	for d, w := range written() {
		for op, name := range map[operation]wire.Operation{send: wire.Send, stream: wire.SendStream} {
			body, err := encode("1", d.method(op), d.ofMessage(m))
			if err != nil {
				t.Fatal(err)
			}
			req, wrong := wire.Parse(body)
			if wrong != nil || req.Operation != name {
				t.Fatalf("%s: %s %v", d, body, wrong)
			}
			got, wrong := req.Send(w)
			want := a2a.Message{ID: "m-1", ContextID: "c", TaskID: "t", Role: a2a.User, Parts: []a2a.Part{a2a.TextOf(m.Text), a2a.DataOf(m.Data)}}
			if diff := cmp.Diff(want, got.Message); diff != "" || wrong != nil || got.Wait {
				t.Errorf("%s: wait %v, %v %s", d, got.Wait, wrong, diff)
			}
		}
		body, _ := encode("1", d.method(get), map[string]string{d.idMember(get): "t"})
		req, _ := wire.Parse(body)
		if got, wrong := req.Get(w); wrong != nil || got.ID != "t" {
			t.Errorf("%s: %s %v", d, body, wrong)
		}
		body, _ = encode("1", d.method(cancel), map[string]string{d.idMember(cancel): "t"})
		req, _ = wire.Parse(body)
		if got, wrong := req.Cancel(w); wrong != nil || got.ID != "t" {
			t.Errorf("%s: %s %v", d, body, wrong)
		}
		body, _ = encode("1", d.method(subscribe), map[string]string{d.idMember(subscribe): "t"})
		req, _ = wire.Parse(body)
		if got, wrong := req.Subscribe(w); wrong != nil || got != "t" {
			t.Errorf("%s: %s %v", d, body, wrong)
		}
	}
}

func TestRequestsBearCredentialsAndHeaders(t *testing.T) {
	var seen http.Header
	var method string
	c := serve(t, func(w http.ResponseWriter, r *http.Request, body gjson.Result) {
		seen, method = r.Header.Clone(), body.Get("method").Str
		w.WriteHeader(http.StatusTeapot)
	})
	c.Sign = func(r *http.Request) error { r.Header.Set("Authorization", "Bearer x"); return nil }
	var refused *HTTPError
	if _, err := c.Stream(t.Context(), Message{}); !errors.As(err, &refused) || refused.Status != http.StatusTeapot {
		t.Errorf("got %v", err)
	}
	if seen.Get("Authorization") != "Bearer x" || seen.Get("A2A-Version") != "1.0" || seen.Get("Accept") != "text/event-stream" || method != "SendStreamingMessage" {
		t.Errorf("%s with %v", method, seen)
	}
	c.Dialect, c.StreamBySend = JiraEAP, true
	if _, err := c.Stream(t.Context(), Message{}); err == nil || method != "message/send" || seen.Get("A2A-Version") != "" || seen.Get("Accept") != "text/event-stream" {
		t.Errorf("%s with %v: %v", method, seen, err)
	}
	c.Sign = func(*http.Request) error { return io.ErrNoProgress }
	if _, err := c.Get(t.Context(), "t"); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("without credentials: %v", err)
	}
}

func TestWhatIsNoAnswerIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		kind, body string
		says       string
	}{
		"an error":          {200, "application/json", `{"error":{"code":-32001,"message":"Task not found","data":[1]}}`, "Task not found (code -32001)"},
		"neither":           {200, "application/json", `{}`, "neither a result nor an error"},
		"no JSON":           {200, "text/html", `<p>`, "it is no JSON: <p>"},
		"no task":           {200, "application/json", `{"result":{"kind":"task"}}`, "no id or no status"},
		"a refusal in JSON": {401, "application/json", `{"error":{"message":"Sign in"}}`, "HTTP status 401: Sign in"},
		"a refusal in text": {502, "text/plain", "Bad gateway\n", "HTTP status 502: Bad gateway"},
		"a very long one":   {500, "text/plain", strings.Repeat("x", 1000), "HTTP status 500: " + strings.Repeat("x", 200) + "…"},
	} {
		client := serve(t, func(w http.ResponseWriter, _ *http.Request, _ gjson.Result) {
			w.Header().Set("Content-Type", c.kind)
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		if _, err := client.Get(t.Context(), "t"); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: get: %v", name, err)
		}
		if _, err := client.Stream(t.Context(), Message{}); err == nil {
			t.Errorf("%s: stream: %v", name, err)
		}
	}
	endless := serve(t, func(w http.ResponseWriter, r *http.Request, _ gjson.Result) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	})
	if _, err := endless.Send(t.Context(), Message{}); err == nil || !strings.Contains(err.Error(), "16 MiB") {
		t.Errorf("endless: %v", err)
	}
	nobody := &Client{URL: "http://127.0.0.1:1", Dialect: Plain03}
	if _, err := nobody.Cancel(t.Context(), "t"); err == nil {
		t.Error("nobody answered")
	}
	if _, err := (&Client{URL: "::"}).Get(t.Context(), "t"); err == nil {
		t.Error("an address that is none was called")
	}
}

func TestAStreamEndsWithItsContextAndItsErrors(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request, body gjson.Result) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = fmt.Fprintf(w, "data: {\"result\":{\"task\":{\"id\":\"t\",\"status\":{}}}}\n\ndata: {\"result\":{\"odd\":{}}}\n\ndata: {\"error\":{\"code\":-32603}}\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	s, err := c.Resubscribe(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if u, err := s.Next(t.Context()); err != nil || u.Task.State != a2a.Unknown {
		t.Fatalf("%+v %v", u, err)
	}
	if _, err := s.Next(t.Context()); err == nil || !strings.Contains(err.Error(), "no known kind") {
		t.Errorf("an odd event: %v", err)
	}
	var told *Error
	if _, err := s.Next(t.Context()); !errors.As(err, &told) || told.Code != a2a.CodeInternal {
		t.Errorf("an error: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if _, err := s.Next(t.Context()); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("after that: %v", err)
	}
}

func TestEventsAreReadAsTheStandardHasThem(t *testing.T) {
	for in, want := range map[string][]string{
		"data: a\n\n": {"a"}, "data:a\r\n\r\n": {"a"}, "data: a\r\rdata: b\r\r": {"a", "b"}, "data: a\ndata: b\n\n": {"a\nb"}, "data: a\r\ndata: b\r\n\r\n": {"a\nb"}, "data\n\n": {""},
		": comment\n\nid: 1\nevent: x\ndata: a\n\n": {"a"}, "data: cut": nil, "data: cut\n": nil, "\n\n\n": nil, "database: x\n\ndata:  two\n\n": {" two"}, "": nil,
	} {
		e, got := newEvents(iotest.OneByteReader(strings.NewReader(in))), []string(nil)
		for {
			data, err := e.next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Errorf("%q: %v", in, err)
				}
				break
			}
			got = append(got, string(data))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
	if _, err := newEvents(io.MultiReader(strings.NewReader("data: "), endlessly{})).next(); !errors.Is(err, errLongEvent) {
		t.Errorf("an endless line: %v", err)
	}
}

// endlessly is text without a line's end.
type endlessly struct{}

func (endlessly) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestDialectsHaveNames(t *testing.T) {
	for _, d := range Dialects() {
		if d.Jira() != strings.HasPrefix(string(d), "jira") {
			t.Errorf("%s: Jira speaks it: %t", d, d.Jira())
		}
	}
	for name, want := range map[string]a2a.State{"TASK_STATE_INPUT_REQUIRED": a2a.InputRequired, "auth-required": a2a.AuthRequired, "": a2a.Unknown, "TASK_STATE_UNSPECIFIED": a2a.Unknown} {
		if got := stateOf(name); got != want {
			t.Errorf("%q is %s", name, got)
		}
	}
	if a, b := NewID(), NewID(); a == b || len(a) != 36 || a[14] != '4' {
		t.Errorf("ids are %s and %s", a, b)
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"result":{"task":{"id":"t","status":{"state":"working","message":{"parts":[{"text":"x"}]}},"artifacts":[{"parts":[{"data":1}]}]}}}`))
	f.Add([]byte(`{"result":{"kind":"message","parts":[]}}`))
	f.Add([]byte(`{"error":{"code":1e99,"data":null}}`))
	f.Add([]byte(`{"result":{"statusUpdate":{"taskId":1,"status":[]}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		reply, err := readReply(body)
		if err == nil && reply.Task != nil && reply.Task.ID == "" {
			t.Errorf("a task without an id in %q", body)
		}
		if r, err := result(body); err == nil {
			s := &Stream{}
			_, _ = s.fold(r)
		}
	})
}

func FuzzEvents(f *testing.F) {
	f.Add("data: a\ndata: b\r\n\r\n: c\n\n")
	f.Add("data\r\r\n\ndata:")
	f.Fuzz(func(t *testing.T, in string) {
		e := newEvents(strings.NewReader(in))
		for n := 0; ; n++ {
			data, err := e.next()
			if err != nil {
				return
			}
			if n > len(in) || len(data) > len(in) {
				t.Fatalf("%q has more in it than it is long", in)
			}
		}
	})
}
