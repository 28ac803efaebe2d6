package rovo

import (
	"fmt"
	"slices"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
)

// Violation is something in an answer that is not as Atlassian documents it.
type Violation struct {
	Tenant  string         `json:"tenant"`
	Account string         `json:"account"`
	Dialect client.Dialect `json:"dialect"`
	Method  string         `json:"method,omitempty"`
	// What is wrong, beginning with where it is.
	What string `json:"what"`
	// Body is the answer, or the event of a stream.
	Body string `json:"body,omitempty"`
}

// String is the violation in one line.
func (v Violation) String() string {
	return fmt.Sprintf("%s %s: %s: %s", v.Dialect, v.Method, v.What, v.Body)
}

// Exchange is a request to an agent and what it was answered.
type Exchange struct {
	Tenant  string         `json:"tenant"`
	Account string         `json:"account"`
	Dialect client.Dialect `json:"dialect"`
	Method  string         `json:"method"`
	Request string         `json:"request"`
	// Status is that of HTTP; 0 if there was no answer.
	Status int `json:"status"`
	// Event numbers the events of a stream from 1.
	Event int           `json:"event,omitempty"`
	Body  string        `json:"body,omitempty"`
	Took  time.Duration `json:"took"`
	Error string        `json:"error,omitempty"`
}

// judge remembers what was told, so that it is noticed when it changes.
type judge struct {
	found []Violation
	// streams are those that are open, by the ids of their requests.
	streams map[string]*streamed
	// ended are the tasks that have ended, and how; contexts who began which.
	ended    map[string]a2a.State
	contexts map[string]string
}

// streamed is how far a stream is.
type streamed struct {
	taskID, contextID string
	over              bool
}

func newJudge() judge {
	return judge{streams: map[string]*streamed{}, ended: map[string]a2a.State{}, contexts: map[string]string{}}
}

// Violations are what was wrong in the answers so far.
func (s *Server) Violations() []Violation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.judge.found)
}

// Exchanges are the newest answers of agents, events of streams among them, oldest
// first.
func (s *Server) Exchanges() []Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.exchanges)
}

// witness keeps an answer and judges it.
func (s *Server) witness(u *User, a Agent, x client.Exchange) {
	seen := Exchange{
		Tenant: u.tenant.name, Account: u.jira.AccountID, Dialect: a.dialect(), Method: x.Method, Request: string(x.Request),
		Status: x.Status, Event: x.Event, Body: string(x.Body), Took: x.Took,
	}
	if x.Err != nil {
		seen.Error = x.Err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exchanges = keep(s.exchanges, seen, s.opts.LogSize)
	for _, what := range s.judge.answer(a.dialect(), x) {
		s.accuse(u, a, x.Method, what, string(x.Body))
	}
}

// accuse notes a violation; the lock is held.
func (s *Server) accuse(u *User, a Agent, method, what, body string) {
	s.judge.found = keep(s.judge.found, Violation{
		Tenant: u.tenant.name, Account: u.jira.AccountID, Dialect: a.dialect(), Method: method, What: what, Body: body,
	}, s.opts.LogSize)
}

// complain notes a violation in a conversation.
func (s *Server) complain(c *Conversation, what, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accuse(c.user, c.agent, "", what, body)
}

// answer says what is wrong with an answer by itself, and with its place in a
// stream.
func (j *judge) answer(d client.Dialect, x client.Exchange) []string {
	switch {
	case x.Err != nil, x.Ended:
		delete(j.streams, x.RequestID)
		return nil
	case x.Status != 200:
		return nil // a refusal, which Jira documents no more of
	}
	c := &strict{dialect: d, method: x.Method}
	if x.Event > 0 {
		c.mediaType(x.Header, "text/event-stream")
	} else {
		c.mediaType(x.Header, "application/json")
	}
	result, ok := c.envelope(x.Body, x.RequestID)
	switch {
	case !ok:
	case x.Event > 0:
		stream := j.streams[x.RequestID]
		if stream == nil {
			stream = &streamed{}
			j.streams[x.RequestID] = stream
		}
		c.event(result, stream)
	case x.Stream:
		c.say("the answer", "is not a stream, which was asked for")
	default:
		c.reply(result)
	}
	for _, t := range c.tasks {
		j.compare(c, t)
	}
	return c.wrong
}

// told is what an answer says of a task.
type told struct {
	id    string
	state a2a.State
}

// compare holds a task against what was said of it before: what has ended stays as
// it is.
func (j *judge) compare(c *strict, t told) {
	before, over := j.ended[t.id]
	switch {
	case over && before != t.state:
		c.say("task "+t.id, "was %s and is %s now: what has ended never changes", before, t.state)
	case t.state.Terminal():
		j.ended[t.id] = t.state
	}
}

// checkAnswer holds the task that answered a message against the rules on contexts
// and tasks.
func (s *Server) checkAnswer(c *Conversation, before, now client.Task, asked string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wrong := func(format string, args ...any) {
		s.accuse(c.user, c.agent, "", fmt.Sprintf(format, args...), now.ID)
	}
	owner := c.user.tenant.name + " " + c.user.jira.AccountID
	known, ours := s.judge.contexts[now.ContextID]
	switch {
	case now.ContextID == "":
		wrong("the task has no context")
	case asked == "" && ours:
		wrong("a message without a context was answered in context %s, which there was before (of %s)", now.ContextID, known)
	case asked != "" && now.ContextID != asked:
		wrong("a message in context %s was answered in %s", asked, now.ContextID)
	case before.ID != "" && before.State.Terminal() && now.ID == before.ID:
		wrong("a message after the end of task %s was answered with that task", now.ID)
	}
	if !ours {
		s.judge.contexts[now.ContextID] = owner
	}
}
