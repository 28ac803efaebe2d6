package manifest

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// TextForm is how a text of a flow is read.
type TextForm int

// The forms.
const (
	// FormTemplate is a text with {{ … }} in it.
	FormTemplate TextForm = iota
	// FormExpression is an expression by itself.
	FormExpression
)

// Read is a variable that a text reads, as the names on the way to it, such as
// nodes, triage, output; those from the first on that is not a plain name are
// left out.
type Read struct{ Path []string }

// use is a text of a flow that may read what nodes found.
type use struct {
	// node is whose text it is. With after, its own result may be read, too.
	node  string
	after bool
	at    pos
	reads []Read
}

// phrase returns a text with environment variables expanded. A name that a script
// of the flow exports means that.
func (b *flowBuilder) phrase(f flowText) string {
	if !f.set {
		return ""
	}
	n := *f.node
	n.Value = variable.ReplaceAllStringFunc(n.Value, func(match string) string {
		name, _, _ := strings.Cut(strings.Trim(match, "${}"), ":-")
		if node := b.exports[name]; node != "" && !strings.HasPrefix(match, "$$") {
			return "${nodes." + node + ".output." + strings.TrimPrefix(match, "${")
		}
		return match
	})
	return b.expand(&n)
}

// template reads a template of a node's config.
func (b *flowBuilder) template(p *pendingNode, f flowText) string {
	text := b.phrase(f)
	b.inspect(p.decl.ID.value, text, FormTemplate, f.pos, false)
	return text
}

// expression reads an expression. What is no text, such as true, stands for
// itself.
func (b *flowBuilder) expression(p *pendingNode, f flowText) string {
	text := b.phrase(f)
	if !f.set {
		return ""
	}
	if strings.TrimSpace(text) == "" {
		b.errorf(f.pos, "expression: it is empty")
		return ""
	}
	b.inspect(p.decl.ID.value, text, FormExpression, f.pos, false)
	return text
}

// inspect checks that a text can be read, and notes what it reads.
func (b *flowBuilder) inspect(node, text string, form TextForm, at pos, after bool) {
	if text == "" || b.known.FlowText == nil {
		return
	}
	reads, err := b.known.FlowText(text, form, b.ids)
	if err != nil {
		b.errorf(at, "%s", err) // which names the form
		return
	}
	b.uses = append(b.uses, use{node: node, after: after, at: at, reads: reads})
}

// object reads a mapping whose texts are templates.
func (b *flowBuilder) object(p *pendingNode, f flowTree, what string) map[string]any {
	value := b.tree(p, f)
	out, ok := value.(map[string]any)
	if value != nil && !ok {
		b.errorf(f.pos, "expected a mapping for %s", what)
	}
	return out
}

// tree reads anything whose texts are templates.
func (b *flowBuilder) tree(p *pendingNode, f flowTree) any {
	if f.node == nil {
		return nil
	}
	return b.branch(p, f.node, f.depth)
}

func (b *flowBuilder) branch(p *pendingNode, n *yaml.Node, depth int) any {
	n = b.enter(n, depth)
	if n == nil {
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		pairs, _ := b.pairs(n, depth)
		for _, entry := range pairs {
			out[entry.key.Value] = b.branch(p, entry.value, depth+1)
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, item := range n.Content {
			out = append(out, b.branch(p, item, depth+1))
		}
		return out
	}
	if n.Tag != "!!str" {
		return b.plain(n, false)
	}
	return b.template(p, flowText{at: at{b.pos(n)}, node: n, set: true})
}
