package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/aofctl/aofctl/internal/step"
)

// Metrics are the daemon's counters, for Prometheus. Labels are bounded: names
// of manifests and outcomes, never issue keys.
type Metrics struct {
	registry   *prometheus.Registry
	webhooks   *prometheus.CounterVec
	ack        prometheus.Histogram
	deliveries *prometheus.CounterVec
	runs       *prometheus.CounterVec
	duration   *prometheus.HistogramVec
	steps      *prometheus.HistogramVec
	tools      *prometheus.CounterVec
	tokens     *prometheus.CounterVec
	cost       *prometheus.CounterVec
	reloads    *prometheus.CounterVec
	reconciled *prometheus.CounterVec
	heard      *prometheus.GaugeVec
	silent     *prometheus.GaugeVec
	jira       *prometheus.CounterVec
	jiraTook   *prometheus.HistogramVec
	jiraLeft   *prometheus.GaugeVec
	github     *prometheus.CounterVec
	githubLeft prometheus.Gauge
	a2a        *prometheus.CounterVec
	a2aTook    *prometheus.HistogramVec
	tokensSeen *prometheus.CounterVec
	keys       *prometheus.CounterVec
}

// NewMetrics makes the metrics; version is the program's.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		webhooks:   counter("aof_webhook_requests_total", "Webhook requests by source and outcome.", "source", "outcome"),
		deliveries: counter("aof_deliveries_total", "Stored deliveries by source and what became of them.", "source", "state"),
		runs:       counter("aof_runs_total", "Runs by target and final state.", "target_kind", "target", "state"),
		tools:      counter("aof_tool_calls_total", "Tool calls by tool and outcome.", "tool", "outcome"),
		tokens:     counter("aof_llm_tokens_total", "Tokens by model and direction.", "model", "direction"),
		cost:       counter("aof_llm_cost_usd_total", "Cost of model calls with a known price, in dollars.", "model"),
		heard:      gauge("aof_webhook_last_timestamp_seconds", "When a webhook of the site came last, on any replica, in seconds since 1970.", "source"),
		silent:     gauge("aof_webhook_silent", "1 if no webhook came for longer than the site's expect_event_every, else 0.", "source"),
		reconciled: counter("aof_reconcile_changes_total", "Changes that were looked at because their webhooks might be missing, by what came of it.", "site", "outcome"),
		reloads:    counter("aof_catalog_reloads_total", "Reloads of the manifests by outcome.", "outcome"),
		jira:       counter("aof_jira_requests_total", "Requests to Jira, each try counted, by site, method and status (0 without an answer).", "site", "method", "status"),
		github:     counter("aof_github_requests_total", "Requests to GitHub by method and status (0 without an answer).", "method", "status"),
		githubLeft: prometheus.NewGauge(prometheus.GaugeOpts{Name: "aof_github_limit_remaining", Help: "What the last answer that told said is left of GitHub's rate limit."}),
		tokensSeen: counter("aof_forge_tokens_total", "Invocation tokens of Forge by what was wrong with them (ok for nothing).", "outcome"),
		keys:       counter("aof_forge_key_requests_total", "Requests for the keys that Forge signs with, by outcome.", "outcome"),
		a2a:        counter("aof_a2a_requests_total", "Requests of A2A by dialect, operation and error code (0 for none).", "dialect", "operation", "code"),
		a2aTook: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "aof_a2a_request_seconds",
			Help: "Time until a request of A2A was answered; of streams, how long they lasted.", Buckets: prometheus.ExponentialBuckets(0.001, 3, 14)}, []string{"operation"}),
		jiraTook: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "aof_jira_request_seconds",
			Help: "Time until Jira's answer began.", Buckets: prometheus.ExponentialBuckets(0.01, 2, 12)}, []string{"site"}),
		jiraLeft: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "aof_jira_limit_remaining",
			Help: "What the last answer that told said is left of Jira's rate limit."}, []string{"site"}),
		ack: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "aof_webhook_ack_seconds",
			Help: "Time from the last byte of a webhook to its answer.", Buckets: prometheus.ExponentialBuckets(0.0002, 2, 14)}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "aof_run_seconds",
			Help: "Time from a run's first start to its end.", Buckets: prometheus.ExponentialBuckets(0.05, 2, 15)}, []string{"target_kind"}),
		steps: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "aof_step_seconds",
			Help: "Time of a step, retries included.", Buckets: prometheus.ExponentialBuckets(0.002, 2, 16)}, []string{"kind"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "aof_build_info", Help: "Always 1; the version is a label.",
		ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	m.registry.MustRegister(build, m.webhooks, m.ack, m.deliveries, m.runs, m.duration, m.steps, m.tools, m.tokens, m.cost,
		m.reloads, m.reconciled, m.heard, m.silent, m.jira, m.jiraTook, m.jiraLeft, m.github, m.githubLeft, m.a2a, m.a2aTook, m.tokensSeen, m.keys, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}

// Handler serves the metrics in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Gauge adds a figure that is read when the metrics are.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// Webhook counts a request by its outcome, such as accepted or bad_signature.
func (m *Metrics) Webhook(source, outcome string) { m.webhooks.WithLabelValues(source, outcome).Inc() }

// Acknowledged observes how long an answer took.
func (m *Metrics) Acknowledged(took time.Duration) { m.ack.Observe(took.Seconds()) }

// Delivery counts what became of a stored delivery.
func (m *Metrics) Delivery(source, state string) { m.deliveries.WithLabelValues(source, state).Inc() }

// Run counts the end of a run.
func (m *Metrics) Run(kind, target, state string, took time.Duration) {
	m.runs.WithLabelValues(kind, target, state).Inc()
	m.duration.WithLabelValues(kind).Observe(took.Seconds())
}

// Reload counts a reload of the manifests.
func (m *Metrics) Reload(ok bool) {
	m.reloads.WithLabelValues(outcomeOf(ok)).Inc()
}

// Reconciled counts changes of a site: those that no webhook had told, and those
// that one had.
func (m *Metrics) Reconciled(site string, found, told int) {
	m.reconciled.WithLabelValues(site, "found").Add(float64(found))
	m.reconciled.WithLabelValues(site, "duplicate").Add(float64(told))
}

// WebhookLast tells when a webhook came last.
func (m *Metrics) WebhookLast(source string, at time.Time) {
	m.heard.WithLabelValues(source).Set(float64(at.UnixMilli()) / 1000)
}

// WebhookSilent tells whether webhooks stay away for longer than expected.
func (m *Metrics) WebhookSilent(source string, silent bool) {
	value := 0.0
	if silent {
		value = 1
	}
	m.silent.WithLabelValues(source).Set(value)
}

// JiraAttempt counts one try of a request to a site. A negative number of
// remaining requests says that the answer did not tell.
func (m *Metrics) JiraAttempt(site, method string, status int, took time.Duration, remaining int) {
	m.jira.WithLabelValues(site, method, strconv.Itoa(status)).Inc()
	m.jiraTook.WithLabelValues(site).Observe(took.Seconds())
	if remaining >= 0 {
		m.jiraLeft.WithLabelValues(site).Set(float64(remaining))
	}
}

// A2A counts a request of A2A by its dialect, operation and error code.
func (m *Metrics) A2A(dialect, operation string, code int, took time.Duration) {
	m.a2a.WithLabelValues(dialect, operation, strconv.Itoa(code)).Inc()
	m.a2aTook.WithLabelValues(operation).Observe(took.Seconds())
}

// ForgeToken counts an invocation token; "" refuses none.
func (m *Metrics) ForgeToken(refused string) {
	if refused == "" {
		refused = "ok"
	}
	m.tokensSeen.WithLabelValues(refused).Inc()
}

// ForgeKeys counts a request for Forge's keys.
func (m *Metrics) ForgeKeys(ok bool) { m.keys.WithLabelValues(outcomeOf(ok)).Inc() }

func outcomeOf(ok bool) string {
	if ok {
		return "ok"
	}
	return "error"
}

// GitHubAttempt counts a request to GitHub. A negative number of remaining
// requests says that the answer did not tell.
func (m *Metrics) GitHubAttempt(method string, status int, _ time.Duration, remaining int64) {
	m.github.WithLabelValues(method, strconv.Itoa(status)).Inc()
	if remaining >= 0 {
		m.githubLeft.Set(float64(remaining))
	}
}

// Step counts a finished step.
func (m *Metrics) Step(e step.Entry) {
	m.steps.WithLabelValues(string(e.Kind)).Observe(e.Finished.Sub(e.Started).Seconds())
	switch e.Kind {
	case step.KindModel:
		m.model(e)
	case step.KindTool:
		m.tools.WithLabelValues(toolLabel(e), toolOutcome(e)).Inc()
	case step.KindEnrich, step.KindWait:
	}
}

func (m *Metrics) model(e step.Entry) {
	if e.Model == "" {
		return
	}
	m.tokens.WithLabelValues(e.Model, "in").Add(float64(e.TokensIn))
	m.tokens.WithLabelValues(e.Model, "cached").Add(float64(e.TokensCached))
	m.tokens.WithLabelValues(e.Model, "out").Add(float64(e.TokensOut))
	if e.CostMicroUSD != nil {
		m.cost.WithLabelValues(e.Model).Add(float64(*e.CostMicroUSD) / 1e6)
	}
}

// toolLabel keeps names that a model made up out of the labels.
func toolLabel(e step.Entry) string {
	if e.Decision == "tools" {
		return "unlisted"
	}
	return e.Name
}

func toolOutcome(e step.Entry) string {
	switch {
	case e.InDoubt:
		return "in_doubt"
	case e.Decision != "" && e.Decision != "allowed":
		return e.Decision
	case e.Error != "":
		return "failed"
	default:
		return "ok"
	}
}
