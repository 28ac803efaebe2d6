package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

// Installation is a site that the Forge app is installed into, without what only
// machines need.
type Installation struct {
	ID          string `json:"id"`
	Site        string `json:"site"`
	Cloud       string `json:"cloud"`
	Environment string `json:"environment,omitempty"`
	Version     string `json:"version,omitempty"`
	// State says in a word whether agents may work for the site's users.
	State string `json:"state"`
	// Settings are those that its administrator saved, as JSON; nil for none.
	Settings     any       `json:"settings,omitempty"`
	Scopes       []string  `json:"scopes,omitempty"`
	InstalledBy  string    `json:"installed_by,omitempty"`
	ConfiguredBy string    `json:"configured_by,omitempty"`
	Created      time.Time `json:"created"`
	Updated      time.Time `json:"updated"`
}

// Installations lists the sites that the Forge app is installed into.
type Installations func(ctx context.Context) ([]Installation, error)

// listTasks lists the tasks of A2A, of all callers.
func (a *api) listTasks(r *http.Request) (any, error) {
	state, err := stateOf(r, a2a.States()...)
	if err != nil {
		return nil, err
	}
	limit, err := limitOf(r)
	if err != nil {
		return nil, err
	}
	return a.cfg.Store.AllTasks(r.Context(), store.TaskFilterAll{State: state, Installation: r.URL.Query().Get("installation"), Limit: limit})
}

func (a *api) getTask(r *http.Request) (any, error) {
	return a.cfg.Store.AnyTask(r.Context(), chi.URLParam(r, "id"))
}

func (a *api) listInstallations(r *http.Request) (any, error) {
	if a.cfg.Installations == nil {
		return []Installation{}, nil
	}
	return a.cfg.Installations(r.Context())
}

func (a *api) getInstallation(r *http.Request) (any, error) {
	id := chi.URLParam(r, "id")
	if a.cfg.Installations != nil {
		list, err := a.cfg.Installations(r.Context())
		if err != nil {
			return nil, err
		}
		for _, one := range list {
			if one.ID == id {
				return one, nil
			}
		}
	}
	return nil, &problem{http.StatusNotFound, "there is no installation " + id}
}
