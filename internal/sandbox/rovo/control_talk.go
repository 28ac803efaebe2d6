package rovo

import (
	"errors"
	"net/http"

	"github.com/aofctl/aofctl/internal/a2a/client"
)

// talk is a conversation that the platform watches by itself, as Jira does while
// nobody looks.
type talk struct {
	id string
	*Conversation
	err error
	// watched says that somebody watches it already.
	watched bool
}

// shown is a conversation as the controls show it.
type shown struct {
	ID        string      `json:"id"`
	Tenant    string      `json:"tenant"`
	Account   string      `json:"account"`
	Agent     string      `json:"agent"`
	Issue     string      `json:"issue"`
	ContextID string      `json:"context_id"`
	Task      client.Task `json:"task"`
	Tasks     []string    `json:"tasks"`
	Lines     []Line      `json:"lines"`
	// Error is why nobody watches any more; "" if nothing went wrong.
	Error string `json:"error,omitempty"`
}

func (s *Server) show(t *talk) shown {
	out := shown{
		ID: t.id, Tenant: t.user.tenant.name, Account: t.user.jira.AccountID, Agent: t.agent.Name, Issue: t.issue, ContextID: t.ContextID(), Task: t.Task(),
		Tasks: some(t.Tasks()), Lines: some(t.Transcript()),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.err != nil {
		out.Error = t.err.Error()
	}
	return out
}

func (s *Server) listTalks() []shown {
	s.mu.Lock()
	talks := append([]*talk(nil), s.talks...)
	s.mu.Unlock()
	out := make([]shown, 0, len(talks))
	for _, t := range talks {
		out = append(out, s.show(t))
	}
	return out
}

func (s *Server) talkOf(id string) (*talk, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.talks {
		if t.id == id {
			return t, nil
		}
	}
	return nil, &wrongError{http.StatusNotFound, "find conversation " + id + ": there is none"}
}

// controlBegin assigns an issue, or mentions the agent in a comment if there is a
// text, and watches what becomes of it.
func (s *Server) controlBegin(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		who

		Issue     string         `json:"issue"`
		Agent     string         `json:"agent"`
		Dialect   client.Dialect `json:"dialect"`
		Streaming bool           `json:"streaming"`
		BySend    bool           `json:"by_send"`
		Mention   string         `json:"mention"`
	}
	if err := body(w, r, &in); err != nil {
		return err
	}
	if in.Dialect != "" && !in.Dialect.Jira() {
		return &wrongError{http.StatusBadRequest, "begin conversation: dialect is jira-1.0 or jira-eap"}
	}
	u, err := s.userOf(in.who)
	if err != nil {
		return err
	}
	if err := u.sees(in.Issue); err != nil {
		return &wrongError{http.StatusNotFound, err.Error()}
	}
	agent := Agent{Name: in.Agent, Dialect: in.Dialect, Streaming: in.Streaming, BySend: in.BySend}
	var c *Conversation
	if in.Mention != "" {
		c, err = u.Mention(s.life, agent, in.Issue, in.Mention)
	} else {
		c, err = u.Assign(s.life, agent, in.Issue)
	}
	if err != nil {
		return err
	}
	t := &talk{id: client.NewID()[:8], Conversation: c}
	s.mu.Lock()
	s.talks = keep(s.talks, t, 500)
	s.mu.Unlock()
	s.watch(t)
	writeJSON(w, http.StatusCreated, s.show(t))
	return nil
}

// watch follows a conversation in the background until Jira would stop, unless
// somebody does already.
func (s *Server) watch(t *talk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.watched || s.life.Err() != nil {
		return
	}
	t.watched, t.err = true, nil
	s.running.Go(func() {
		_, err := t.Settle(s.life)
		if s.life.Err() != nil {
			t.Drop()
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		t.watched, t.err = false, err
	})
}

func (s *Server) controlTalk(w http.ResponseWriter, r *http.Request) error {
	t, err := s.talkOf(r.PathValue("id"))
	if err == nil {
		writeJSON(w, http.StatusOK, s.show(t))
	}
	return err
}

// controlGoOn serves what a person does in the chat.
func (s *Server) controlGoOn(verb string) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			Text string `json:"text"`
		}
		if err := body(w, r, &in); err != nil {
			return err
		}
		t, err := s.talkOf(r.PathValue("id"))
		if err != nil {
			return err
		}
		switch {
		case verb == "say" && in.Text == "":
			return &wrongError{http.StatusBadRequest, `say something: "text" is missing`}
		case verb == "say":
			_, err = t.Say(s.life, in.Text)
		case verb == "cancel":
			_, err = t.Cancel(s.life)
		case verb == "retry":
			_, err = t.Retry(s.life)
		default:
			t.Drop()
		}
		var told *client.Error
		if errors.As(err, &told) {
			err = &wrongError{http.StatusConflict, told.Error()}
		}
		if err != nil {
			return err
		}
		s.watch(t)
		writeJSON(w, http.StatusOK, s.show(t))
		return nil
	}
}
