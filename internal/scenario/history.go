package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// history is what happened so far, as the daemon's own API tells it.
type history struct {
	deliveries []admin.Delivery
	runs       []admin.RunDetail
	// tasks are those of A2A as their callers saw them, writes what changed in Jira.
	tasks  []*task
	writes []write
}

// mark is a moment in a history.
type mark struct {
	deliveries int
	steps      map[string]int
	states     map[string]store.State
	// turns are how many statuses of each task were known, writes how many writes.
	turns  map[string]int
	writes int
	// pages are the versions that pages of Confluence had.
	pages map[string]int
}

// now marks the end of what is known.
func (h *history) now() mark {
	m := mark{deliveries: len(h.deliveries), steps: map[string]int{}, states: map[string]store.State{}, turns: map[string]int{}, writes: len(h.writes)}
	for _, t := range h.tasks {
		m.turns[t.ID] = len(t.turns)
	}
	for _, r := range h.runs {
		m.steps[r.ID], m.states[r.ID] = len(r.StepList), r.State
	}
	return m
}

// since is what happened after a moment: deliveries, and runs that began, ended
// or went on, with the calls that they made.
func (h *history) since(m mark) events {
	e := events{pages: m.pages, deliveries: h.deliveries[min(m.deliveries, len(h.deliveries)):], writes: h.writes[min(m.writes, len(h.writes)):]}
	for _, t := range h.tasks {
		if before := m.turns[t.ID]; before < len(t.turns) {
			e.tasks = append(e.tasks, seenTask{t, t.turns[before:]})
		}
	}
	for _, r := range h.runs {
		before, known := m.steps[r.ID]
		if !known {
			e.started = append(e.started, r)
		}
		if !known || before != len(r.StepList) || m.states[r.ID] != r.State {
			e.runs = append(e.runs, r)
		}
		for _, s := range r.StepList[min(before, len(r.StepList)):] {
			if s.Kind == step.KindTool {
				e.calls = append(e.calls, newCall(r, s))
			}
		}
	}
	slices.SortStableFunc(e.calls, func(a, b call) int { return a.at.Compare(b.at) })
	return e
}

// events are a part of a history.
type events struct {
	deliveries []admin.Delivery
	started    []admin.RunDetail
	runs       []admin.RunDetail
	calls      []call
	tasks      []seenTask
	writes     []write
	// pages are the versions that pages had before.
	pages map[string]int
}

// call is a tool call that a run made, or was kept from making.
type call struct {
	run    string
	tool   string
	agent  string
	args   any
	result any
	at     time.Time
	write  bool
	// asked says that somebody has to approve the call first: it is made, if it is,
	// as another one.
	asked bool
	// rule is the rule that denied the call, "" if it was not denied; failure is why
	// it failed.
	rule, failure string
}

func newCall(r admin.RunDetail, s step.Entry) call {
	c := call{run: r.ID, tool: s.Name, agent: s.Agent, at: s.Started, write: s.Write}
	if c.agent == "" {
		c.agent = r.Target
	}
	_ = json.Unmarshal(s.Input, &c.args)
	_ = json.Unmarshal(s.Output, &c.result)
	switch {
	case s.Decision == policy.RuleApproval:
		c.asked = true
	case s.Error == "":
	case s.Decision != "" && s.Decision != "allowed" && !strings.HasPrefix(s.Decision, "writes."):
		c.rule = s.Decision
	default:
		c.failure = s.Error
	}
	return c
}

// done reports whether the call was carried out.
func (c call) done() bool { return c.rule == "" && c.failure == "" && !c.asked }

// String is the call in short.
func (c call) String() string {
	args, ok := c.args.(map[string]any)
	if !ok {
		if c.args == nil {
			return c.tool
		}
		return c.tool + " " + flow(c.args)
	}
	text, rest := c.tool, maps.Clone(args)
	if key, ok := args["issue_key"]; ok {
		text += " " + scalar(key)
		delete(rest, "issue_key")
	}
	if len(rest) > 0 {
		text += " " + flow(rest)
	}
	return text
}

