package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/wire"
	"time"
)

// post posts a comment as the bot, and reports a cut connection as an error.
func (s *site) comment(key, text string) (answer, error) {
	u, _ := s.User("bot")
	body, _ := json.Marshal(map[string]string{"body": text})
	return s.try("POST", "/rest/api/2/issue/"+key+"/comment", string(body), basic(u))
}

func TestFaultsPlayTheirEffect(t *testing.T) {
	for name, c := range map[string]struct {
		fault   Fault
		status  int
		cut     bool
		applied int
	}{
		"rate limited":    {Fault{Effect: Answer, Status: 429, RetryAfter: "3", Reason: "jira-burst-based"}, 429, false, 0},
		"bad gateway":     {Fault{Effect: Answer, Status: 502}, 502, false, 0},
		"answer lost":     {Fault{Effect: Answer, Status: 502, After: true}, 502, false, 1},
		"cut before":      {Fault{Effect: CutBefore}, 0, true, 0},
		"cut after":       {Fault{Effect: CutAfter}, 0, true, 1},
		"malformed":       {Fault{Effect: Malformed}, 201, false, 1},
		"late":            {Fault{Effect: Latency, LatencyMS: 1}, 201, false, 1},
		"other method":    {Fault{Effect: CutBefore, Method: "GET"}, 201, false, 1},
		"part of method":  {Fault{Effect: CutBefore, Method: "POS"}, 201, false, 1},
		"other path":      {Fault{Effect: CutBefore, Path: "/worklog$"}, 201, false, 1},
		"after the first": {Fault{Effect: CutBefore, Skip: 1}, 201, false, 1},
		"matching":        {Fault{Effect: CutBefore, Method: "POST|PUT", Path: "/comment$"}, 0, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, Options{})
			key := s.issue(NewIssue{})
			if _, err := s.AddFault(c.fault); err != nil {
				t.Fatal(err)
			}
			a, err := s.comment(key, "x")
			if (err != nil) != c.cut || a.status != c.status {
				t.Fatalf("status %d, error %v", a.status, err)
			}
			if n := len(s.snapshot(key).Comments); n != c.applied {
				t.Errorf("%d comments, want %d", n, c.applied)
			}
			if c.fault.Effect == Malformed && json.Valid([]byte(a.raw)) {
				t.Errorf("the body is valid: %s", a.raw)
			}
			if c.fault.RetryAfter != "" && (a.header.Get("Retry-After") != "3" || a.header.Get("RateLimit-Reason") != "jira-burst-based") {
				t.Errorf("headers %v", a.header)
			}
			last := s.Requests()[len(s.Requests())-1]
			if want := map[int]int{0: 0, 1: 201}[c.applied]; last.Applied != want || last.Status != c.status || !last.Done {
				t.Errorf("logged %+v", last)
			}
		})
	}
}

func TestFaultsKeepToCountAndFraction(t *testing.T) {
	run := func() (string, int) {
		s := newSite(t, Options{})
		key := s.issue(NewIssue{})
		for _, f := range []Fault{{Effect: Answer, Status: 503, Fraction: 0.3, Path: "/comment"}, {Effect: Answer, Status: 429, Count: 2, Path: "/comment"}} {
			if _, err := s.AddFault(f); err != nil {
				t.Fatal(err)
			}
		}
		var b strings.Builder
		for range 200 {
			a, err := s.comment(key, "x")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(&b, a.status, " ")
		}
		return b.String(), len(s.snapshot(key).Comments)
	}
	first, applied := run()
	second, _ := run()
	if first != second {
		t.Error("the same seed plays differently")
	}
	if n := strings.Count(first, "429"); n != 2 {
		t.Errorf("%d answers of 429, want 2", n)
	}
	if n := strings.Count(first, "503"); n < 30 || n > 90 {
		t.Errorf("%d of 200 struck by a fraction of 0.3", n)
	}
	if n := strings.Count(first, "201"); n != applied {
		t.Errorf("%d successes, %d comments", n, applied)
	}
}

