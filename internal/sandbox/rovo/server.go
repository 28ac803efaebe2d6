package rovo

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// Server is Atlassian's platform: an http.Handler for the keys, the gateway to the
// sites' APIs and its controls, with a Go API beside it. It is safe for concurrent
// use.
type Server struct {
	opts Options
	ring ring
	mux  *http.ServeMux

	// life ends what watches conversations in the background, running counts it.
	life    context.Context //nolint:containedctx // it outlives requests
	end     context.CancelFunc
	running sync.WaitGroup

	mu        sync.Mutex
	remote    string
	tenants   []*Tenant
	tokens    map[string]*grant
	secrets   []Secret
	requests  []Request
	judge     judge
	talks     []*talk
	exchanges []Exchange
}

// New makes a platform without tenants.
func New(opts Options) *Server {
	s := &Server{opts: opts.completed(), tokens: map[string]*grant{}, judge: newJudge()}
	s.life, s.end = context.WithCancel(context.Background())
	s.remote = s.opts.Remote
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("GET "+JWKSPath, s.ring.serve)
	s.mux.HandleFunc(gatewayPath, s.serveGateway)
	s.controls()
	return s
}

// Close ends what the platform does by itself.
func (s *Server) Close() {
	s.end()
	s.running.Wait()
	s.opts.Client.CloseIdleConnections()
}

// Paths are below which the server answers, as patterns of net/http.ServeMux.
func Paths() []string { return []string{JWKSPath, gatewayPath, controlPath} }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// SetRemote says where the daemon is: the base URL that the app's manifest has for
// its remote.
func (s *Server) SetRemote(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remote = strings.TrimSuffix(url, "/")
}

// Remote is the daemon's base URL.
func (s *Server) Remote() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remote
}

// App is the Forge app with its ids.
func (s *Server) App() App { return s.opts.App }

// Tenants are the sites, in the order in which they were added.
func (s *Server) Tenants() []*Tenant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tenants)
}

// Tenant finds a site by its name or its cloud id; the first one for "". Nil if there
// is none.
func (s *Server) Tenant(name string) *Tenant {
	for _, t := range s.Tenants() {
		if name == "" || t.name == name || t.CloudID() == name {
			return t
		}
	}
	return nil
}

// AddTenant adds a site, under a name for tests and people. The app is not installed
// yet, as far as the daemon knows.
func (s *Server) AddTenant(name string, site *jira.Server) *Tenant {
	t := newTenant(s, name, site)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tenants = append(s.tenants, t)
	return t
}

// keep adds to a list that holds the newest only.
func keep[T any](list []T, item T, limit int) []T {
	if len(list) >= 2*limit {
		list = append([]T(nil), list[len(list)-limit:]...)
	}
	return append(list, item)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "encode answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
