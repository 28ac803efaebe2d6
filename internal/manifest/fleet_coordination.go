package manifest

import (
	"regexp"
	"slices"
	"strings"
)

// maxReplicas bounds how often one member is there.
const maxReplicas = 10

// maxDeepRounds bounds how often a fleet plans.
const maxDeepRounds = 10

var plainIssueKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*-[0-9]+$`)

func (b *builder) issueKey(s str) string {
	if s.value != "" && !plainIssueKey.MatchString(s.value) {
		b.errorf(s.pos, "%q is not the key of an issue", shorten(s.value))
	}
	return strings.ToUpper(s.value)
}

// workflow is the text, or AOF's list as one.
func (decl fleetDecl) workflow() string {
	if decl.Spec.Workflow.set {
		return decl.Spec.Workflow.value
	}
	var lines []string
	for _, w := range decl.Spec.Coordination.Workflow {
		line := "- " + w.Agent.value
		if w.Role.set {
			line += " (" + w.Role.value + ")"
		}
		tasks := values(w.Tasks.list)
		if w.Description.set {
			tasks = append([]string{w.Description.value}, tasks...)
		}
		if len(tasks) > 0 {
			line += ": " + strings.Join(tasks, ", ")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// standing reads what a member counts for.
func (b *builder) standing(out *FleetMember, m memberDecl) {
	if atLeast(b.decoder, m.Replicas, 1) {
		out.Replicas = m.Replicas.or(1)
	}
	if out.Replicas > maxReplicas {
		b.errorf(m.Replicas.pos, "at most %d replicas", maxReplicas)
	}
	if atLeast(b.decoder, m.Tier, 1) {
		out.Tier = m.Tier.or(1)
	}
	if m.Weight.set && m.Weight.value <= 0 {
		b.errorf(m.Weight.pos, "a weight is more than 0")
	}
	out.Weight = m.Weight.or(1)
}

func (b *builder) coordination(f *Fleet, spec fleetSpec) {
	c := spec.Coordination
	b.leader(f, spec)
	f.Mode = FleetMode(b.oneOf(c.Mode, "mode", string(ModeHierarchical), string(ModePipeline), string(ModePeer),
		string(ModeTiered), string(ModeSwarm), string(ModeDeep)))
	if f.Mode == "" {
		f.Mode = f.impliedMode(c)
	}
	b.workers(f, c)
	b.aggregation(f, c)
	b.distribution(f, c)
	b.consensus(f, c)
	b.tiered(f, c)
	b.deep(f, c)
	b.standings(f, spec)
}

// impliedMode is the mode of a fleet that names none.
func (f *Fleet) impliedMode(c coordinationDecl) FleetMode {
	switch {
	case c.Deep != nil:
		return ModeDeep
	case c.Tiered != nil:
		return ModeTiered
	case f.Coordinator() != "":
		return ModeHierarchical
	case c.Aggregation.set, c.Consensus != nil:
		return ModePeer
	case c.Distribution.set:
		return ModeSwarm
	}
	return ModePipeline
}

// leader finds the one member that leads.
func (b *builder) leader(f *Fleet, spec fleetSpec) {
	manager := spec.Coordination.Manager
	var leaders, names []string
	for i := range f.Members {
		m := &f.Members[i]
		names = append(names, m.Name)
		named := manager.set && m.Name == manager.value
		if named || strings.EqualFold(m.Role, "manager") || strings.EqualFold(m.Role, RoleCoordinator) {
			m.Role = RoleCoordinator
			leaders = append(leaders, m.Name)
		}
	}
	if manager.set && !slices.Contains(names, manager.value) {
		b.errorf(manager.pos, "manager %q is no member of the fleet%s", shorten(manager.value), meant(manager.value, names))
	}
	if len(leaders) > 1 {
		b.errorf(spec.pos, "a fleet has one coordinator, this one has %d: %s", len(leaders), shorten(strings.Join(leaders, ", ")))
	}
}

// workers checks that there is somebody for the mode to work with.
func (b *builder) workers(f *Fleet, c coordinationDecl) {
	if len(f.Members) == 0 {
		return // that is reported already
	}
	at := c.Mode.pos
	if at == (pos{}) {
		at = c.pos
	}
	leads := f.Coordinator() != ""
	switch {
	case f.Mode == ModeHierarchical && !leads && !c.Manager.set:
		b.errorf(at, "mode hierarchical needs a member with role coordinator")
	case leads && len(f.Members) == 1 && f.Mode != ModePipeline && at != (pos{}):
		b.errorf(at, "the coordinator has nobody to work with: mode %s needs a further member", f.Mode)
	case leads && len(f.Members) == 1 && f.Mode != ModePipeline:
		f.Mode = ModePipeline
	}
}

// aggregation checks that the way of putting answers together fits the mode.
func (b *builder) aggregation(f *Fleet, c coordinationDecl) {
	given := c.Aggregation
	if c.Tiered != nil && c.Tiered.Final.set {
		if given.set && !strings.EqualFold(given.value, c.Tiered.Final.value) {
			b.errorf(c.Tiered.Final.pos, "final_aggregation contradicts aggregation: give one of them")
		}
		given = c.Tiered.Final
	}
	if strings.EqualFold(given.value, "synthesis") {
		given.value = string(AggregateSynthesis)
	}
	way := Aggregation(b.oneOf(given, "aggregation", string(AggregateMerge), string(AggregateConsensus), string(AggregateSynthesis)))
	if way == "" && c.Consensus != nil && !given.set {
		way = AggregateConsensus
	}
	switch {
	case f.Mode == ModePeer || f.Mode == ModeTiered:
		if f.Aggregation = way; way == "" {
			f.Aggregation = AggregateSynthesis
		}
	case f.Mode == ModeSwarm && way != AggregateConsensus:
		if f.Aggregation = way; way == "" {
			f.Aggregation = AggregateSynthesis
		}
	case way == "" || way == AggregateSynthesis && (f.Mode == ModeHierarchical || f.Mode == ModeDeep):
	case !given.set:
		b.errorf(c.Consensus.pos, "a vote is taken in the modes peer and tiered, not in mode %s", f.Mode)
	default:
		b.errorf(given.pos, "aggregation %s has no meaning in mode %s: use mode peer or tiered", way, f.Mode)
	}
}

func (b *builder) distribution(f *Fleet, c coordinationDecl) {
	given := c.Distribution
	switch strings.ToLower(given.value) {
	case "random", "sticky":
		b.errorf(given.pos, "distribution %s is not offered: use %s, %s or %s", given.value, DistributeLeastLoaded, DistributeRoundRobin, DistributeSkill)
		return
	}
	way := b.oneOf(given, "distribution", DistributeLeastLoaded, DistributeRoundRobin, DistributeSkill)
	switch {
	case f.Mode != ModeSwarm && way != "":
		b.warnf(given.pos, "distribution has no effect in mode %s", f.Mode)
	case f.Mode == ModeSwarm && way == "":
		f.Distribution = DistributeLeastLoaded
	case f.Mode == ModeSwarm:
		f.Distribution = way
	}
}

// standings reports what of the members means nothing in the fleet's mode.
func (b *builder) standings(f *Fleet, spec fleetSpec) {
	several := f.Mode == ModePeer || f.Mode == ModeTiered || f.Mode == ModeSwarm
	for _, m := range spec.Agents {
		switch {
		case m.Replicas.value > 1 && !several:
			b.errorf(m.Replicas.pos, "replicas have no meaning in mode %s: use mode peer, tiered or swarm", f.Mode)
		case m.Replicas.value > 1 && f.Coordinator() != "" && m.Name.value == f.Coordinator():
			b.errorf(m.Replicas.pos, "a fleet has one coordinator")
		}
		if m.Tier.set && f.Mode != ModeTiered {
			b.warnf(m.Tier.pos, "tier has no effect in mode %s", f.Mode)
		}
		if m.Weight.set && f.Consensus.Algorithm != VoteWeighted {
			b.warnf(m.Weight.pos, "weight has no effect without consensus: {algorithm: weighted}")
		}
	}
}
