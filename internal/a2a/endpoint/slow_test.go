package endpoint

import (
	"net"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

// TestACallerThatDoesNotReadIsLetGo opens a stream, reads nothing of it, and sees
// the endpoint give it up while the task goes on.
func TestACallerThatDoesNotReadIsLetGo(t *testing.T) {
	d := newDouble()
	c := newClient(t, d, "jira ann", Options{WriteTimeout: 50 * time.Millisecond})
	server := httptest.NewServer(c.handler)
	defer server.Close()

	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := `{"jsonrpc":"2.0","id":"s","method":"message/stream","params":` + hello + `}`
	head := "POST /a2a/json-rpc HTTP/1.1\r\nHost: x\r\nAuthorization: jira ann\r\nContent-Length: "
	if _, err := conn.Write([]byte(head + strconv.Itoa(len(body)) + "\r\n\r\n" + body)); err != nil {
		t.Fatal(err)
	}
	await(t, "the stream opens", func() bool { return d.open == 1 }, d)
	large := strings.Repeat("x", 1<<20)
	for i := range 64 {
		d.emit("t-1", chunkEvent(large, i > 0))
	}
	await(t, "the stream is given up", func() bool { return d.open == 0 }, d)
	d.emit("t-1", statusEvent(a2a.Completed, ""))
}

// await asks again until something is so.
func await(t *testing.T, what string, so func() bool, d *double) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		d.mu.Lock()
		is := so()
		d.mu.Unlock()
		if is {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
