package atlassian

import "time"

// Cloud takes at most 20 writes to an issue in 2 seconds and 100 in 30
// (https://developer.atlassian.com/cloud/jira/platform/rate-limiting/).
const (
	shortWrites = 20
	shortWindow = 2 * time.Second
	longWrites  = 100
	longWindow  = 30 * time.Second
)

// issueRate remembers when issues were written to.
type issueRate struct {
	// writes are the times of the last longWrites writes, the oldest first.
	writes map[string][]time.Time
}

// wait returns how long a write to the issue has to wait.
func (r *issueRate) wait(issue string, now time.Time) time.Duration {
	times := r.writes[issue]
	free := now
	if n := len(times); n >= shortWrites {
		free = later(free, times[n-shortWrites].Add(shortWindow))
	}
	if n := len(times); n >= longWrites {
		free = later(free, times[n-longWrites].Add(longWindow))
	}
	return free.Sub(now)
}

// record notes a write, and forgets issues that were not written to lately.
func (r *issueRate) record(issue string, now time.Time) {
	if len(r.writes) >= 1000 {
		for key, times := range r.writes {
			if now.Sub(times[len(times)-1]) > longWindow {
				delete(r.writes, key)
			}
		}
	}
	times := r.writes[issue]
	times = append(times, now)
	r.writes[issue] = times[max(0, len(times)-longWrites):]
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
