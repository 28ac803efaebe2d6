package reconcile

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// told is a change as a delivery.
type told struct {
	body []byte
	key  string
	name string
}

// look reads a changed issue and stores what no webhook told of.
func (r *Reconciler) look(ctx context.Context, h hit, w window, cloud bool) error {
	d, err := r.read(ctx, h.id, w.from)
	if err != nil || d == nil {
		return err
	}
	if !d.complete(w.from) {
		zerolog.Ctx(ctx).Warn().Str("issue", d.Key).Int("changes", d.Changelog.Total).
			Msg("only the newest changes of this issue are looked at for missed webhooks")
	}
	list, err := r.foreign(ctx, d.changes(w.from, w.until, cloud))
	if err != nil || len(list) == 0 {
		return err
	}
	keys := make([]string, len(list))
	for i, t := range list {
		keys[i] = t.key
	}
	known, err := r.cfg.Inbox.Told(ctx, event.SourceJira, r.cfg.Site, keys)
	if err != nil {
		return err
	}
	found := 0
	for _, t := range list {
		if known[t.key] {
			continue
		}
		isNew, err := r.store(ctx, d, t)
		if err != nil {
			return err
		}
		if isNew {
			found++
		}
	}
	r.note(found, len(list)-found)
	return nil
}

// foreign makes deliveries of those changes that somebody else made and a
// trigger asks for.
func (r *Reconciler) foreign(ctx context.Context, changes []change) ([]told, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	self, err := r.cfg.Self(ctx)
	if err != nil {
		return nil, err
	}
	wanted := r.cfg.Events()
	var list []told
	for _, c := range changes {
		if c.by.Same(self) {
			continue
		}
		body, err := json.Marshal(c.payload)
		if err != nil {
			return nil, fmt.Errorf("write payload: %w", err)
		}
		ev, err := r.cfg.Normalize(body)
		if err != nil {
			return nil, fmt.Errorf("read back payload: %w", err)
		}
		if ev.ContentKey == "" || !slices.Contains(wanted, ev.Type) {
			continue
		}
		list = append(list, told{body: body, key: ev.ContentKey, name: ev.Type})
	}
	return list, nil
}

// store stores a delivery and reports whether it is new.
func (r *Reconciler) store(ctx context.Context, d *document, t told) (bool, error) {
	delivery := inbox.Delivery{Headers: map[string]string{"Content-Type": "application/json"}, Body: t.body}
	delivery.Source, delivery.Site = event.SourceJira, r.cfg.Site
	delivery.Key, delivery.SignedBy = "reconcile:"+t.key, []string{SignedBy}
	receipt, err := r.cfg.Inbox.Append(ctx, delivery)
	if err != nil {
		return false, fmt.Errorf("store what was found: %w", err)
	}
	if receipt.Duplicate {
		return false, nil
	}
	zerolog.Ctx(ctx).Info().Str("jira", r.cfg.Title).Str("delivery", receipt.ID).Str("event", t.name).Str("issue", d.Key).
		Msg("found a change whose webhook did not come")
	return true, nil
}
