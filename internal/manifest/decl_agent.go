package manifest

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// agentDecl is an agent with apiVersion, kind, metadata and spec.
type agentDecl struct {
	at
	header
	Spec agentSpec `yaml:"spec"`
}

// flatAgentDecl is the short form.
type flatAgentDecl struct {
	at
	header
	Name str `yaml:"name"`
	agentSpec
}

type agentSpec struct {
	at
	Model              str          `yaml:"model" jsonschema_description:"provider:model, such as google:gemini-2.5-flash"`
	Fallbacks          []str        `yaml:"fallbacks" jsonschema_description:"The models that stand in where it is out of service, in their order"`
	Provider           str          `yaml:"provider" jsonschema_description:"For a model that is named without one"`
	Description        str          `yaml:"description"`
	Instructions       str          `yaml:"instructions" alias:"system_prompt,system" jsonschema_description:"A template; the system prompt"`
	Tools              []toolDecl   `yaml:"tools" jsonschema_description:"Names, globs and toolsets"`
	Temperature        opt[float64] `yaml:"temperature"`
	MaxTokens          opt[int]     `yaml:"max_tokens" jsonschema_description:"Per answer of the model; default 4096"`
	MaxIterations      opt[int]     `yaml:"max_iterations" jsonschema_description:"Model calls per run; default 10"`
	MaxContextMessages opt[int]     `yaml:"max_context_messages"`
	ModelConfig        modelConfig  `yaml:"model_config"`
	Output             outputDecl   `yaml:"output" jsonschema_description:"comment (default), none, or a JSON Schema that the final text has to fit"`
	Writes             str          `yaml:"writes" jsonschema_description:"direct (default), propose to ask people at the end, draft to propose with edits of pages as drafts, or dry_run"`
	Scope              scopeDecl    `yaml:"scope"`
	Memory             memoryDecl   `yaml:"memory" jsonschema_description:"What the agent keeps from run to run; gives it the memory_* tools"`
	MCPServers         []mcpDecl    `yaml:"mcp_servers" alias:"mcpServers" jsonschema_description:"MCP servers whose tools the agent may have"`
	Approval           *consentDecl `yaml:"approval" jsonschema_description:"Calls that people have to approve"`
	Budget             budgetDecl   `yaml:"budget" jsonschema_description:"What may be spent on models"`
	OutputSchema       data         `yaml:"output_schema" jsonschema_description:"A JSON Schema that the final text has to fit"`
	Environment        data         `yaml:"environment" alias:"env" ignore:"tools do not read it"`
	Resources          data         `yaml:"resources" ignore:"use max_tokens, and runtime.task_timeout_secs in daemon.yaml"`
}

type modelConfig struct {
	at
	Temperature opt[float64] `yaml:"temperature"`
	MaxTokens   opt[int]     `yaml:"max_tokens"`
	TopP        data         `yaml:"top_p" ignore:""`
	TopK        data         `yaml:"top_k" ignore:""`
	Stop        data         `yaml:"stop" alias:"stop_sequences" ignore:""`
	Frequency   data         `yaml:"frequency_penalty" ignore:""`
	Presence    data         `yaml:"presence_penalty" ignore:""`
	Timeout     data         `yaml:"timeout" alias:"timeout_secs,timeout_seconds" ignore:""`
	Seed        data         `yaml:"seed" ignore:""`
}

type scopeDecl struct {
	at
	Projects     []str `yaml:"projects" jsonschema_description:"Globs of project keys; default the event's own project"`
	Repositories []str `yaml:"repositories" jsonschema_description:"Globs of owner/name on GitHub; default the event's own repository"`
	Writes       str   `yaml:"writes" jsonschema_description:"issue keeps what writes to the event's own issue; default project"`
	Spaces       []str `yaml:"spaces" jsonschema_description:"Globs of the keys of spaces in Confluence; default the event's own space, of which Jira's events have none"`
}

// toolDecl is a tool's name, or one of AOF's mappings.
type toolDecl struct {
	at
	name string
	off  bool
}

type toolMap struct {
	at
	Name    str       `yaml:"name"`
	Type    str       `yaml:"type"`
	Source  str       `yaml:"source"`
	Server  data      `yaml:"server"`
	Enabled opt[bool] `yaml:"enabled"`
	Config  rawData   `yaml:"config"`
	Timeout data      `yaml:"timeout_secs" alias:"timeout_seconds"`
}

func (t *toolDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	t.pos = d.pos(n)
	if n.Kind != yaml.MappingNode {
		var name str
		name.decodeYAML(d, n, depth)
		t.name = name.value
		if name.set && t.name == "" {
			d.errorf(t.pos, "the list has an empty entry")
		}
		return
	}
	var m toolMap
	d.structure(n, elem(&m), depth)
	t.off = !m.Enabled.or(true)
	switch {
	case isMCP(m):
		t.name = mcpPrefix + serverOf(m)
	case m.Name.set:
		t.name = m.Name.value
	case strings.EqualFold(m.Type.value, "http"):
		t.name = httpTool
	default:
		t.name = m.Type.value
	}
	if t.name == "" {
		d.errorf(t.pos, `field "name" is missing`)
	}
	if m.Config.value != nil && !t.off && t.name != "" && !isMCP(m) {
		d.warnf(m.Config.pos, "the config of tool %s is not offered by this version and has no effect", t.name)
	}
}
