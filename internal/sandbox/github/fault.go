package github

import (
	"fmt"
	"net/http"
	"regexp"
	"sync"
)

// Effect is what a fault does.
type Effect string

// The effects. With CutAfter the request is carried out and its answer lost.
const (
	Answer    Effect = "status"
	CutBefore Effect = "cut_before"
	CutAfter  Effect = "cut_after"
)

// Fault is a rule that makes requests go wrong.
type Fault struct {
	// Method is a method, Path a regular expression for a part of the path; empty
	// means every one.
	Method, Path string
	// Skip lets that many matching requests pass first; Count is how many are hit at
	// most, 0 for no limit.
	Skip, Count int
	Effect      Effect
	// Status, Headers and Message make the answer of the effect Answer.
	Status  int
	Headers map[string]string
	Message string
}

type rule struct {
	Fault
	path       *regexp.Regexp
	seen, hits int
}

// faults are the rules in force.
type faults struct {
	mu    sync.Mutex
	rules []*rule
}

// AddFault puts a rule in force.
func (s *Server) AddFault(f Fault) error {
	path, err := regexp.Compile(f.Path)
	if err != nil {
		return fmt.Errorf("compile pattern %q: %w", f.Path, err)
	}
	if f.Effect == Answer && (f.Status < 400 || f.Status > 599) {
		return fmt.Errorf("check fault: status %d is not between 400 and 599", f.Status)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rules = append(s.faults.rules, &rule{Fault: f, path: path})
	return nil
}

// ClearFaults ends all rules.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rules = nil
}

// strike returns the rule that a request meets; nil for none.
func (fs *faults) strike(r *http.Request) *Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, one := range fs.rules {
		if one.Method != "" && one.Method != r.Method || !one.path.MatchString(r.URL.Path) {
			continue
		}
		if one.seen++; one.seen <= one.Skip || one.Count > 0 && one.hits >= one.Count {
			continue
		}
		one.hits++
		return &one.Fault
	}
	return nil
}
