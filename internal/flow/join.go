package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/step"
)

// joinStep is the name of the step that says who arrived.
const joinStep = "join"

// joined is what a join decided.
type joined struct {
	// Arrived are the nodes whose ways were through, in the order of the file, and
	// Abandoned those that nobody waits for any more.
	Arrived   []string `json:"arrived"`
	Abandoned []string `json:"abandoned,omitempty"`
}

// readyJoin says whether a join that need not wait for all is to run. A way from a
// node that failed counts only if no other is open.
func (c *course) readyJoin(n *node, strategy manifest.JoinStrategy) way {
	var well, badly, opens, total int
	var arrived []string
	for _, i := range c.plan.in[n.ID] {
		from := c.nodes[c.plan.flow.Connections[i].From]
		switch {
		case c.ways[i] == open:
			opens++
		case c.ways[i] == left:
			continue
		case from != nil && from.status == failed:
			badly++
		default:
			well++
		}
		total++
		if c.ways[i] == taken && from != nil && !slices.Contains(arrived, from.ID) {
			arrived = append(arrived, from.ID)
		}
	}
	if n.joined != nil { // an earlier turn decided: those who arrived then have to be through
		if slices.ContainsFunc(n.joined.Arrived, func(id string) bool { return !slices.Contains(arrived, id) }) {
			return open
		}
		return taken
	}
	enough := well > 0
	if strategy == manifest.JoinMajority {
		enough = 2*well > total
	}
	switch {
	case enough, opens == 0 && well+badly > 0:
		n.joined = &joined{Arrived: arrived, Abandoned: c.unneeded(n.ID)}
		return taken
	case opens > 0:
		return open
	}
	return left
}

// unneeded are the nodes behind a join that are not through.
func (c *course) unneeded(id string) []string {
	var list []string
	for _, other := range c.plan.behind[id] {
		if !c.nodes[other].status.final() {
			list = append(list, other)
		}
	}
	return list
}

// restoreJoin takes over what an earlier turn decided about a join.
func (c *course) restoreJoin(ctx context.Context, n *node) error {
	entry, err := n.branch.Do(ctx, step.KindNode, joinStep, unrecorded)
	if err != nil {
		return err
	}
	n.joined, n.recorded = &joined{}, true
	if err := json.Unmarshal(entry.Output, n.joined); err != nil {
		return fmt.Errorf("decode join %s: %w", n.ID, err)
	}
	for _, id := range n.joined.Abandoned {
		if other := c.nodes[id]; other != nil {
			other.seal.close(errAbandoned)
		}
	}
	return nil
}

// join records who arrived.
func (c *course) join(ctx context.Context, n *node, journal step.Journal, s *scope) (outcome, error) {
	decided := n.joined
	if decided == nil {
		decided = &joined{Arrived: n.before}
	}
	if !n.recorded {
		_, err := journal.Do(ctx, step.KindNode, joinStep, func(context.Context, string) (step.Entry, error) {
			return step.Entry{Output: encode(decided)}, nil
		})
		if err != nil {
			return outcome{}, err
		}
	}
	results := map[string]any{}
	for _, id := range decided.Arrived {
		results[id] = s.result(id)
	}
	more := map[string]any{"abandoned": decided.Abandoned}
	if len(decided.Arrived) > 0 {
		more["winner"] = decided.Arrived[0]
	}
	return outcome{output: results, more: more}, nil
}
