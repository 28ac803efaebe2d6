package manifest

import "gopkg.in/yaml.v3"

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
	Workflow      str              `yaml:"workflow" jsonschema_description:"What the coordinator is told"`
	Budget        data             `yaml:"budget" refuse:"the fleet would spend without it"`
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
	Replicas opt[int]     `yaml:"replicas"`
	Tier     opt[int]     `yaml:"tier"`
	Weight   opt[float64] `yaml:"weight"`
	Labels   mapping[str] `yaml:"labels"`
	agentSpec
}

type coordinationDecl struct {
	at
	Mode         str  `yaml:"mode"`
	Manager      str  `yaml:"manager" alias:"coordinator"`
	Distribution str  `yaml:"distribution"`
	Aggregation  str  `yaml:"aggregation"`
	Consensus    data `yaml:"consensus"`
	Tiered       data `yaml:"tiered"`
	Deep         data `yaml:"deep"`
	Strategy     data `yaml:"strategy" ignore:"use mode"`
	Workflow     data `yaml:"workflow" ignore:"use spec.workflow, a text"`
}

type flowDecl struct {
	at
	header
	Spec flowSpec `yaml:"spec"`
}

type flowSpec struct {
	at
	Description   str              `yaml:"description"`
	Nodes         []nodeDecl       `yaml:"nodes"`
	Connections   []connectionDecl `yaml:"connections" alias:"edges"`
	Context       data             `yaml:"context" ignore:""`
	Config        data             `yaml:"config" ignore:""`
	Trigger       data             `yaml:"trigger" alias:"triggers" ignore:"a flow does not start by itself; write a Trigger with default_flow"`
	Agents        data             `yaml:"agents" ignore:"nodes name their agents"`
	Fleet         data             `yaml:"fleet" refuse:"write nodes of type Agent or Fleet"`
	Actions       data             `yaml:"actions" refuse:"write nodes and connections"`
	Conditions    data             `yaml:"conditions" refuse:"write connections with when"`
	ErrorHandling data             `yaml:"error_handling" alias:"errorHandling" ignore:""`
	Resources     data             `yaml:"resources" ignore:""`
	Caching       data             `yaml:"caching" ignore:""`
	Metrics       data             `yaml:"metrics" ignore:""`
	Tags          data             `yaml:"tags" ignore:"use metadata.labels"`
}

type nodeDecl struct {
	at
	ID          str     `yaml:"id" alias:"name"`
	Type        str     `yaml:"type"`
	Description str     `yaml:"description"`
	Config      rawData `yaml:"config"`
	DependsOn   texts   `yaml:"depends_on" alias:"dependsOn"`
	When        rawText `yaml:"when" alias:"condition"`
	Retry       data    `yaml:"retry"`
	Timeout     data    `yaml:"timeout" alias:"timeout_seconds,timeoutSeconds"`
	Conditions  data    `yaml:"conditions" ignore:"write connections with when"`
	Tools       data    `yaml:"tools" ignore:"the agent's own tools count"`
	MCPServers  data    `yaml:"mcp_servers" alias:"mcpServers" refuse:""`
}

type connectionDecl struct {
	at
	From str     `yaml:"from"`
	To   str     `yaml:"to"`
	When rawText `yaml:"when" alias:"condition"`
}

// rawText is a text that keeps its "${…}", and may be a plain truth value.
type rawText struct {
	at
	value string
}

func (r *rawText) decodeYAML(d *decoder, n *yaml.Node, _ int) {
	r.pos = d.pos(n)
	switch {
	case isNull(n):
	case n.Kind != yaml.ScalarNode:
		d.errorf(r.pos, "expected an expression, found %s", describe(n))
	default:
		r.value = n.Value
	}
}