// read fetches the history anew.
func (h *history) read(ctx context.Context, l *life) error {
	deliveries, err := l.client.Deliveries(ctx, url.Values{"limit": {"1000"}})
	if err != nil {
		return err
	}
	runs, err := l.client.Runs(ctx, url.Values{"limit": {"1000"}})
	if err != nil {
		return err
	}
	slices.Reverse(deliveries)
	for i, d := range deliveries {
		if i < len(h.deliveries) && h.deliveries[i].ID == d.ID && h.deliveries[i].State == d.State {
			deliveries[i] = h.deliveries[i]
			continue
		}
		detail, err := l.client.Delivery(ctx, d.ID) // which alone tells the decision
		if err != nil {
			return err
		}
		deliveries[i] = detail.Delivery
	}
	slices.SortFunc(runs, func(a, b store.Run) int { return int(a.Seq - b.Seq) })
	out := history{deliveries: deliveries, tasks: h.tasks}
	for _, r := range runs {
		detail, err := l.client.Run(ctx, r.ID)
		if err != nil {
			return err
		}
		out.runs = append(out.runs, detail)
	}
	*h = out
	return nil
}

// settle waits until everything that began is over: every webhook is delivered and
// decided on, and every run has ended or waits for something that a later step has
// to bring.
func (w *world) settle(ctx context.Context) error {
	last, why := "", ""
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, 40*time.Millisecond) {
		if err := w.box.Jira.Wait(ctx); err != nil {
			return fmt.Errorf("wait until webhooks are delivered: %w", context.Cause(ctx))
		}
		if err := w.box.Confluence.Wait(ctx); err != nil {
			return fmt.Errorf("wait until webhooks of Confluence are delivered: %w", context.Cause(ctx))
		}
		w.box.GitHub.Wait()
		state, open, err := w.look(ctx)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("ask the daemon: %w", err)
		}
		if err == nil {
			why = open
		}
		if err == nil && open == "" && state == last {
			return w.known(ctx)
		}
		last = state
		select {
		case err := <-w.daemon.ended:
			w.daemon.ended <- err
			return fmt.Errorf("the daemon stopped by itself: %w", err)
		case <-ctx.Done():
			_ = w.known(context.WithoutCancel(ctx)) //nolint:contextcheck // what is known is shown
			return fmt.Errorf("%s did not come to an end: %w", why, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// known learns what has happened.
func (w *world) known(ctx context.Context) error {
	if err := w.history.read(ctx, w.daemon); err != nil {
		return err
	}
	w.history.writes = w.written()
	return w.seen(ctx)
}

// look tells the state of the world as a text that changes whenever anything
// happens, and what is not over yet. Deliveries are looked at first: those that are
// decided on have their runs by then.
func (w *world) look(ctx context.Context) (state, open string, err error) {
	deliveries, err := w.daemon.client.Deliveries(ctx, url.Values{"limit": {"1000"}})
	if err != nil {
		return "", "", err
	}
	runs, err := w.daemon.client.Runs(ctx, url.Values{"limit": {"1000"}})
	if err != nil {
		return "", "", err
	}
	parts := []string{fmt.Sprint(len(deliveries), " ", len(w.box.Jira.Attempts()), " ", len(w.box.Confluence.Attempts()), " ", len(w.box.GitHub.Deliveries()))}
	for _, d := range deliveries {
		if d.State == inbox.StateReceived {
			open = "the delivery " + d.ID
		}
	}
	for _, r := range runs {
		parts = append(parts, fmt.Sprint(r.ID, r.State, r.Steps, r.Attempt))
		if w.busy(r, runs) {
			open = fmt.Sprintf("the run of %s/%s on %s, which is %s,", r.TargetKind, r.Target, or(r.IssueKey, r.Subject), r.State)
		}
	}
	late, err := w.overdue(ctx)
	return strings.Join(parts, " "), or(open, late), err
}

// busy reports whether a run goes on by itself. A pause before another try is cut
// short.
func (w *world) busy(r store.Run, all []store.Run) bool {
	switch r.State {
	case store.StateRunning:
		return true
	case store.StateWaiting:
		rest := r.WakeAt.Sub(w.clock.now())
		if strings.HasPrefix(r.WaitsFor, "another try of") && rest > 0 {
			w.clock.advance(rest)
			return true
		}
		return !r.WakeAt.IsZero() && rest <= 0
	case store.StateQueued:
		return !slices.ContainsFunc(all, func(o store.Run) bool {
			return o.State == store.StateWaiting && o.Subject == r.Subject && o.Site == r.Site && !w.busy(o, nil)
		})
	}
	return false
}
