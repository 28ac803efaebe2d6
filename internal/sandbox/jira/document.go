package jira

import (
	"encoding/json"
	"strings"
)

// node is a node of the Atlassian Document Format.
type node struct {
	Type    string          `json:"type"`
	Version int             `json:"version,omitempty"`
	Text    string          `json:"text,omitempty"`
	Content []node          `json:"content,omitempty"`
	Attrs   json.RawMessage `json:"attrs,omitempty"`
	Marks   json.RawMessage `json:"marks,omitempty"`
}

// toDocument shows text as API v3 does. The site keeps text only, so every line
// becomes a paragraph.
func toDocument(text string) any {
	doc := obj{"type": "doc", "version": 1}
	paragraphs := []any{}
	for line := range strings.SplitSeq(text, "\n") {
		content := []any{}
		if line != "" {
			content = append(content, obj{"type": "text", "text": line})
		}
		paragraphs = append(paragraphs, obj{"type": "paragraph", "content": content})
	}
	doc["content"] = paragraphs
	return doc
}

// fromDocument takes the text out of an Atlassian Document; false if it is none.
func fromDocument(raw json.RawMessage) (string, bool) {
	var doc node
	if json.Unmarshal(raw, &doc) != nil || doc.Type != "doc" || doc.Version != 1 || doc.Content == nil {
		return "", false
	}
	var blocks []string
	for _, block := range doc.Content {
		if block.Type == "" || block.Type == "text" {
			return "", false
		}
		var b strings.Builder
		if !block.write(&b) {
			return "", false
		}
		blocks = append(blocks, b.String())
	}
	return strings.Join(blocks, "\n"), true
}

// write appends the text of the node and what it contains.
func (n node) write(b *strings.Builder) bool {
	switch n.Type {
	case "":
		return false
	case "text":
		b.WriteString(n.Text)
		return n.Text != ""
	case "hardBreak":
		b.WriteByte('\n')
	}
	for i, child := range n.Content {
		if i > 0 && child.Type != "text" && n.Type != "paragraph" {
			b.WriteByte('\n')
		}
		if !child.write(b) {
			return false
		}
	}
	return true
}
