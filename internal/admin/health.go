package admin

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
)

// MountHealth adds the health checks, which need no token: /healthz says that
// the process runs, /readyz whether it can take webhooks: 200 with the status
// ready, or degraded if something else is amiss, else 503. With ?verbose it lists
// the checks.
func MountHealth(r chi.Router, ready func(ctx context.Context) []Check) {
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	r.Get("/readyz", func(w http.ResponseWriter, r *http.Request) {
		checks := ready(r.Context())
		status, text := http.StatusOK, "ready"
		for _, c := range checks {
			switch {
			case !c.OK && !c.Optional:
				status, text = http.StatusServiceUnavailable, "not ready"
			case !c.OK && status == http.StatusOK:
				text = "degraded"
			}
		}
		answer := map[string]any{"status": text}
		if r.URL.Query().Has("verbose") {
			answer["checks"] = checks
		}
		writeJSON(w, status, answer)
	})
}
