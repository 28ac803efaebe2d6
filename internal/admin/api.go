// Package admin serves the operator: a JSON API over what the daemon did and
// does, health checks and metrics. The command line is its first client.
package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// Check is one thing that has to be well for the daemon to be ready.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Optional is true for what does not take the daemon out of service.
	Optional bool `json:"optional,omitempty"`
	// Detail says what is wrong, or more about what is right.
	Detail string `json:"detail,omitempty"`
}

// Deliveries are the stored deliveries as an operator reads them; the methods
// are described at inbox.Inbox.
type Deliveries interface {
	List(ctx context.Context, f inbox.Filter) ([]inbox.Summary, error)
	Get(ctx context.Context, id string) (inbox.Delivery, error)
	Counts(ctx context.Context) (map[inbox.State]int64, error)
}

// Config is what the API shows.
type Config struct {
	// Token is the bearer token; "" is allowed on loopback addresses only.
	Token   string
	Version string
	Inbox   Deliveries
	Store   *store.Store
	// Catalog returns the catalogue in force.
	Catalog func() *manifest.Catalog
	// Ready runs the checks of readiness.
	Ready   func(ctx context.Context) []Check
	Metrics http.Handler
	// Webhooks tells when webhooks came; nil for nothing.
	Webhooks func() []WebhookHealth
	// Order has a run made that an operator asks for, and returns its delivery.
	Order func(ctx context.Context, o run.Order) (delivery string, err error)
	// Installations lists those of the Forge app; nil where there is none.
	Installations Installations
	// Desk takes the operator's decisions.
	Desk Desk
	// Wake tells that there may be a run to start.
	Wake func()
	// Closing is closed when streams have to end; nil for never.
	Closing <-chan struct{}
	Log     zerolog.Logger
}

type api struct{ cfg Config }

// New returns the handler of the admin listener.
func New(cfg Config) http.Handler {
	a := &api{cfg: cfg}
	r := chi.NewRouter()
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusNotFound, "there is nothing at "+r.URL.Path+"; the API is below /api/v1")
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusMethodNotAllowed, r.Method+" is not allowed at "+r.URL.Path)
	})
	MountHealth(r, cfg.Ready)
	r.Group(func(r chi.Router) {
		r.Use(sameOrigin, a.authenticate)
		r.Method(http.MethodGet, "/metrics", cfg.Metrics)
		r.Route("/api/v1", a.routes)
	})
	return r
}

func (a *api) routes(r chi.Router) {
	r.Get("/status", a.serve(a.status))
	r.Get("/deliveries", a.serve(a.listDeliveries))
	r.Get("/deliveries/{id}", a.serve(a.getDelivery))
	r.Get("/runs", a.serve(a.listRuns))
	r.Post("/runs", a.serve(a.orderRun))
	r.Get("/runs/{id}", a.serve(a.getRun))
	r.Post("/runs/{id}/cancel", a.serve(a.cancelRun))
	r.Post("/runs/{id}/retry", a.serve(a.retryRun))
	r.Get("/approvals", a.serve(a.listApprovals))
	r.Get("/approvals/{code}", a.serve(a.getApproval))
	r.Post("/approvals/{code}/approve", a.serve(a.approve))
	r.Post("/approvals/{code}/reject", a.serve(a.reject))
	r.Get("/tasks", a.serve(a.listTasks))
	r.Get("/tasks/{id}", a.serve(a.getTask))
	r.Get("/installations", a.serve(a.listInstallations))
	r.Get("/installations/{id}", a.serve(a.getInstallation))
	r.Get("/audit", a.serve(a.listAudit))
	r.Get("/audit/verify", a.serve(a.verifyAudit))
	r.Get("/events", a.followEvents)
	r.Get("/{kind:triggers|agents|fleets|flows}", a.serve(a.listManifests))
	r.Get("/{kind:triggers|agents|fleets|flows}/{name}", a.serve(a.getManifest))
}

// authenticate asks for the token. Without one, only requests that name a
// loopback host are served, so that a page in a browser cannot reach the API
// through a name of its own that resolves to this machine.
func (a *api) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.cfg.Token == "" {
			if !isLoopback(r.Host) {
				writeError(w, http.StatusForbidden, "without a token the admin API only answers requests to localhost or a loopback address; set AOF_ADMIN_TOKEN for the daemon to allow others")
				return
			}
			next.ServeHTTP(w, r)
			return
		}
		if !equal(bearer(r), a.cfg.Token) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="aofctl"`)
			writeError(w, http.StatusUnauthorized, unauthorized(r))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses what a page of somebody else's has a browser send here to
// change something: an operator's browser reaches the daemon, too.
func sameOrigin(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusForbidden, "a page of another origin may not change anything here")
	}))
	return guard.Handler(next)
}

// bearer is the request's token, "" if there is none (RFC 6750, section 2.1).
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// unauthorized says what is wrong with the request's token.
func unauthorized(r *http.Request) string {
	if bearer(r) == "" {
		return "this daemon asks for its admin token: set AOF_ADMIN_TOKEN to it"
	}
	return "this is not the daemon's admin token: check AOF_ADMIN_TOKEN"
}

// equal compares in constant time, also for values of different lengths.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// problem is an error with the status to answer.
type problem struct {
	status int
	text   string
}

func (p *problem) Error() string { return p.text }

// serve adapts a handler that returns its answer.
func (a *api) serve(handle func(r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := handle(r)
		var p *problem
		switch {
		case err == nil:
			writeJSON(w, http.StatusOK, answer)
		case errors.As(err, &p):
			writeError(w, p.status, p.text)
		case errors.Is(err, store.ErrNotFound), errors.Is(err, inbox.ErrNotFound):
			writeError(w, http.StatusNotFound, err.Error())
		case r.Context().Err() != nil:
			return
		default:
			a.cfg.Log.Error().Err(err).Str("path", r.URL.Path).Msg("admin request failed")
			writeError(w, http.StatusInternalServerError, err.Error())
		}
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) //nolint:errchkjson // the client is gone if this fails
}

func writeError(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, map[string]string{"error": text})
}
