package jira

import (
	"strings"

	"github.com/aofctl/aofctl/internal/event"
)

// setText keeps a description or a comment as Markdown: wiki markup as API 2 and
// the webhooks have it, or a document in Atlassian Document Format as API 3 does.
func (n *normalizer) setText(name string, r raw) {
	if r == "" {
		return
	}
	text, whole := "", true
	switch {
	case r.isObject() && len(r) > maxDocument:
		whole = false
	case r.isObject():
		text = n.document(r)
	default:
		text = scalar(r)
		whole = len(text) <= maxText
		if n.opt.WikiToMarkdown != nil && text != "" {
			text = n.opt.WikiToMarkdown(clip(text, maxText))
		}
	}
	if !whole || len(text) > maxText {
		n.truncated = append(n.truncated, name)
	}
	n.ev.Vars[name] = clip(clean(text), maxText)
}

// document converts ADF. What is nested too deep for a converter gives its plain
// text.
func (n *normalizer) document(r raw) string {
	if n.opt.ADFToMarkdown == nil || event.NestedDeeper([]byte(r), maxMarkupNest) {
		return adfText(r)
	}
	return n.opt.ADFToMarkdown([]byte(r))
}

// commandText returns a text in the form in which commands are looked for. Of a
// document that is its plain text, with mentions by account id and code and
// quotes marked as such.
func commandText(r raw) string {
	switch {
	case !r.isObject():
		return clip(scalar(r), maxText)
	case len(r) > maxDocument:
		return ""
	default:
		return clip(adfText(r), maxText)
	}
}

// adfText returns a document's text, one block per line. Code is fenced and
// quotes are prefixed as in Markdown, so that neither is taken for what the
// author says; mentions are written as in wiki markup.
func adfText(r raw) string {
	var b strings.Builder
	writeNode(&b, r, "", 0)
	return strings.TrimRight(clean(b.String()), "\n")
}

// writeNode writes a node and what is in it; prefix stands before every line.
func writeNode(b *strings.Builder, r raw, prefix string, depth int) {
	if depth > maxMarkupNest || b.Len() > 2*maxText {
		return
	}
	var kind string
	var text, attrs, content raw
	fields(r, func(name string, value raw) {
		switch name {
		case "type":
			kind = value.text()
		case "text":
			text = value
		case "attrs":
			attrs = value
		case "content":
			content = value
		}
	})
	switch kind {
	case "text":
		writeLines(b, text.text(), prefix)
	case "hardBreak":
		b.WriteString("\n" + prefix)
	case "mention":
		b.WriteString(mention(member(attrs, "id").text(), member(attrs, "text").text()))
	case "emoji", "status", "date", "inlineCard", "blockCard", "placeholder":
		b.WriteString(firstOf(member(attrs, "text").text(), member(attrs, "shortName").text(), member(attrs, "url").text()))
	case "codeBlock":
		fence := "```"
		if strings.Contains(string(content), fence) {
			fence = "~~~~~~~~"
		}
		b.WriteString(prefix + fence + "\n" + prefix)
		writeAll(b, content, prefix, depth)
		b.WriteString("\n" + prefix + fence + "\n")
	case "blockquote":
		writeAll(b, content, prefix+"> ", depth)
	case "listItem":
		writeAll(b, content, prefix+"- ", depth)
	case "tableCell", "tableHeader":
		writeAll(b, content, prefix+"| ", depth)
	case "paragraph", "heading", "taskItem", "decisionItem", "caption":
		b.WriteString(prefix)
		writeAll(b, content, prefix, depth)
		b.WriteString("\n")
	default:
		writeAll(b, content, prefix, depth)
	}
}

func writeAll(b *strings.Builder, content raw, prefix string, depth int) {
	elements(content, func(node raw) bool {
		writeNode(b, node, prefix, depth+1)
		return true
	})
}

// writeLines writes text whose further lines get the prefix too.
func writeLines(b *strings.Builder, text, prefix string) {
	if prefix == "" {
		b.WriteString(text)
		return
	}
	b.WriteString(strings.ReplaceAll(text, "\n", "\n"+prefix))
}

// mention writes a document's mention as wiki markup has it. Without an id there
// is only the name that people read.
func mention(id, text string) string {
	if id == "" {
		return "@" + strings.TrimPrefix(text, "@")
	}
	return "[~accountid:" + id + "]"
}
