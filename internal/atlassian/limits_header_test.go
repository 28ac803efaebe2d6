package atlassian

import (
	"net/http"
	"testing"
	"time"
)

func TestLimitsAreReadFromTheHeadersOfCloudAndDataCenter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		status int
		header map[string]string
		want   Limits
	}{
		"nothing":         {200, nil, Limits{Limit: -1, Remaining: -1}},
		"Cloud":           {200, map[string]string{"X-RateLimit-Limit": "350", "X-RateLimit-Remaining": "349", "X-RateLimit-NearLimit": "false"}, Limits{Limit: 350, Remaining: 349}},
		"near":            {200, map[string]string{"X-RateLimit-NearLimit": "true"}, Limits{Limit: -1, Remaining: -1, Near: true}},
		"reset":           {429, map[string]string{"X-RateLimit-Reset": "2026-01-02T03:05Z"}, Limits{Limit: -1, Remaining: -1, Retry: time.Minute}},
		"not refused":     {200, map[string]string{"Retry-After": "5"}, Limits{Limit: -1, Remaining: -1}},
		"new header":      {200, map[string]string{"Beta-RateLimit": `"global-app-quota";r=100;t=60, "tenant";r=7;t=60`}, Limits{Limit: -1, Remaining: 7}},
		"broken":          {200, map[string]string{"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": "-4", "RateLimit": `;;r=;r=x,r`}, Limits{Limit: -1, Remaining: -1}},
		"Data Center":     {429, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Interval-Seconds": "30"}, Limits{Limit: -1, Remaining: 0, Retry: 30 * time.Second}},
		"DC, tokens left": {429, map[string]string{"retry-after": "0", "X-RateLimit-Interval-Seconds": "30"}, Limits{Limit: -1, Remaining: -1}},
		"quota":           {429, map[string]string{"RateLimit-Reason": "jira-quota-tenant-based"}, Limits{Limit: -1, Remaining: -1, Reason: "jira-quota-tenant-based", Retry: 56 * time.Minute}},
		"absurd":          {429, map[string]string{"Retry-After": "50000"}, Limits{Limit: -1, Remaining: -1, Retry: time.Hour}},
		"their clock":     {429, map[string]string{"Retry-After": "Fri, 02 Jan 2026 10:00:30 GMT", "Date": "Fri, 02 Jan 2026 10:00:00 GMT"}, Limits{Limit: -1, Remaining: -1, Retry: 30 * time.Second}},
		"unavailable":     {503, map[string]string{"Retry-After": "9"}, Limits{Limit: -1, Remaining: -1, Retry: 9 * time.Second}},
	} {
		if got := readLimits(answer("GET", tt.status, tt.header, ""), now); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

func FuzzReadLimits(f *testing.F) {
	f.Add("5", "", "", "", "", "")
	f.Add("Fri, 02 Jan 2026 03:05:00 GMT", "2026-01-02T03:04:30Z", "0", "jira-quota-global-based", "60", `"q";r=1;t=2`)
	f.Add("-1", "2026-01-02T03:05Z", "99999999999999999999", "jira-burst-based", "NaN", "r=-1")
	f.Add("1e308", "", "", "", "1e308", ";,;r=")
	f.Fuzz(func(t *testing.T, after, reset, left, reason, interval, list string) {
		h := http.Header{}
		h.Set("Retry-After", after)
		h.Set("X-RateLimit-Reset", reset)
		h.Set("X-RateLimit-Remaining", left)
		h.Set("RateLimit-Reason", reason)
		h.Set("X-RateLimit-Interval-Seconds", interval)
		h.Set("RateLimit", list)
		l := readLimits(&http.Response{StatusCode: 429, Header: h}, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
		if l.Retry < 0 || l.Retry > maxRetryAfter || l.Remaining < -1 {
			t.Errorf("%+v", l)
		}
	})
}
