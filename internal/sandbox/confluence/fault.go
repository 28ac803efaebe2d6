package confluence

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
)

// Effect is what a fault does.
type Effect string

// The effects. With CutAfter the request is carried out and its answer lost; with
// Malformed half of the answer comes.
const (
	Answer    Effect = "status"
	CutBefore Effect = "cut_before"
	CutAfter  Effect = "cut_after"
	Malformed Effect = "malformed"
)

// Fault is a rule that makes requests go wrong.
type Fault struct {
	// ID is given by the site.
	ID string `json:"id"`
	// Method and Path are regular expressions for the whole method and a part of the
	// path; empty means every one.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	// Skip lets that many matching requests pass first; Count is how many are hit at
	// most, 0 for no limit.
	Skip   int    `json:"skip,omitempty"`
	Count  int    `json:"count,omitempty"`
	Effect Effect `json:"effect"`
	// Status and RetryAfter make the answer of the effect "status"; with After the
	// request is carried out before.
	Status     int    `json:"status,omitempty"`
	RetryAfter string `json:"retry_after,omitempty"`
	After      bool   `json:"after,omitempty"`
}

func (f Fault) check() error {
	switch {
	case !slices.Contains([]Effect{Answer, CutBefore, CutAfter, Malformed}, f.Effect):
		return fmt.Errorf("check fault: unknown effect %q", f.Effect)
	case f.Effect == Answer && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("check fault: status %d is not between 400 and 599", f.Status)
	case f.Count < 0 || f.Skip < 0:
		return errors.New("check fault: count and skip must not be negative")
	}
	return nil
}

type faultRule struct {
	Fault
	method, path *regexp.Regexp
	seen, hits   int
}

// faults are the rules in force.
type faults struct {
	mu    sync.Mutex
	next  int
	rules []*faultRule
}

// AddFault puts a rule into force and returns it with its id. The error says what
// is wrong with the rule.
func (s *Server) AddFault(f Fault) (Fault, error) {
	if err := f.check(); err != nil {
		return f, err
	}
	method := f.Method
	if method == "" {
		method = ".*"
	}
	rule := &faultRule{}
	var err error
	if rule.method, err = regexp.Compile("^(?:" + method + ")$"); err != nil {
		return f, fmt.Errorf("compile pattern %q: %w", f.Method, err)
	}
	if rule.path, err = regexp.Compile(f.Path); err != nil {
		return f, fmt.Errorf("compile pattern %q: %w", f.Path, err)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.next++
	f.ID = "fault-" + strconv.Itoa(s.faults.next)
	rule.Fault = f
	s.faults.rules = append(s.faults.rules, rule)
	return f, nil
}

// ClearFaults ends all rules.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rules = nil
}

// strike returns the fault that a request meets; nil for none.
func (fs *faults) strike(method, path string) *Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, rule := range fs.rules {
		if !rule.method.MatchString(method) || !rule.path.MatchString(path) {
			continue
		}
		if rule.seen++; rule.seen <= rule.Skip || rule.Count > 0 && rule.hits >= rule.Count {
			continue
		}
		rule.hits++
		struck := rule.Fault
		return &struck
	}
	return nil
}

// first reports whether the fault strikes before the request is carried out.
func (f *Fault) first() bool { return f.Effect == CutBefore || f.Effect == Answer && !f.After }

func (f *Fault) answer(w http.ResponseWriter) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Status >= 500 {
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		w.WriteHeader(f.Status)
		_, _ = fmt.Fprintf(w, "<html><head><title>%d %s</title></head><body></body></html>", f.Status, http.StatusText(f.Status))
		return
	}
	writeJSON(w, f.Status, refuse(f.Status, "%s", http.StatusText(f.Status)).v1())
}
