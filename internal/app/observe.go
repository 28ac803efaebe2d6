package app

import (
	"time"

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

// Webhook implements webhook.Metrics.
func (o observer) Webhook(source, site string, result webhook.Result) {
	if site != "" {
		source += "/" + site
	}
	o.metrics.Webhook(source, string(result))
}
