package endpoint

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aofctl/aofctl/internal/a2a"
)

func TestTasksAreAnsweredAtTheAddressOfAnAgentThatIsNotOfferedAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDouble()
		c := newClient(t, d, "jira ann", Options{})
		c.call("message/send", hello)
		c.path = "/a2a/former/json-rpc"
		expect(t, "get", c.call("tasks/get", `{"taskId":"t-1"}`), `"result":{"id":"t-1","contextId":"c-t-1","status":{"state":"submitted"},"kind":"task"}}`)
		expect(t, "somebody else", c.as("jira bob").call("tasks/get", `{"taskId":"t-1"}`), `"error":{"code":-32001,"message":"Task not found"}}`)
		reply := `{"message":{"messageId":"m-2","role":"user","taskId":"t-1","parts":[{"text":"The first"}]}}`
		if got := c.call("message/send", reply); !strings.Contains(got, `"id":"t-1"`) {
			t.Errorf("a reply: %s", got)
		}
		end := c.begin("tasks/resubscribe", `{"id":"t-1"}`)
		if got := c.call("tasks/cancel", `{"taskId":"t-1"}`); !strings.Contains(got, `"state":"canceled"`) {
			t.Errorf("cancel: %s", got)
		}
		if got := c.events(end()); len(got) != 2 {
			t.Errorf("the stream has %q", got)
		}
		for _, body := range []string{"", `{"jsonrpc":"2.0","id":1,"method":"message/send","params":` + hello + `}`, `{"jsonrpc":"2.0","id":1,"method":"GetExtendedAgentCard"}`} {
			if w := c.post(body); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "no such agent") {
				t.Errorf("%s: %d %s", body, w.Code, w.Body)
			}
		}
		if w := c.as("nobody").post(`{}`); w.Code != http.StatusNotFound {
			t.Errorf("a stranger hears %d %s", w.Code, w.Body)
		}
		if len(d.sent) != 2 {
			t.Errorf("%d messages came through", len(d.sent))
		}
	})
}

func TestOneCallerCannotFollowTasksWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDouble()
		c := newClient(t, d, "jira ann", Options{})
		c.call("message/send", hello)
		var leave []func()
		for range mostOfUser - 1 {
			one, ok := c.e.crowd.enter(a2a.Caller{Jira: true, Installation: "i-1", Account: "ann"})
			if !ok {
				t.Fatal("too few may enter")
			}
			leave = append(leave, one)
		}
		end := c.begin("tasks/resubscribe", `{"id":"t-1"}`)
		for _, method := range []string{"tasks/resubscribe", "message/stream"} {
			w := c.post(`{"jsonrpc":"2.0","id":"s","method":"` + method + `","params":` + strings.Replace(hello, "{", `{"id":"t-1",`, 1) + `}`)
			if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "5" {
				t.Errorf("%s: %d %v %s", method, w.Code, w.Header(), w.Body)
			}
		}
		if len(d.sent) != 1 {
			t.Error("a message was taken whose answer was refused")
		}
		bob := c.as("jira bob")
		other := bob.begin("message/stream", hello)
		d.emit("t-1", statusEvent(a2a.Completed, ""))
		d.emit("t-2", statusEvent(a2a.Completed, ""))
		if got := len(c.events(end())) + len(bob.events(other())); got != 4 {
			t.Errorf("the streams that were admitted have %d events", got)
		}
		for _, one := range leave {
			one()
		}
		if len(c.e.crowd.in) != 0 {
			t.Errorf("%v are still there", c.e.crowd.in)
		}
	})
}

func TestAPageInABrowserCannotSendARequestWithoutAType(t *testing.T) {
	d := newDouble()
	c := newClient(t, d, "plain x", Options{})
	for origin, want := range map[string]int{"": http.StatusOK, "https://elsewhere.example": http.StatusUnsupportedMediaType, "null": http.StatusUnsupportedMediaType} {
		r := c.request(`{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"id":"x"}}`)
		r.Header.Del("Content-Type")
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d %s", origin, w.Code, w.Body)
		}
	}
}
