package e2e

import (
	"net/http"
	"strings"
	"sync"
)

// turnstile lets some model requests through and holds the others until it is
// opened. It counts how many are under way at a time.
type turnstile struct {
	mu      sync.Mutex
	through int
	held    int
	here    int
	peak    int
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
	s.here++
	s.peak = max(s.peak, s.here)
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
	s.mu.Lock()
	s.here--
	s.mu.Unlock()
	return true
}

// most is how many were under way at a time.
func (s *turnstile) most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peak
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
