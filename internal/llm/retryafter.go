package llm

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxWait bounds what a provider may ask to wait; more is a mistake or means
// that waiting is no cure.
const maxWait = time.Hour

// retryAfter reads how long to wait from the headers: retry-after-ms, which
// OpenAI and Azure send, or Retry-After as seconds or a date (RFC 9110, 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, ok := parseWait(h.Get("Retry-After-Ms"), time.Millisecond); ok {
		return ms
	}
	v := strings.TrimSpace(h.Get("Retry-After"))
	if s, ok := parseWait(v, time.Second); ok {
		return s
	}
	if at, err := http.ParseTime(v); err == nil {
		return clampWait(at.Sub(now))
	}
	return 0
}

func parseWait(v string, unit time.Duration) (time.Duration, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
	if err != nil || !(f >= 0) {
		return 0, false
	}
	if f > float64(maxWait/unit) {
		return maxWait, true
	}
	return time.Duration(f * float64(unit)), true
}

func clampWait(d time.Duration) time.Duration {
	return min(max(d, 0), maxWait)
}

// waitInText finds "try again in 1m2.5s", as OpenAI and Groq write it, or "retry
// after 20 seconds", as Azure does.
func waitInText(text string) time.Duration {
	text = strings.ToLower(text)
	for _, lead := range []string{"try again in ", "retry after ", "retry in "} {
		_, rest, found := strings.Cut(text, lead)
		if !found {
			continue
		}
		number, _, _ := strings.Cut(rest, " ")
		number = strings.TrimRight(number, ".,;")
		if d, err := time.ParseDuration(number); err == nil {
			return clampWait(d)
		}
		if d, ok := parseWait(number, time.Second); ok && strings.Contains(rest[:min(len(rest), 40)], "second") {
			return d
		}
	}
	return 0
}
