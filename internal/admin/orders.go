package admin

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// maxOrder bounds the body of an order, which may hold manifests.
const maxOrder = 8 << 20

// Ordered names the delivery of an order, by which its runs are found.
type Ordered struct {
	Delivery string `json:"delivery"`
}

// orderRun has a run made that an operator asks for.
func (a *api) orderRun(r *http.Request) (any, error) {
	var o run.Order
	dec := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxOrder))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		return nil, &problem{http.StatusBadRequest, "the body is not an order: " + err.Error()}
	}
	delivery, err := a.cfg.Order(r.Context(), o)
	switch {
	case errors.Is(err, inbox.ErrNotFound), errors.Is(err, store.ErrNotFound):
		return nil, err
	case errors.Is(err, inbox.ErrFull), errors.Is(err, inbox.ErrUnavailable), errors.Is(err, inbox.ErrClosed):
		return nil, &problem{http.StatusServiceUnavailable, err.Error()}
	case err != nil:
		return nil, &problem{http.StatusUnprocessableEntity, err.Error()}
	}
	a.account(r, "", o.String())
	return Ordered{Delivery: delivery}, nil
}
