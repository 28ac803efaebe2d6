package admin

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// Delivery is a stored delivery as the operator sees it.
type Delivery struct {
	Seq       int64       `json:"seq"`
	ID        string      `json:"id"`
	Source    string      `json:"source"`
	Site      string      `json:"site,omitempty"`
	Received  time.Time   `json:"received"`
	Processed time.Time   `json:"processed,omitzero"`
	State     inbox.State `json:"state"`
	// Reason says why the state is what it is.
	Reason    string   `json:"reason,omitempty"`
	EventType string   `json:"event_type,omitempty"`
	IssueKey  string   `json:"issue_key,omitempty"`
	Project   string   `json:"project,omitempty"`
	SignedBy  []string `json:"signed_by,omitempty"`
	// Decision is what the router made of it: matches and near misses.
	Decision json.RawMessage `json:"decision,omitempty"`
}

// DeliveryDetail is a delivery with its payload and the runs that it started.
type DeliveryDetail struct {
	Delivery
	// Identity is what the sender, or the payload's hash, identifies it by.
	Identity string            `json:"identity"`
	Headers  map[string]string `json:"headers,omitempty"`
	// Payload is the body: as it is if it is JSON, else as a string, and absent
	// once it was pruned.
	Payload json.RawMessage `json:"payload,omitempty"`
	Runs    []store.Run     `json:"runs"`
}

func (a *api) listDeliveries(r *http.Request) (any, error) {
	limit, before, err := paging(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	state, err := stateOf(r, inbox.StateReceived, inbox.StateRouted, inbox.StateIgnored, inbox.StateDuplicate, inbox.StateFailed)
	if err != nil {
		return nil, err
	}
	list, err := a.cfg.Inbox.List(r.Context(), inbox.Filter{State: state, Source: q.Get("source"),
		IssueKey: q.Get("issue"), Limit: limit, Before: before})
	if err != nil {
		return nil, err
	}
	answer := make([]Delivery, len(list))
	for i, s := range list {
		answer[i] = show(s)
		answer[i].Decision = nil
	}
	return answer, nil
}

func (a *api) getDelivery(r *http.Request) (any, error) {
	d, err := a.cfg.Inbox.Get(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		return nil, err
	}
	runs, err := a.cfg.Store.Runs(r.Context(), store.RunFilter{Delivery: d.ID, Limit: maxLimit})
	if err != nil {
		return nil, err
	}
	return DeliveryDetail{Delivery: show(d.Summary), Identity: d.Key, Headers: d.Headers, Payload: payload(d.Body), Runs: runs}, nil
}

func show(s inbox.Summary) Delivery {
	return Delivery{Seq: s.Seq, ID: s.ID, Source: s.Source, Site: s.Site, Received: s.ReceivedAt, Processed: s.ProcessedAt,
		State: s.State, Reason: s.Reason, EventType: s.EventType, IssueKey: s.IssueKey, Project: s.Project, SignedBy: s.SignedBy,
		Decision: s.Detail}
}

func payload(body []byte) json.RawMessage {
	if len(body) == 0 || json.Valid(body) {
		return body
	}
	text, err := json.Marshal(string(body))
	if err != nil {
		return nil
	}
	return text
}
