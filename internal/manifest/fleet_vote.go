package manifest

import (
	"slices"
	"strings"
)

// maxOptions bounds what a vote is about.
const maxOptions = 20

func (b *builder) consensus(f *Fleet, c coordinationDecl) {
	if f.Aggregation != AggregateConsensus {
		if c.Consensus != nil && c.Aggregation.set {
			b.warnf(c.Consensus.pos, "consensus has no effect without aggregation: consensus")
		}
		return
	}
	f.Consensus = Consensus{Algorithm: VoteMajority, MinVotes: 1}
	if c.Consensus == nil {
		return
	}
	d := *c.Consensus
	f.Consensus.MinVotes = d.MinVotes.or(1)
	f.Consensus.MinConfidence = d.MinConfidence.or(0)
	f.Consensus.AllowPartial = d.AllowPartial.or(false)
	f.Consensus.Options = b.options(d.Options)
	f.Consensus.Algorithm = b.algorithm(d.Algorithm)
	b.weights(f, d)
	if n := f.voters(); atLeast(b.decoder, d.MinVotes, 1) && d.MinVotes.value > n {
		b.errorf(d.MinVotes.pos, "min_votes is %d, and only %d can vote", d.MinVotes.value, n)
	}
	if d.MinConfidence.value < 0 || d.MinConfidence.value > 1 {
		b.errorf(d.MinConfidence.pos, "min_confidence must be between 0 and 1")
	}
}

func (b *builder) algorithm(s str) string {
	switch strings.ToLower(s.value) {
	case "first_wins", "human_review":
		b.errorf(s.pos, "consensus algorithm %s is not offered: use %s, %s or %s", s.value, VoteMajority, VoteUnanimous, VoteWeighted)
		return VoteMajority
	}
	if way := b.oneOf(s, "algorithm", VoteMajority, VoteUnanimous, VoteWeighted); way != "" {
		return way
	}
	return VoteMajority
}

// weights are given with the vote or with the members.
func (b *builder) weights(f *Fleet, d consensusDecl) {
	if len(d.Weights.entries) > 0 && f.Consensus.Algorithm != VoteWeighted {
		b.warnf(d.Weights.pos, "weights have no effect without algorithm: weighted")
	}
	var names []string
	for _, m := range f.Members {
		names = append(names, m.Name)
	}
	for _, e := range d.Weights.entries {
		i := slices.Index(names, e.key)
		switch {
		case i < 0:
			b.errorf(e.pos, "%q is no member of the fleet%s", shorten(e.key), meant(e.key, names))
		case e.value.set && e.value.value <= 0:
			b.errorf(e.value.pos, "a weight is more than 0")
		case e.value.set:
			f.Members[i].Weight = e.value.value
		}
	}
}

func (b *builder) options(list []str) []string {
	var out []string
	for _, s := range list {
		if !s.set {
			continue
		}
		if s.value = strings.TrimSpace(s.value); slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, s.value) }) {
			b.errorf(s.pos, "option %q is given twice", shorten(s.value))
		}
		out = append(out, s.value)
	}
	if len(list) == 1 || len(list) > maxOptions {
		b.errorf(list[0].pos, "a vote is about 2 to %d options, not %d", maxOptions, len(list))
	}
	return out
}

// voters counts who is asked.
func (f *Fleet) voters() int {
	last, n := 0, 0
	for _, m := range f.Members {
		if m.Role != RoleCoordinator {
			last = max(last, m.Tier)
		}
	}
	for _, m := range f.Members {
		if m.Role != RoleCoordinator && (f.Mode != ModeTiered || m.Tier == last) {
			n += m.Replicas
		}
	}
	return n
}

func (b *builder) tiered(f *Fleet, c coordinationDecl) {
	if c.Tiered == nil {
		return
	}
	if f.Mode != ModeTiered {
		b.warnf(c.Tiered.pos, "tiered has no effect in mode %s", f.Mode)
		return
	}
	f.Tiered.LastOnly = !c.Tiered.PassAll.or(true)
}

func (b *builder) deep(f *Fleet, c coordinationDecl) {
	if f.Mode != ModeDeep {
		if c.Deep != nil {
			b.warnf(c.Deep.pos, "deep has no effect in mode %s", f.Mode)
		}
		return
	}
	f.Deep.MaxRounds = DefaultDeepRounds
	if c.Deep == nil {
		return
	}
	d := *c.Deep
	if atLeast(b.decoder, d.MaxRounds, 1) {
		f.Deep.MaxRounds = d.MaxRounds.or(DefaultDeepRounds)
	}
	if f.Deep.MaxRounds > maxDeepRounds {
		b.errorf(d.MaxRounds.pos, "max_iterations is at most %d", maxDeepRounds)
	}
	b.checkTemplate(d.Planner)
	b.checkTemplate(d.Synthesizer)
	f.Deep.Planner, f.Deep.Synthesizer = d.Planner.value, d.Synthesizer.value
	if !d.Planning.or(true) {
		b.errorf(d.Planning.pos, "mode deep is planning: use mode pipeline or hierarchical")
	}
	if !d.Memory.or(true) {
		b.errorf(d.Memory.pos, "each step of mode deep sees the ones before: use mode swarm for steps that do not")
	}
}
