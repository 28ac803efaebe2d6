package rovo

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// gatewayPath is api.atlassian.com/ex/jira/{cloudId}/….
const gatewayPath = "/ex/jira/"

// Request is a request that came to the gateway.
type Request struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	// Path is the path within the site's API, CloudID the site that was asked.
	Path    string `json:"path"`
	CloudID string `json:"cloud_id"`
	// Kind is user or system, as the token is; "" if there was none, and other if
	// it was none of Forge's.
	Kind string `json:"kind,omitempty"`
	// Account is whose token it is, and Token the token itself.
	Account string `json:"account,omitempty"`
	Token   string `json:"-"`
	// Tenant is the name of the site that the token is for.
	Tenant string `json:"tenant,omitempty"`
	Status int    `json:"status"`
}

// Requests are the newest requests to the gateway, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// serveGateway answers for a site as the account that the token belongs to.
func (s *Server) serveGateway(w http.ResponseWriter, r *http.Request) {
	cloudID, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, gatewayPath), "/")
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	req := Request{At: s.opts.Now(), Method: r.Method, Path: "/" + rest, CloudID: cloudID, Token: token}
	status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	s.pass(status, r, &req)
	req.Status = status.status
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = keep(s.requests, req, s.opts.LogSize)
}

func (s *Server) pass(w http.ResponseWriter, r *http.Request, req *Request) {
	t := s.Tenant(req.CloudID)
	if t == nil || req.CloudID != t.CloudID() || !strings.HasPrefix(req.Path, "/rest/") {
		writeJSON(w, http.StatusNotFound, map[string]any{"code": http.StatusNotFound, "message": "Not Found"})
		return
	}
	g := s.lookUp(req.Token)
	if g == nil {
		if req.Token != "" {
			req.Kind = "other"
		}
		t.site.ServeGateway(w, r) // a token of OAuth, or none
		return
	}
	req.Kind, req.Account, req.Tenant = g.kind, g.account, g.tenant.name
	switch {
	case !s.opts.Now().Before(g.until):
		unauthorized(w, "Unauthorized")
	case g.tenant != t:
		writeJSON(w, http.StatusForbidden, map[string]any{"code": http.StatusForbidden, "message": "The app is not installed on this instance"})
	case !slices.Contains(g.scopes, needed(r.Method, req.Path)):
		unauthorized(w, "Unauthorized; scope does not match")
	default:
		inner := r.Clone(r.Context())
		prefix := gatewayPath + req.CloudID
		inner.URL.Path, inner.URL.RawPath = strings.TrimPrefix(r.URL.Path, prefix), strings.TrimPrefix(r.URL.RawPath, prefix)
		t.site.ServeAccount(w, inner, g.account)
	}
}

func unauthorized(w http.ResponseWriter, why string) {
	writeJSON(w, http.StatusUnauthorized, map[string]any{"code": http.StatusUnauthorized, "message": why})
}

// needed is the scope of Jira Cloud's classic ones that a request needs.
func needed(method, path string) string {
	switch {
	case strings.Contains(path, "/user") || strings.HasSuffix(path, "/myself"):
		return "read:jira-user"
	case method == http.MethodGet, strings.HasSuffix(path, "/search/jql"), strings.HasSuffix(path, "/bulkfetch"), strings.HasSuffix(path, "/approximate-count"):
		return "read:jira-work"
	}
	return "write:jira-work"
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
