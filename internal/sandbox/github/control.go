package github

import (
	"encoding/json"
	"net/http"
	"strings"
)

// action is what a person does, by HTTP.
type action struct {
	As         string   `json:"as"`
	Action     string   `json:"action"`
	Repository string   `json:"repository"`
	Number     int      `json:"number"`
	Title      string   `json:"title"`
	Body       string   `json:"body"`
	Branch     string   `json:"branch"`
	Label      string   `json:"label"`
	Additions  int      `json:"additions"`
	Deletions  int      `json:"deletions"`
	Files      []string `json:"files"`
}

// control serves POST /__sandbox/act, and GET /__sandbox/threads/{owner}/{name}/{number}.
func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /__sandbox/act", s.act)
	mux.HandleFunc("GET /__sandbox/threads/{owner}/{name}/{number}", func(w http.ResponseWriter, r *http.Request) {
		t, found := s.Thread(repoOf(r), numberOf(r))
		if !found {
			refuse(w, http.StatusNotFound, "Not Found")
			return
		}
		write(w, http.StatusOK, t)
	})
	mux.HandleFunc("GET /__sandbox/deliveries", func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, s.Deliveries()) })
	mux.ServeHTTP(w, r)
}

func (s *Server) act(w http.ResponseWriter, r *http.Request) {
	var in action
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "read action: "+err.Error())
		return
	}
	if in.As == "" {
		in.As = "alice"
	}
	who := s.As(in.As)
	number := in.Number
	var err error
	switch strings.ToLower(in.Action) {
	case "open_pull_request":
		number, err = who.OpenPull(NewPull{Repository: in.Repository, Title: in.Title, Body: in.Body, Head: in.Branch, Additions: in.Additions, Deletions: in.Deletions, Files: in.Files})
	case "open_issue":
		number, err = who.OpenIssue(in.Repository, in.Title, in.Body)
	case "edit":
		err = who.EditPull(in.Repository, in.Number, in.Title, in.Body)
	case "push":
		err = who.PushTo(in.Repository, in.Number)
	case "merge":
		err = who.Merge(in.Repository, in.Number)
	case "close":
		err = who.Close(in.Repository, in.Number)
	case "label":
		err = who.Label(in.Repository, in.Number, in.Label)
	case "comment":
		_, err = who.Comment(in.Repository, in.Number, in.Body)
	case "review":
		err = who.Review(in.Repository, in.Number, "approved", in.Body)
	default:
		refuse(w, http.StatusBadRequest, "action is none of open_pull_request, open_issue, edit, push, merge, close, label, comment, review")
		return
	}
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	write(w, http.StatusOK, doc{"number": number})
}
