package gate

import (
	"slices"
	"sync"

	"github.com/aofctl/aofctl/internal/step"
)

// Session is what a run has done so far in all of its branches: the policy's
// limits hold for the run as a whole, however many agents work in it. A run that
// is replayed fills it again from its records. It is safe for concurrent use.
type Session struct {
	// DryRun lets no write happen, whatever the manifests say.
	DryRun bool

	mu      sync.Mutex
	entries []step.Entry
}

// Add counts a finished step.
func (s *Session) Add(e step.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, e)
}

// Entries returns the finished steps, those of one branch in their order.
func (s *Session) Entries() []step.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.entries)
}
