package run

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// afford returns those of the matches, in order, that the subject may start
// within its limit of an hour, with the breaker's one warning if that leaves some
// out, and whether it left out none. Replies are counted apart: they must not use up what people need, nor go on
// for ever between two automations.
func (d *Dispatcher) afford(ctx context.Context, it item, matches []route.Match) (kept []route.Match, whole bool, err error) {
	// A schedule is the operator's own choice, and what has no subject has no chain.
	if d.cfg.MaxPerHour <= 0 || (it.event.Subject == "" && it.place == (place{})) || it.event.Source == event.SourceSchedule {
		return matches, true, nil
	}
	runs, replies, err := d.budget(ctx, it)
	if err != nil {
		return nil, false, err
	}
	refused := -1
	for i, m := range matches {
		budget := &runs
		if m.Target.Kind == route.TargetReply {
			budget = &replies
		}
		if *budget > 0 {
			*budget--
			kept = append(kept, m)
		} else if budget == &runs && refused < 0 {
			refused = i
		}
	}
	if refused < 0 {
		return kept, len(kept) == len(matches), nil
	}
	warning, ours, err := d.warning(ctx, it, matches[refused])
	if ours {
		kept = append(kept, warning)
	}
	return kept, false, err
}

// budget tells how many runs, and how many replies, the subject may still have.
func (d *Dispatcher) budget(ctx context.Context, it item) (runs, replies int, err error) {
	at, since := it.line(), d.cfg.Now().Add(-time.Hour)
	all, err := d.cfg.Store.RunsSince(ctx, at.source, at.site, at.subject, since)
	if err != nil {
		return 0, 0, err
	}
	said, err := d.cfg.Store.RunsSince(ctx, at.source, at.site, at.subject, since, string(route.TargetReply))
	return d.cfg.MaxPerHour - (all - said), d.cfg.MaxPerHour - said, err
}

// warning returns the comment that says that the breaker is open, and whether it
// is ours to post: there is one in each hour, and only where there is an issue.
func (d *Dispatcher) warning(ctx context.Context, it item, refused route.Match) (route.Match, bool, error) {
	ev := it.event
	m := route.BreakerReply(ev, refused.Trigger, d.cfg.MaxPerHour, d.cfg.Now())
	if !answerable(ev) {
		return m, false, nil
	}
	ours, err := d.claim(ctx, it, []string{m.Claim})
	return m, ours[m.Claim], err
}

// answerable reports whether there is something at which the warning can stand.
func answerable(ev *event.Event) bool {
	switch {
	case ev.Type == "issue_deleted", ev.Type == "page_removed", ev.Type == "page_trashed":
		return false
	case ev.Source == event.SourceConfluence:
		return ev.String("page_id") != ""
	}
	return ev.IssueKey != "" || ev.IssueID != ""
}

// broken is what becomes of a delivery that the breaker stopped.
func (d *Dispatcher) broken(it item, detail json.RawMessage) inbox.Outcome {
	reason := fmt.Sprintf("breaker: %s had %d runs within the last hour", it.line().subject, d.cfg.MaxPerHour)
	return inbox.Outcome{State: inbox.StateIgnored, Reason: reason, Detail: detail}
}
