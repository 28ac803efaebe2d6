package github

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// secondary is how long to wait where GitHub does not say
	// (https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
	secondary = time.Minute
	// longest bounds what is waited for: the account's limit is renewed each hour.
	longest = time.Hour
)

func limitsOf(h http.Header) Limits {
	l := Limits{Remaining: -1}
	if n, err := strconv.ParseInt(h.Get("X-Ratelimit-Remaining"), 10, 64); err == nil && n >= 0 {
		l.Remaining = n
	}
	if at, err := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64); err == nil && at > 0 && at < 1<<40 {
		l.Reset = time.Unix(at, 0)
	}
	return l
}

// limited tells for how long GitHub refuses because of too many requests; 0 if it
// refuses for another reason. It answers so with 429 or with 403.
func limited(status int, h http.Header, message string, now time.Time) time.Duration {
	if status != http.StatusTooManyRequests && status != http.StatusForbidden {
		return 0
	}
	limits := limitsOf(h)
	switch {
	case h.Get("Retry-After") != "":
		return retryAfter(h, now)
	case limits.Remaining == 0 && !limits.Reset.IsZero():
		return clamp(limits.Reset.Sub(now) + time.Second)
	case status == http.StatusTooManyRequests, strings.Contains(strings.ToLower(message), "rate limit"):
		return secondary
	}
	return 0
}

// retryAfter reads the header in both of its forms (RFC 9110, section 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil && seconds >= 0 {
		return clamp(time.Duration(seconds) * time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return clamp(at.Sub(now))
	}
	return secondary
}

func clamp(d time.Duration) time.Duration { return min(max(d, time.Second), longest) }
