package confluence

import (
	"context"
	"net/url"
	"strconv"
)

// Webhook is a registration at a Data Center.
type Webhook struct {
	ID   string
	Name string
	URL  string
	// Events are names such as "page_created".
	Events []string
	Active bool
	// Signed tells whether it has a secret.
	Signed bool
}

// Webhooks implements API.
func (c *cloud) Webhooks(context.Context) ([]Webhook, error) {
	return nil, &UnsupportedError{Kind: Cloud, What: "list webhooks"}
}

// Webhooks implements API.
func (d *dataCenter) Webhooks(ctx context.Context) ([]Webhook, error) {
	type rawWebhook struct {
		ID            int64             `json:"id"`
		Name          string            `json:"name"`
		URL           string            `json:"url"`
		Events        []string          `json:"events"`
		Active        bool              `json:"active"`
		Configuration map[string]string `json:"configuration"`
	}
	return all(func(p Part) (List[Webhook], error) {
		return listed(ctx, d, d.at("webhooks"), url.Values{}, p, func(r rawWebhook) Webhook {
			return Webhook{ID: strconv.FormatInt(r.ID, 10), Name: r.Name, URL: r.URL, Events: r.Events, Active: r.Active, Signed: r.Configuration["secret"] != ""}
		})
	})
}
