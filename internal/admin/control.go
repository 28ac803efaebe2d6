package admin

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/aofctl/aofctl/internal/store"
)

// Changed is the answer to what was asked of a run.
type Changed struct {
	Run   string      `json:"run"`
	State store.State `json:"state"`
}

// operator is in whose name the admin API acts.
const operator = "an operator"

// cancelRun ends a run. One that is at work ends as soon as its replica notices,
// which its state tells.
func (a *api) cancelRun(r *http.Request) (any, error) {
	id := chi.URLParam(r, "id")
	state, err := a.cfg.Store.Cancel(r.Context(), id, operator)
	if err != nil {
		return nil, conflict(err)
	}
	a.account(r, id, "cancel run")
	a.cfg.Wake() // for the next of its subject
	a.cfg.Log.Info().Str("run", id).Str("state", string(state)).Msg("run canceled by an operator")
	return Changed{Run: id, State: state}, nil
}

// retryRun puts a run that failed or was canceled back into the queue.
func (a *api) retryRun(r *http.Request) (any, error) {
	id := chi.URLParam(r, "id")
	if err := a.cfg.Store.Retry(r.Context(), id, operator); err != nil {
		return nil, conflict(err)
	}
	a.account(r, id, "retry run")
	a.cfg.Wake()
	a.cfg.Log.Info().Str("run", id).Msg("run put back into the queue by an operator")
	return Changed{Run: id, State: store.StateQueued}, nil
}

// account tells the audit log what an operator did. It has happened: a log that
// cannot be written is told in the daemon's own.
func (a *api) account(r *http.Request, run, what string) {
	body := map[string]string{"by": operator, "what": what}
	if err := a.cfg.Store.Audit(context.WithoutCancel(r.Context()), "admin", run, body); err != nil {
		a.cfg.Log.Error().Err(err).Str("run", run).Msg("could not add to the audit log that an operator did: " + what)
	}
}

// conflict is the answer to what cannot be asked of a run in its state.
func conflict(err error) error {
	if errors.Is(err, store.ErrOver) || errors.Is(err, store.ErrNotOver) {
		return &problem{http.StatusConflict, err.Error()}
	}
	return err
}
