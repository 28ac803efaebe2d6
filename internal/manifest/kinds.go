package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// The kinds, as documents are sorted into them.
const (
	kindDaemon  = "DaemonConfig"
	kindTrigger = "Trigger"
	kindAgent   = "Agent"
	kindFleet   = "Fleet"
	kindFlow    = "Flow"
)

// Kinds returns the kinds of manifest, as Schema takes them.
func Kinds() []string {
	return []string{kindDaemon, kindTrigger, kindAgent, kindFleet, kindFlow, kindScenario}
}

// kindName maps the spellings of a kind to the one that is used here.
func kindName(kind string) string {
	switch kind {
	case "AgentFleet":
		return kindFleet
	case "AgentFlow":
		return kindFlow
	}
	return kind
}

func revisionOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:12]
}

// parser turns the texts of files into documents.
type parser struct {
	known  Known
	env    func(string) (string, bool)
	shapes shapes
}

func newParser(known Known) *parser {
	return &parser{known: known, env: known.env()}
}

// file returns a file's documents. A document with an error is left out, but
// named, so that what refers to it is not reported as well.
func (p *parser) file(path string, text []byte) *parsedFile {
	r := &report{path: path}
	out := &parsedFile{path: path}
	if checkText(text, r) {
		left := nodesOf(text)
		for _, s := range splitDocuments(string(text)) {
			if doc := p.document(r, s, s.parse(r), left); doc != nil {
				out.documents = append(out.documents, doc)
			}
		}
	}
	out.problems = r.problems
	return out
}

// parsedFile is what one file holds.
type parsedFile struct {
	path      string
	documents []*document
	problems  Problems
}

// document returns nil for a document that is empty or not loaded.
func (p *parser) document(r *report, s section, root *yaml.Node, left *int) *document {
	if root == nil {
		return nil
	}
	b := &builder{decoder: newDecoder(r, s.before, p.env, &p.shapes, left), known: p.known}
	if root.Kind != yaml.MappingNode {
		b.errorf(b.pos(root), "expected a manifest with apiVersion, kind, metadata and spec, found %s", describe(root))
		return nil
	}
	doc := b.build(root, lookup(root, "kind"))
	if doc == nil {
		return nil
	}
	doc.refs = b.refs
	doc.meta.Text, doc.meta.Revision, doc.meta.Source = s.text, revisionOf(s.text), source(r.path, b.pos(root))
	doc.path = r.path
	doc.setMeta()
	return doc
}

// lookup returns the value of a mapping's key, or nil.
func lookup(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			if v := n.Content[i+1]; v.Kind != yaml.AliasNode {
				return v
			}
			return n.Content[i+1].Alias
		}
	}
	return nil
}

func (b *builder) build(root, kind *yaml.Node) *document {
	if kind == nil {
		if lookup(root, "model") != nil {
			return b.buildAgent(root)
		}
		b.errorf(b.pos(root), `field "kind" is missing`)
		return nil
	}
	switch name := kindName(kind.Value); name {
	case kindTrigger:
		return b.buildTrigger(root)
	case kindAgent:
		return b.buildAgent(root)
	case kindFleet:
		return b.buildFleet(root)
	case kindFlow:
		return b.buildFlow(root)
	case kindDaemon:
		b.warnf(b.pos(kind), "a DaemonConfig is not read from here: it has no effect")
	case kindScenario:
		var decl scenarioDecl
		b.into(root, &decl)
		b.scenarios(decl) // is checked, and no part of a catalogue
	default:
		b.foreignKind(kind)
	}
	return nil
}

func (b *builder) foreignKind(kind *yaml.Node) {
	if slices.Contains(foreignKinds(), kind.Value) {
		b.warnf(b.pos(kind), "kind %s is not offered by this version: the manifest is not loaded", kind.Value)
		return
	}
	b.errorf(b.pos(kind), "unknown kind %q%s", shorten(kind.Value), meant(kind.Value, append(Kinds(), "AgentFleet", "AgentFlow")))
}

func (b *builder) head(h header, missing pos, what string) {
	b.checkAPIVersion(h.APIVersion)
	b.checkName(h.Metadata.Name, missing, what)
}

