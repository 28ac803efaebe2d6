package manifest

import "gopkg.in/yaml.v3"

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
	Scope         scopeDecl        `yaml:"scope"`
	Writes        str              `yaml:"writes" jsonschema_description:"How Tool, HTTP and Response nodes write; as for agents"`
	Approval      *consentDecl     `yaml:"approval" jsonschema_description:"Calls of Tool and Response nodes that somebody has to approve"`
	Budget        budgetDecl       `yaml:"budget" jsonschema_description:"For the whole flow"`
	Output        str              `yaml:"output" jsonschema_description:"comment posts the flow's result; default none: Response nodes post"`
	Context       data             `yaml:"context" ignore:""`
	Config        data             `yaml:"config" ignore:"nodes have retry, timeout and on_error of their own"`
	Trigger       data             `yaml:"trigger" alias:"triggers" ignore:"a flow does not start by itself; write a Trigger with default_flow"`
	Agents        data             `yaml:"agents" ignore:"nodes name their agents"`
	Fleet         data             `yaml:"fleet" refuse:"write nodes of type Agent or Fleet"`
	Actions       data             `yaml:"actions" refuse:"write nodes and connections"`
	Conditions    data             `yaml:"conditions" refuse:"write connections with when"`
	ErrorHandling data             `yaml:"error_handling" alias:"errorHandling" ignore:"nodes have on_error"`
	Resources     data             `yaml:"resources" ignore:"nodes have timeout"`
	Caching       data             `yaml:"caching" ignore:""`
	Metrics       data             `yaml:"metrics" ignore:""`
	Tags          data             `yaml:"tags" ignore:"use metadata.labels"`
}

type nodeDecl struct {
	at
	ID          str       `yaml:"id" alias:"name"`
	Type        str       `yaml:"type"`
	Description str       `yaml:"description"`
	Config      deferred  `yaml:"config"`
	DependsOn   texts     `yaml:"depends_on" alias:"dependsOn" jsonschema_description:"Nodes that lead here, as connections do"`
	When        flowText  `yaml:"when" alias:"condition" jsonschema_description:"An expression; the node is skipped if it is false"`
	Retry       retryDecl `yaml:"retry"`
	Timeout     seconds   `yaml:"timeout" alias:"timeout_seconds,timeoutSeconds" jsonschema_description:"Bounds the working time of one attempt"`
	OnError     str       `yaml:"on_error" alias:"onError" jsonschema_description:"fail (default), continue, or the id of the node with which the flow goes on"`
	Conditions  data      `yaml:"conditions" ignore:"write connections with when"`
	Tools       data      `yaml:"tools" ignore:"the agent's own tools count"`
	MCPServers  data      `yaml:"mcp_servers" alias:"mcpServers" refuse:"give them to the agent"`
}

type retryDecl struct {
	at
	MaxAttempts opt[int] `yaml:"max_attempts" alias:"maxAttempts" jsonschema_description:"The first one included"`
	Delay       seconds  `yaml:"delay" alias:"initial_delay,initialDelay" jsonschema_description:"Before the second attempt; default 1s"`
	Backoff     str      `yaml:"backoff" jsonschema_description:"fixed or exponential (default)"`
	Multiplier  factor   `yaml:"backoff_multiplier" alias:"backoffMultiplier" jsonschema_description:"Of the delay; default 2"`
	MaxDelay    seconds  `yaml:"max_delay" alias:"maxDelay" jsonschema_description:"Default 10m"`
}

type factor = opt[float64]

type connectionDecl struct {
	at
	From str      `yaml:"from"`
	To   str      `yaml:"to"`
	When flowText `yaml:"when" alias:"condition" jsonschema_description:"An expression; the way is taken if it is true"`
}

// flowText is a template or an expression, or a plain value that stands for one.
// It is expanded when the names that the flow itself gives are known.
type flowText struct {
	at
	node *yaml.Node
	set  bool
}

func (f *flowText) decodeYAML(d *decoder, n *yaml.Node, _ int) {
	f.pos = d.pos(n)
	switch {
	case isNull(n):
	case n.Kind != yaml.ScalarNode:
		d.errorf(f.pos, "expected text, found %s", describe(n))
	default:
		f.node, f.set = n, true
	}
}

// flowTree is anything, with templates in its texts.
type flowTree struct {
	at
	node  *yaml.Node
	depth int
}

func (f *flowTree) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	f.pos, f.depth = d.pos(n), depth
	if !isNull(n) {
		f.node = n
	}
}

// deferred is a mapping that is decoded when its node's type is known.
type deferred struct {
	at
	node  *yaml.Node
	depth int
}

func (c *deferred) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	c.pos, c.depth = d.pos(n), depth
	switch {
	case isNull(n):
	case n.Kind != yaml.MappingNode:
		d.errorf(c.pos, "expected a mapping for the node's config")
	default:
		c.node = n
	}
}

// seconds is a time span; a plain number counts seconds.
type seconds struct{ span }

func (s *seconds) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!int" {
		plain := *n
		plain.Value, plain.Tag = n.Value+"s", "!!str"
		n = &plain
	}
	s.span.decodeYAML(d, n, depth)
}
