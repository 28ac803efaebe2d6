package model

import (
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// Request is the record of a call of the model.
type Request struct {
	Time time.Time
	Path string
	// Authorized is true if there was an Authorization header. Its value is not kept.
	Authorized bool
	// Model is the name that was asked for, and Body the request.
	Model string
	Body  json.RawMessage
	// Status is what was answered; 0 if the client had gone or was cut off.
	Status int
	// Rule, Turn, Calls and Text tell the answer of a request that passed.
	Rule string
	// Unfit is true if no rule applied, so that the answer says no more than that.
	Unfit bool
	Turn  int
	Calls []Call
	Text  string
	// Fault is "status", "cut" or "gone" if no rule was asked.
	Fault string
}

// Call is a tool call that the model made.
type Call struct {
	Tool string
	Args json.RawMessage
}

// requestLog keeps the last requests.
type requestLog struct {
	mu   sync.Mutex
	size int
	list []Request
	next int
}

func (l *requestLog) add(r Request) {
	if l.size == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) < l.size {
		l.list = append(l.list, r)
		return
	}
	l.list[l.next] = r
	l.next = (l.next + 1) % l.size
}

// Requests gives the last requests, oldest first.
func (s *Server) Requests() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return slices.Concat(s.log.list[s.log.next:], s.log.list[:s.log.next])
}

// Reset forgets the log, the faults and the delay.
func (s *Server) Reset() {
	s.faults.clear()
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.list, s.log.next = nil, 0
}
