package jira

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"
)

// routes is the whole API. v2 and v3 have the same paths; they differ in how
// rich text looks.
func (s *Server) routes() http.Handler {
	mux := chi.NewRouter()
	endpoints := slices.Concat(issueEndpoints(), commentEndpoints(), worklogEndpoints(), linkEndpoints(),
		attachmentEndpoints(), searchEndpoints(), metaEndpoints(), projectEndpoints(), userEndpoints())
	for _, e := range endpoints {
		mux.Method(e.method, "/rest/api/2"+e.path, s.handler(e, 2))
		mux.Method(e.method, "/rest/api/latest"+e.path, s.handler(e, 2))
		mux.Method(e.method, "/rest/api/3"+e.path, s.handler(e, 3))
	}
	for _, e := range agileEndpoints() {
		mux.Method(e.method, "/rest/agile/1.0"+e.path, s.handler(e, 2))
	}
	for _, e := range s.webhookEndpoints() {
		mux.Method(e.method, "/rest/webhooks/1.0"+e.path, s.handler(e, 2))
	}
	mux.NotFound(func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusNotFound, obj{"code": http.StatusNotFound, "message": "HTTP 404 Not Found"})
	})
	mux.MethodNotAllowed(notAllowed(mux))
	return mux
}

// notAllowed answers 405 and names the methods that the path does have.
func notAllowed(mux chi.Routes) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			if mux.Match(chi.NewRouteContext(), method, r.URL.Path) {
				w.Header().Add("Allow", method)
			}
		}
		writeJSON(w, http.StatusMethodNotAllowed, refuse(http.StatusMethodNotAllowed, "Method Not Allowed").body())
	}
}
