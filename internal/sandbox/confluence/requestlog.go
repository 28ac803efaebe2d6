package confluence

import (
	"sync"
	"time"
)

// maxLogged is how much of a body the log keeps.
const maxLogged = 16 << 10

// Request is a request that the site got.
type Request struct {
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	// Path is without the context path.
	Path  string `json:"path"`
	Query string `json:"query,omitempty"`
	// Body is the request's body, up to 16 KiB.
	Body string `json:"body,omitempty"`
	// Status is what the client was told, 0 if the connection was cut; Applied what
	// the site did, 0 if nothing.
	Status  int `json:"status"`
	Applied int `json:"applied"`
	// Fault says what was played on the request, or "".
	Fault string `json:"fault,omitempty"`
}

// requestLog remembers the newest requests.
type requestLog struct {
	now   func() time.Time
	limit int

	mu   sync.Mutex
	seq  int64
	kept []Request
}

// add notes a request. It is called before the answer leaves, so that who has the
// answer finds the request.
func (l *requestLog) add(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	r.Seq, r.At = l.seq, l.now()
	r.Body = r.Body[:min(len(r.Body), maxLogged)]
	l.kept = append(l.kept, r)
	if over := len(l.kept) - l.limit; over > l.limit/4 {
		l.kept = append([]Request(nil), l.kept[over:]...)
	}
}

// Requests are the newest requests to the API, oldest first.
func (s *Server) Requests() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	kept := s.log.kept
	return append([]Request(nil), kept[max(0, len(kept)-s.log.limit):]...)
}

func (l *requestLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = nil
}
