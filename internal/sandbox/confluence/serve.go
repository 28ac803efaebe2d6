package confluence

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
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
	answer := httptest.NewRecorder()
	s.api.ServeHTTP(answer, r)
	entry.Applied = answer.Code
	if fault != nil {
		s.fail(w, entry, fault, answer)
		return
	}
	entry.Status = answer.Code
	s.log.add(entry)
	copyTo(w, answer, answer.Body.Bytes())
}

func copyTo(w http.ResponseWriter, answer *httptest.ResponseRecorder, body []byte) {
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(body)
}

// fail plays a fault. http.ErrAbortHandler is how net/http lets a handler hang up.
func (s *Server) fail(w http.ResponseWriter, entry Request, f *Fault, answer *httptest.ResponseRecorder) {
	entry.Fault = string(f.Effect)
	switch f.Effect {
	case CutBefore, CutAfter:
		s.log.add(entry)
		panic(http.ErrAbortHandler)
	case Malformed:
		entry.Status = answer.Code
		s.log.add(entry)
		whole := answer.Body.Bytes()
		copyTo(w, answer, append(bytes.Clone(whole[:len(whole)/2]), "\x00<"...))
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
