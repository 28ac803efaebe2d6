package app

import (
	"context"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/forge/fit"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/telemetry"
	"github.com/aofctl/aofctl/internal/webhook"
)

// observer hands what happens to the metrics.
type observer struct{ metrics *telemetry.Metrics }

// RunEnded implements run.Observer.
func (o observer) RunEnded(kind, target string, state store.State, took time.Duration) {
	o.metrics.Run(kind, target, string(state), took)
}

// StepEnded implements run.Observer.
func (o observer) StepEnded(e step.Entry) { o.metrics.Step(e) }

// DeliveryEnded implements run.DeliveryObserver.
func (o observer) DeliveryEnded(source string, state inbox.State) {
	o.metrics.Delivery(source, string(state))
}

// Answered implements endpoint.Observer.
func (o observer) Answered(dialect, operation string, code int, took time.Duration) {
	o.metrics.A2A(dialect, operation, code, took)
}

// Token implements fit.Observer.
func (o observer) Token(refused fit.Reason) { o.metrics.ForgeToken(string(refused)) }

// Keys implements fit.Observer.
func (o observer) Keys(ok bool) { o.metrics.ForgeKeys(ok) }

// Webhook implements webhook.Metrics.
func (o observer) Webhook(source, site string, result webhook.Result) {
	if site != "" {
		source += "/" + site
	}
	o.metrics.Webhook(source, string(result))
}

// siteObserver tells the metrics of the requests to one site.
type siteObserver struct {
	metrics *telemetry.Metrics
	site    string
}

// Attempt implements atlassian.Observer.
func (o siteObserver) Attempt(a atlassian.Attempt) {
	o.metrics.JiraAttempt(o.site, a.Method, a.Status, a.Took, a.Limits.Remaining)
}

// backlog is what the metrics tell of what is open.
func (a *App) backlog(ctx context.Context) (telemetry.Backlog, error) {
	open, oldest, err := a.store.Backlog(ctx)
	if err != nil {
		return telemetry.Backlog{}, err
	}
	b := telemetry.Backlog{Runs: map[string]int64{}, Leads: a.supervisor.Leads()}
	for state, n := range open {
		b.Runs[string(state)] = n
	}
	if !oldest.IsZero() {
		b.Oldest = max(time.Since(oldest), 0)
	}
	return b, nil
}
