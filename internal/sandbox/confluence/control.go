package confluence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxWait is the longest that a control request waits.
const maxWait = 5 * time.Minute

// controls is the HTTP side of the Go API, for tests whose daemon is another
// process. It has no authentication: a sandbox listens on loopback only.
func (s *Server) controls() http.Handler {
	mux := http.NewServeMux()
	at := func(method, path string) string { return method + " " + controlPath + path }
	mux.HandleFunc(at("GET", "requests"), func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, 200, s.Requests()) })
	mux.HandleFunc(at("GET", "pages"), func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, 200, s.Pages()) })
	mux.HandleFunc(at("GET", "pages/{id}"), s.controlPage)
	mux.HandleFunc(at("GET", "deliveries"), func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, 200, s.Attempts()) })
	mux.HandleFunc(at("POST", "faults"), s.controlFault)
	mux.HandleFunc(at("DELETE", "faults"), func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc(at("POST", "webhooks"), s.controlWebhook)
	mux.HandleFunc(at("POST", "rules"), s.controlRule)
	mux.HandleFunc(at("POST", "act"), s.controlAct)
	mux.HandleFunc(at("POST", "reset"), func(w http.ResponseWriter, _ *http.Request) { controlDone(w, s.Reset()) })
	mux.HandleFunc(at("POST", "wait"), func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), maxWait)
		defer cancel()
		controlDone(w, s.Wait(ctx))
	})
	return mux
}

func controlError(w http.ResponseWriter, err error) {
	var r *Refusal
	if errors.As(err, &r) {
		writeJSON(w, r.Status, r.v1())
		return
	}
	writeJSON(w, http.StatusBadRequest, obj{"error": err.Error()})
}

func controlDone(w http.ResponseWriter, err error) {
	if err != nil {
		controlError(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// controlBody decodes a body strictly, so that a misspelt name does not pass.
func controlBody(w http.ResponseWriter, r *http.Request, into any) bool {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		err = dec.Decode(into)
	}
	if err != nil {
		controlError(w, err)
	}
	return err == nil
}

func (s *Server) controlPage(w http.ResponseWriter, r *http.Request) {
	p, ok := s.Page(r.PathValue("id"))
	if !ok {
		controlError(w, missing("there is no page with this id"))
		return
	}
	writeJSON(w, http.StatusOK, p)
}

func (s *Server) controlFault(w http.ResponseWriter, r *http.Request) {
	var f Fault
	if !controlBody(w, r, &f) {
		return
	}
	added, err := s.AddFault(f)
	if err != nil {
		controlError(w, err)
		return
	}
	writeJSON(w, http.StatusCreated, added)
}

func (s *Server) controlWebhook(w http.ResponseWriter, r *http.Request) {
	var in struct {
		URL    string   `json:"url"`
		Secret string   `json:"secret"`
		Events []string `json:"events"`
	}
	if !controlBody(w, r, &in) {
		return
	}
	if len(in.Events) == 0 {
		in.Events = PageEvents()
	}
	made, err := s.Register(Webhook{Name: "control", URL: in.URL, Secret: in.Secret, Events: in.Events})
	if err != nil {
		controlError(w, err)
		return
	}
	writeJSON(w, http.StatusCreated, obj{"id": made.ID})
}

func (s *Server) controlRule(w http.ResponseWriter, r *http.Request) {
	var in struct {
		URL    string   `json:"url"`
		Header string   `json:"header"`
		Token  string   `json:"token"`
		Events []string `json:"events"`
	}
	if controlBody(w, r, &in) {
		controlDone(w, s.AddRule(Rule(in)))
	}
}

// action is the body of POST act: what somebody does in the browser.
type action struct {
	As        string `json:"as"`
	Action    string `json:"action"`
	Space     string `json:"space"`
	Page      string `json:"page"`
	Title     string `json:"title"`
	Body      string `json:"body"`
	Message   string `json:"message"`
	Label     string `json:"label"`
	Selection string `json:"selection"`
}

func (s *Server) controlAct(w http.ResponseWriter, r *http.Request) {
	var in action
	if !controlBody(w, r, &in) {
		return
	}
	id, err := in.play(s.As(in.As))
	if err != nil {
		controlError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, obj{"id": id})
}

func (in action) play(a *Actor) (string, error) {
	switch in.Action {
	case "create_page":
		id, err := a.CreatePage(NewPage{Space: in.Space, Title: in.Title, Body: in.Body, Parent: in.Page})
		if err == nil && in.Label != "" {
			err = a.Label(id, in.Label)
		}
		return id, err
	case "edit_page":
		return in.Page, a.EditPage(in.Page, in.Body, in.Message)
	case "rename_page":
		return in.Page, a.RenamePage(in.Page, in.Title)
	case "trash_page":
		return in.Page, a.TrashPage(in.Page)
	case "label":
		return in.Page, a.Label(in.Page, in.Label)
	case "comment":
		if in.Selection != "" {
			return a.CommentOn(in.Page, in.Selection, in.Body)
		}
		return a.Comment(in.Page, in.Body)
	default:
		return "", fmt.Errorf("carry out action %q: it is not known", in.Action)
	}
}
