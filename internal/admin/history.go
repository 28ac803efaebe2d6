package admin

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// maxLimit bounds how many rows one answer has.
const maxLimit = 1000

// Status is the daemon at a glance.
type Status struct {
	Version    string                `json:"version"`
	Checks     []Check               `json:"checks"`
	Deliveries map[inbox.State]int64 `json:"deliveries"`
	Runs       map[store.State]int64 `json:"runs"`
	Replicas   []store.Replica       `json:"replicas"`
	Catalog    map[string]int        `json:"catalog"`
	Revision   string                `json:"revision"`
	Webhooks   []WebhookHealth       `json:"webhooks"`
}

// WebhookHealth tells when webhooks of a site came, on any replica.
type WebhookHealth struct {
	Source string `json:"source"`
	Site   string `json:"site"`
	// Last is when one came last; zero for never.
	Last time.Time `json:"last"`
	// SignedBy is the same by the name of the secret that verified it.
	SignedBy map[string]time.Time `json:"signed_by"`
	// ExpectEvery is after what time silence is odd; "" for never. Silent is true
	// if it lasts longer.
	ExpectEvery string `json:"expect_every,omitempty"`
	Silent      bool   `json:"silent"`
}

// RunDetail is a run with its steps.
type RunDetail struct {
	store.Run
	StepList []step.Entry `json:"step_list"`
}

func (a *api) status(r *http.Request) (any, error) {
	deliveries, err := a.cfg.Inbox.Counts(r.Context())
	if err != nil {
		return nil, err
	}
	runs, err := a.cfg.Store.Counts(r.Context())
	if err != nil {
		return nil, err
	}
	replicas, err := a.cfg.Store.Replicas(r.Context())
	if err != nil {
		return nil, err
	}
	cat := a.cfg.Catalog()
	webhooks := []WebhookHealth{}
	if a.cfg.Webhooks != nil {
		webhooks = a.cfg.Webhooks()
	}
	return Status{Webhooks: webhooks, Replicas: replicas, Version: a.cfg.Version, Checks: a.cfg.Ready(r.Context()), Deliveries: deliveries, Runs: runs, Revision: cat.Revision,
		Catalog: map[string]int{"triggers": len(cat.Triggers), "agents": len(cat.Agents), "fleets": len(cat.Fleets), "flows": len(cat.Flows)}}, nil
}

func (a *api) listRuns(r *http.Request) (any, error) {
	limit, before, err := paging(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	state, err := stateOf(r, store.States()...)
	if err != nil {
		return nil, err
	}
	return a.cfg.Store.Runs(r.Context(), store.RunFilter{State: state, Target: q.Get("target"),
		IssueKey: q.Get("issue"), Project: q.Get("project"), Delivery: q.Get("delivery"), Limit: limit, Before: before})
}

func (a *api) getRun(r *http.Request) (any, error) {
	run, err := a.cfg.Store.Run(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		return nil, err
	}
	steps, err := a.cfg.Store.Steps(r.Context(), run.ID)
	if err != nil {
		return nil, err
	}
	return RunDetail{Run: run, StepList: steps}, nil
}

// stateOf reads ?state; a state that there is not would look like an empty list.
func stateOf[T ~string](r *http.Request, known ...T) (T, error) {
	state := T(r.URL.Query().Get("state"))
	if state == "" || slices.Contains(known, state) {
		return state, nil
	}
	names := make([]string, len(known))
	for i, s := range known {
		names[i] = string(s)
	}
	return "", &problem{http.StatusBadRequest, fmt.Sprintf("there is no state %q; the states are %s", state, strings.Join(names, ", "))}
}

func paging(r *http.Request) (limit int, before int64, err error) {
	q := r.URL.Query()
	limit = 50
	if text := q.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxLimit {
			return 0, 0, &problem{http.StatusBadRequest, "limit must be a number from 1 to 1000"}
		}
	}
	if text := q.Get("before"); text != "" {
		if before, err = strconv.ParseInt(text, 10, 64); err != nil || before < 1 {
			return 0, 0, &problem{http.StatusBadRequest, "before must be a sequence number"}
		}
	}
	return limit, before, nil
}
