package wire

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Effect is what a fault does.
type Effect string

// The effects. CutAfter, Malformed and Answer with After are the dangerous
// ones: the state has changed and the client does not learn it.
const (
	Answer    Effect = "status"
	Latency   Effect = "latency"
	CutBefore Effect = "cut_before"
	CutAfter  Effect = "cut_after"
	Malformed Effect = "malformed"
	// ResetBefore and ResetAfter end the connection with a reset (TCP RST) instead
	// of closing it.
	ResetBefore Effect = "reset_before"
	ResetAfter  Effect = "reset_after"
)

// effects are all of them.
func effects() []Effect {
	return []Effect{Answer, Latency, CutBefore, CutAfter, Malformed, ResetBefore, ResetAfter}
}

// Fault is a rule that makes requests go wrong.
type Fault struct {
	// ID is given by the site.
	ID string `json:"id"`
	// Method and Path are regular expressions; empty means every one. Path is
	// matched against the URL's path without the context path.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	// Skip lets that many matching requests pass first. Count is how many are
	// hit at most, 0 for no limit. Fraction is the share of the others that is
	// hit, 0 meaning all.
	Skip     int     `json:"skip,omitempty"`
	Count    int     `json:"count,omitempty"`
	Fraction float64 `json:"fraction,omitempty"`
	Effect   Effect  `json:"effect"`
	// Status, RetryAfter and Reason make the answer of the effect "status"; with
	// After the request is carried out before.
	Status     int    `json:"status,omitempty"`
	RetryAfter string `json:"retry_after,omitempty"`
	Reason     string `json:"reason,omitempty"`
	After      bool   `json:"after,omitempty"`
	// LatencyMS is how long the effect "latency" delays the request. Delays come
	// on top of any other effect.
	LatencyMS int `json:"latency_ms,omitempty"`
}

// faultRule is a Fault at work.
type faultRule struct {
	Fault
	method, path *regexp.Regexp
	seen, hits   int
}

// faults are the rules in force.
type faults struct {
	luck func() float64

	mu    sync.Mutex
	next  int
	rules []*faultRule
}

func newFaults(luck func() float64) *faults { return &faults{luck: luck} }

// matcher compiles a pattern for a whole method or a part of a path.
func matcher(pattern string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("compile pattern %q: %w", pattern, err)
	}
	return re, nil
}

func (f Fault) check() error {
	switch {
	case f.Effect == Answer && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("check fault: status %d is not between 400 and 599", f.Status)
	case f.Effect == Latency && f.LatencyMS <= 0:
		return errors.New("check fault: latency_ms must be positive")
	case !slices.Contains(effects(), f.Effect):
		return fmt.Errorf("check fault: unknown effect %q", f.Effect)
	case f.Fraction < 0 || f.Fraction > 1:
		return fmt.Errorf("check fault: fraction %v is not between 0 and 1", f.Fraction)
	case f.Count < 0 || f.Skip < 0:
		return errors.New("check fault: count and skip must not be negative")
	}
	return nil
}

func (fs *faults) add(f Fault) (Fault, error) {
	if err := f.check(); err != nil {
		return f, err
	}
	rule := &faultRule{}
	var err error
	if rule.method, err = matcher("^(?:" + f.Method + ")$"); err != nil {
		return f, err
	}
	if f.Method == "" {
		rule.method = regexp.MustCompile("")
	}
	if rule.path, err = matcher(f.Path); err != nil {
		return f, err
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.next++
	f.ID = "fault-" + strconv.Itoa(fs.next)
	rule.Fault = f
	fs.rules = append(fs.rules, rule)
	return f, nil
}

func (fs *faults) remove(id string) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, r := range fs.rules {
		if r.ID == id {
			fs.rules = append(fs.rules[:i:i], fs.rules[i+1:]...)
			return true
		}
	}
	return false
}

func (fs *faults) clear() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.rules = nil
}

// FaultState is a rule and how often it matched and struck.
type FaultState struct {
	Fault
	Seen int `json:"seen"`
	Hits int `json:"hits"`
}

func (fs *faults) list() []FaultState {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	out := make([]FaultState, len(fs.rules))
	for i, r := range fs.rules {
		out[i] = FaultState{Fault: r.Fault, Seen: r.seen, Hits: r.hits}
	}
	return out
}

// faultPlan is what is going to happen to a request.
type faultPlan struct {
	latency time.Duration
	first   *Fault
	last    *Fault
}

// plan asks the rules in order. Delays add up; of the other effects the first
// that strikes is played.
func (fs *faults) plan(r *http.Request) faultPlan {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var p faultPlan
	for _, rule := range fs.rules {
		chosen := p.first != nil || p.last != nil
		if chosen && rule.Effect != Latency || !rule.strikes(r, fs.luck) {
			continue
		}
		f := rule.Fault
		switch {
		case f.Effect == Latency:
			p.latency += time.Duration(f.LatencyMS) * time.Millisecond
		case f.Effect == CutBefore || f.Effect == ResetBefore || f.Effect == Answer && !f.After:
			p.first = &f
		default:
			p.last = &f
		}
	}
	return p
}

func (r *faultRule) strikes(req *http.Request, luck func() float64) bool {
	if !r.method.MatchString(req.Method) || !r.path.MatchString(req.URL.Path) {
		return false
	}
	r.seen++
	if r.seen <= r.Skip || r.Count > 0 && r.hits >= r.Count {
		return false
	}
	if r.Fraction > 0 && r.Fraction < 1 && luck() >= r.Fraction {
		return false
	}
	r.hits++
	return true
}

// AddFault puts a rule into force and returns it with its id. The error says
// what is wrong with the rule.
func (x *Wire) AddFault(f Fault) (Fault, error) { return x.faults.add(f) }

// RemoveFault ends a rule; false if there is none with the id.
func (x *Wire) RemoveFault(id string) bool { return x.faults.remove(id) }

// ClearFaults ends all rules.
func (x *Wire) ClearFaults() { x.faults.clear() }

// Faults lists the rules and how often they struck.
func (x *Wire) Faults() []FaultState { return x.faults.list() }
