package confluence

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/aofctl/aofctl/internal/sandbox/wire"
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
	s.Exchange(w, inner)
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

// newWire is the way that requests take to the site.
func (s *Server) newWire() *wire.Wire {
	return wire.New(wire.Options{
		API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.api.ServeHTTP(w, r) }), MaxBody: maxBody,
		Unread: func(w http.ResponseWriter, r *http.Request, status int) {
			writeError(w, version(r), refuse(status, "The request could not be read, or is too large."))
		},
		Refuse: answerFault, Now: s.opts.Now, Luck: s.opts.Luck, LogSize: s.opts.LogSize,
	})
}

// version is that of the API which a request is for.
func version(r *http.Request) int {
	if strings.HasPrefix(r.URL.Path, "/wiki/api/v2/") {
		return 2
	}
	return 1
}
