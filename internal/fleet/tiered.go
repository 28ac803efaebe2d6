package fleet

import (
	"context"
	"fmt"
	"slices"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/manifest"
)

// tiered has the tiers work one after the other, the members of one at the same
// time. The answers of the last tier are put together.
func (t *team) tiered(ctx context.Context) (agent.Result, error) {
	tiers := tiersOf(t.workers())
	var before []agent.Material
	for _, tier := range tiers[:len(tiers)-1] {
		answers, err := t.askAll(ctx, t.openings(tier, before))
		if err == nil {
			err = allFailed(answers)
		}
		if err != nil {
			return agent.Result{Text: merged(answers)}, fmt.Errorf("tier %d: %w", tier[0].Tier, err)
		}
		if t.job.Fleet.Tiered.LastOnly {
			before = nil
		}
		before = append(slices.Clone(before), materialOf(answers)...)
	}
	return t.lastTier(ctx, tiers[len(tiers)-1], before)
}

// lastTier does what the last tier is for. A single member of it speaks for the
// fleet, if there is no coordinator.
func (t *team) lastTier(ctx context.Context, tier []member, before []agent.Material) (agent.Result, error) {
	f := t.job.Fleet
	_, led := t.coordinator()
	switch {
	case len(tier) == 1 && !led && f.Aggregation == manifest.AggregateSynthesis:
		m := tier[0]
		return t.askOne(ctx, assignment{branch: m.Name, member: m, material: before, schema: t.job.Schema,
			brief: joined(t.standing(m), t.workflow(), "What was found before you is in the data.", posted)})
	case len(f.Consensus.Options) > 0:
		return t.vote(ctx, tier, before)
	}
	answers, err := t.askAll(ctx, t.openings(tier, before))
	if err == nil {
		err = allFailed(answers)
	}
	if err != nil {
		return agent.Result{Text: merged(answers)}, err
	}
	return t.aggregate(ctx, answers, before)
}

// tiersOf sorts members by their tier, those of one in their order.
func tiersOf(list []member) [][]member {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b member) int { return a.Tier - b.Tier })
	var tiers [][]member
	for i, m := range sorted {
		if i == 0 || m.Tier != sorted[i-1].Tier {
			tiers = append(tiers, nil)
		}
		tiers[len(tiers)-1] = append(tiers[len(tiers)-1], m)
	}
	return tiers
}
