package manifest

type fleetDecl struct {
	at
	header
	Spec fleetSpec `yaml:"spec"`
}

type fleetSpec struct {
	at
	Description   str              `yaml:"description"`
	Agents        []memberDecl     `yaml:"agents" alias:"members"`
	Coordination  coordinationDecl `yaml:"coordination"`
	Workflow      str              `yaml:"workflow" jsonschema_description:"A template; what all are to do together"`
	Output        str              `yaml:"output" jsonschema_description:"comment or none; default what the member says whose text it is"`
	ReportTo      str              `yaml:"report_to" jsonschema_description:"The key of the issue that gets the final text if the event has no issue"`
	Budget        budgetDecl       `yaml:"budget" jsonschema_description:"For the whole fleet"`
	Shared        data             `yaml:"shared" ignore:""`
	Communication data             `yaml:"communication" ignore:""`
	Scaling       data             `yaml:"scaling" ignore:""`
	Observability data             `yaml:"observability" ignore:""`
}

// memberDecl is an agent of a fleet: by name, by file, or written here.
type memberDecl struct {
	at
	Name     str          `yaml:"name"`
	Role     str          `yaml:"role" jsonschema_description:"coordinator (or manager), or any other word"`
	Ref      str          `yaml:"ref" jsonschema_description:"The name or the file of an agent"`
	File     str          `yaml:"config" jsonschema_description:"The file of an agent"`
	Spec     *agentSpec   `yaml:"spec"`
	Replicas opt[int]     `yaml:"replicas" jsonschema_description:"How many of it work at the same time, in the modes peer, tiered and swarm; default 1"`
	Tier     opt[int]     `yaml:"tier" jsonschema_description:"In the mode tiered, from 1"`
	Weight   opt[float64] `yaml:"weight" jsonschema_description:"What the vote counts with the algorithm weighted; default 1"`
	Labels   mapping[str] `yaml:"labels"`
	agentSpec
}

type coordinationDecl struct {
	at
	Mode         str            `yaml:"mode" jsonschema_description:"hierarchical, pipeline, peer, tiered, swarm or deep"`
	Manager      str            `yaml:"manager" alias:"coordinator" jsonschema_description:"The member that leads"`
	Distribution str            `yaml:"distribution" jsonschema_description:"In the mode swarm: least-loaded (default), round-robin or skill-based"`
	Aggregation  str            `yaml:"aggregation" jsonschema_description:"manager_synthesis (default), merge or consensus"`
	Consensus    *consensusDecl `yaml:"consensus"`
	Tiered       *tieredDecl    `yaml:"tiered"`
	Deep         *deepDecl      `yaml:"deep"`
	Strategy     data           `yaml:"strategy" ignore:"use mode"`
	Workflow     []workDecl     `yaml:"workflow" jsonschema_description:"Who does what; the same as a text in spec.workflow"`
}

type consensusDecl struct {
	at
	Algorithm     str                   `yaml:"algorithm" jsonschema_description:"majority (default), unanimous or weighted"`
	Options       []str                 `yaml:"options" jsonschema_description:"What can be chosen; default what the members propose"`
	MinVotes      opt[int]              `yaml:"min_votes" jsonschema_description:"How many votes have to count"`
	MinConfidence opt[float64]          `yaml:"min_confidence" jsonschema_description:"From 0 to 1; votes that are less sure do not count"`
	AllowPartial  opt[bool]             `yaml:"allow_partial" jsonschema_description:"Measure against the votes that count instead of all members"`
	Weights       mapping[opt[float64]] `yaml:"weights" jsonschema_description:"By member, for the algorithm weighted"`
	Timeout       data                  `yaml:"timeout_ms" alias:"timeout" refuse:"use runtime.task_timeout_secs in daemon.yaml"`
}

type tieredDecl struct {
	at
	PassAll      opt[bool] `yaml:"pass_all_results" jsonschema_description:"Whether a tier sees the answers of all tiers before it (default) or of the last one only"`
	Final        str       `yaml:"final_aggregation" jsonschema_description:"The same as aggregation"`
	TierDecision data      `yaml:"tier_consensus" refuse:"the members of the last tier can vote: aggregation: consensus"`
}

type deepDecl struct {
	at
	MaxRounds   opt[int]  `yaml:"max_iterations" jsonschema_description:"How often steps are planned, the first time included; default 3"`
	Planner     str       `yaml:"planner_prompt" jsonschema_description:"A template; further instructions for the plan"`
	Synthesizer str       `yaml:"synthesizer_prompt" jsonschema_description:"A template; further instructions for the final text"`
	Planning    opt[bool] `yaml:"planning"`
	Memory      opt[bool] `yaml:"memory"`
	Model       data      `yaml:"planner_model" refuse:"give the coordinator that model"`
}

// workDecl is what one member does.
type workDecl struct {
	at
	Agent       str   `yaml:"agent" alias:"name"`
	Role        str   `yaml:"role"`
	Description str   `yaml:"description"`
	Tasks       texts `yaml:"tasks" alias:"task"`
}
