// Package adf reads and writes the Atlassian Document Format of Jira Cloud and
// Confluence Cloud, described at
// https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/.
//
// What [Write] writes is valid by the format's JSON schema, whatever the
// document. A block that the schema does not allow where it stands, such as a
// table in a list, is written behind what it stood in, which goes on after it;
// headings there become strong text.
package adf

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// root is a document in ADF.
type root struct {
	Version int     `json:"version"`
	Type    string  `json:"type"`
	Content []*node `json:"content"`
}

// node is a node of a document to be written.
type node struct {
	Type    string         `json:"type"`
	Attrs   map[string]any `json:"attrs,omitempty"`
	Content []*node        `json:"content,omitempty"`
	Text    string         `json:"text,omitempty"`
	Marks   []mark         `json:"marks,omitempty"`
}

type mark struct {
	Type  string            `json:"type"`
	Attrs map[string]string `json:"attrs,omitempty"`
}

// Write writes a document as JSON.
func Write(d *doc.Node) ([]byte, error) {
	w := &writer{}
	content := w.blocks(d.Children, inRoot)
	if content == nil {
		content = []*node{}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(root{Version: 1, Type: "doc", Content: content}); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// writer writes the nodes of one document.
type writer struct {
	ids   int
	lists int // how many lists are around
}

// id makes the next local id: they have to differ within a document.
func (w *writer) id() map[string]any {
	w.ids++
	return map[string]any{"localId": strconv.Itoa(w.ids)}
}

// place is where a block stands.
type place int

const (
	inRoot place = iota
	inItem
	inQuote
	inPanel
	inExpand
	inNested // an expand within an expand or a table
	inCell
)

// allows tells which nodes the schema allows in a place.
func (p place) allows(kind string) bool {
	switch kind {
	case "paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle":
		return true
	case "taskList":
		return p != inQuote
	case "heading", "rule":
		return p != inQuote && p != inItem
	case "blockquote", "panel":
		return p == inRoot || p == inExpand || p == inNested || p == inCell
	case "table":
		return p == inRoot || p == inExpand
	case "nestedExpand":
		return p == inExpand || p == inCell
	case "expand":
		return p == inRoot
	}
	return false
}

// within puts nodes into containers, but those that are not allowed in them
// between these.
func within(nodes []*node, p place, container func([]*node) *node) []*node {
	var out, run []*node
	for _, n := range nodes {
		if p.allows(n.Type) {
			run = append(run, n)
			continue
		}
		if len(run) > 0 {
			out = append(out, container(run))
			run = nil
		}
		out = append(out, n)
	}
	if len(run) > 0 || len(out) == 0 {
		if len(run) == 0 {
			run = []*node{{Type: "paragraph"}}
		}
		out = append(out, container(run))
	}
	return out
}
