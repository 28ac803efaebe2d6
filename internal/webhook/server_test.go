package webhook

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

func TestServerLimitsTimeAndHeaders(t *testing.T) {
	s := Server("127.0.0.1:0", http.NotFoundHandler())
	if s.ReadHeaderTimeout != 5*time.Second || s.ReadTimeout != 30*time.Second || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Errorf("%+v", s)
	}
}

func TestServerClosesSlowConnections(t *testing.T) {
	s := Server("", handler(t, &memory{}, Options{}))
	s.ReadHeaderTimeout, s.ReadTimeout = 20*time.Millisecond, 20*time.Millisecond
	addr := listen(t, s)
	for _, part := range []string{"", "POST /webhook/jira HTTP/1.1\r\n", "POST /webhook/jira HTTP/1.1\r\nHost: x\r\nX-A: "} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := fmt.Fprint(conn, part); err != nil {
			t.Fatal(err)
		}
		// Whether the server says why is its own matter; it must hang up.
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Logf("%q: %v", part, err)
		}
	}
}

func TestDeadlineOfTheBodyDoesNotEndTheAnswer(t *testing.T) {
	s := Server("", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		timer := time.NewTimer(3 * time.Second)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			t.Error("the request was ended")
		}
	}))
	s.ReadTimeout = 2 * time.Second // enough to read the request, however slow the machine
	conn := begin(t, listen(t, s), 2, "{}")
	if code, closed := status(t, conn); code != 200 || closed {
		t.Errorf("status %d, closed %v", code, closed)
	}
}
