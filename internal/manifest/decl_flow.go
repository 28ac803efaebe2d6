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
