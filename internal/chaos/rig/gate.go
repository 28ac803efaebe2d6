package rig

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Call is a request to the model.
type Call struct {
	// Daemon is who asked, Token the event's, and Turn which answer of the
	// conversation was asked for, from 1.
	Daemon string
	Token  string
	Turn   int
	At     time.Time
}

// Gate stands before Jira and the model. It sees every request, and can stop
// the world at one.
type Gate struct {
	next http.Handler

	mu    sync.Mutex
	at    func(r *http.Request, forward func()) bool
	calls []Call
	count int
}

var tokenPattern = regexp.MustCompile(`\bE[0-9]{6}\b`)

// Set lets at decide about each request from now on: it may carry it out with
// forward, and reports whether it dealt with the request. nil lets all pass.
func (g *Gate) Set(at func(r *http.Request, forward func()) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at = at
}

// Calls are the requests to the model so far.
func (g *Gate) Calls() []Call {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Call(nil), g.calls...)
}

// Count is how many requests there were to Jira and the model.
func (g *Gate) Count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.count
}

// ServeHTTP lets a request pass. What was sent is carried out whatever becomes
// of the sender.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender died in the middle of it
	}
	at := g.note(r, body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	r = r.WithContext(context.WithoutCancel(r.Context()))
	forward := func() { g.next.ServeHTTP(w, r) }
	if at == nil || !at(r, forward) {
		forward()
	}
}

// note remembers a request and returns what to do with it.
func (g *Gate) note(r *http.Request, body []byte) func(*http.Request, func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count++
	if IsModel(r) {
		daemon, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		g.calls = append(g.calls, Call{
			Daemon: daemon, Token: string(tokenPattern.Find(body)),
			Turn: 1 + bytes.Count(body, []byte(`"role":"assistant"`)), At: time.Now(),
		})
	}
	return g.at
}

// IsModel reports whether a request asks the model.
func IsModel(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/chat/completions") }
