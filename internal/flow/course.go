package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/budget"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/step"
)

// maxNodes is how many nodes of one flow are at work at the same time.
const maxNodes = 8

// course is one flow at work. Its fields belong to the goroutine that runs it;
// nodes get what they need handed.
type course struct {
	runner  *Runner
	job     Job
	plan    *plan
	journal step.Journal
	// top is true for the flow that the run is for, and path the way to any other.
	top    bool
	path   string
	inputs map[string]any
	// around are the budgets of the flows that this one is a part of.
	around []budget.Share

	// values are the variables that are the same for all nodes.
	values map[string]any

	// all seals every node that is not through.
	all   *seal
	nodes map[string]*node
	// ways says of each connection whether it is taken; unknown while that is open.
	ways     []way
	finished chan report
	active   int
	// over is true once nothing new may begin.
	over bool
	// end is what an End node said; nil if none was reached.
	end *ending
	// failure is why the flow failed, stopped why it cannot go on now.
	failure error
	stopped error
	// failing is where the failure of a flow within another is recorded, and told
	// is true if it is.
	failing step.Journal
	told    bool
	// opening counts the steps that were made before the flow began.
	opening int
}

// way says whether a connection is taken.
type way int

const (
	open way = iota
	taken
	left
)

// node is a node of the course.
type node struct {
	*manifest.FlowNode
	status  status
	outcome outcome
	branch  step.Journal
	seal    *seal
	// visible are the nodes whose results it may see, before those whose ways led
	// to it.
	visible map[string]bool
	before  []string
	// joined is what was decided about a join, recorded if an earlier turn did.
	joined   *joined
	recorded bool
}

// report is how a node's work went.
type report struct {
	id      string
	outcome outcome
	err     error
}

// course makes everything ready to run a flow.
func (r *Runner) course(job Job, journal step.Journal, top bool) *course {
	p := newPlan(job.Flow)
	c := &course{runner: r, job: job, plan: p, journal: journal, top: top, all: &seal{}, nodes: map[string]*node{},
		ways: make([]way, len(job.Flow.Connections)), finished: make(chan report, len(job.Flow.Nodes)), opening: len(job.Start.Session.Entries())}
	if !top {
		c.failing = journal.Branch("(failed)")
	}
	for i := range job.Flow.Nodes {
		n := &node{FlowNode: &job.Flow.Nodes[i], seal: &seal{}}
		sealed := &strand{inner: journal.Branch(n.ID), seal: c.all, watch: &watch{}}
		n.branch = &strand{inner: sealed, seal: n.seal, watch: &watch{}}
		c.nodes[n.ID] = n
	}
	return c
}

// run takes the flow as far as it goes without waiting.
func (c *course) run(ctx context.Context) (Result, error) {
	if err := c.restore(ctx); err != nil {
		return Result{}, err
	}
	for {
		c.advance(ctx)
		if c.active == 0 {
			break
		}
		c.accept(ctx, <-c.finished)
		c.active--
	}
	return c.conclude(ctx)
}

// restore takes over what earlier turns decided that depends on which branch was
// faster.
func (c *course) restore(ctx context.Context) error {
	for _, id := range c.ids() {
		n := c.nodes[id]
		if _, known := n.branch.Next(); !known {
			continue
		}
		switch n.Type {
		case manifest.NodeJoin:
			if len(c.plan.behind[id]) == 0 {
				continue
			}
			if err := c.restoreJoin(ctx, n); err != nil {
				return err
			}
		case manifest.NodeEnd:
			entry, err := n.branch.Do(ctx, step.KindNode, endStep, unrecorded)
			if err != nil {
				return err
			}
			c.end = &ending{}
			if err := json.Unmarshal(entry.Output, c.end); err != nil {
				return fmt.Errorf("decode end %s: %w", id, err)
			}
			n.status, n.outcome = succeeded, outcome{output: c.end.Value, text: c.end.Text}
			c.all.close(errAbandoned)
			return nil
		}
	}
	if c.top {
		return nil
	}
	return c.restoreFailure(ctx)
}

// unrecorded stands for work that is on record.
func unrecorded(context.Context, string) (step.Entry, error) {
	return step.Entry{}, errors.New("it is not on record")
}

func (c *course) ids() []string {
	ids := make([]string, 0, len(c.plan.flow.Nodes))
	for _, n := range c.plan.flow.Nodes {
		ids = append(ids, n.ID)
	}
	return ids
}

// advance settles what follows from what is known, and starts what is ready.
func (c *course) advance(ctx context.Context) {
	for changed := true; changed; {
		changed = false
		for _, id := range c.ids() {
			n := c.nodes[id]
			if n.status != pending || c.stopped != nil || c.over {
				continue
			}
			switch c.ready(n) {
			case taken:
				changed = c.begin(ctx, n) || changed
			case left:
				n.status, changed = skipped, true
				n.visible, n.before = c.sight(n)
				c.leave(n)
			case open:
			}
		}
	}
}

// ready says whether a node is to run, is to be left out, or has to wait for others.
func (c *course) ready(n *node) way {
	var takes, opens int
	for _, i := range c.plan.in[n.ID] {
		if c.plan.flow.Connections[i].From == start && c.ways[i] == open {
			c.ways[i] = c.choose(n.ID, i)
		}
		switch c.ways[i] {
		case taken:
			takes++
		case open:
			opens++
		case left:
		}
	}
	if join, ok := n.Config.(*manifest.JoinNode); ok && join.Strategy != manifest.JoinAll {
		return c.readyJoin(n, join.Strategy)
	}
	switch {
	case opens > 0:
		return open
	case takes > 0:
		return taken
	}
	return left
}

