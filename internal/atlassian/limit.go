package atlassian

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// scope is which limits a request falls under.
type scope struct {
	endpoint string
	// issue is what a write changes; "" for all else.
	issue string
}

var (
	issuePattern   = regexp.MustCompile(`/rest/(?:api/[^/]+|agile/[^/]+)/issue/([A-Za-z][A-Za-z0-9_]*-[0-9]+|[0-9]+)(?:/|$)`)
	segmentPattern = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9_]*-[0-9]+|(?:att)?[0-9]+|.*%.*|.{33,})$`)
)

func scopeOf(req *http.Request) scope {
	s := scope{endpoint: req.Method + " " + endpoint(req.URL.EscapedPath())}
	if m := issuePattern.FindStringSubmatch(req.URL.Path); m != nil && !isRead(req) {
		s.issue = strings.ToUpper(m[1])
	}
	return s
}

// endpoint replaces what names a thing in a path. The API's version stays.
func endpoint(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		before := parts[max(i-1, 0)]
		if (segmentPattern.MatchString(part) && before != "api") || namesNext(before) || namesFile(parts[:i]) {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// namesNext tells the parts of Confluence's paths behind which stands a name that
// people chose: a space's key, a label, a property's key.
func namesNext(part string) bool { return part == "space" || part == "label" || part == "property" }

// namesFile reports whether a file's name follows, as in "download/attachments/123".
func namesFile(before []string) bool {
	n := len(before)
	return n >= 3 && before[n-2] == "attachments" && before[n-3] == "download"
}

// limits holds requests back: to our own caps, and as long as the site asks. Who
// would have to wait for more than maxWait is told to come again instead.
type limits struct {
	own    *rate.Limiter
	slots  chan struct{}
	jitter func() float64

	mu     sync.Mutex
	issues issueRate
	// held are the scopes that the site asked to leave alone; "" is all of it.
	held map[string]hold
}

type hold struct {
	until  time.Time
	reason string
}

func newLimits(cfg Config, jitter func() float64) *limits {
	l := &limits{jitter: jitter, held: map[string]hold{}, issues: issueRate{writes: map[string][]time.Time{}}}
	slots := cfg.Concurrency
	if slots <= 0 {
		slots = DefaultConcurrency
	}
	l.slots = make(chan struct{}, slots)
	if cfg.RequestsPerSecond > 0 {
		burst := cfg.Burst
		if burst <= 0 {
			burst = max(1, int(cfg.RequestsPerSecond))
		}
		l.own = rate.NewLimiter(rate.Limit(cfg.RequestsPerSecond), burst)
	}
	return l
}

// admit waits until the request may go out and takes a slot, which the returned
// function gives back.
func (l *limits) admit(ctx context.Context, s scope) (func(), error) {
	deadline := time.Now().Add(maxWait)
	for {
		if err := l.waitHeld(ctx, s, deadline); err != nil {
			return nil, err
		}
		release, err := l.slot(ctx, deadline)
		if err != nil {
			return nil, err
		}
		if err := l.pace(ctx, deadline); err != nil {
			release()
			return nil, err
		}
		if l.take(s) {
			return release, nil
		}
		release() // the site asked for a pause meanwhile
	}
}

// waitHeld waits for the pauses that the site asked for and for the issue.
func (l *limits) waitHeld(ctx context.Context, s scope, deadline time.Time) error {
	l.mu.Lock()
	wait, reason := l.wait(s, time.Now())
	l.mu.Unlock()
	if wait == 0 {
		return nil
	}
	if time.Until(deadline) < wait {
		return &PausedError{Reason: reason, For: wait}
	}
	// Those who waited for the same moment do not all go at once.
	spread := time.Duration(l.jitter() * float64(min(wait/2, time.Second)))
	return pause(ctx, wait+spread)
}

// wait is how long the scope is closed, and why. It needs mu.
func (l *limits) wait(s scope, now time.Time) (longest time.Duration, reason string) {
	for _, key := range []string{"", s.endpoint, s.issue} {
		if h, ok := l.held[key]; ok && h.until.Sub(now) > longest {
			longest, reason = h.until.Sub(now), h.reason
		}
	}
	if s.issue != "" {
		if d := l.issues.wait(s.issue, now); d > longest {
			longest, reason = d, "issue "+s.issue+" takes no more writes for now"
		}
	}
	return longest, reason
}

// take notes a write to an issue. It reports false if the scope is closed.
func (l *limits) take(s scope) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if wait, _ := l.wait(s, now); wait > 0 {
		return false
	}
	if s.issue != "" {
		l.issues.record(s.issue, now)
	}
	return true
}

func (l *limits) slot(ctx context.Context, deadline time.Time) (func(), error) {
	release := sync.OnceFunc(func() { <-l.slots })
	select {
	case l.slots <- struct{}{}:
		return release, nil
	default:
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case l.slots <- struct{}{}:
		return release, nil
	case <-timer.C:
		return nil, &PausedError{Reason: fmt.Sprintf("%d requests to the site are under way", cap(l.slots)), For: maxWait}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// pace waits for our own cap.
func (l *limits) pace(ctx context.Context, deadline time.Time) error {
	if l.own == nil {
		return nil
	}
	turn := l.own.Reserve()
	wait := turn.Delay()
	if time.Until(deadline) < wait {
		turn.Cancel()
		return &PausedError{Reason: fmt.Sprintf("our own cap of %v requests a second is reached", float64(l.own.Limit())), For: wait}
	}
	if wait == 0 {
		return nil
	}
	if err := pause(ctx, wait); err != nil {
		turn.Cancel()
		return err
	}
	return nil
}

// learn closes what the site asks to leave alone: for a quota all of it, for a
// burst the endpoint, for too many writes the issue. A limit without a reason, as
// Data Center has it, and a service that is away count for all of the site.
func (l *limits) learn(s scope, status int, told Limits) {
	if told.Retry <= 0 {
		return
	}
	key, reason := "", "the site asked for a pause"
	switch {
	case status == http.StatusServiceUnavailable:
		reason = "the site is not available and asked for a pause"
	case strings.Contains(told.Reason, "-burst-"):
		key = s.endpoint
	case strings.Contains(told.Reason, "-per-issue-"):
		key = s.issue
		if key == "" {
			key = s.endpoint
		}
	}
	if told.Reason != "" {
		reason += " (" + told.Reason + ")"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for k, h := range l.held {
		if !h.until.After(now) {
			delete(l.held, k)
		}
	}
	if until := now.Add(told.Retry); until.After(l.held[key].until) {
		l.held[key] = hold{until: until, reason: reason}
	}
}
