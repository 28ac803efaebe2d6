// Package wire is how requests reach a simulated site: it remembers them, and lets
// them go wrong or wait before and after the site carried them out. The sites of the
// sandbox share it, so that all of them fail in the same ways.
package wire

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Options say what is behind a Wire. All are needed but Header.
type Options struct {
	// API carries out requests.
	API http.Handler
	// MaxBody is the largest request that is read, in bytes.
	MaxBody int64
	// Unread answers a request whose body could not be read.
	Unread func(w http.ResponseWriter, r *http.Request, status int)
	// Refuse answers a request that met a fault with the effect Answer.
	Refuse func(w http.ResponseWriter, f *Fault)
	// Header completes the header of every answer; nil for none to complete.
	Header func(http.Header)
	// Now tells the time, Luck a number from 0 to below 1.
	Now  func() time.Time
	Luck func() float64
	// LogSize is how many requests are remembered.
	LogSize int
}

// Wire is the way to a site. It is safe for concurrent use.
type Wire struct {
	opts   Options
	faults *faults
	holds  *holds
	log    *requestLog
}

// New makes one without faults and holds.
func New(opts Options) *Wire {
	return &Wire{opts: opts, faults: newFaults(opts.Luck), holds: newHolds(), log: newRequestLog(opts.LogSize, opts.Now)}
}

// Forget ends all faults and holds, and forgets all requests.
func (x *Wire) Forget() {
	x.faults.clear()
	x.holds.clear()
	x.log.clear()
}

// LetGo ends all holds, and lets what they stopped go on.
func (x *Wire) LetGo() { x.holds.clear() }

// Count is how many requests there were.
func (x *Wire) Count() int64 { return x.log.count() }

// Exchange is one request with what may go wrong before and after its effect.
func (x *Wire) Exchange(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, x.opts.MaxBody))
	entry := x.log.begin(r, body)
	if err != nil {
		x.refuseBody(w, r, entry, err)
		return
	}
	if !x.holds.pass(r, before) {
		x.hangUp(entry, "client gone while held")
	}
	plan := x.faults.plan(r)
	if !sleep(r, plan.latency) {
		x.hangUp(entry, "client gone during latency")
	}
	if plan.first != nil {
		x.fail(w, entry, plan.first, nil)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := &recorder{header: http.Header{}, status: http.StatusOK}
	x.opts.API.ServeHTTP(answer, r)
	entry.applied(answer.status)
	x.holds.pass(r, after)
	if plan.last != nil {
		x.fail(w, entry, plan.last, answer)
		return
	}
	entry.end(answer.status, "")
	x.copyTo(w, answer, answer.body.Bytes())
}

func (x *Wire) refuseBody(w http.ResponseWriter, r *http.Request, entry *pendingEntry, err error) {
	status := http.StatusBadRequest
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		status = http.StatusRequestEntityTooLarge
	}
	entry.end(status, "")
	x.opts.Unread(w, r, status)
}

// hangUp closes the connection without an answer. http.ErrAbortHandler is how
// net/http lets a handler do that.
func (x *Wire) hangUp(entry *pendingEntry, why string) {
	entry.end(0, why)
	panic(http.ErrAbortHandler)
}

// reset makes the end of the connection a reset, where there is a connection of
// its own to end; HTTP/2 resets the stream in any case.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// fail plays a fault. The answer is nil if the request was not carried out.
func (x *Wire) fail(w http.ResponseWriter, entry *pendingEntry, f *Fault, answer *recorder) {
	switch f.Effect {
	case CutBefore, CutAfter:
		x.hangUp(entry, string(f.Effect))
	case ResetBefore, ResetAfter:
		// Logged first, as everything is: whoever feels the reset may read the log at once.
		entry.end(0, string(f.Effect))
		reset(w)
		panic(http.ErrAbortHandler)
	case Malformed:
		entry.end(answer.status, string(f.Effect))
		whole := answer.body.Bytes()
		x.copyTo(w, answer, append(append([]byte(nil), whole[:len(whole)/2]...), "\x00<"...))
	default:
		entry.end(f.Status, string(f.Effect))
		x.opts.Refuse(w, f)
	}
}

// sleep waits unless the client goes away first.
func sleep(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-timer.C:
		return true
	}
}

// recorder keeps an answer until it is known whether the client may have it.
type recorder struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	return r.body.Write(p)
}

// copyTo sends an answer, perhaps with another body.
func (x *Wire) copyTo(w http.ResponseWriter, r *recorder, body []byte) {
	maps.Copy(w.Header(), r.header)
	if x.opts.Header != nil {
		x.opts.Header(w.Header())
	}
	if r.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(r.status)
	if r.status != http.StatusNoContent {
		_, _ = w.Write(body)
	}
}
