package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// decide says what becomes of an event and admits its runs. It can be asked
// again after a crash.
func (d *Dispatcher) decide(ctx context.Context, it item) (inbox.Outcome, error) {
	ev := it.event
	// Runs are admitted all or none. What they have done since may have changed
	// what the filters look at, so nothing is decided a second time.
	first, err := d.cfg.Store.Run(ctx, runID(it.delivery.ID, 0))
	if err == nil {
		d.cfg.Admitted()
		return routed(first.Trigger, nil), nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return inbox.Outcome{}, err
	}
	if ev.ContentKey != "" {
		first, claimed, err := d.cfg.Inbox.ClaimContent(ctx, it.delivery.Seq, ev.Source, ev.Site, ev.ContentKey)
		if err != nil {
			return inbox.Outcome{}, fmt.Errorf("claim content: %w", err)
		}
		if !claimed {
			return inbox.Outcome{State: inbox.StateDuplicate, Reason: "the same event as delivery " + first}, nil
		}
	}
	if err := d.markOwnComment(ctx, ev); err != nil {
		return inbox.Outcome{}, err
	}
	routes := d.cfg.Router.Current()
	decision, err := d.route(ctx, routes.Table, ev)
	if err != nil {
		return inbox.Outcome{}, err
	}
	return d.admit(ctx, it, routes, decision)
}

// markOwnComment recognises our own comment by the ledger of writes, even if
// the platform does not say who wrote it.
func (d *Dispatcher) markOwnComment(ctx context.Context, ev *event.Event) error {
	if ev.CommentID == "" || ev.CommentMarked {
		return nil
	}
	own, err := d.cfg.Store.HasEffect(ctx, "comment", ev.CommentID)
	ev.CommentMarked = own
	return err
}

// route decides, after asking the platform for what the filters need. A
// platform that cannot be asked makes such filters say no.
func (d *Dispatcher) route(ctx context.Context, table *route.Table, ev *event.Event) (route.Decision, error) {
	in, err := d.cfg.Accounts.Input(ctx, ev.Source, ev.Site)
	if err != nil {
		return route.Decision{}, fmt.Errorf("tell our own account: %w", err)
	}
	decision := table.Decide(ev, in)
	if len(decision.Needs) == 0 {
		return decision, nil
	}
	in.Final = true
	ask := d.cfg.Enricher.Askable(ev, decision.Needs)
	if len(ask) == 0 {
		return table.Decide(ev, in), nil
	}
	vars, err := d.cfg.Enricher.Enrich(ctx, ev, ask)
	if temporary(err) {
		return route.Decision{}, fmt.Errorf("ask for what filters need: %w", err)
	}
	if err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Strs("variables", ask).Msg("could not ask for what filters need")
	}
	maps.Copy(ev.Vars, vars)
	adopt(ev)
	return table.Decide(ev, in), nil
}

// adopt takes over what an enrichment told of the event's identity.
func adopt(ev *event.Event) {
	if ev.IssueKey == "" {
		ev.IssueKey = ev.String("issue_key")
	}
	if ev.Project == "" {
		ev.Project = ev.String("project_key")
	}
}

func routed(trigger string, detail json.RawMessage) inbox.Outcome {
	return inbox.Outcome{State: inbox.StateRouted, Reason: "trigger " + trigger, Detail: detail}
}
