package manifest

import (
	"encoding/json"

	"gopkg.in/yaml.v3"
)

type consentDecl struct {
	at
	Tools     []str     `yaml:"tools" jsonschema_description:"Names and globs of tools that somebody has to approve; default all that write"`
	Approvers []str     `yaml:"approvers" jsonschema_description:"Account ids, user names or e-mail addresses; default policy.approvers of daemon.yaml"`
	Timeout   span      `yaml:"timeout" jsonschema_description:"When a call that nobody approved is rejected; default 24h"`
	AllowSelf opt[bool] `yaml:"allow_self" jsonschema_description:"Whoever caused the run may approve; default false"`
}

type budgetDecl struct {
	at
	USD       opt[float64] `yaml:"usd" jsonschema_description:"Dollars per run"`
	Tokens    opt[int]     `yaml:"tokens" jsonschema_description:"Tokens per run, in and out"`
	USDPerDay opt[float64] `yaml:"usd_per_day" jsonschema_description:"Dollars per day, of all runs together"`
}

// approval returns which calls need approval; nil for none.
func (b *builder) approval(decl *consentDecl) *Approval {
	if decl == nil {
		return nil
	}
	a := &Approval{Tools: b.globs(decl.Tools), Approvers: values(decl.Approvers), Timeout: decl.Timeout.value, AllowSelf: decl.AllowSelf.or(false)}
	b.approvers(decl.Approvers, b.known.Cloud)
	if len(a.Tools) == 0 {
		for _, t := range b.known.Tools {
			if !t.Reads {
				a.Tools = append(a.Tools, t.Name)
			}
		}
		a.Tools = append(a.Tools, "mcp:write") // whatever servers have
	}
	for _, t := range decl.Tools {
		if t.value != "" && b.known.Tools != nil && len(b.known.tools(t.value)) == 0 && !isServerTool(t.value) {
			b.errorf(t.pos, "no tool is called %q%s: it would never be asked for", shorten(t.value), meant(t.value, b.known.toolNames()))
		}
	}
	return a
}

// isServerTool reports whether a name is that of an MCP server's tool, which is
// only known when the server runs.
func isServerTool(name string) bool {
	return len(name) > 3 && (name[:4] == "mcp:" || name[:4] == "mcp_")
}

func (b *decoder) budget(decl budgetDecl) Budget {
	for _, usd := range []opt[float64]{decl.USD, decl.USDPerDay} {
		if usd.set && usd.value <= 0 {
			b.errorf(usd.pos, "a budget is more than 0 dollars")
		}
	}
	atLeast(b, decl.Tokens, 1)
	return Budget{USD: decl.USD.value, Tokens: int64(decl.Tokens.value), USDPerDay: decl.USDPerDay.value}
}

// outputDecl is "comment", "none" or a JSON Schema.
type outputDecl struct {
	str

	value data
}

func (o *outputDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	if n.Kind == yaml.MappingNode {
		o.value.decodeYAML(d, n, depth)
		o.str.pos = d.pos(n)
		return
	}
	o.str.decodeYAML(d, n, depth)
}

// outputSchema returns what the agent's answer has to be; nil for any text.
func (b *builder) outputSchema(spec agentSpec) json.RawMessage {
	schema := spec.Output.value
	if schema.value == nil {
		schema = spec.OutputSchema
	} else if spec.OutputSchema.value != nil {
		b.errorf(spec.OutputSchema.pos, "give the schema of the answer once, as output or as output_schema")
	}
	if schema.value == nil {
		return nil
	}
	if _, ok := schema.value.(map[string]any); !ok {
		b.errorf(schema.pos, "expected a JSON Schema, which is a mapping")
		return nil
	}
	raw, err := json.Marshal(schema.value)
	if err != nil {
		b.errorf(schema.pos, "the schema is not JSON: %v", err)
		return nil
	}
	if b.known.CheckSchema != nil {
		if err := b.known.CheckSchema(raw); err != nil {
			b.errorf(schema.pos, "the schema cannot be used: %v", err)
		}
	}
	return raw
}
