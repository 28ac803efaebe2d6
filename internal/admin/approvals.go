package admin

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/store"
)

// Desk takes decisions; see approval.Desk.
type Desk interface {
	Decide(ctx context.Context, a approval.Answer) (store.Approval, error)
}

// listApprovals lists questions to people, the open ones unless a state is named.
func (a *api) listApprovals(r *http.Request) (any, error) {
	state := store.ApprovalState(cmp.Or(r.URL.Query().Get("state"), string(store.ApprovalOpen)))
	if state == "all" {
		state = ""
	}
	limit, err := limitOf(r)
	if err != nil {
		return nil, err
	}
	return a.cfg.Store.Approvals(r.Context(), state, limit)
}

// limitOf reads how many rows are asked for.
func limitOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit {
		return 0, &problem{http.StatusBadRequest, "limit is a number from 1 to " + strconv.Itoa(maxLimit)}
	}
	return n, nil
}

func (a *api) getApproval(r *http.Request) (any, error) {
	return a.cfg.Store.Approval(r.Context(), approval.Code(chi.URLParam(r, "code")))
}

func (a *api) approve(r *http.Request) (any, error) { return a.decide(r, true) }
func (a *api) reject(r *http.Request) (any, error)  { return a.decide(r, false) }

// decide takes an operator's decision: whoever has the admin token may decide
// everything. The operator's name is what they say it is.
func (a *api) decide(r *http.Request, approve bool) (any, error) {
	q := r.URL.Query()
	answer := approval.Answer{Code: chi.URLParam(r, "code"), Approve: approve, Reason: q.Get("reason"), Operator: operator}
	if by := q.Get("by"); by != "" {
		answer.Operator = "operator " + by
	}
	for _, text := range strings.FieldsFunc(q.Get("items"), func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, &problem{http.StatusBadRequest, "items are numbers, found " + strconv.Quote(text)}
		}
		answer.Items = append(answer.Items, n)
	}
	decided, err := a.cfg.Desk.Decide(r.Context(), answer)
	switch {
	case errors.Is(err, approval.ErrUnknown):
		return nil, &problem{http.StatusNotFound, err.Error()}
	case errors.Is(err, approval.ErrClosed), errors.Is(err, approval.ErrNotAllowed):
		return nil, &problem{http.StatusConflict, err.Error()}
	case errors.Is(err, approval.ErrUnclear):
		return nil, &problem{http.StatusBadRequest, err.Error()}
	case err != nil:
		return nil, err
	}
	a.cfg.Wake()
	a.cfg.Log.Info().Str("question", decided.Code).Str("run", decided.Run).Str("state", string(decided.State)).Msg("question decided by an operator")
	return decided, nil
}