// buildTrigger looks at the type first: the configuration of a platform that is
// not offered has fields of its own.
func (b *builder) buildTrigger(root *yaml.Node) *document {
	spec := lookup(root, "spec")
	kind := lookup(spec, "type")
	if kind == nil {
		kind = lookup(spec, "platform")
	}
	if kind != nil && kind.Kind == yaml.ScalarNode && typeNames()[strings.ToLower(kind.Value)] == "" {
		b.foreignType(kind)
		return nil
	}
	var decl triggerDecl
	b.into(root, &decl)
	b.head(decl.header, decl.pos, "the trigger")
	doc := &document{kind: kindTrigger, meta: decl.Metadata.meta(), at: decl.Metadata.Name.pos}
	doc.trigger, doc.disabled = b.trigger(decl)
	doc.unreached = b.unreached
	return doc
}

func (b *builder) foreignType(kind *yaml.Node) {
	if containsFold(foreignTypes(), kind.Value) {
		b.warnf(b.pos(kind), "type %s is not offered by this version: the trigger is not loaded", kind.Value)
		return
	}
	b.errorf(b.pos(kind), "unknown type of trigger %q%s", shorten(kind.Value), meant(kind.Value, append(foreignTypes(), TypeJira, TypeConfluence, TypeGitHub, TypeSchedule, TypeHTTP)))
}

// buildAgent takes the long form, or the flat one.
func (b *builder) buildAgent(root *yaml.Node) *document {
	if lookup(root, "spec") == nil && (lookup(root, "model") != nil || lookup(root, "name") != nil) {
		var flat flatAgentDecl
		b.into(root, &flat)
		if !flat.Metadata.Name.set {
			flat.Metadata.Name = flat.Name
		}
		b.head(flat.header, flat.pos, "the agent")
		return b.agentDocument(flat.Metadata, flat.agentSpec)
	}
	var decl agentDecl
	b.into(root, &decl)
	b.head(decl.header, decl.pos, "the agent")
	return b.agentDocument(decl.Metadata, decl.Spec)
}

func (b *builder) agentDocument(m metaDecl, spec agentSpec) *document {
	doc := &document{kind: kindAgent, meta: m.meta(), at: m.Name.pos}
	doc.agent = b.agent(doc.meta, spec, m.Name.pos)
	return doc
}

func (b *builder) buildFleet(root *yaml.Node) *document {
	var decl fleetDecl
	b.into(root, &decl)
	b.head(decl.header, decl.pos, "the fleet")
	return &document{kind: kindFleet, meta: decl.Metadata.meta(), at: decl.Metadata.Name.pos, fleet: b.fleet(decl)}
}

func (b *builder) buildFlow(root *yaml.Node) *document {
	var decl flowDecl
	b.into(root, &decl)
	b.head(decl.header, decl.pos, "the flow")
	return &document{kind: kindFlow, meta: decl.Metadata.meta(), at: decl.Metadata.Name.pos, flow: b.flow(decl)}
}

// setMeta hands the meta data on to the manifest.
func (doc *document) setMeta() {
	switch {
	case doc.trigger != nil:
		doc.trigger.Meta = doc.meta
	case doc.agent != nil:
		doc.agent.Meta = doc.meta
	case doc.fleet != nil:
		doc.fleet.Meta = doc.meta
		for i := range doc.fleet.Members {
			if m := doc.fleet.Members[i].Inline; m != nil {
				m.Source, m.Revision = doc.meta.Source, doc.meta.Revision
			}
		}
	case doc.flow != nil:
		doc.flow.Meta = doc.meta
		doc.flow.Each(func(n *FlowNode) {
			if a, ok := n.Config.(*AgentNode); ok && a.Inline != nil {
				a.Inline.Source, a.Inline.Revision = doc.meta.Source, doc.meta.Revision
			}
		})
	}
}

// ParseAgent reads an agent from its own text, which Meta.Text keeps, so that a
// run finishes with the revision that it started with. Source is its Meta.Source,
// for the positions of problems. The agent is nil if there is an error among them.
func ParseAgent(text, source string, known Known) (*Agent, Problems) {
	path, line, hasLine := cutLast(source)
	r := &report{path: path}
	s := section{text: text}
	if !checkText([]byte(text), r) {
		return nil, r.problems
	}
	root := s.parse(r)
	if root == nil {
		r.errorf(pos{line: max(line, 1), col: 1}, "expected an agent")
		return nil, r.problems.sorted()
	}
	if hasLine {
		s.before = line - root.Line
	}
	doc := newParser(known).document(r, s, root, nodesOf([]byte(text)))
	switch {
	case r.failed():
		return nil, r.problems.sorted()
	case doc == nil || doc.agent == nil:
		r.errorf(pos{line: root.Line + s.before, col: root.Column}, "expected an agent")
		return nil, r.problems.sorted()
	}
	return doc.agent, r.problems.sorted()
}
