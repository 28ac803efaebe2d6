package jira

import (
	"strings"

	"github.com/tidwall/gjson"
)

// setText keeps a description or a comment as Markdown: wiki markup as API 2 and
// the webhooks have it, or a document in Atlassian Document Format as API 3 does.
func (n *normalizer) setText(name string, r gjson.Result) {
	if !r.Exists() {
		return
	}
	text := ""
	switch {
	case r.IsObject():
		text = n.document(r)
	default:
		text = clip(scalar(r), maxText)
		if len(text) < len(scalar(r)) {
			n.truncated = append(n.truncated, name)
		}
		if n.opt.WikiToMarkdown != nil && text != "" {
			text = n.opt.WikiToMarkdown(text)
		}
	}
	if len(text) > maxText {
		n.truncated = append(n.truncated, name)
	}
	n.ev.Vars[name] = clip(clean(text), maxText)
}

// document converts ADF. What is too large or too deep for a converter gives its
// plain text.
func (n *normalizer) document(r gjson.Result) string {
	raw := []byte(r.Raw)
	if n.opt.ADFToMarkdown == nil || len(raw) > 4*maxText || deeperThan(raw, maxMarkupNest) {
		return adfText(r)
	}
	return n.opt.ADFToMarkdown(raw)
}

// commandText returns a text in the form in which commands are looked for. Of a
// document that is its plain text, with mentions by account id and code and
// quotes marked as such.
func commandText(r gjson.Result) string {
	if r.IsObject() {
		return clip(adfText(r), maxText)
	}
	return clip(scalar(r), maxText)
}

// adfText returns a document's text, one block per line. Code is fenced and
// quotes are prefixed as in Markdown, so that neither is taken for what the
// author says; mentions are written as in wiki markup.
func adfText(r gjson.Result) string {
	var b strings.Builder
	writeNode(&b, r, "", 0)
	return strings.TrimRight(clean(b.String()), "\n")
}

// writeNode writes a node and what is in it; prefix stands before every line.
func writeNode(b *strings.Builder, r gjson.Result, prefix string, depth int) {
	if depth > maxMarkupNest || b.Len() > 2*maxText {
		return
	}
	var kind string
	var text, attrs, content gjson.Result
	fields(r, func(name string, value gjson.Result) {
		switch name {
		case "type":
			kind = value.Str
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
		writeLines(b, text.Str, prefix)
	case "hardBreak":
		b.WriteString("\n" + prefix)
	case "mention":
		b.WriteString("[~accountid:" + member(attrs, "id").Str + "]")
	case "emoji", "status", "date", "inlineCard", "blockCard", "placeholder":
		b.WriteString(firstOf(member(attrs, "text").Str, member(attrs, "shortName").Str, member(attrs, "url").Str))
	case "codeBlock":
		fence := "```"
		if strings.Contains(content.Raw, fence) {
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

func writeAll(b *strings.Builder, content gjson.Result, prefix string, depth int) {
	if !content.IsArray() {
		return
	}
	content.ForEach(func(_, node gjson.Result) bool {
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
