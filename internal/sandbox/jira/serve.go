package jira

import (
	"net/http"
	"strings"

	"github.com/aofctl/aofctl/internal/sandbox/wire"
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
	s.Exchange(w, r)
}

// newWire is the way that requests take to the site.
func (s *Server) newWire() *wire.Wire {
	return wire.New(wire.Options{
		API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.api.ServeHTTP(w, r) }), MaxBody: maxBody,
		Unread: func(w http.ResponseWriter, _ *http.Request, status int) {
			writeJSON(w, status, refuse(status, "The request body could not be read.").body())
		},
		Refuse: answerFault,
		Header: func(h http.Header) {
			if h.Get("X-Arequestid") == "" {
				h.Set("X-Arequestid", "sandbox")
			}
		},
		Now: s.opts.Now, Luck: s.opts.Luck, LogSize: s.opts.LogSize,
	})
}
