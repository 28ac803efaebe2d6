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
	// User is who waits for what the run does and can be asked; nil for nobody.
	User User

	mu      sync.Mutex
	entries []step.Entry
	// trusted are texts of the operator's.
	trusted []string
	// recalled are the indexes of entries that are there before their branch has
	// come to them again.
	recalled map[int]bool
	// notices are the indexes of those of our own comments that ask people.
	notices map[int]bool
	// pending are calls that are being made, by the ids of their steps.
	pending []call
}

// call is a tool call that is being made.
type call struct {
	id     string
	notice bool
	entry  step.Entry
}

// Recall counts what a run did before it was interrupted. Branches of a run that
// goes on come to their records again at different times; the limits have to know
// all of them from the beginning. Their later Add counts nothing.
func (s *Session) Recall(entries []step.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recalled = map[int]bool{}
	for _, e := range entries {
		s.recalled[e.Index] = true
	}
	s.entries = append(s.entries, entries...)
}

// Add counts a finished step.
func (s *Session) Add(e step.Entry) { s.add(e, false) }

func (s *Session) add(e step.Entry, notice bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.recalled[e.Index] {
		s.entries = append(s.entries, e)
	}
	if notice {
		if s.notices == nil {
			s.notices = map[int]bool{}
		}
		s.notices[e.Index] = true
	}
}

// Trust notes a text of the operator's, such as an agent's instructions: what it
// links to and whom it mentions may stand in what the run writes.
func (s *Session) Trust(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.trusted, text) {
		s.trusted = append(s.trusted, text)
	}
}

// texts are those that are trusted, and the given ones.
func (s *Session) texts(more []string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.trusted, more)
}

// Entries returns the finished steps, those of one branch in their order.
func (s *Session) Entries() []step.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.entries)
}

// begin decides about a call with all that the run did and is doing, and counts
// the call from then on: two branches that are at the same limit do not both pass
// it. The decision returns what is to be counted.
func (s *Session) begin(id string, notice bool, decide func(prior []step.Entry) step.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(id) // an earlier try of the same step
	s.pending = append(s.pending, call{id, notice, decide(s.prior(notice))})
}

// prior is what counts when a call is decided. What asks people does not use up
// what agents may write, nor is it kept back since they wrote as much as they may:
// each question waits for people, and how often an issue is written to in an hour
// is limited by the issue.
func (s *Session) prior(notice bool) []step.Entry {
	var list []step.Entry
	for _, e := range s.entries {
		if notice && e.Write || !notice && s.notices[e.Index] {
			continue
		}
		list = append(list, e)
	}
	for _, c := range s.pending {
		if notice && c.entry.Write || !notice && c.notice {
			continue
		}
		list = append(list, c.entry)
	}
	return list
}

// end forgets a call that is not being made any more.
func (s *Session) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(id)
}

// drop is called with the lock held.
func (s *Session) drop(id string) {
	s.pending = slices.DeleteFunc(s.pending, func(c call) bool { return c.id == id })
}
