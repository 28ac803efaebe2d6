package atlassian

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func writeTo(ctx context.Context, issue string) *http.Request {
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "https://x.atlassian.net/rest/api/2/issue/"+issue+"/comment", strings.NewReader("{}"))
	return req
}

func TestWritesToOneIssueStayBelowCloudsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{{status: 200}}, start: time.Now()}
		r := newRetrier(Config{Jitter: func() float64 { return 0 }}, s)
		var failure *Error
		writes := 0
		for ; writes < 200; writes++ {
			resp, err := r.RoundTrip(writeTo(t.Context(), "PROJ-1"))
			discard(resp)
			if errors.As(err, &failure) {
				break
			}
		}
		for i := range s.at {
			if i >= 20 && s.at[i]-s.at[i-20] < 2*time.Second {
				t.Fatalf("write %d is the 21st within 2s", i)
			}
		}
		// After 100 writes in 8 s the next may go at 30 s: too long to wait here.
		if writes != 100 || failure == nil || failure.RetryDelay() != 22*time.Second || !strings.Contains(failure.Error(), "PROJ-1") {
			t.Errorf("%d writes, then %v", writes, failure)
		}
		before := time.Now()
		for _, other := range []*http.Request{writeTo(t.Context(), "PROJ-2"), request(t.Context(), "GET"), request(AsRead(t.Context()), "POST")} {
			resp, err := r.RoundTrip(other)
			if err != nil {
				t.Error(err)
			}
			discard(resp)
		}
		if time.Since(before) != 0 {
			t.Error("other issues and reads had to wait")
		}
	})
}

func TestIssueRateForgetsIssues(t *testing.T) {
	r := issueRate{writes: map[string][]time.Time{}}
	now := time.Now()
	for i := range 5000 {
		now = now.Add(100 * time.Millisecond)
		r.record(fmt.Sprint("A-", i), now)
	}
	if len(r.writes) > 1000 {
		t.Errorf("%d issues are remembered", len(r.writes))
	}
}

func TestPausesCoverWhatTheSiteMeans(t *testing.T) {
	get := func(path string) *http.Request {
		req, _ := http.NewRequest(http.MethodGet, "https://x.atlassian.net/rest/api/2/"+path, nil)
		return req
	}
	for reason, want := range map[string][3]bool{ // whether same, twin and other have to wait
		"jira-quota-global-based":    {true, true, true},
		"jira-quota-tenant-based":    {true, true, true},
		"jira-burst-based":           {true, true, false},
		"jira-per-issue-on-write":    {true, false, false},
		"":                           {true, true, true},
		"something-new":              {true, true, true},
		"503":                        {true, true, true},
		"confluence-quota-app-based": {true, true, true},
	} {
		t.Run(reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				same, twin, other := writeTo(t.Context(), "A-1"), writeTo(t.Context(), "B-2"), get("field")
				first := reply{status: 429, header: map[string]string{"Retry-After": "60", "RateLimit-Reason": reason}}
				if reason == "503" {
					first = reply{status: 503, header: map[string]string{"Retry-After": "60"}}
				}
				s := &script{replies: []reply{first, {status: 200}}, start: time.Now()}
				r := newRetrier(Config{}, s)
				resp, err := r.RoundTrip(same)
				if err != nil || resp.StatusCode != first.status {
					t.Fatalf("err %v: a long pause is the caller's", err)
				}
				discard(resp)
				for i, req := range []*http.Request{same, twin, other} {
					resp, err := r.RoundTrip(req)
					discard(resp)
					var paused *PausedError
					if errors.As(err, &paused) != want[i] {
						t.Errorf("request %d: %v, want a pause: %v", i, err, want[i])
					}
					if paused != nil && (paused.For != time.Minute || !strings.Contains(paused.Reason, "asked for a pause")) {
						t.Errorf("%v", paused)
					}
				}
				time.Sleep(time.Minute)
				resp, err = r.RoundTrip(same)
				if err != nil {
					t.Errorf("after the pause: %v", err)
				}
				discard(resp)
			})
		})
	}
}

func TestAQuotaWithoutATimeEndsWithTheHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(45 * time.Minute) // the clock of synctest begins at midnight
		s := &script{replies: []reply{{status: 429, header: map[string]string{"RateLimit-Reason": "jira-quota-global-based"}}}, start: time.Now()}
		r := newRetrier(Config{}, s)
		resp, _ := r.RoundTrip(request(t.Context(), "GET"))
		discard(resp)
		_, failure := once(t, r, "GET")
		if failure == nil || failure.RetryDelay() != 15*time.Minute || len(s.bodies) != 1 {
			t.Errorf("%v after %d requests", failure, len(s.bodies))
		}
	})
}

func TestShortPausesAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{{status: 429, header: map[string]string{"Retry-After": "4"}}, {status: 200}}, start: time.Now()}
		r := newRetrier(Config{Jitter: func() float64 { return 0 }}, s)
		done := make(chan error)
		for range 3 {
			go func() {
				resp, err := r.RoundTrip(request(t.Context(), "GET"))
				discard(resp)
				done <- err
			}()
			time.Sleep(time.Second)
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		for i, at := range s.at[1:] {
			if at < 4*time.Second {
				t.Errorf("request %d went after %s, during the pause", i+1, at)
			}
		}
	})
}

