package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

const (
	// maxDepth is how many answers of automations to each other are let through.
	maxDepth = 3
	// answerTime is for how long an automation may answer what we did.
	answerTime = 10 * time.Minute
)

// decide says what becomes of an event and admits its runs. It can be asked
// again after a crash.
func (d *Dispatcher) decide(ctx context.Context, it item) (inbox.Outcome, error) {
	outcome, known, err := d.known(ctx, it)
	if err != nil || known {
		return outcome, err
	}
	if it.delivery.Source == event.SourceOperator {
		return d.order(ctx, it)
	}
	ev := it.event
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
	in, err := d.cfg.Accounts.Input(ctx, ev.Source, ev.Site)
	if err != nil {
		return inbox.Outcome{}, fmt.Errorf("tell our own account: %w", err)
	}
	if outcome, taken, err := d.consent(ctx, it, routes, in); taken || err != nil {
		return outcome, err
	}
	decision, err := d.route(ctx, routes.Table, it, in)
	if err != nil {
		return inbox.Outcome{}, err
	}
	if it, err = d.settle(ctx, it, routes, &decision); err != nil {
		return inbox.Outcome{}, err
	}
	return d.admit(ctx, it, routes, decision)
}

// known tells what became of a delivery that was decided before a crash. Runs are
// admitted all or none. What they have done since may have changed what the
// filters look at, so nothing is decided a second time.
func (d *Dispatcher) known(ctx context.Context, it item) (inbox.Outcome, bool, error) {
	first, err := d.cfg.Store.Run(ctx, runID(it.delivery.ID, 0))
	if err == nil {
		d.cfg.Admitted()
		return d.started(it, &first, nil), true, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return inbox.Outcome{}, false, err
	}
	into, err := d.cfg.Store.MergedInto(ctx, it.delivery.ID)
	if err != nil || into == "" {
		return inbox.Outcome{}, false, err
	}
	return merged(into, nil), true, nil
}

// markOwnComment recognises our own comment, or page, by the ledger of writes, even if
// the platform does not say who wrote it.
func (d *Dispatcher) markOwnComment(ctx context.Context, ev *event.Event) error {
	if ev.Type == "page_created" && ev.Source == event.SourceConfluence && ev.Actor.IsZero() {
		own, err := d.cfg.Store.HasEffect(ctx, "page", ev.String("page_id"))
		ev.CommentMarked = own
		return err
	}
	if ev.CommentID == "" || ev.CommentMarked {
		return nil
	}
	kind := "comment"
	if elsewhere(ev) { // comments are numbered anew on each platform
		kind = ev.Source + " comment"
	}
	own, err := d.cfg.Store.HasEffect(ctx, kind, ev.CommentID)
	ev.CommentMarked = own
	return err
}

// route decides, after asking the platform for what that needs, and drops what a
// comment asked for before. A platform that is away makes it fail.
func (d *Dispatcher) route(ctx context.Context, table *route.Table, it item, in route.Input) (route.Decision, error) {
	ev := it.event
	in.MaxDepth = maxDepth
	var err error
	if in.Depth, err = d.depth(ctx, it); err != nil {
		return route.Decision{}, err
	}
	ev.Depth = max(ev.Depth, in.Depth)
	decision, err := table.Resolve(ctx, ev, in, d.cfg.Asker)
	if err != nil {
		return route.Decision{}, fmt.Errorf("ask for what the decision needs: %w", err)
	}
	ours, err := d.claim(ctx, it, decision.Claims)
	if err != nil {
		return route.Decision{}, err
	}
	decision.Keep(func(claim string) bool { return ours[claim] })
	return decision, nil
}

// depth is how many answers of automations to each other led to the event, as far
// as we know it: what an automation may have done counts as an answer to what we
// wrote to the subject just before.
func (d *Dispatcher) depth(ctx context.Context, it item) (int, error) {
	if it.event.Subject == "" || !route.Automated(it.event) {
		return 0, nil
	}
	return d.depthAt(ctx, &it, it.line())
}

func (d *Dispatcher) depthAt(ctx context.Context, it *item, at place) (int, error) {
	last, err := d.cfg.Store.LastWriter(ctx, at.source, at.site, at.subject, it.delivery.ReceivedAt.Add(-answerTime))
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	work, err := decodeWork(last)
	if err != nil {
		return 1, nil //nolint:nilerr // whatever it was, this may be an answer to it
	}
	return work.Depth + 1, nil
}

// claim takes what the event asks for and returns which of it nobody asked for
// before.
func (d *Dispatcher) claim(ctx context.Context, it item, claims []string) (map[string]bool, error) {
	if len(claims) == 0 {
		return nil, nil //nolint:nilnil // nothing is asked for
	}
	ours, err := d.cfg.Inbox.Claim(ctx, it.delivery.Seq, it.event.Source, it.event.Site, claims)
	if err != nil {
		return nil, fmt.Errorf("claim commands: %w", err)
	}
	return ours, nil
}

func routed(reason string, detail json.RawMessage) inbox.Outcome {
	return inbox.Outcome{State: inbox.StateRouted, Reason: reason, Detail: detail}
}

// merged is what becomes of a delivery that was added to a run that waited.
func merged(run string, detail json.RawMessage) inbox.Outcome {
	return routed("merged into run "+run, detail)
}
