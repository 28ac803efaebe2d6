package endpoint

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/wire"
)

// fail ends a request with a status of HTTP.
func fail(ctx context.Context, w http.ResponseWriter, err error) {
	var refusal *a2a.Refusal
	if !errors.As(err, &refusal) {
		refusal = &a2a.Refusal{Status: http.StatusInternalServerError, Message: "Internal error", Cause: err}
	}
	if refusal.Status >= http.StatusInternalServerError {
		zerolog.Ctx(ctx).Error().Err(err).Int("status", refusal.Status).Msg("cannot take a request of A2A")
	} else {
		zerolog.Ctx(ctx).Warn().Err(err).Int("status", refusal.Status).Msg("refused a request of A2A")
	}
	refuse(w, refusal)
}

func refuse(w http.ResponseWriter, r *a2a.Refusal) {
	if r.Challenge != "" {
		w.Header().Set("WWW-Authenticate", r.Challenge)
	}
	if r.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(r.RetryAfter.Seconds()))))
	}
	body := wire.Plain03.Error([]byte("null"), wire.NoOperation, &a2a.Error{Code: a2a.CodeRefused, Message: r.Message})
	writeJSON(w, r.Status, body)
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Content-Length", strconv.Itoa(len(body)))
	head.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // nobody is left to tell
}
