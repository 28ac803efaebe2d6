package confluence

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
)

// maxBody is the largest request that the site reads.
const maxBody = 25 << 20

// controlPath is where the site is controlled.
const controlPath = "/__sandbox/confluence/"

var gateway = regexp.MustCompile(`^/ex/confluence/([^/]+)`)

// ServeHTTP answers REST requests, and under /__sandbox/confluence/ controls the
// site.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, controlPath) {
		s.control.ServeHTTP(w, r)
		return
	}
	inner, ok := s.within(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	s.exchange(w, inner)
}

// within takes the gateway's path and the context path of a Data Center off. A
// Cloud keeps "/wiki", which its descriptions have, too.
func (s *Server) within(r *http.Request) (*http.Request, bool) {
	path, raw := r.URL.Path, r.URL.EscapedPath()
	cut := ""
	switch found := gateway.FindStringSubmatch(path); {
	case s.opts.Kind == DataCenter:
		cut = s.opts.ContextPath
	case found != nil && found[1] == s.opts.CloudID:
		cut = found[0]
	case found != nil:
		return nil, false
	}
	path, ok := strings.CutPrefix(path, cut)
	if !ok || !strings.HasPrefix(path, "/") {
		return nil, false
	}
	inner := r.Clone(r.Context())
	inner.URL.Path, inner.URL.RawPath = path, strings.TrimPrefix(raw, cut)
	return inner, true
}

// exchange is one request with what may go wrong before and after its effect.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	entry := Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Body: string(body)}
	if err != nil {
		entry.Status = http.StatusRequestEntityTooLarge
		s.log.add(entry)
		writeError(w, version(r), refuse(entry.Status, "The request is too large."))
		return
	}
	fault := s.faults.strike(r.Method, r.URL.Path)
	if fault != nil && fault.first() {
		s.fail(w, entry, fault, nil)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := &recorder{header: http.Header{}, status: http.StatusOK}
	s.api.ServeHTTP(answer, r)
	entry.Applied = answer.status
	if fault != nil {
		s.fail(w, entry, fault, answer)
		return
	}
	entry.Status = answer.status
	s.log.add(entry)
	answer.copyTo(w, answer.body.Bytes())
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
	w.WriteHeader(r.status)
	if r.status != http.StatusNoContent {
		_, _ = w.Write(body)
	}
}

// fail plays a fault. http.ErrAbortHandler is how net/http lets a handler hang up.
func (s *Server) fail(w http.ResponseWriter, entry Request, f *Fault, answer *recorder) {
	entry.Fault = string(f.Effect)
	switch f.Effect {
	case CutBefore, CutAfter:
		s.log.add(entry)
		panic(http.ErrAbortHandler)
	case Malformed:
		entry.Status = answer.status
		s.log.add(entry)
		whole := answer.body.Bytes()
		answer.copyTo(w, append(bytes.Clone(whole[:len(whole)/2]), "\x00<"...))
	default:
		entry.Status = f.Status
		s.log.add(entry)
		f.answer(w)
	}
}

// version is that of the API which a request is for.
func version(r *http.Request) int {
	if strings.HasPrefix(r.URL.Path, "/wiki/api/v2/") {
		return 2
	}
	return 1
}
