package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/model"
)

// maxRules bounds a rule file.
const maxRules = 1 << 20

// modelFault is the body of POST /llm/__sandbox/faults.
type modelFault struct {
	// Status answers the next Count requests with an HTTP status, or with Cut
	// set they are cut off.
	Status       int  `json:"status"`
	Cut          bool `json:"cut"`
	Count        int  `json:"count"`
	RetryAfterMS int  `json:"retry_after_ms"`
	// DelayMS makes every request wait from now on; 0 leaves that as it is, a
	// negative number ends it.
	DelayMS int `json:"delay_ms"`
}

// modelControls is the HTTP side of the model's Go API:
// GET requests, POST faults, PUT rules (YAML), POST reset.
func modelControls(m *model.Server) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /llm/__sandbox/requests", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(m.Requests())
	})
	mux.HandleFunc("POST /llm/__sandbox/reset", func(w http.ResponseWriter, _ *http.Request) {
		m.Reset()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("PUT /llm/__sandbox/rules", func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRules))
		if err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		rules, err := model.Parse(raw)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		m.SetRules(rules)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /llm/__sandbox/faults", func(w http.ResponseWriter, r *http.Request) {
		var f modelFault
		dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRules))
		dec.DisallowUnknownFields()
		err := dec.Decode(&f)
		if err == nil {
			err = f.play(m)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// play puts the fault into force.
func (f modelFault) play(m *model.Server) error {
	switch {
	case f.Count < 0 || f.Count > 1e6:
		return fmt.Errorf("check fault: count %d is not between 0 and 1000000", f.Count)
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("check fault: status %d is not between 400 and 599", f.Status)
	case f.Status == 0 && !f.Cut && f.DelayMS == 0:
		return errors.New("check fault: one of status, cut and delay_ms is needed")
	}
	count := max(1, f.Count)
	switch {
	case f.Cut:
		m.Cut(count)
	case f.Status != 0:
		m.Fail(f.Status, count, time.Duration(f.RetryAfterMS)*time.Millisecond)
	}
	if f.DelayMS != 0 {
		m.Delay(time.Duration(max(0, f.DelayMS)) * time.Millisecond)
	}
	return nil
}
