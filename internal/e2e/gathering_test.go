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
