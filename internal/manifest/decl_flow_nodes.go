package manifest

import "gopkg.in/yaml.v3"

// The configs of the types of node.

type agentNodeDecl struct {
	at
	Agent       str        `yaml:"agent" jsonschema_description:"The agent's name"`
	Fleet       str        `yaml:"fleet" jsonschema_description:"A fleet in place of an agent"`
	Inline      *agentSpec `yaml:"inline" jsonschema_description:"An agent that is written here"`
	AgentConfig data       `yaml:"agent_config" alias:"agentConfig" refuse:"write inline, a mapping"`
	Input       flowText   `yaml:"input" alias:"prompt,task" jsonschema_description:"A template: what the agent is to do; default the outputs of the nodes before"`
	Schema      flowSchema `yaml:"output_schema" alias:"outputSchema" jsonschema_description:"The JSON Schema that the answer has to fit"`
}

type fleetNodeDecl struct {
	at
	Fleet str      `yaml:"fleet" jsonschema_description:"The fleet's name"`
	Input flowText `yaml:"input" alias:"prompt,task" jsonschema_description:"A template: what the fleet is to do; default the outputs of the nodes before"`
}

type subflowDecl struct {
	at
	Flow   str      `yaml:"flow" jsonschema_description:"The flow's name"`
	Inputs flowTree `yaml:"inputs" alias:"input,params" jsonschema_description:"What the flow reads as inputs; texts are templates"`
}

type toolNodeDecl struct {
	at
	Tool str      `yaml:"tool" jsonschema_description:"The tool's name"`
	Args flowTree `yaml:"args" alias:"arguments,params" jsonschema_description:"By name; texts are templates"`
	// Pages is for tools that show a part of what there is.
	Pages opt[int] `yaml:"pages" jsonschema_description:"The tool is asked for further parts of its result too, at most so many; more is an error. Default 1, at most 100, and then what is not shown does not matter"`
}

type conditionalDecl struct {
	at
	Condition flowText `yaml:"condition" alias:"expression,when" jsonschema_description:"An expression"`
	Then      texts    `yaml:"then" alias:"if_true" jsonschema_description:"The nodes to go to if it is true, as connections with when: true"`
	Else      texts    `yaml:"else" alias:"otherwise,if_false" jsonschema_description:"The nodes to go to if it is false"`
}

type parallelDecl struct {
	at
	Branches texts `yaml:"branches" jsonschema_description:"The nodes to go to, as connections"`
}

type joinDecl struct {
	at
	Strategy str `yaml:"strategy" alias:"mode" jsonschema_description:"all (default), any or majority"`
}

type forEachDecl struct {
	at
	Items       flowTree `yaml:"items" alias:"in,over" jsonschema_description:"A list, or an expression that gives one"`
	Item        str      `yaml:"item" alias:"item_name,as" jsonschema_description:"The variable's name; default item"`
	Index       str      `yaml:"index" jsonschema_description:"The variable that counts from 0; default index"`
	Body        bodyDecl `yaml:"body" alias:"do" jsonschema_description:"The id of a node, a list of ids, or a node written here"`
	MaxParallel opt[int] `yaml:"max_parallel" alias:"maxParallel,parallel" jsonschema_description:"Items at work at the same time; default 4, at most 32"`
	MaxItems    opt[int] `yaml:"max_items" alias:"maxItems" jsonschema_description:"More items are an error; default 100, at most 1000"`
	OnError     str      `yaml:"on_error" alias:"onError" jsonschema_description:"stop (default) or continue"`
	Collect     data     `yaml:"collect" ignore:"the results are the node's output"`
}

type approvalDecl struct {
	at
	Message   flowText   `yaml:"message" jsonschema_description:"A template: what is asked"`
	Approvers []flowText `yaml:"approvers" jsonschema_description:"Who may answer; default those of daemon.yaml"`
	Timeout   seconds    `yaml:"timeout" alias:"timeout_seconds,timeoutSeconds" jsonschema_description:"Then the answer is no; default 24h"`
	Issue     flowText   `yaml:"issue_key" jsonschema_description:"A template: the issue on which people are asked; default the event's"`
	Page      flowText   `yaml:"page_id" jsonschema_description:"A template: the id of the page on which people are asked instead; default the event's, if it has no issue"`
	AllowSelf opt[bool]  `yaml:"allow_self" alias:"allowSelf" jsonschema_description:"Whether the person who started the flow may answer; default false"`
	Channel   data       `yaml:"channel" ignore:"people are asked on the issue"`
	Platform  data       `yaml:"platform" ignore:"people are asked on the issue"`
}

type waitDecl struct {
	at
	Duration flowText `yaml:"duration" alias:"for,seconds" jsonschema_description:"Such as 30m; or a template that gives one"`
	Until    flowText `yaml:"until" jsonschema_description:"A point in time as in RFC 3339, or a template that gives one"`
}

type httpNodeDecl struct {
	at
	Method  str               `yaml:"method" jsonschema_description:"Default GET"`
	URL     flowText          `yaml:"url" jsonschema_description:"A template; its host has to be among policy.allowed_hosts"`
	Headers mapping[flowText] `yaml:"headers"`
	Body    flowTree          `yaml:"body" alias:"json" jsonschema_description:"A text, or a mapping that is sent as JSON; texts are templates"`
}

type transformDecl struct {
	at
	Template flowText `yaml:"template" alias:"expression" jsonschema_description:"A template that gives a text"`
	Format   str      `yaml:"format" jsonschema_description:"text (default) or json, for what the template gives"`
	Value    flowTree `yaml:"value" alias:"output,set" jsonschema_description:"A mapping or a list; texts are templates"`
	Script   flowText `yaml:"script" jsonschema_description:"Lines of the form export NAME=\"…\"; no shell is run"`
}

type responseDecl struct {
	at
	Message  flowText `yaml:"message" alias:"body,text" jsonschema_description:"A template; Markdown"`
	Issue    flowText `yaml:"issue_key" alias:"issue" jsonschema_description:"A template; default the event's issue"`
	Platform data     `yaml:"platform" ignore:"the comment is posted where the event came from"`
	Channel  data     `yaml:"channel" ignore:"the comment is posted where the event came from"`
}

type endDecl struct {
	at
	Status  str      `yaml:"status" jsonschema_description:"succeeded (default) or failed"`
	Message flowText `yaml:"message" alias:"result,output" jsonschema_description:"A template: the flow's result"`
}

// flowSchema is a JSON Schema, as a mapping or as a text.
type flowSchema struct {
	at
	value any
}

func (s *flowSchema) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	s.pos = d.pos(n)
	switch {
	case isNull(n):
	case n.Kind != yaml.MappingNode:
		d.errorf(s.pos, "expected a JSON Schema, found %s", describe(n))
	default:
		s.value = d.free(n, depth, false)
	}
}

// bodyDecl is what a ForEach does with each item.
type bodyDecl struct {
	at
	ids    []str
	inline *yaml.Node
	depth  int
}

func (b *bodyDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	b.pos = d.pos(n)
	switch {
	case isNull(n):
	case n.Kind == yaml.MappingNode:
		b.inline, b.depth = n, depth
	default:
		var list texts
		list.decodeYAML(d, n, depth)
		b.ids = list.list
	}
}

// bodyNode is a node that is written into a body: with type and config, or by
// what it runs alone.
type bodyNode struct {
	at
	ID     str      `yaml:"id"`
	Type   str      `yaml:"type"`
	Config deferred `yaml:"config"`
}
