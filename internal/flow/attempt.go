package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// perform does a node's work, as often as it may be tried.
func (c *course) perform(ctx context.Context, n *manifest.FlowNode, branch step.Journal, s *scope) (outcome, error) {
	attempts := max(n.Retry.Attempts, 1)
	for try := 1; ; try++ {
		journal := branch
		if try > 1 {
			journal = branch.Branch(fmt.Sprintf("(try %d)", try))
		}
		w := &watch{limit: n.Timeout}
		out, err := c.attempt(ctx, n, attemptOf{journal: journal, branch: branch, try: try, watch: w}, s)
		if err == nil || !isFailure(ctx, err) {
			return out, err
		}
		if try >= attempts {
			return out, err
		}
		if why := c.unrepeatable(w.done()); why != "" {
			return out, fmt.Errorf("%w (not tried again: %s)", err, why)
		}
		_, waitErr := branch.Branch(fmt.Sprintf("(pause %d)", try)).Wait(ctx, "pause", step.Pause{
			For: fmt.Sprintf("another try of node %s after: %s", n.ID, clip(err.Error())), Within: pause(n.Retry, try)})
		if waitErr != nil {
			return out, waitErr
		}
	}
}

// isFailure reports whether an error is a failure of the node and does not say that
// the run cannot go on now, or that the node has to stop. A node's own time-out is
// on record and thereby one of its failures; errTimedOut is that of a node around it.
func isFailure(ctx context.Context, err error) bool {
	return ctx.Err() == nil && !errors.Is(err, step.ErrWaiting) && !errors.Is(err, errAbandoned) && !errors.Is(err, errTimedOut)
}

// pause is how long to wait behind a try.
func pause(r manifest.FlowRetry, try int) time.Duration {
	d := float64(r.Delay)
	for range try - 1 {
		d *= r.Factor
		if d >= float64(r.MaxDelay) {
			break
		}
	}
	return max(min(time.Duration(d), r.MaxDelay), time.Millisecond)
}

// attemptOf is one try of a node: its journal, and that of the node.
type attemptOf struct {
	journal, branch step.Journal
	try             int
	watch           *watch
}

// attempt tries a node once, within its time.
func (c *course) attempt(ctx context.Context, n *manifest.FlowNode, a attemptOf, s *scope) (outcome, error) {
	limit := &seal{}
	var mark step.Journal
	if n.Timeout > 0 {
		mark = a.branch.Branch(fmt.Sprintf("(time-out %d)", a.try))
		if _, recorded := mark.Next(); recorded {
			limit.close(errTimedOut)
			_ = limit.refuse()
		}
	}
	out, err := c.do(ctx, n, &strand{inner: a.journal, seal: limit, watch: a.watch}, s)
	a.watch.stop()
	out.entries = ownCalls(n, a.watch.done(), out.entries)
	if !limit.late() || ctx.Err() != nil {
		return out, err
	}
	_, err = mark.Do(ctx, step.KindNode, "time-out", func(context.Context, string) (step.Entry, error) {
		return step.Entry{}, fmt.Errorf("node %s did not finish within %s", n.ID, n.Timeout)
	})
	return outcome{entries: out.entries}, err
}

// ownCalls are the calls that nodes of a flow itself make, of which some may only
// have been proposed.
func ownCalls(n *manifest.FlowNode, steps []seen, inner []step.Entry) []step.Entry {
	switch n.Type {
	case manifest.NodeTool, manifest.NodeHTTP, manifest.NodeResponse:
	default:
		return inner
	}
	var calls []step.Entry
	for _, s := range steps {
		if s.entry.Kind == step.KindTool && !s.failed {
			calls = append(calls, s.entry)
		}
	}
	return calls
}

// unrepeatable says why a node whose try failed must not be tried again: a write
// that happened would happen twice, and of one that failed on the way nobody can
// tell.
func (c *course) unrepeatable(steps []seen) string {
	for _, s := range steps {
		if s.entry.Kind == step.KindApproval {
			return "somebody was asked about it"
		}
		if s.entry.Kind != step.KindTool {
			continue
		}
		t, ok := c.runner.tools.Lookup(s.entry.Name)
		if ok && (t.Spec().Internal || tool.AccessOf(t, s.entry.Input) != tool.Write) {
			continue
		}
		switch {
		case s.entry.InDoubt, s.failed:
			return "it cannot be known whether " + s.entry.Name + " happened"
		case s.entry.Error == "":
			return s.entry.Name + " happened already"
		}
	}
	return ""
}

// clip shortens a reason for a line.
func clip(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
