package markup

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// ADFToMarkdown converts a document in the Atlassian Document Format to
// Markdown. Nodes that it does not know give the text that they hold. What is no
// JSON, or no document, is returned as the text that it is.
func ADFToMarkdown(doc []byte) string {
	var decoded any
	if err := json.Unmarshal(doc, &decoded); err != nil {
		return strings.TrimSpace(clean(string(doc)))
	}
	switch root := decoded.(type) {
	case string:
		return strings.TrimSpace(clean(root))
	case nil:
		return ""
	case map[string]any:
		n := adfNode(root)
		if n.kind() == "" && len(n.content()) == 0 {
			break
		}
		var w adfWriter
		return strings.Trim(clean(w.blocks([]adfNode{n}, 0)), "\n")
	}
	return strings.TrimSpace(clean(string(doc)))
}

// Types of nodes that are asked for in several places.
const (
	nodeText      = "text"
	nodeHardBreak = "hardBreak"
	nodeMedia     = "media"
)

// adfNode is a node as it was decoded. Members of a type that the schema does
// not allow are as good as absent.
type adfNode map[string]any

func (n adfNode) kind() string { return member(n, "type") }

func (n adfNode) text() string { return member(n, "text") }

func (n adfNode) attr(name string) string {
	attrs, _ := n["attrs"].(map[string]any)
	return member(attrs, name)
}

// content returns the nodes below. What is no node is text.
func (n adfNode) content() []adfNode { return nodes(n["content"]) }

func (n adfNode) marks() []adfNode { return nodes(n["marks"]) }

func nodes(v any) []adfNode {
	list, _ := v.([]any)
	out := make([]adfNode, 0, len(list))
	for _, item := range list {
		switch item := item.(type) {
		case map[string]any:
			out = append(out, item)
		case string:
			out = append(out, adfNode{"type": nodeText, "text": item})
		}
	}
	return out
}

// member returns a member as text.
func member(m map[string]any, name string) string {
	switch v := m[name].(type) {
	case string:
		return v
	case float64:
		return fmt.Sprintf("%.0f", v)
	}
	return ""
}

// allText is the text below a node.
func (n adfNode) allText() string {
	var parts []string
	stack := []adfNode{n}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if s := adfOwnText(top); s != "" {
			parts = append(parts, s)
		}
		below := top.content()
		for _, n := range slices.Backward(below) {
			stack = append(stack, n)
		}
	}
	return strings.Join(parts, " ")
}

// adfOwnText is the text that a node itself holds.
func adfOwnText(n adfNode) string {
	if s := n.text(); s != "" {
		return s
	}
	return n.attr("text")
}
