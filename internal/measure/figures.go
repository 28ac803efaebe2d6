package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// startUp measures the time to the first accepted webhook and the idle memory,
// with the two manifests of the load and with a thousand more.
func startUp(ctx context.Context, binary string) (string, error) {
	var text strings.Builder
	for _, extra := range []int{0, 1000} {
		took, rss, err := startWith(ctx, binary, extra)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&text, "%d manifests: first 2xx after %d ms, idle %.0f MB RSS; ", 2+extra, took.Milliseconds(), rss)
	}
	return text.String(), nil
}

func startWith(ctx context.Context, binary string, extra int) (time.Duration, float64, error) {
	s, err := newSite(ctx, 1)
	if err != nil {
		return 0, 0, err
	}
	defer s.stop()
	for i := range extra {
		name := fmt.Sprintf("extra-%d", i)
		kind, spec := "Trigger", fmt.Sprintf("{type: Jira, config: {events: [issue_created], filters: {projects: [P%d]}}, default_agent: load}", i)
		if i%2 == 1 {
			kind, spec = "Agent", `{model: "sandbox:script", instructions: "Look at {{ metadata.issue_key }}.", tools: [jira]}`
		}
		if err := s.write(fmt.Sprintf("%ss/%s.yaml", map[string]string{"Trigger": "trigger", "Agent": "agent"}[kind], name), manifest(kind, name, spec)); err != nil {
			return 0, 0, err
		}
	}
	took, err := s.start(ctx, binary)
	if err != nil {
		return 0, 0, err
	}
	time.Sleep(3 * time.Second) // what start-up needed is given back
	rss, err := s.memory("VmRSS")
	return took, rss, err
}

// firstModelCall measures the time from sending a webhook to an idle daemon to
// its first request to the model.
func firstModelCall(ctx context.Context, binary string) (string, error) {
	const n = 100
	s, err := newSite(ctx, 1)
	if err != nil {
		return "", err
	}
	defer s.stop()
	if _, err := s.start(ctx, binary); err != nil {
		return "", err
	}
	var took []time.Duration
	for i := range n {
		s.box.Model.Reset()
		sent := time.Now()
		if err := s.send(ctx, "LOAD", 1, i+1); err != nil {
			return "", err
		}
		if err := s.await(ctx, int64(i+1)); err != nil {
			return "", err
		}
		took = append(took, s.box.Model.Requests()[0].Time.Sub(sent))
	}
	return "webhook sent to first model request, idle: " + spread(took), nil
}

// runsPerSecond measures runs of five steps with a model and a Jira that answer
// at once, in strict order for each of 200 issues.
func runsPerSecond(ctx context.Context, binary string) (string, error) {
	const issues, each = 200, 10
	s, err := newSite(ctx, issues)
	if err != nil {
		return "", err
	}
	defer s.stop()
	if _, err := s.start(ctx, binary); err != nil {
		return "", err
	}
	began := time.Now()
	for n := range each {
		for issue := 1; issue <= issues; issue++ {
			if err := s.send(ctx, "LOAD", issue, n+1); err != nil {
				return "", err
			}
		}
	}
	if err := s.await(ctx, issues*each); err != nil {
		return "", err
	}
	took := time.Since(began)
	peak, err := s.memory("VmHWM")
	return fmt.Sprintf("%d runs of 5 steps on %d issues in %.1f s: %.0f runs/s, peak %.0f MB RSS (sandbox on the same cores)",
		issues*each, issues, took.Seconds(), issues*each/took.Seconds(), peak), err
}

// mixedLoad measures answers at 1,000 webhooks a second, of which 20 start runs.
func mixedLoad(ctx context.Context, binary string) (string, error) {
	const rate, seconds, every = 1000, 10, 50
	s, err := newSite(ctx, 200)
	if err != nil {
		return "", err
	}
	defer s.stop()
	if _, err := s.start(ctx, binary); err != nil {
		return "", err
	}
	took, err := s.openLoop(ctx, rate, rate*seconds, func(i int) (string, int, int) {
		if i%every == 0 {
			return "LOAD", 1 + i/every%200, i + 1
		}
		return "IGNORED", i % 500, i + 1
	})
	if err != nil {
		return "", err
	}
	if err := s.await(ctx, rate*seconds/every); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d/s for %d s, %d of them/s start runs: answers %s", rate, seconds, rate/every, spread(took)), nil
}

// burst measures 10,000 webhooks in 10 s that all start runs, until the last of
// them is done.
func burst(ctx context.Context, binary string) (string, error) {
	const rate, total = 1000, 10_000
	s, err := newSite(ctx, 500)
	if err != nil {
		return "", err
	}
	defer s.stop()
	if _, err := s.start(ctx, binary); err != nil {
		return "", err
	}
	began := time.Now()
	took, err := s.openLoop(ctx, rate, total, func(i int) (string, int, int) { return "LOAD", 1 + i%500, i + 1 })
	if err != nil {
		return "", err
	}
	peak, err := s.memory("VmHWM")
	if err != nil {
		return "", err
	}
	if err := s.await(ctx, total); err != nil {
		return "", err
	}
	all, err := s.memory("VmHWM")
	return fmt.Sprintf("%d events in %d s, all start runs: answers %s, peak %.0f MB RSS; all done after %.0f s, peak %.0f MB",
		total, total/rate, spread(took), peak, time.Since(began).Seconds(), all), err
}

// openLoop sends at a fixed rate, whether or not earlier ones were answered.
func (s *site) openLoop(ctx context.Context, rate, total int, what func(i int) (project string, issue, n int)) ([]time.Duration, error) {
	took := make([]time.Duration, total)
	errs := make([]error, total)
	var wg sync.WaitGroup
	began := time.Now()
	for i := range total {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		wg.Go(func() {
			project, issue, n := what(i)
			errs[i] = s.send(ctx, project, issue, n)
			took[i] = time.Since(due)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return took, nil
}

// await waits until so many runs have succeeded and nothing waits in the inbox.
func (s *site) await(ctx context.Context, n int64) error {
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		status, err := s.daemon().Status(ctx)
		if err != nil {
			return err
		}
		if status.Runs[store.StateFailed]+status.Runs[store.StateRejected] > 0 {
			return fmt.Errorf("runs failed: %v", status.Runs)
		}
		if status.Runs[store.StateSucceeded] >= n && status.Deliveries[inbox.StateReceived] == 0 {
			return nil
		}
	}
	return fmt.Errorf("timed out waiting for %d runs to succeed", n)
}

func spread(took []time.Duration) string {
	slices.Sort(took)
	at := func(q float64) float64 {
		return float64(took[min(int(q*float64(len(took))), len(took)-1)].Microseconds()) / 1000
	}
	return fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, max %.1f ms", at(0.5), at(0.99), at(1))
}