func TestConcurrencyIsBoundedUntilAnswersAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{{status: 200}}, start: time.Now()}
		r := newRetrier(Config{Concurrency: 2}, s)
		var open []*http.Response
		for range 2 {
			resp, err := r.RoundTrip(request(t.Context(), "GET"))
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, resp)
		}
		_, failure := once(t, r, "GET")
		if failure == nil || failure.RetryDelay() != maxWait || !strings.Contains(failure.Error(), "2 requests") {
			t.Errorf("%v", failure)
		}
		_ = open[0].Body.Close()
		_ = open[0].Body.Close() // closing twice frees one slot
		if resp, failure := once(t, r, "GET"); failure != nil || resp == nil {
			t.Error(failure)
		}
		time.Sleep(DefaultTimeout) // an answer that nobody closes is given up
		for range 2 {
			resp, err := r.RoundTrip(request(t.Context(), "GET"))
			if err != nil {
				t.Error(err)
				continue
			}
			defer resp.Body.Close()
		}
	})
}

func TestScopes(t *testing.T) {
	for path, want := range map[string]scope{
		"/rest/api/2/issue/PROJ-12":                                            {"POST /rest/api/2/issue/*", "PROJ-12"},
		"/rest/api/3/issue/proj-12/comment/10001":                              {"POST /rest/api/3/issue/*/comment/*", "PROJ-12"},
		"/ex/jira/11223344-a1b2-3b33-c444-def123456789/rest/api/2/issue/10001": {"POST /ex/jira/*/rest/api/2/issue/*", "10001"},
		"/jira/rest/api/latest/issue/A_B-1/worklog":                            {"POST /jira/rest/api/latest/issue/*/worklog", "A_B-1"},
		"/rest/agile/1.0/issue/A-1/estimation":                                 {"POST /rest/agile/1.0/issue/*/estimation", "A-1"},
		"/rest/api/2/issue":                                                    {"POST /rest/api/2/issue", ""},
		"/rest/api/2/issue/bulk":                                               {"POST /rest/api/2/issue/bulk", ""},
		"/rest/api/2/search/jql":                                               {"POST /rest/api/2/search/jql", ""},
		"/rest/api/2/issue/A%2F1":                                              {"POST /rest/api/2/issue/*", ""},
	} {
		req, _ := http.NewRequest(http.MethodPost, "https://h"+path, nil)
		if got := scopeOf(req); got != want {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
	}
}

type witness struct{ seen []Attempt }

func (w *witness) Attempt(a Attempt) { w.seen = append(w.seen, a) }

func TestObserverSeesEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{
			{err: errReset},
			{status: 429, header: map[string]string{"Retry-After": "1", "X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "350", "RateLimit-Reason": "jira-burst-based", "X-RateLimit-NearLimit": "true"}},
			{status: 200},
		}, start: time.Now()}
		w := &witness{}
		r := newRetrier(Config{Observer: w}, s)
		once(t, r, "GET")
		if len(w.seen) != 3 || w.seen[0].Err == nil || w.seen[0].Limits.Remaining != -1 || w.seen[2].Status != 200 {
			t.Fatalf("%+v", w.seen)
		}
		want := Attempt{Method: "GET", Endpoint: "/rest/api/2/issue/*", Status: 429,
			Limits: Limits{Limit: 350, Remaining: 0, Near: true, Reason: "jira-burst-based", Retry: time.Second}}
		if w.seen[1] != want {
			t.Errorf("%+v", w.seen[1])
		}
	})
}

func TestAPauseThatIsAskedForMeanwhileHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{
			{status: 429, header: map[string]string{"Retry-After": "60"}, after: 500 * time.Millisecond}, {status: 200},
		}, start: time.Now()}
		r := newRetrier(Config{RequestsPerSecond: 1}, s)
		go once(t, r, "GET")
		synctest.Wait()
		_, failure := once(t, r, "GET") // waits for our own cap while the first is refused
		if failure == nil || failure.RetryDelay() < 59*time.Second || len(s.bodies) != 1 {
			t.Errorf("%v after %d requests", failure, len(s.bodies))
		}
	})
}

func TestThoseWhoWaitedTogetherDoNotGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jitter := 0.0
		s := &script{replies: []reply{{status: 200}}, start: time.Now()}
		r := newRetrier(Config{Jitter: func() float64 { jitter += 0.25; return jitter }}, s)
		r.limits.learn(scope{}, http.StatusTooManyRequests, Limits{Retry: 4 * time.Second})
		for range 3 {
			go once(t, r, "GET")
			synctest.Wait()
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		want := []time.Duration{4250 * time.Millisecond, 4500 * time.Millisecond, 4750 * time.Millisecond}
		if len(s.at) != 3 || s.at[0] != want[0] || s.at[1] != want[1] || s.at[2] != want[2] {
			t.Errorf("sent after %v, want %v", s.at, want)
		}
	})
}