// begin starts a node, unless its own condition keeps it out. It reports whether
// something else may follow at once.
func (c *course) begin(ctx context.Context, n *node) bool {
	if c.active >= maxNodes {
		return false
	}
	n.visible, n.before = c.sight(n)
	s := c.scope(n.visible, n.before)
	if n.When != "" {
		ok, err := s.holds(n.When, c.plan.ids)
		switch {
		case err != nil:
			c.fail(n, fmt.Errorf("its condition: %w", err))
			return false
		case !ok:
			n.status = skipped
			c.leave(n)
			return true
		}
	}
	n.status = running
	c.active++
	if n.Type == manifest.NodeEnd && c.end == nil {
		c.over = true // of two ends that are reached, the first counts
	}
	go func() {
		out, err := c.guarded(ctx, n, s)
		c.finished <- report{n.ID, out, err}
	}()
	return false
}

// guarded does a node's work, and turns a panic into an error.
func (c *course) guarded(ctx context.Context, n *node, s *scope) (out outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			zerolog.Ctx(ctx).Error().Str("node", n.ID).Bytes("stack", debug.Stack()).Msgf("node panicked: %v", p)
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return c.perform(ctx, n.FlowNode, n.branch, s)
}

// accept takes over how a node's work went.
func (c *course) accept(ctx context.Context, r report) {
	n := c.nodes[r.id]
	n.outcome = r.outcome
	switch {
	case r.err == nil:
		n.status = succeeded
		c.succeeded(n)
	case ctx.Err() != nil:
		n.status, c.stopped = waiting, context.Cause(ctx)
		return
	case errors.Is(r.err, step.ErrWaiting):
		n.status = waiting
		return
	case errors.Is(r.err, errTimedOut):
		n.status, c.stopped = waiting, r.err
		return
	case errors.Is(r.err, errAbandoned):
		n.status, n.outcome = abandoned, outcome{}
	default:
		n.status, n.outcome.err = failed, r.err.Error()
		if !n.Continue && n.Handler == "" {
			c.fail(n, r.err)
			return
		}
	}
	if n.seal.why() != nil && n.status != abandoned {
		n.status, n.outcome = abandoned, outcome{} // nobody waited for it any more
	}
	c.leave(n)
}

// succeeded draws the consequences of a node that decides over others.
func (c *course) succeeded(n *node) {
	switch n.Type {
	case manifest.NodeEnd:
		if e, ok := n.outcome.more["end"].(*ending); ok {
			c.end = e
		}
		c.all.close(errAbandoned)
	case manifest.NodeJoin:
		if gone, ok := n.outcome.more["abandoned"].([]string); ok {
			c.abandon(gone)
		}
	}
}

// abandon leaves nodes that nobody waits for any more where they are.
func (c *course) abandon(ids []string) {
	for _, id := range ids {
		n := c.nodes[id]
		if n == nil {
			continue
		}
		n.seal.close(errAbandoned)
		if n.status == pending || n.status == waiting {
			n.status = abandoned
			c.leave(n)
		}
	}
}

// fail ends the flow for the failure of a node.
func (c *course) fail(n *node, err error) {
	n.status, n.outcome.err = failed, err.Error()
	if c.failure == nil && c.end == nil {
		c.failure = &NodeError{Node: n.ID, Type: string(n.Type), Err: err}
	}
	c.over = true
	c.all.close(errAbandoned)
}

// leave decides which ways lead on from a node that is through.
func (c *course) leave(n *node) {
	for _, i := range c.plan.out[n.ID] {
		if c.ways[i] == open {
			c.ways[i] = c.choose(n.ID, i)
		}
	}
}

// choose decides about a connection whose beginning is through.
func (c *course) choose(to string, i int) way {
	conn := c.plan.flow.Connections[i]
	from := c.nodes[conn.From]
	if from != nil {
		switch {
		case from.status == skipped || from.status == abandoned:
			return left
		case conn.OnError != (from.status == failed && from.Handler != ""):
			return left
		case conn.OnError:
			return taken
		}
	}
	if conn.When == "" {
		return taken
	}
	visible := map[string]bool{}
	if from != nil {
		for id := range from.visible {
			visible[id] = true
		}
		visible[from.ID] = true
	}
	ok, err := c.scope(visible, nil).holds(conn.When, c.plan.ids)
	if err != nil {
		at := from
		if at == nil {
			at = c.nodes[to]
		}
		c.fail(at, fmt.Errorf("the condition of the connection from %s to %s: %w", conn.From, conn.To, err))
		return left
	}
	if ok {
		return taken
	}
	return left
}

// sight says which results a node may see: those of the nodes on the ways to it
// that are through for sure, and the ends of those ways.
func (c *course) sight(n *node) (map[string]bool, []string) {
	visible := map[string]bool{}
	var before []string
	for _, i := range c.plan.in[n.ID] {
		from := c.nodes[c.plan.flow.Connections[i].From]
		if from == nil || n.joined != nil && !slices.Contains(n.joined.Arrived, from.ID) || !from.status.final() {
			continue
		}
		visible[from.ID] = true
		for id := range from.visible {
			visible[id] = true
		}
		if c.ways[i] == taken && !slices.Contains(before, from.ID) {
			before = append(before, from.ID)
		}
	}
	return visible, before
}

// NodeError says which node failed a flow.
type NodeError struct {
	Node, Type string
	Err        error
}

// Error names the node.
func (e *NodeError) Error() string { return fmt.Sprintf("node %s failed: %v", e.Node, e.Err) }

// Unwrap returns the cause.
func (e *NodeError) Unwrap() error { return e.Err }
