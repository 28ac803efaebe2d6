package forge

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/forge/fit"
	"github.com/aofctl/aofctl/internal/store"
)

const (
	// maxBody is far above what Forge and the pages send.
	maxBody = 256 << 10
	// bodyWithin is how long a caller may take to send it.
	bodyWithin = 5 * time.Second
)

// HandlerOptions are what the routes need besides.
type HandlerOptions struct {
	// PublicURL is where browsers reach the daemon, without a slash at the end; ""
	// offers no links to it.
	PublicURL string
	// People says who a person in a browser is on our side; nil if there is no
	// such thing, and users confirm on their page in Jira instead.
	People People
	// Admins asks Jira whether a user may administer the site; nil relies on Jira
	// showing the administrators' page to them alone.
	Admins Admins
	// Modules are the keys in the app's manifest; the zero value means AppModules.
	Modules Modules
}

// Handler serves what Forge and the app's pages call.
type Handler struct {
	verifier      Verifier
	installations *Installations
	signer        *Signer
	opts          HandlerOptions
}

// NewHandler makes a Handler.
func NewHandler(v Verifier, i *Installations, s *Signer, o HandlerOptions) *Handler {
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	o.Modules = o.Modules.orOurs()
	return &Handler{verifier: v, installations: i, signer: s, opts: o}
}

// Routes are the paths, as patterns of net/http.ServeMux and chi.
func (h *Handler) Routes() map[string]http.Handler {
	m := h.opts.Modules
	return map[string]http.Handler{
		"/atlassian/installed":   h.serve(methods{http.MethodPost: h.installed}, m.Installed),
		"/atlassian/upgraded":    h.serve(methods{http.MethodPost: h.upgraded}, m.Upgraded),
		"/atlassian/uninstalled": h.serve(methods{http.MethodPost: h.uninstalled}, m.Uninstalled),
		"/atlassian/config":      h.serve(methods{http.MethodGet: h.getConfig, http.MethodPut: h.putConfig}, m.Config),
		"/atlassian/account":     h.serve(methods{http.MethodGet: h.getAccount, http.MethodPut: h.putAccount, http.MethodDelete: h.deleteAccount}, m.Account),
		"/atlassian/connect":     http.HandlerFunc(h.connect),
	}
}

// call is a verified request.
type call struct {
	claims fit.Claims
	// in is what is known of the installation; zero for an uninstallation.
	in     store.Installation
	tokens fit.Tokens
	body   []byte
}

// methods are what a path does, by method. What they return is sent as JSON; nil
// as no content.
type methods map[string]func(ctx context.Context, c call) (any, error)

func (m methods) names() string {
	var names []string
	for _, name := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if m[name] != nil {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// serve verifies a request before anything of it is read.
func (h *Handler) serve(m methods, modules []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		do := m[r.Method]
		if do == nil {
			w.Header().Set("Allow", m.names())
			fail(w, r, &a2a.Refusal{Status: http.StatusMethodNotAllowed, Message: "This address takes " + m.names()})
			return
		}
		c, err := h.take(w, r, modules)
		if err != nil {
			fail(w, r, err)
			return
		}
		answer, err := do(r.Context(), c)
		if err != nil {
			fail(w, r, err)
			return
		}
		send(w, http.StatusOK, answer)
	})
}

func (h *Handler) take(w http.ResponseWriter, r *http.Request, modules []string) (call, error) {
	var c call
	token := bearer(r)
	if token == "" {
		return c, unauthorized()
	}
	var err error
	if c.claims, err = h.verifier.Verify(r.Context(), token, modules...); err != nil {
		return c, fit.Refuse(err)
	}
	if c.tokens, err = fit.TokensOf(r.Header); err != nil {
		return c, &a2a.Refusal{Status: http.StatusBadRequest, Message: "The headers of the request are not those of Forge", Cause: err}
	}
	// What is too slow for this is cut off; some servers, as in tests, cannot.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyWithin))
	c.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return c, &a2a.Refusal{Status: http.StatusRequestEntityTooLarge, Message: "The request is too large"}
	case err != nil:
		return c, &a2a.Refusal{Status: http.StatusBadRequest, Message: "The request could not be read", Cause: err}
	}
	return c, nil
}

func unauthorized() *a2a.Refusal {
	return &a2a.Refusal{
		Status: http.StatusUnauthorized, Message: "Unauthorized: send the Forge invocation token as a bearer token", Challenge: "Bearer",
	}
}

// observe keeps what the token of a request says of its installation.
func (h *Handler) observe(ctx context.Context, c *call) error {
	in, err := h.installations.Observe(ctx, c.claims)
	if err != nil {
		return refuse(err)
	}
	c.in = in
	return nil
}

// user is observe for a request that only a user may make.
func (h *Handler) user(ctx context.Context, c *call) error {
	if c.claims.Account == "" {
		return &a2a.Refusal{Status: http.StatusForbidden, Message: "The Forge invocation token names no user"}
	}
	return h.observe(ctx, c)
}

// problems are told to a page that sent what cannot be set.
type problems []Problem

// Error implements error.
func (p problems) Error() string { return "the request has " + strconv.Itoa(len(p)) + " problems" }

// failure is the answer to a request that went wrong.
type failure struct {
	Error    string    `json:"error"`
	Problems []Problem `json:"problems,omitempty"`
}

func fail(w http.ResponseWriter, r *http.Request, err error) {
	var bad problems
	if errors.As(err, &bad) {
		send(w, http.StatusUnprocessableEntity, failure{Error: "Some of this cannot be set", Problems: bad})
		return
	}
	refusal := refuse(err)
	event := zerolog.Ctx(r.Context()).Warn()
	if refusal.Status >= http.StatusInternalServerError {
		event = zerolog.Ctx(r.Context()).Error()
	}
	event.Err(err).Int("status", refusal.Status).Str("path", r.URL.Path).Msg("refused a request of the Forge app")
	if refusal.Challenge != "" {
		w.Header().Set("WWW-Authenticate", refusal.Challenge)
	}
	if refusal.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refusal.RetryAfter.Seconds()))))
	}
	send(w, refusal.Status, failure{Error: refusal.Message})
}

func send(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Cache-Control", "no-store")
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	body, err := json.Marshal(answer)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"Internal error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // nobody is left to tell
}
