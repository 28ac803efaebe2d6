package e2e

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// gathering counts the model requests that are under way, and holds the first
// ones until as many have come together as are expected.
type gathering struct {
	mu     sync.Mutex
	want   int
	here   int
	peak   int
	enough chan struct{}
}

func newGathering(want int) *gathering { return &gathering{want: want, enough: make(chan struct{})} }

func (g *gathering) at(_ int, r *http.Request, forward func()) bool {
	if !strings.Contains(r.URL.Path, "chat/completions") {
		return false
	}
	g.enter()
	select {
	case <-g.enough:
	case <-time.After(patience):
	}
	forward()
	g.mu.Lock()
	g.here--
	g.mu.Unlock()
	return true
}

func (g *gathering) enter() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.here++
	if g.here > g.peak {
		g.peak = g.here
		if g.peak == g.want {
			close(g.enough)
		}
	}
}

// most is how many were there at a time.
func (g *gathering) most() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.peak
}

// turnstile lets some model requests through and holds the others until it is
// opened.
type turnstile struct {
	mu      sync.Mutex
	through int
	held    int
	once    sync.Once
	opened  chan struct{}
}

func newTurnstile(through int) *turnstile {
	return &turnstile{through: through, opened: make(chan struct{})}
}

func (s *turnstile) at(_ int, r *http.Request, forward func()) bool {
	if !strings.Contains(r.URL.Path, "chat/completions") {
		return false
	}
	s.mu.Lock()
	pass := s.through > 0
	if pass {
		s.through--
	} else {
		s.held++
	}
	s.mu.Unlock()
	if !pass {
		<-s.opened
	}
	forward()
	return true
}

// wait waits until n requests are held.
func (s *turnstile) wait(w *world, n int) {
	w.t.Helper()
	w.await("requests to be held", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.held >= n
	})
}

func (s *turnstile) open() { s.once.Do(func() { close(s.opened) }) }
