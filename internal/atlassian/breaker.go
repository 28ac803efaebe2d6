package atlassian

import (
	"fmt"
	"sync"
	"time"
)

// BreakerConfig says when a site counts as away: Failures attempts in a row
// without an answer or with a server's failure (5xx other than 501). From then on
// requests fail at once for Pause, after which one goes out to see; while that
// fails too the pause doubles up to LongestPause. Zero values are 10 failures,
// 10 seconds and 2 minutes.
type BreakerConfig struct {
	Failures     int
	Pause        time.Duration
	LongestPause time.Duration
}

// Health is whether a site answers.
type Health struct {
	// Away is true while requests are not sent since the site does not answer.
	Away bool
	// Probing is true while a request is out to see whether the site is back.
	Probing bool
	// Since is when the site was last found away, and Until when it is asked again.
	Since, Until time.Time
	// Failures is how many attempts have failed in a row, and Cause the last
	// one's reason.
	Failures int
	Cause    string
}

// verdict is what an attempt says about the site.
type verdict int

const (
	// unknown is an attempt that tells nothing: it was given up or never sent.
	unknown verdict = iota
	answering
	away
)

// breaker keeps us from asking a site that is away. It has three states: closed
// (cfg.Failures not reached), open (until is ahead), half open (until is over,
// one probe at a time).
type breaker struct {
	cfg BreakerConfig

	mu       sync.Mutex
	failures int
	pause    time.Duration // 0 while closed
	since    time.Time
	until    time.Time
	probing  bool
	cause    string
}

func newBreaker(cfg BreakerConfig) *breaker {
	if cfg.Failures <= 0 {
		cfg.Failures = 10
	}
	if cfg.Pause <= 0 {
		cfg.Pause = 10 * time.Second
	}
	if cfg.LongestPause <= 0 {
		cfg.LongestPause = 2 * time.Minute
	}
	return &breaker{cfg: cfg}
}

// allow reports nil and a function to be told of the attempt's end, or why none
// is to be made now.
func (b *breaker) allow() (func(verdict, string), *PausedError) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pause == 0 {
		return b.report(false), nil
	}
	left := time.Until(b.until)
	if left > 0 || b.probing {
		return nil, &PausedError{
			Reason: fmt.Sprintf("the site is away since %s (%s)", b.since.UTC().Format(time.TimeOnly), b.cause),
			For:    max(left, time.Second),
		}
	}
	b.probing = true
	return b.report(true), nil
}

func (b *breaker) report(probe bool) func(verdict, string) {
	return func(v verdict, cause string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if probe {
			b.probing = false
		}
		switch v {
		case unknown:
		case answering:
			b.failures, b.pause, b.cause = 0, 0, ""
		case away:
			b.fail(probe, cause)
		}
	}
}

// fail counts a failure. Those of requests that were out already when the
// breaker opened do not prolong it.
func (b *breaker) fail(probe bool, cause string) {
	b.failures++
	b.cause = cause
	switch {
	case b.pause == 0 && b.failures >= b.cfg.Failures:
		b.pause, b.since = b.cfg.Pause, time.Now()
	case probe:
		b.pause = min(2*b.pause, b.cfg.LongestPause)
	default:
		return
	}
	b.until = time.Now().Add(b.pause)
}

func (b *breaker) health() Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := Health{Away: b.pause > 0, Probing: b.probing, Failures: b.failures, Cause: b.cause}
	if h.Away {
		h.Since, h.Until = b.since, b.until
	}
	return h
}
