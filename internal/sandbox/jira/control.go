package jira

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// maxWait is the longest that a control request waits.
const maxWait = 5 * time.Minute

// controls is the HTTP side of the Go API, for tests whose daemon is another
// process. It has no authentication: a sandbox listens on loopback only.
func (s *Server) controls() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /__sandbox/requests", s.controlRequests)
	mux.HandleFunc("GET /__sandbox/issues", s.controlKeys)
	mux.HandleFunc("GET /__sandbox/issues/{key}", s.controlIssue)
	mux.HandleFunc("GET /__sandbox/counts", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, 200, s.Counts()) })
	mux.HandleFunc("POST /__sandbox/act", s.controlAct)
	mux.HandleFunc("POST /__sandbox/reset", s.controlReset)
	mux.HandleFunc("GET /__sandbox/faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, 200, s.Faults()) })
	mux.HandleFunc("POST /__sandbox/faults", s.controlAddFaults)
	mux.HandleFunc("DELETE /__sandbox/faults", s.controlClearFaults)
	mux.HandleFunc("DELETE /__sandbox/faults/{id}", s.controlRemoveFault)
	mux.HandleFunc("POST /__sandbox/holds", s.controlAddHold)
	mux.HandleFunc("GET /__sandbox/holds/{id}", s.controlHold)
	mux.HandleFunc("POST /__sandbox/holds/{id}/release", s.controlRelease)
	mux.HandleFunc("DELETE /__sandbox/holds/{id}", s.controlRelease)
	mux.HandleFunc("GET /__sandbox/webhooks", s.controlWebhooks)
	mux.HandleFunc("POST /__sandbox/webhooks", s.controlRegister)
	mux.HandleFunc("DELETE /__sandbox/webhooks/{id}", s.controlUnregister)
	mux.HandleFunc("GET /__sandbox/deliveries", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, 200, s.Attempts()) })
	mux.HandleFunc("POST /__sandbox/deliveries/{id}/redeliver", s.controlRedeliver)
	mux.HandleFunc("POST /__sandbox/wait", s.controlWait)
	return mux
}

// fault answers a control request that went wrong.
func controlError(w http.ResponseWriter, status int, err error) {
	var r *Refusal
	if errors.As(err, &r) {
		writeJSON(w, r.Status, r.body())
		return
	}
	writeJSON(w, status, obj{"error": err.Error()})
}

// controlBody decodes a body strictly, so that a misspelt name does not pass.
func controlBody(w http.ResponseWriter, r *http.Request, into any) bool {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		err = decodeStrict(raw, into)
	}
	if err != nil {
		controlError(w, http.StatusBadRequest, err)
	}
	return err == nil
}

// controlRequests lists requests; ?after=SEQ gives the newer ones only.
func (s *Server) controlRequests(w http.ResponseWriter, r *http.Request) {
	since, err := strconv.ParseInt("0"+r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		controlError(w, http.StatusBadRequest, err)
		return
	}
	out := []Request{}
	for _, one := range s.Requests() {
		if one.Seq > since {
			out = append(out, one)
		}
	}
	writeJSON(w, http.StatusOK, out)
}

func (s *Server) controlKeys(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.Keys())
}

func (s *Server) controlIssue(w http.ResponseWriter, r *http.Request) {
	i, ok := s.Issue(r.PathValue("key"))
	if !ok {
		controlError(w, http.StatusNotFound, noIssue())
		return
	}
	writeJSON(w, http.StatusOK, i)
}

func (s *Server) controlReset(w http.ResponseWriter, _ *http.Request) {
	if err := s.Reset(); err != nil {
		controlError(w, http.StatusInternalServerError, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// controlAddFaults takes one rule or a list of rules.
func (s *Server) controlAddFaults(w http.ResponseWriter, r *http.Request) {
	var raw json.RawMessage
	if !controlBody(w, r, &raw) {
		return
	}
	var list []Fault
	if err := decodeStrict(raw, &list); err != nil {
		var one Fault
		if err := decodeStrict(raw, &one); err != nil {
			controlError(w, http.StatusBadRequest, err)
			return
		}
		list = []Fault{one}
	}
	out := make([]Fault, 0, len(list))
	for _, f := range list {
		added, err := s.AddFault(f)
		if err != nil {
			controlError(w, http.StatusBadRequest, err)
			return
		}
		out = append(out, added)
	}
	writeJSON(w, http.StatusCreated, out)
}

func (s *Server) controlClearFaults(w http.ResponseWriter, _ *http.Request) {
	s.ClearFaults()
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) controlRemoveFault(w http.ResponseWriter, r *http.Request) {
	found(w, s.RemoveFault(r.PathValue("id")))
}

// found answers 204, or 404 if there is no such thing.
func found(w http.ResponseWriter, ok bool) {
	if !ok {
		controlError(w, http.StatusNotFound, errors.New("there is nothing with this id"))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) controlAddHold(w http.ResponseWriter, r *http.Request) {
	var h Hold
	if !controlBody(w, r, &h) {
		return
	}
	added, err := s.AddHold(h)
	if err != nil {
		controlError(w, http.StatusBadRequest, err)
		return
	}
	writeJSON(w, http.StatusCreated, added)
}

// waitContext bounds a request by ?wait=30s; without it there is no waiting.
func waitContext(r *http.Request) (context.Context, context.CancelFunc, error) {
	d := time.Duration(0)
	if text := r.URL.Query().Get("wait"); text != "" {
		parsed, err := time.ParseDuration(text)
		if err != nil {
			return nil, nil, err
		}
		d = min(parsed, maxWait)
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	return ctx, cancel, nil
}

// controlHold answers 200 once the hold has caught ?count=N requests (1), and 202
// with the same body if it had not when ?wait= was over.
func (s *Server) controlHold(w http.ResponseWriter, r *http.Request) {
	n := 1
	if text := r.URL.Query().Get("count"); text != "" {
		n = max(1, atoi(text))
	}
	ctx, cancel, err := waitContext(r)
	if err != nil {
		controlError(w, http.StatusBadRequest, err)
		return
	}
	defer cancel()
	state, err := s.Caught(ctx, r.PathValue("id"), n)
	switch {
	case state.ID == "":
		found(w, false)
	case err != nil:
		writeJSON(w, http.StatusAccepted, state)
	default:
		writeJSON(w, http.StatusOK, state)
	}
}

func (s *Server) controlRelease(w http.ResponseWriter, r *http.Request) {
	found(w, s.Release(r.PathValue("id")))
}

func (s *Server) controlRedeliver(w http.ResponseWriter, r *http.Request) {
	found(w, s.Redeliver(r.PathValue("id")))
}

func (s *Server) controlUnregister(w http.ResponseWriter, r *http.Request) {
	found(w, s.Unregister(atoi(r.PathValue("id"))))
}

// controlWait answers 204 when all webhooks are delivered, 504 if ?wait= (30s)
// was over first.
func (s *Server) controlWait(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("wait") == "" {
		r.URL.RawQuery = "wait=30s"
	}
	ctx, cancel, err := waitContext(r)
	if err != nil {
		controlError(w, http.StatusBadRequest, err)
		return
	}
	defer cancel()
	if err := s.Wait(ctx); err != nil {
		controlError(w, http.StatusGatewayTimeout, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
