package telemetry

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestTheBacklogIsReadAtEachScrape(t *testing.T) {
	m := NewMetrics("1.0.0")
	var trouble error
	m.WatchBacklog(func(ctx context.Context) (Backlog, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("a scrape may take for ever")
		}
		return Backlog{Runs: map[string]int64{"queued": 3, "waiting": 1}, Oldest: 90 * time.Second, Leads: true}, trouble
	})
	scrape := func() string {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		return w.Body.String()
	}
	got := scrape()
	for _, want := range []string{`aof_runs_open{state="queued"} 3`, `aof_runs_open{state="waiting"} 1`, "aof_run_queue_age_seconds 90", "aof_leader 1"} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("the metrics leave out %s", want)
		}
	}
	trouble = errors.New("away")
	if got := scrape(); strings.Contains(got, "aof_runs_open") || !strings.Contains(got, "aof_build_info") {
		t.Errorf("while the database is away the metrics are\n%s", got)
	}
}
