package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/aofctl/aofctl/internal/store"
)

const (
	eventPage = 500
	keepAlive = 15 * time.Second
)

// followEvents streams run events as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). It begins
// behind ?after or the Last-Event-ID header; without either, with what comes
// next. ?run keeps to one run and ?follow=false ends at the last event.
func (a *api) followEvents(w http.ResponseWriter, r *http.Request) {
	after, err := a.position(r)
	if err != nil {
		writeError(w, http.StatusBadRequest, err.Error())
		return
	}
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Time{}) // a stream has no end of its own
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	run, follow := r.URL.Query().Get("run"), r.URL.Query().Get("follow") != "false"
	for {
		changed := a.cfg.Store.Changed()
		events, err := a.cfg.Store.Events(r.Context(), run, after, eventPage)
		if err != nil {
			return
		}
		for _, e := range events {
			after = e.Seq
			if writeEvent(w, e) != nil {
				return
			}
		}
		if rc.Flush() != nil || (len(events) == 0 && !follow) {
			return
		}
		if len(events) > 0 {
			continue
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-a.cfg.Closing:
			return
		case <-time.After(keepAlive):
			if _, err := fmt.Fprint(w, ": still here\n\n"); err != nil {
				return
			}
		}
	}
}

func writeEvent(w http.ResponseWriter, e store.Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.Seq, e.Kind, body)
	return err
}

func (a *api) position(r *http.Request) (int64, error) {
	text := r.URL.Query().Get("after")
	if text == "" {
		text = r.Header.Get("Last-Event-ID")
	}
	if text == "" {
		return a.cfg.Store.LastEvent(r.Context())
	}
	after, err := strconv.ParseInt(text, 10, 64)
	if err != nil || after < 0 {
		return 0, errors.New("after must be a sequence number")
	}
	return after, nil
}
