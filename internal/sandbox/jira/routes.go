package jira

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"
)

// routes is the whole API. v2 and v3 have the same paths; they differ in how
// rich text looks. Data Center has no v3.
func (s *Server) routes() http.Handler {
	mux := chi.NewRouter()
	endpoints := slices.Concat(issueEndpoints(), commentEndpoints(), worklogEndpoints(), linkEndpoints(),
		attachmentEndpoints(), searchEndpoints(), metaEndpoints(), projectEndpoints(), userEndpoints(), fieldEndpoints(),
		catalogEndpoints(), adminEndpoints(), versionEndpoints(), bulkEndpoints(), s.dynamicEndpoints())
	s.mount(mux, "/rest/api/2", 2, endpoints)
	s.mount(mux, "/rest/api/latest", 2, endpoints)
	s.mount(mux, "/rest/agile/1.0", 2, slices.Concat(agileEndpoints(), boardEndpoints()))
	s.mountWebhooks(mux)
	if s.dc() {
		mux.NotFound(notFoundDC)
	} else {
		s.mount(mux, "/rest/api/3", 3, endpoints)
		mux.NotFound(func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusNotFound, obj{"code": http.StatusNotFound, "message": "HTTP 404 Not Found"})
		})
	}
	mux.MethodNotAllowed(notAllowed(mux))
	return mux
}

// front is the site with what stands beside its API: on Cloud the authorization
// server and the gateway, the host of media, on Data Center the downloads.
func (s *Server) front() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", s.inner)
	if s.dc() {
		mux.HandleFunc("POST /rest/oauth2/latest/token", s.serveToken)
		mux.HandleFunc("GET /secure/attachment/{id}/{name...}", s.serveDownload)
		return mux
	}
	mux.HandleFunc("POST /oauth/token", s.serveToken)
	mux.HandleFunc("GET /oauth/token/accessible-resources", s.serveResources)
	mux.HandleFunc("/ex/jira/", s.serveGateway)
	mux.HandleFunc("GET /_edge/tenant_info", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, obj{"cloudId": s.opts.CloudID})
	})
	mux.HandleFunc("GET "+mediaPath+"{id}/binary", s.serveMedia)
	return mux
}

// mount puts the endpoints that this deployment has under a path.
func (s *Server) mount(mux chi.Router, at string, api int, endpoints []endpoint) {
	for _, e := range endpoints {
		if e.only == "" || e.only == s.opts.Deployment {
			mux.Method(e.method, at+e.path, s.handler(e, api))
		}
	}
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
