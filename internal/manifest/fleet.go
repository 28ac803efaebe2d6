package manifest

import "slices"

// FleetMode says how the members of a fleet work together.
type FleetMode string

// The modes.
const (
	// ModeHierarchical: a coordinator gives tasks to the others.
	ModeHierarchical FleetMode = "hierarchical"
	// ModePipeline: one after the other, each sees what those before found.
	ModePipeline FleetMode = "pipeline"
	// ModePeer: all at the same time, then their answers are put together.
	ModePeer FleetMode = "peer"
	// ModeTiered: as peer, tier by tier.
	ModeTiered FleetMode = "tiered"
	// ModeSwarm: the work is split into tasks, which are dealt out.
	ModeSwarm FleetMode = "swarm"
	// ModeDeep: plan, carry out, look whether more is to be done, put together.
	ModeDeep FleetMode = "deep"
)

// Aggregation says how several answers become one.
type Aggregation string

// The ways.
const (
	// AggregateSynthesis has the coordinator write one text, or whoever stands for
	// it.
	AggregateSynthesis Aggregation = "manager_synthesis"
	// AggregateMerge joins the answers under headings, without a model.
	AggregateMerge Aggregation = "merge"
	// AggregateConsensus has the members vote.
	AggregateConsensus Aggregation = "consensus"
)

// The ways in which a swarm deals out its tasks.
const (
	DistributeLeastLoaded = "least-loaded"
	DistributeRoundRobin  = "round-robin"
	DistributeSkill       = "skill-based"
)

// The rules of a vote.
const (
	VoteMajority  = "majority"
	VoteUnanimous = "unanimous"
	VoteWeighted  = "weighted"
)

// Fleet is several agents working together.
type Fleet struct {
	Meta
	Description string
	Members     []FleetMember
	Mode        FleetMode
	// Aggregation is "" where the mode leaves no choice.
	Aggregation Aggregation
	// Distribution is how a swarm deals out its tasks; "" in other modes.
	Distribution string
	// Workflow is a template; what all members are to do together.
	Workflow string
	// Output is what happens with the fleet's final text; "" for what the member
	// says whose text it is.
	Output Output
	// ReportTo is the key of the issue that gets the final text if the event has
	// none; "" for nowhere.
	ReportTo string
	// Budget is what may be spent on the models of all members together, beside
	// each one's own.
	Budget    Budget
	Consensus Consensus
	Tiered    Tiered
	Deep      Deep
}

// FleetMember is one agent of a fleet.
type FleetMember struct {
	Name string
	// Role is "coordinator" for the one who leads, and any other word for the rest.
	Role string
	// Agent is the name of the agent in the catalogue, or "" if Inline is set.
	Agent  string
	Inline *Agent
	// Replicas is how many of the member work at the same time, at least 1.
	Replicas int
	// Tier counts from 1.
	Tier int
	// Weight is what the member's vote counts.
	Weight float64
}

// RoleCoordinator is the role of the member that leads.
const RoleCoordinator = "coordinator"

// Consensus says when a vote is decided.
type Consensus struct {
	// Algorithm is one of the Vote constants.
	Algorithm string
	// MinVotes is how many votes have to count at least.
	MinVotes int
	// MinConfidence, from 0 to 1, is how sure a voter has to be for the vote to
	// count.
	MinConfidence float64
	// AllowPartial measures against the votes that count; otherwise those who are
	// asked and do not vote count against every option.
	AllowPartial bool
	// Options are what can be chosen; none for what the members propose.
	Options []string
}

// Tiered is what belongs to the mode of that name.
type Tiered struct {
	// LastOnly shows to a tier only the answers of the one before, not of all.
	LastOnly bool
}

// Deep is what belongs to the mode of that name.
type Deep struct {
	// MaxRounds bounds how often steps are planned, the first time included.
	MaxRounds int
	// Planner and Synthesizer are templates, further instructions for the plan and
	// for the final text.
	Planner, Synthesizer string
}

// DefaultDeepRounds is how often steps are planned if the manifest does not say.
const DefaultDeepRounds = 3

// Inline returns the agents that are written in the fleet itself.
func (f *Fleet) Inline() []*Agent {
	var list []*Agent
	for _, m := range f.Members {
		if m.Inline != nil {
			list = append(list, m.Inline)
		}
	}
	return list
}

// Coordinator returns the name of the member that leads, or "".
func (f *Fleet) Coordinator() string {
	i := slices.IndexFunc(f.Members, func(m FleetMember) bool { return m.Role == RoleCoordinator })
	if i < 0 {
		return ""
	}
	return f.Members[i].Name
}
