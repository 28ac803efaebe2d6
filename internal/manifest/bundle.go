package manifest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// bundled is one manifest of a bundle.
type bundled struct {
	Source string `json:"source"`
	Text   string `json:"text"`
}

// Bundle returns a target with all manifests that it refers to, directly or
// through others, as one text, and the text's revision. A run keeps it, so that it
// finishes with what it started with. It reports false for a target that the
// catalogue does not have.
func (c *Catalog) Bundle(t Target) (text, revision string, ok bool) {
	g := gathering{catalog: c, seen: map[Target]bool{}}
	g.add(t)
	if len(g.metas) == 0 {
		return "", "", false
	}
	list := make([]bundled, len(g.metas))
	var texts strings.Builder
	for i, m := range g.metas {
		list[i] = bundled{Source: m.Source, Text: m.Text}
		texts.WriteString(m.Text + "\x00")
	}
	body, err := json.Marshal(list)
	if err != nil {
		return "", "", false // strings can always be encoded
	}
	return string(body), revisionOf(texts.String()), true
}

// gathering collects manifests in the order in which they are met.
type gathering struct {
	catalog *Catalog
	seen    map[Target]bool
	metas   []Meta
}

func (g *gathering) add(t Target) {
	if g.seen[t] {
		return
	}
	g.seen[t] = true
	switch t.Kind {
	case TargetAgent:
		if a := g.catalog.Agents[t.Name]; a != nil {
			g.metas = append(g.metas, a.Meta)
		}
	case TargetFleet:
		if f := g.catalog.Fleets[t.Name]; f != nil {
			g.metas = append(g.metas, f.Meta)
			for _, ref := range f.refers() {
				g.add(ref)
			}
		}
	case TargetFlow:
		if f := g.catalog.Flows[t.Name]; f != nil {
			g.metas = append(g.metas, f.Meta)
			for _, ref := range f.refers() {
				g.add(ref)
			}
		}
	}
}

// refers names the agents of the fleet that are manifests of their own.
func (f *Fleet) refers() []Target {
	var refs []Target
	for _, m := range f.Members {
		if m.Inline == nil {
			refs = append(refs, Target{Kind: TargetAgent, Name: m.Agent})
		}
	}
	return refs
}

// refers names what the nodes of the flow run.
func (f *Flow) refers() []Target {
	var refs []Target
	f.Each(func(n *FlowNode) {
		switch c := n.Config.(type) {
		case *AgentNode:
			if c.Inline == nil {
				refs = append(refs, Target{Kind: TargetAgent, Name: c.Agent})
			}
		case *FleetNode:
			refs = append(refs, Target{Kind: TargetFleet, Name: c.Fleet})
		case *SubflowNode:
			refs = append(refs, Target{Kind: TargetFlow, Name: c.Flow})
		}
	})
	return refs
}

// ParseBundle reads what Bundle wrote. The catalogue holds the target and all
// that it refers to; it is nil if there is an error among the problems.
func ParseBundle(text string, known Known) (*Catalog, Problems) {
	var list []bundled
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, Problems{{Severity: Error, Message: fmt.Sprintf("decode bundle: %v", err)}}
	}
	p := newParser(known)
	var files []*parsedFile
	for _, b := range list {
		files = append(files, p.bundled(b))
	}
	catalog, problems := assemble(files, false)
	problems = problems.sorted()
	if problems.Err() != nil {
		return nil, problems
	}
	catalog.Warnings = slices.Clone(problems)
	return catalog, problems
}

// bundled reads one manifest as if it still stood where it came from.
func (p *parser) bundled(b bundled) *parsedFile {
	path, line, hasLine := cutLast(b.Source)
	r := &report{path: path}
	out := &parsedFile{path: path}
	if doc := p.bundledDocument(r, section{text: b.Text}, line, hasLine); doc != nil {
		out.documents = append(out.documents, doc)
	}
	out.problems = r.problems
	return out
}

// bundledDocument returns nil for a text that is no manifest.
func (p *parser) bundledDocument(r *report, s section, line int, hasLine bool) *document {
	if !checkText([]byte(s.text), r) {
		return nil
	}
	root := s.parse(r)
	if root == nil {
		return nil
	}
	if hasLine {
		s.before = line - root.Line
	}
	return p.document(r, s, root, nodesOf([]byte(s.text)))
}
