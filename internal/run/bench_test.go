package run_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// BenchmarkRuns measures runs of five steps that take no time, in strict order
// for each of 100 issues: claim, start, journal and end.
func BenchmarkRuns(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkRuns(b, "") })
	b.Run("postgres", func(b *testing.B) { benchmarkRuns(b, pgtest.Database(b)) })
}

func benchmarkRuns(b *testing.B, dsn string) {
	b.Helper()
	s := settings{limit: 10, dsn: dsn, triggers: []*manifest.Trigger{trigger("any", nil)}}
	h := newHouse(b, s)
	h.stop()
	h.exec.do = func(ctx context.Context, _ run.Task, j step.Journal) (run.Result, error) {
		for range 5 {
			if _, err := j.Do(ctx, step.KindTool, "t", func(context.Context, string) (step.Entry, error) {
				return step.Entry{Output: []byte(`"PROJ-1: a bug"`)}, nil
			}); err != nil {
				return run.Result{}, err
			}
		}
		return run.Result{Text: "done"}, nil
	}
	rev := store.Revision{Revision: "rev", Kind: "agent", Name: "helper", Text: "text"}
	for i := range b.N {
		r := store.Run{ID: fmt.Sprint("r", i), Source: "jira", Subject: fmt.Sprint("issue:", i%100), Project: "P", TargetKind: "agent",
			Target: "helper", Revision: "rev", Work: []byte(`{"event":{},"seed":"s"}`), State: store.StateQueued}
		if err := h.store.Admit(b.Context(), store.Lease{}, []store.Run{r}, []store.Revision{rev}); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	began := time.Now()
	h.start(s)
	for {
		counts, err := h.store.Counts(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if counts[store.StateSucceeded] == int64(b.N) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "runs/s")
	b.StopTimer()
	h.stop()
}

// BenchmarkDeliveries measures the way from a stored delivery to an admitted
// run, for events that need nothing asked.
func BenchmarkDeliveries(b *testing.B) {
	s := settings{limit: 1, triggers: []*manifest.Trigger{trigger("any", nil)}}
	h := newHouse(b, s)
	h.stop()
	h.exec.do = func(ctx context.Context, _ run.Task, _ step.Journal) (run.Result, error) {
		<-ctx.Done()
		return run.Result{}, ctx.Err()
	}
	for i := range b.N {
		h.send(created(fmt.Sprint(i % 100)))
	}
	b.ResetTimer()
	began := time.Now()
	h.start(s)
	for {
		counts, err := h.inbox.Counts(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if counts["routed"] == int64(b.N) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "deliveries/s")
	b.StopTimer()
	h.stop()
}
