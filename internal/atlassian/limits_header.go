package atlassian

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits is what an answer tells about how much more the site will take
// (https://developer.atlassian.com/cloud/jira/platform/rate-limiting/; Data
// Center has the X-RateLimit headers too).
type Limits struct {
	// Limit and Remaining are requests or points; -1 if the answer does not tell.
	Limit     int
	Remaining int
	// Near is true if less than a fifth is left.
	Near bool
	// Reason is which limit was reached, such as "jira-quota-tenant-based"; only
	// with status 429.
	Reason string
	// Retry is how long the answer asks to wait; 0 if it does not.
	Retry time.Duration
}

func readLimits(resp *http.Response, now time.Time) Limits {
	h := resp.Header
	l := Limits{
		Limit:     count(h.Get("X-RateLimit-Limit")),
		Remaining: count(h.Get("X-RateLimit-Remaining")),
		Near:      strings.EqualFold(h.Get("X-RateLimit-NearLimit"), "true"),
		Reason:    h.Get("RateLimit-Reason"),
	}
	if l.Remaining < 0 {
		l.Remaining = leastLeft(h)
	}
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		l.Retry = asked(h, now)
	}
	return l
}

// count reads a number that cannot be negative; else it is -1.
func count(raw string) int {
	n, err := strconv.Atoi(strings.TrimSpace(raw))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// leastLeft reads the newer header RateLimit, a list such as
// "global-app-quota";r=100;t=60, of which the smallest r counts; else it is -1.
func leastLeft(h http.Header) int {
	least := -1
	for _, line := range append(h.Values("RateLimit"), h.Values("Beta-RateLimit")...) {
		for part := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == ';' || r == ',' }) {
			value, ok := strings.CutPrefix(strings.TrimSpace(part), "r=")
			if n := count(value); ok && n >= 0 && (least < 0 || n < least) {
				least = n
			}
		}
	}
	return least
}

// maxRetryAfter is where a wish to wait becomes absurd. The longest sane one is
// Cloud's hourly quota.
const maxRetryAfter = time.Hour

// asked is how long an answer wishes that we wait, at most maxRetryAfter; 0 if
// it tells nothing that makes sense.
func asked(h http.Header, now time.Time) time.Duration {
	if d := retryAfter(h, now); d > 0 || h.Get("Retry-After") == "0" {
		return min(d, maxRetryAfter)
	}
	if seconds, err := strconv.ParseFloat(h.Get("X-RateLimit-Interval-Seconds"), 64); err == nil {
		return min(sane(seconds), maxRetryAfter) // Data Center fills its bucket that often
	}
	if quota(h.Get("RateLimit-Reason")) {
		return now.Truncate(time.Hour).Add(time.Hour).Sub(now) // quotas begin anew with each hour
	}
	return 0
}

// quota reports whether a reason is about a quota, which the whole site shares.
func quota(reason string) bool { return strings.Contains(reason, "-quota-") }

// retryAfter reads Retry-After, in seconds or as a date (RFC 9110, 10.2.3), or
// else Cloud's X-RateLimit-Reset, a time. What makes no sense is 0. Times are
// compared with the answer's own Date, so that our clock does not matter.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	if raw := strings.TrimSpace(h.Get("Retry-After")); raw != "" {
		if seconds, err := strconv.ParseFloat(raw, 64); err == nil {
			return sane(seconds)
		}
		if at, err := http.ParseTime(raw); err == nil {
			return sane(at.Sub(now).Seconds())
		}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, h.Get("X-RateLimit-Reset")); err == nil {
			return sane(at.Sub(now).Seconds())
		}
	}
	return 0
}

// sane drops times that nobody can mean: negative, not a number, over a day.
func sane(seconds float64) time.Duration {
	if math.IsNaN(seconds) || seconds < 0 || seconds > 24*60*60 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}
