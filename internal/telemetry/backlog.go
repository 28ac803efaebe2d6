package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapeTimeout bounds what a scrape may ask of the database.
const scrapeTimeout = 2 * time.Second

// Backlog is what is open at the moment of a scrape.
type Backlog struct {
	// Runs counts open runs by state.
	Runs map[string]int64
	// Oldest is how long the first of the queued runs has waited; 0 if none does.
	Oldest time.Duration
	// Leads is true if this replica decides about deliveries.
	Leads bool
}

// WatchBacklog adds what read tells at each scrape. An error leaves the figures
// out of it: an old figure would look like a true one.
func (m *Metrics) WatchBacklog(read func(ctx context.Context) (Backlog, error)) {
	m.registry.MustRegister(&backlogCollector{
		read:   read,
		runs:   prometheus.NewDesc("aof_runs_open", "Runs that are not over, by state.", []string{"state"}, nil),
		oldest: prometheus.NewDesc("aof_run_queue_age_seconds", "How long the oldest queued run has waited.", nil, nil),
		leads:  prometheus.NewDesc("aof_leader", "1 on the replica that decides about deliveries.", nil, nil),
	})
}

type backlogCollector struct {
	read                func(ctx context.Context) (Backlog, error)
	runs, oldest, leads *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c *backlogCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.runs
	ch <- c.oldest
	ch <- c.leads
}

// Collect implements prometheus.Collector.
func (c *backlogCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	b, err := c.read(ctx)
	if err != nil {
		return
	}
	for state, n := range b.Runs {
		ch <- prometheus.MustNewConstMetric(c.runs, prometheus.GaugeValue, float64(n), state)
	}
	ch <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, b.Oldest.Seconds())
	leads := 0.0
	if b.Leads {
		leads = 1
	}
	ch <- prometheus.MustNewConstMetric(c.leads, prometheus.GaugeValue, leads)
}
