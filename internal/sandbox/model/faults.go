package model

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// faultKind says how a request fails.
type faultKind string

const (
	faultNone   faultKind = ""
	faultStatus faultKind = "status"
	faultCut    faultKind = "cut"
)

// fault is what happens to one request.
type fault struct {
	kind       faultKind
	status     int
	retryAfter time.Duration
	delay      time.Duration
}

// faults are what happens to the requests to come, in order.
type faults struct {
	mu    sync.Mutex
	queue []fault
	delay time.Duration
}

// Fail makes the next n requests fail with an HTTP status, such as 429, and a
// Retry-After in whole seconds if it is not 0. Several calls add up, in order. A
// status that is no failure becomes 500.
func (s *Server) Fail(status, n int, retryAfter time.Duration) {
	if status < 300 || status > 599 {
		status = http.StatusInternalServerError
	}
	s.faults.add(fault{kind: faultStatus, status: status, retryAfter: retryAfter}, n)
}

// Cut makes the next n requests end with a connection that is closed in the
// middle of the answer.
func (s *Server) Cut(n int) { s.faults.add(fault{kind: faultCut}, n) }

// Delay makes every request wait before it is answered; 0 for no delay.
func (s *Server) Delay(d time.Duration) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.delay = d
}

func (f *faults) add(what fault, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range n {
		f.queue = append(f.queue, what)
	}
}

func (f *faults) next() fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out fault
	if len(f.queue) > 0 {
		out, f.queue = f.queue[0], f.queue[1:]
	}
	out.delay = f.delay
	return out
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue, f.delay = nil, 0
}

// wait is the delay; false if the client has gone meanwhile.
func (f fault) wait(ctx context.Context) bool {
	if f.delay <= 0 {
		return true
	}
	t := time.NewTimer(f.delay)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// happen makes the fault happen.
func (f fault) happen(w http.ResponseWriter) {
	if f.kind == faultCut {
		cut(w)
		return
	}
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((f.retryAfter+time.Second-1)/time.Second)))
	}
	kind := "server_error"
	switch {
	case f.status == http.StatusTooManyRequests:
		kind = "rate_limit_exceeded"
	case f.status < 500:
		kind = "invalid_request_error"
	}
	refuse(w, &problem{f.status, kind, "", fmt.Sprintf("The sandbox was told to answer %d.", f.status)})
}

// cut sends half an answer and closes the connection.
func cut(w http.ResponseWriter) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		refuse(w, &problem{http.StatusBadGateway, "server_error", "", "The sandbox cannot cut this connection."})
		return
	}
	_, _ = buf.WriteString("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"id\":\"chatcmpl-")
	_ = buf.Flush()
	_ = conn.Close()
}