func TestFaultsThatMakeNoSenseAreRefused(t *testing.T) {
	s := newSite(t, Options{})
	for _, f := range []Fault{
		{}, {Effect: "explode"}, {Effect: Answer}, {Effect: Answer, Status: 200}, {Effect: Latency}, {Effect: CutAfter, Fraction: 2},
		{Effect: CutAfter, Path: "("}, {Effect: CutAfter, Method: "["}, {Effect: CutAfter, Count: -1},
	} {
		if _, err := s.AddFault(f); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
	f, err := s.AddFault(Fault{Effect: CutAfter})
	if err != nil || len(s.Faults()) != 1 {
		t.Fatal(f, err)
	}
	if !s.RemoveFault(f.ID) || s.RemoveFault(f.ID) {
		t.Error("removing does not tell whether there was one")
	}
}

func TestHoldStopsARequestAtItsPoint(t *testing.T) {
	for when, applied := range map[string]int{"before": 0, "after": 1} {
		t.Run(when, func(t *testing.T) {
			s := newSite(t, Options{})
			key := s.issue(NewIssue{})
			h, err := s.AddHold(Hold{Method: "POST", Path: "/comment$", When: when, Count: 1})
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan answer)
			go func() {
				a, _ := s.comment(key, "x")
				done <- a
			}()
			state, err := s.Caught(t.Context(), h.ID, 1)
			if err != nil || state.Waiting != 1 {
				t.Fatal(state, err)
			}
			if n := len(s.snapshot(key).Comments); n != applied {
				t.Errorf("held with %d comments, want %d", n, applied)
			}
			if !s.Release(h.ID) || s.Release(h.ID) {
				t.Error("releasing does not tell whether there was a hold")
			}
			if a := <-done; a.status != 201 || len(s.snapshot(key).Comments) != 1 {
				t.Errorf("released: %d", a.status)
			}
		})
	}
}

// abandoned starts a held comment whose client gives up, as a killed one does.
func abandoned(t *testing.T, s *site, key string, h Hold) {
	t.Helper()
	added, err := s.AddHold(h)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	u, _ := s.User("bot")
	go func() {
		_, err := s.try("POST", "/rest/api/2/issue/"+key+"/comment", `{"body":"x"}`, withContext(ctx, basic(u)))
		done <- err
	}()
	if _, err := s.Caught(t.Context(), added.ID, 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if !h.Late {
		s.until(func() bool { state, _ := s.Caught(t.Context(), added.ID, 1); return state.Waiting == 0 })
	}
	s.Release(added.ID)
}

func TestHeldRequestOfADeadClientIsDropped(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	abandoned(t, s, key, Hold{Path: "/comment$"})
	s.until(func() bool { r := s.Requests(); return r[len(r)-1].Done })
	if n := len(s.snapshot(key).Comments); n != 0 {
		t.Errorf("%d comments", n)
	}
}

func TestLateRequestOfADeadClientIsCarriedOut(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	abandoned(t, s, key, Hold{Path: "/comment$", Late: true})
	s.until(func() bool { return len(s.snapshot(key).Comments) == 1 })
}

func TestHoldsSkipAndCount(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	h, err := s.AddHold(Hold{Path: "/comment$", Skip: 1, Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := s.comment(key, "passes"); err != nil || a.status != 201 {
		t.Fatal(a, err)
	}
	go func() { _, _ = s.comment(key, "held") }()
	if _, err := s.Caught(t.Context(), h.ID, 1); err != nil {
		t.Fatal(err)
	}
	if a, err := s.comment(key, "passes too"); err != nil || a.status != 201 {
		t.Fatal(a, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := s.Caught(ctx, h.ID, 2); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a second: %v", err)
	}
	if _, err := s.Caught(t.Context(), "hold-9", 1); err == nil {
		t.Error("an unknown hold is waited for")
	}
	for _, bad := range []Hold{{When: "during"}, {Path: "("}, {Method: "("}} {
		if _, err := s.AddHold(bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestPerIssueWritesAreLimitedWhenAsked(t *testing.T) {
	c := newClock()
	s := newSite(t, Options{LimitWrites: true, Now: c.now})
	key, other := s.issue(NewIssue{}), s.issue(NewIssue{})
	c.add(time.Minute)
	for n := range 21 {
		a, err := s.comment(key, "x")
		want := 201
		if n == 20 {
			want = 429
		}
		if err != nil || a.status != want {
			t.Fatalf("write %d: %d, %v", n, a.status, err)
		}
		if n == 20 && a.header.Get("RateLimit-Reason") != "jira-per-issue-on-write" {
			t.Errorf("headers %v", a.header)
		}
	}
	if a, err := s.comment(other, "x"); err != nil || a.status != 201 {
		t.Errorf("another issue: %d, %v", a.status, err)
	}
	c.add(3 * time.Second)
	if a, err := s.comment(key, "x"); err != nil || a.status != 201 {
		t.Errorf("after the window: %d, %v", a.status, err)
	}
}

func TestHugeBodiesAreRefused(t *testing.T) {
	s := newSite(t, Options{})
	a := s.do("POST", "/rest/api/2/issue", `"`+strings.Repeat("x", maxBody)+`"`)
	if a.status != 413 {
		t.Errorf("status %d", a.status)
	}
	if body := s.Requests()[0].Body; len(body) > wire.MaxLogged {
		t.Errorf("the log keeps %d bytes", len(body))
	}
}
