package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/oklog/ulid/v2"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// order has a run made that an operator asks for: as a delivery, like everything
// else that starts runs, so that it outlives a crash and any replica takes it.
func (a *App) order(ctx context.Context, o run.Order) (string, error) {
	if err := o.Check(); err != nil {
		return "", err
	}
	if err := a.orderable(ctx, &o); err != nil {
		return "", err
	}
	body, err := json.Marshal(o)
	if err != nil {
		return "", fmt.Errorf("encode order: %w", err)
	}
	d := inbox.Delivery{Headers: map[string]string{"Content-Type": "application/json"}, Body: body}
	d.Source, d.SignedBy, d.Key = event.SourceOperator, []string{"admin API"}, "order:"+ulid.Make().String()
	receipt, err := a.inbox.Append(ctx, d)
	return receipt.ID, err
}

// orderable says at once what the run would fail of, and names the site as the
// configuration does.
func (a *App) orderable(ctx context.Context, o *run.Order) error {
	if o.Issue != "" || o.Site != "" {
		one, err := a.sites.find(o.Site)
		if err != nil {
			return err
		}
		o.Site = one.config.Name
	}
	if o.Page != "" {
		if err := a.sites.wiki.names(o.Page); err != nil {
			return err
		}
	}
	kind, name := o.Kind, o.Name
	if o.Run != "" {
		first, err := a.store.Run(ctx, o.Run)
		if err != nil {
			return err
		}
		if err := run.Repeatable(first); err != nil {
			return err
		}
		kind, name = first.TargetKind, first.Target
	}
	if o.Delivery != "" {
		d, err := a.inbox.Get(ctx, o.Delivery)
		if err != nil {
			return err
		}
		if len(d.Body) == 0 {
			return fmt.Errorf("the payload of delivery %s is deleted", o.Delivery)
		}
		if d.Source == event.SourceOperator {
			return fmt.Errorf("delivery %s is an operator's order: replay its run", o.Delivery)
		}
	}
	if o.Manifest != "" {
		return trial(manifest.TargetKind(kind), o.Manifest, o.Source, a.known, a.live.catalog())
	}
	if kind == "" {
		return nil
	}
	if _, found := a.live.Current().Manifest(kind, name); !found {
		return fmt.Errorf("there is no %s named %q", kind, name)
	}
	return nil
}

// ordered is the event of an order before it is known what it is about.
func ordered(d inbox.Delivery) (*event.Event, error) {
	var o run.Order
	if err := json.Unmarshal(d.Body, &o); err != nil {
		return nil, fmt.Errorf("decode order: %w", err)
	}
	return &event.Event{Source: event.SourceOperator, Type: "operator_run", Time: d.ReceivedAt, Actor: event.Actor{DisplayName: o.By},
		Vars: map[string]any{}}, nil
}
