package webhook

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestBodySizes(t *testing.T) {
	const limit = 1 << 20
	for _, size := range []int{0, 1, smallChunk - 1, smallChunk, smallChunk + 1, mediumChunk - 1, mediumChunk, mediumChunk + 1, 3*mediumChunk + 7, limit - 1, limit, limit + 1, 2 * limit} {
		for _, chunked := range []bool{false, true} {
			body := "{" + strings.Repeat("x", max(size-1, 0))
			body = body[:size]
			in := &memory{}
			h := handler(t, in, Options{MaxBodyBytes: limit})
			r := signed("/webhook/jira", body)
			if chunked {
				r.ContentLength = -1
			}
			w := do(h, r)
			want := 200
			if size > limit {
				want = 413
			}
			if w.Code != want {
				t.Errorf("%d bytes, chunked %v: status %d", size, chunked, w.Code)
			}
			if want == 200 && string(in.deliveries()[0].Body) != body {
				t.Errorf("%d bytes, chunked %v: body differs", size, chunked)
			}
			if want == 413 && w.Header().Get("Connection") != "close" {
				t.Errorf("%d bytes: the connection stays open", size)
			}
			if a, b := h.bodies.first.used.Load(), h.bodies.rest.used.Load(); a != 0 || b != 0 {
				t.Errorf("%d bytes: %d and %d bytes still counted", size, a, b)
			}
		}
	}
}

func TestLimitOfTheFirstChunkHolds(t *testing.T) {
	h := handler(t, &memory{}, Options{MaxBodyBytes: 10})
	for size, want := range map[int]int{10: 200, 11: 413} {
		r := signed("/webhook/jira", strings.Repeat("{", size))
		r.ContentLength = -1
		if w := do(h, r); w.Code != want {
			t.Errorf("%d bytes: status %d", size, w.Code)
		}
	}
}

func TestBrokenBodyIsNotStored(t *testing.T) {
	in, count := &memory{}, &counter{}
	r := signed("/webhook/jira", "{}")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), errReader{}))
	if w := do(handler(t, in, Options{Metrics: count}), r); w.Code != 400 || count.get(Aborted) != 1 || len(in.deliveries()) != 0 {
		t.Errorf("status %d, %v", w.Code, count.n)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("reset by peer") }

func TestLimitOfAMiddlewareIs413(t *testing.T) {
	r := signed("/webhook/jira", strings.Repeat("{", 100_000))
	r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, 70_000)
	if w := do(handler(t, &memory{}, Options{}), r); w.Code != 413 {
		t.Errorf("status %d", w.Code)
	}
}

// serve runs the handler on a real server and returns its address.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	return listen(t, Server("", h))
}

func listen(t *testing.T, s *http.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	return l.Addr().String()
}

// begin opens a connection, announces a body of n bytes and sends part of it.
func begin(t *testing.T, addr string, n int, part string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /webhook/jira HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nX-Hub-Signature: sha256=00\r\n\r\n%s", n, part)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func status(t *testing.T, conn net.Conn) (int, bool) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Close
}

func TestSlowBodyIsCutOff(t *testing.T) {
	in, count := &memory{}, &counter{}
	addr := serve(t, handler(t, in, Options{Grace: 20 * time.Millisecond, Metrics: count}))
	for _, part := range []string{"", "{", strings.Repeat("{", 5000)} {
		if code, closed := status(t, begin(t, addr, 1<<16, part)); code != 408 || !closed {
			t.Errorf("status %d, closed %v", code, closed)
		}
	}
	if count.get(TooSlow) != 3 || len(in.deliveries()) != 0 {
		t.Errorf("counted %v", count.n)
	}
}

func TestConnectionIsKeptAfterADeliveryLongerThanTheGrace(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	addr := listen(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := newBodies(Options{Grace: time.Millisecond, BodyTimeout: time.Second}.withDefaults())
		body, result := b.read(w, r)
		defer body.release()
		if result != Accepted {
			t.Errorf("result %s", result)
		}
		close(entered)
		<-leave
		if r.Context().Err() != nil {
			t.Error("the deadline of the body ended the request")
		}
	})})
	conn := begin(t, addr, 2, "{}")
	<-entered
	timer := time.NewTimer(10 * time.Millisecond)
	defer timer.Stop()
	<-timer.C
	close(leave)
	if code, closed := status(t, conn); code != 200 || closed {
		t.Errorf("status %d, closed %v", code, closed)
	}
}

func TestHugeBodyIsRefusedBeforeItIsRead(t *testing.T) {
	addr := serve(t, handler(t, &memory{}, Options{MaxBodyBytes: 1000}))
	if code, closed := status(t, begin(t, addr, 1<<30, "{")); code != 413 || !closed {
		t.Errorf("status %d, closed %v", code, closed)
	}
}

func TestMemoryOfAllBodiesIsBounded(t *testing.T) {
	h := handler(t, &memory{}, Options{MemoryBytes: 8 * smallChunk, Grace: time.Minute, BodyTimeout: time.Minute})
	addr := serve(t, h)
	var half []net.Conn
	for range 4 {
		half = append(half, begin(t, addr, 100, "{"))
	}
	waitFor(t, "the handlers to take their memory", func() bool { return h.bodies.first.used.Load() == 4*smallChunk })
	if code, closed := status(t, begin(t, addr, 100, "{")); code != 503 || !closed {
		t.Errorf("status %d, closed %v", code, closed)
	}
	for _, conn := range half {
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "the memory to be given back", func() bool { return h.bodies.first.used.Load() == 0 })
	if code, _ := status(t, begin(t, addr, 2, "{}")); code != 401 {
		t.Errorf("status %d once there is memory again", code)
	}
}

func TestLargeBodiesLeaveRoomForSmallOnes(t *testing.T) {
	in := &memory{}
	h := handler(t, in, Options{MemoryBytes: 2 << 20})
	if w := do(h, signed("/webhook/jira", strings.Repeat("{", 4<<20))); w.Code != 503 {
		t.Errorf("status %d", w.Code)
	}
	h.bodies.rest.used.Store(h.bodies.rest.limit)
	if w := do(h, signed("/webhook/jira", "{}")); w.Code != 200 {
		t.Errorf("status %d", w.Code)
	}
}

func TestSendersGetLessTimeWhileMemoryIsScarce(t *testing.T) {
	b := newBodies(Options{}.withDefaults())
	w := httptest.NewRecorder()
	if p := b.newPace(w); p.grace != 10*time.Second {
		t.Errorf("grace %s", p.grace)
	}
	b.first.used.Store(b.first.limit/2 + 1)
	if p := b.newPace(w); p.grace != tightGrace {
		t.Errorf("grace %s", p.grace)
	}
}
