package wire

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"sync"
)

// moment is when a hold stops a request.
type moment string

const (
	before moment = "before"
	after  moment = "after"
)

// Hold stops matching requests until it is released, so that a test can do
// something, such as killing the client, at exactly that point.
type Hold struct {
	// ID is given by the site.
	ID string `json:"id"`
	// Method and Path are regular expressions as in a Fault.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	// When is "before" the effect (the default) or "after" it: the state has
	// changed and the client does not know it yet.
	When string `json:"when,omitempty"`
	// Count is how many requests are stopped at most, 0 for no limit; Skip lets
	// that many pass first.
	Count int `json:"count,omitempty"`
	Skip  int `json:"skip,omitempty"`
	// Late carries out a request held before its effect even if its client has
	// gone meanwhile: the write that shows up after everybody gave up.
	Late bool `json:"late,omitempty"`
}

// HoldState is a hold and what it has caught.
type HoldState struct {
	Hold
	// Caught counts the requests that were stopped, Waiting those still stopped.
	Caught  int `json:"caught"`
	Waiting int `json:"waiting"`
}

type holdRule struct {
	Hold
	method, path    *regexp.Regexp
	seen            int
	caught, waiting int
	open            chan struct{}
	news            chan struct{}
}

// holds are the holds in force.
type holds struct {
	mu    sync.Mutex
	next  int
	rules []*holdRule
}

func newHolds() *holds { return &holds{} }

func (hs *holds) add(h Hold) (Hold, error) {
	if h.When == "" {
		h.When = string(before)
	}
	if h.When != string(before) && h.When != string(after) {
		return h, fmt.Errorf("check hold: when is %q, not \"before\" or \"after\"", h.When)
	}
	rule := &holdRule{open: make(chan struct{}), news: make(chan struct{})}
	var err error
	if rule.path, err = matcher(h.Path); err != nil {
		return h, err
	}
	pattern := "^(?:" + h.Method + ")$"
	if h.Method == "" {
		pattern = ""
	}
	if rule.method, err = matcher(pattern); err != nil {
		return h, err
	}
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.next++
	h.ID = "hold-" + strconv.Itoa(hs.next)
	rule.Hold = h
	hs.rules = append(hs.rules, rule)
	return h, nil
}

// pass stops the request if a hold wants it. It answers false if the client went
// away and the request is not to be carried out.
func (hs *holds) pass(r *http.Request, when moment) bool {
	rule := hs.take(r, when)
	if rule == nil {
		return true
	}
	defer hs.leave(rule)
	if rule.Late {
		<-rule.open
		return true
	}
	select {
	case <-rule.open:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (hs *holds) take(r *http.Request, when moment) *holdRule {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for _, rule := range hs.rules {
		if rule.When != string(when) || !rule.method.MatchString(r.Method) || !rule.path.MatchString(r.URL.Path) {
			continue
		}
		rule.seen++
		if rule.seen <= rule.Skip || rule.Count > 0 && rule.caught >= rule.Count {
			continue
		}
		rule.caught++
		rule.waiting++
		rule.tell()
		return rule
	}
	return nil
}

// tell wakes those who wait for news. The lock is held.
func (r *holdRule) tell() {
	close(r.news)
	r.news = make(chan struct{})
}

func (hs *holds) leave(rule *holdRule) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	rule.waiting--
	rule.tell()
}

// release ends a hold and lets its requests go on; false if there is none.
func (hs *holds) release(id string) bool {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for i, rule := range hs.rules {
		if rule.ID == id {
			close(rule.open)
			hs.rules = append(hs.rules[:i:i], hs.rules[i+1:]...)
			return true
		}
	}
	return false
}

func (hs *holds) clear() {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for _, rule := range hs.rules {
		close(rule.open)
	}
	hs.rules = nil
}

// caught waits until the hold has stopped at least n requests. The answer is its
// state then, or when the context ends; false if there is no such hold.
func (hs *holds) caught(ctx context.Context, id string, n int) (HoldState, bool) {
	for {
		hs.mu.Lock()
		rule := hs.find(id)
		if rule == nil {
			hs.mu.Unlock()
			return HoldState{}, false
		}
		state, news := HoldState{Hold: rule.Hold, Caught: rule.caught, Waiting: rule.waiting}, rule.news
		hs.mu.Unlock()
		if state.Caught >= n {
			return state, true
		}
		select {
		case <-ctx.Done():
			return state, true
		case <-rule.open:
		case <-news:
		}
	}
}

func (hs *holds) find(id string) *holdRule {
	for _, rule := range hs.rules {
		if rule.ID == id {
			return rule
		}
	}
	return nil
}

// AddHold puts a hold into force and returns it with its id.
func (x *Wire) AddHold(h Hold) (Hold, error) { return x.holds.add(h) }

// Caught waits until a hold has stopped at least n requests. The error is that of
// the context, or says that there is no such hold.
func (x *Wire) Caught(ctx context.Context, id string, n int) (HoldState, error) {
	state, ok := x.holds.caught(ctx, id, n)
	switch {
	case !ok:
		return state, fmt.Errorf("find hold %q: it does not exist or was released", id)
	case state.Caught < n:
		return state, fmt.Errorf("wait for hold %q: %w", id, ctx.Err())
	}
	return state, nil
}

// Release ends a hold and lets its requests go on; false if there is none.
func (x *Wire) Release(id string) bool { return x.holds.release(id) }
