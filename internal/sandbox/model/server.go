package model

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Name is what every answer says its model is.
const Name = "sandbox-script"

// maxBody bounds a request.
const maxBody = 32 << 20

// Options configure a Server. The zero value works.
type Options struct {
	// Rules decide the answers; nil for those of Default.
	Rules *Rules
	// APIKey is the key that requests must carry as a Bearer token; "" for none.
	APIKey string
	// Models are the names that may be asked for; none for any.
	Models []string
	// LogSize is how many requests Requests remembers; 0 for 200, -1 for none.
	LogSize int
	// Now is the clock of answers and of the log; nil for time.Now.
	Now func() time.Time
}

// Server is the scripted model. It is an http.Handler for POST
// …/chat/completions and GET …/models under any prefix, and safe for concurrent
// use.
type Server struct {
	opts   Options
	rules  atomic.Pointer[Rules]
	count  atomic.Int64
	faults faults
	log    requestLog
}

// New makes a server.
func New(opts Options) (*Server, error) {
	if opts.Rules == nil {
		rules, err := Default()
		if err != nil {
			return nil, err
		}
		opts.Rules = rules
	}
	if opts.LogSize == 0 {
		opts.LogSize = 200
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Server{opts: opts}
	s.log.size = max(opts.LogSize, 0)
	s.rules.Store(opts.Rules)
	return s, nil
}

// SetRules replaces the rules for the requests to come.
func (s *Server) SetRules(rules *Rules) { s.rules.Store(rules) }

// ServeHTTP answers as the OpenAI API does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimRight(r.URL.Path, "/")
	switch {
	case strings.HasSuffix(path, "/chat/completions"):
		s.complete(w, r)
	case strings.HasSuffix(path, "/models"):
		s.models(w, r)
	default:
		refuse(w, &problem{http.StatusNotFound, "invalid_request_error", "unknown_url",
			fmt.Sprintf("Unknown request URL: %s %.200s.", r.Method, r.URL.Path)})
	}
}

// complete answers a chat completion. The log has it before the client does, so
// that who has an answer finds it there.
func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	entry := Request{Time: s.opts.Now(), Path: r.URL.Path, Authorized: r.Header.Get("Authorization") != ""}
	f := s.faults.next()
	body, p := s.read(w, r) // only then is it noticed that the client goes
	entry.Body = body
	if !f.wait(r.Context()) {
		entry.Fault = "gone"
		s.log.add(entry)
		return
	}
	var out completion
	switch {
	case p != nil:
	case f.kind != faultNone:
		entry.Status, entry.Fault = f.status, string(f.kind)
		s.log.add(entry)
		f.happen(w)
		return
	default:
		out, p = s.reply(body, &entry)
	}
	if p != nil {
		entry.Status = p.status
		s.log.add(entry)
		refuse(w, p)
		return
	}
	s.log.add(entry)
	writeJSON(w, http.StatusOK, out)
}

// reply asks the rules.
func (s *Server) reply(body []byte, entry *Request) (completion, *problem) {
	req, p := decode(body)
	if p == nil {
		p = s.checkModel(req.Model)
	}
	if p != nil {
		return completion{}, p
	}
	c := converse(req)
	out := s.rules.Load().answer(c)
	entry.Status, entry.Model, entry.Rule, entry.Turn = http.StatusOK, req.Model, out.rule, c.turn
	entry.Unfit = out.unfit
	entry.Calls, entry.Text = out.made(), out.say
	return s.completion(body, c.turn, out), nil
}

// read checks what comes before the body's meaning.
func (s *Server) read(w http.ResponseWriter, r *http.Request) ([]byte, *problem) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &problem{http.StatusMethodNotAllowed, "invalid_request_error", "method_not_supported",
			fmt.Sprintf("Not allowed to %s on %s.", r.Method, "/chat/completions")}
	}
	if p := s.authorize(r); p != nil {
		return nil, p
	}
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
		return nil, bad("Invalid Content-Type header. Expected 'application/json'.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, &problem{http.StatusRequestEntityTooLarge, "invalid_request_error", "", "The request could not be read: " + err.Error()}
	}
	return body, nil
}

func (s *Server) authorize(r *http.Request) *problem {
	if s.opts.APIKey == "" {
		return nil
	}
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !ok:
		return &problem{http.StatusUnauthorized, "invalid_request_error", "",
			"You didn't provide an API key. Send it as an Authorization header (Authorization: Bearer YOUR_KEY)."}
	case subtle.ConstantTimeCompare([]byte(given), []byte(s.opts.APIKey)) != 1:
		return &problem{http.StatusUnauthorized, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."}
	}
	return nil
}

func (s *Server) checkModel(name string) *problem {
	if len(s.opts.Models) == 0 || slices.Contains(s.opts.Models, name) {
		return nil
	}
	return &problem{http.StatusNotFound, "invalid_request_error", "model_not_found",
		fmt.Sprintf("The model '%.100s' does not exist or you do not have access to it.", name)}
}

// models lists the names that may be asked for.
func (s *Server) models(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, &problem{http.StatusMethodNotAllowed, "invalid_request_error", "method_not_supported", "Not allowed on /models."})
		return
	}
	if p := s.authorize(r); p != nil {
		refuse(w, p)
		return
	}
	names := s.opts.Models
	if len(names) == 0 {
		names = []string{Name}
	}
	list := []map[string]any{}
	for _, n := range names {
		list = append(list, map[string]any{"id": n, "object": "model", "created": 0, "owned_by": "sandbox"})
	}
	writeJSON(w, http.StatusOK, map[string]any{"object": "list", "data": list})
}

// refuse answers with an error in OpenAI's form.
func refuse(w http.ResponseWriter, p *problem) {
	var code any
	if p.code != "" {
		code = p.code
	}
	writeJSON(w, p.status, map[string]any{"error": map[string]any{
		"message": p.message, "type": p.kind, "param": nil, "code": code,
	}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "encode answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone is no concern of the model
}
