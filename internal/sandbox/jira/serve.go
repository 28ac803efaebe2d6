package jira

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody is the largest request that the site reads.
const maxBody = 10 << 20

// ServeHTTP answers REST requests, and under /__sandbox/ controls the site.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, s.opts.ContextPath)
	if !ok || path != "" && path[0] != '/' {
		http.NotFound(w, r)
		return
	}
	if path != r.URL.Path {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = path, strings.TrimPrefix(r.URL.RawPath, s.opts.ContextPath)
	}
	if strings.HasPrefix(path, "/__sandbox/") {
		s.control.ServeHTTP(w, r)
		return
	}
	if s.opts.OnRequest != nil {
		s.opts.OnRequest(r)
	}
	s.exchange(w, r)
}

// exchange is one request with what may go wrong before and after its effect.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	entry := s.log.begin(r, body)
	if err != nil {
		s.refuseBody(w, entry, err)
		return
	}
	if !s.holds.pass(r, before) {
		s.hangUp(entry, "client gone while held")
	}
	plan := s.faults.plan(r)
	if !sleep(r, plan.latency) {
		s.hangUp(entry, "client gone during latency")
	}
	if plan.first != nil {
		s.fail(w, entry, plan.first, nil)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := &recorder{header: http.Header{}, status: http.StatusOK}
	s.api.ServeHTTP(answer, r)
	entry.applied(answer.status)
	s.holds.pass(r, after)
	if plan.last != nil {
		s.fail(w, entry, plan.last, answer)
		return
	}
	entry.end(answer.status, "")
	answer.copyTo(w, answer.body.Bytes())
}

func (s *Server) refuseBody(w http.ResponseWriter, entry *pendingEntry, err error) {
	status := http.StatusBadRequest
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		status = http.StatusRequestEntityTooLarge
	}
	entry.end(status, "")
	writeJSON(w, status, refuse(status, "The request body could not be read.").body())
}

// hangUp closes the connection without an answer. http.ErrAbortHandler is how
// net/http lets a handler do that.
func (s *Server) hangUp(entry *pendingEntry, why string) {
	entry.end(0, why)
	panic(http.ErrAbortHandler)
}

// reset makes the end of the connection a reset, where there is a connection of
// its own to end; HTTP/2 resets the stream in any case.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// fail plays a fault. The answer is nil if the request was not carried out.
func (s *Server) fail(w http.ResponseWriter, entry *pendingEntry, f *Fault, answer *recorder) {
	switch f.Effect {
	case CutBefore, CutAfter:
		s.hangUp(entry, string(f.Effect))
	case ResetBefore, ResetAfter:
		// Logged first, as everything is: whoever feels the reset may read the log at once.
		entry.end(0, string(f.Effect))
		reset(w)
		panic(http.ErrAbortHandler)
	case Malformed:
		entry.end(answer.status, string(f.Effect))
		whole := answer.body.Bytes()
		answer.copyTo(w, append(append([]byte(nil), whole[:len(whole)/2]...), "\x00<"...))
	default:
		entry.end(f.Status, string(f.Effect))
		f.answer(w)
	}
}

// sleep waits unless the client goes away first.
func sleep(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-timer.C:
		return true
	}
}

// recorder keeps an answer until it is known whether the client may have it.
type recorder struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	return r.body.Write(p)
}

func (r *recorder) copyTo(w http.ResponseWriter, body []byte) {
	maps.Copy(w.Header(), r.header)
	if w.Header().Get("X-Arequestid") == "" {
		w.Header().Set("X-Arequestid", "sandbox")
	}
	if r.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(r.status)
	if r.status != http.StatusNoContent {
		_, _ = w.Write(body)
	}
}
