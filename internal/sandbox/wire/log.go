package wire

import (
	"net/http"
	"sync"
	"time"
)

// MaxLogged is how much of a body the log keeps, in bytes.
const MaxLogged = 16 << 10

// Request is a request that the site got.
type Request struct {
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Query  string    `json:"query,omitempty"`
	// Body is the request's body, up to 16 KiB.
	Body string `json:"body,omitempty"`
	// Status is what the client was told: 0 if the connection was cut, or if the
	// request is still at work (Done is false).
	Status int  `json:"status"`
	Done   bool `json:"done"`
	// Applied is what the site did, whatever the client was told: the status of
	// the real answer, or 0 if the request was not carried out.
	Applied int `json:"applied"`
	// Fault says what was played on the request, or "".
	Fault string `json:"fault,omitempty"`
}

// requestLog remembers the newest requests.
type requestLog struct {
	now func() time.Time

	mu   sync.Mutex
	seq  int64
	ring Ring[*Request]
}

func newRequestLog(size int, now func() time.Time) *requestLog {
	return &requestLog{now: now, ring: NewRing[*Request](size)}
}

// pendingEntry is a request whose answer is not known yet.
type pendingEntry struct {
	log   *requestLog
	entry *Request
}

func (l *requestLog) begin(r *http.Request, body []byte) *pendingEntry {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	e := &Request{
		Seq: l.seq, At: l.now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		Body: string(body[:min(len(body), MaxLogged)]),
	}
	l.ring.Add(e)
	return &pendingEntry{log: l, entry: e}
}

func (p *pendingEntry) applied(status int) {
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	p.entry.Applied = status
}

func (p *pendingEntry) end(status int, fault string) {
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	p.entry.Status, p.entry.Fault, p.entry.Done = status, fault, true
}

// count is how many requests there were.
func (l *requestLog) count() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq
}

func (l *requestLog) items() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.ring.Items()
	out := make([]Request, len(kept))
	for i, e := range kept {
		out[i] = *e
	}
	return out
}

func (l *requestLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring.Clear()
}

// Requests are the newest requests to the API, oldest first.
func (x *Wire) Requests() []Request { return x.log.items() }
