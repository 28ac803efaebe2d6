package forge

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/forge/fit"
	"github.com/aofctl/aofctl/internal/store"
)

// Verifier says what an invocation token says, as *fit.Verifier does: with modules,
// only for a token that one of them caused.
type Verifier interface {
	Verify(ctx context.Context, token string, modules ...string) (fit.Claims, error)
}

// retryAfter is when to come again once the database answers.
const retryAfter = 5 * time.Second

// bearer is the token of a request's Authorization header; "" if there is none.
func bearer(r *http.Request) string {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return ""
	}
	scheme, token, found := strings.Cut(values[0], " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// refuse makes the answer to a request of what went wrong with its installation.
func refuse(err error) *a2a.Refusal {
	var refusal *a2a.Refusal
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, store.ErrGone), errors.Is(err, store.ErrNotFound):
		return &a2a.Refusal{Status: http.StatusForbidden, Message: "The app is being uninstalled from this site", Cause: err}
	case errors.Is(err, ErrOtherSite):
		return &a2a.Refusal{Status: http.StatusForbidden, Message: "The installation belongs to another site or app", Cause: err}
	}
	return &a2a.Refusal{Status: http.StatusServiceUnavailable, Message: "The installation cannot be read now", RetryAfter: retryAfter, Cause: err}
}
