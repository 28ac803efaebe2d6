package manifest

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
	"gopkg.in/yaml.v3"

	"github.com/aofctl/aofctl/internal/memory"
)

// memoryDecl is a memory as text, such as "File:./cache.json:1000", or as a
// mapping, as AOF has it.
type memoryDecl struct {
	at
	config memory.Config
}

type memoryMap struct {
	at
	Enabled    opt[bool]     `yaml:"enabled" jsonschema_description:"Default true"`
	Type       str           `yaml:"type" jsonschema_description:"InMemory, File or Store"`
	Path       str           `yaml:"path" jsonschema_description:"Of a File, relative to daemon.yaml"`
	MaxEntries opt[int]      `yaml:"max_entries" alias:"max_messages" jsonschema_description:"Entries per project; default 1000"`
	Config     memoryOptions `yaml:"config"`
	// What AOF's examples have beside it means a memory of another kind.
	Persistence data `yaml:"persistence" refuse:"use type: InMemory, File or Store"`
	ConfigRef   data `yaml:"memoryConfigRef" refuse:"use type: InMemory, File or Store"`
	TTL         data `yaml:"ttl" refuse:"the agent gives each entry its time with memory_set"`
}

type memoryOptions struct {
	at
	Path       str      `yaml:"path"`
	MaxEntries opt[int] `yaml:"max_entries" alias:"max_messages"`
}

func (m *memoryDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	m.pos = d.pos(n)
	switch {
	case isNull(n) || n.Kind == yaml.ScalarNode && (strings.EqualFold(n.Value, "none") || isFalse(n)):
	case n.Kind == yaml.MappingNode:
		m.mapping(d, n, depth)
	default:
		var text str
		text.decodeYAML(d, n, depth)
		if text.set {
			m.parse(d, text.pos, text.value)
		}
	}
}

func (m *memoryDecl) mapping(d *decoder, n *yaml.Node, depth int) {
	var decl memoryMap
	before := len(d.problems)
	d.structure(n, elem(&decl), depth)
	if !decl.Enabled.or(true) || len(d.problems) > before {
		return
	}
	if !decl.Type.set {
		d.errorf(decl.pos, "memory names no type: InMemory, File or Store")
		return
	}
	entries := decl.MaxEntries
	if !entries.set {
		entries = decl.Config.MaxEntries
	}
	text := decl.Type.value
	if path := decl.Path.or(decl.Config.Path.value); path != "" || strings.EqualFold(text, "file") {
		text += ":" + path + ":" + strconv.Itoa(memory.DefaultEntries) // a path's own end is no number of entries
	}
	m.parse(d, decl.Type.pos, text)
	if err := memory.CheckEntries(entries.value); entries.set && err != nil {
		d.errorf(entries.pos, "%s", err)
	}
	if entries.set {
		m.config.Entries = entries.value
	}
}

func (m *memoryDecl) parse(d *decoder, at pos, text string) {
	config, err := memory.Parse(text)
	if err != nil {
		d.errorf(at, "%s", err)
		return
	}
	m.config = config
}

func (m memoryDecl) schema() *jsonschema.Schema {
	text := &jsonschema.Schema{Type: "string", Description: "What the agent keeps from run to run: InMemory, File:path or Store, each with :N for the entries per project",
		Examples: []any{"InMemory", "File:./jira-cache.json:1000", "Store:500"}}
	return oneOfSchemas(text, &jsonschema.Schema{Enum: []any{nil, false}}, schemaOf(reflect.TypeFor[memoryMap]()))
}
