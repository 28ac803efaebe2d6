package markup

import (
	"strings"
)

// adfWriter writes ADF nodes as Markdown.
type adfWriter struct{}

// blocks writes nodes as blocks, with empty lines between. Inline nodes that
// stand among blocks, which the schema forbids, are a paragraph together.
func (w adfWriter) blocks(list []adfNode, depth int) string {
	var out []string
	var run []adfNode
	flush := func() {
		if s := w.inline(run); strings.TrimSpace(s) != "" {
			out = append(out, strings.TrimSpace(s))
		}
		run = nil
	}
	for _, n := range list {
		if isInlineADF(n) {
			run = append(run, n)
			continue
		}
		flush()
		if s := w.block(n, depth+1); strings.TrimSpace(s) != "" {
			out = append(out, s)
		}
	}
	flush()
	return strings.Join(out, "\n\n")
}

func isInlineADF(n adfNode) bool {
	switch n.kind() {
	case nodeText, nodeHardBreak, "mention", "emoji", "inlineCard", "status", "date", "mediaInline", "placeholder", "inlineExtension":
		return true
	}
	return n.kind() == "" && n.text() != ""
}

func (w adfWriter) block(n adfNode, depth int) string {
	if depth > maxDepth {
		return n.allText()
	}
	switch n.kind() {
	case "paragraph":
		return strings.TrimSpace(w.inline(n.content()))
	case "heading":
		return w.heading(n)
	case "bulletList", "orderedList", "taskList", "decisionList":
		return w.list(n, depth)
	case "codeBlock":
		return fenced(plainWord(n.attr("language")), adfCode(n))
	case "blockquote":
		return quoteLines(w.blocks(n.content(), depth))
	case "panel":
		return w.titled(panelTitle(n.attr("panelType")), n, depth)
	case "expand", "nestedExpand":
		return w.titled(n.attr("title"), n, depth)
	case "rule":
		return "---"
	case "table":
		return w.table(n, depth)
	case nodeMedia, "mediaSingle", "mediaGroup":
		return w.media(n)
	case "blockCard", "embedCard":
		return n.attr("url")
	}
	// An unknown node, or one that only holds others.
	below := w.blocks(n.content(), depth)
	if own := adfOwnText(n); own != "" {
		return strings.TrimSpace(own + "\n\n" + below)
	}
	return below
}

func (w adfWriter) heading(n adfNode) string {
	text := oneLine(w.inline(n.content()))
	if text == "" {
		return ""
	}
	level := 3
	if l := n.attr("level"); len(l) == 1 && l[0] >= '1' && l[0] <= '6' {
		level = int(l[0] - '0')
	}
	return strings.Repeat("#", level) + " " + text
}

// adfCode is the text of a code block. Its line ends may be hard breaks.
func adfCode(n adfNode) string {
	var b strings.Builder
	for _, c := range n.content() {
		if c.kind() == nodeHardBreak {
			b.WriteByte('\n')
			continue
		}
		if s := c.text(); s != "" {
			b.WriteString(s)
		} else {
			b.WriteString(c.allText())
		}
	}
	return b.String()
}

func (w adfWriter) titled(title string, n adfNode, depth int) string {
	body := w.blocks(n.content(), depth)
	if title = oneLine(title); title != "" {
		body = strings.TrimSpace("**" + title + "**\n\n" + body)
	}
	return quoteLines(body)
}

func panelTitle(kind string) string {
	switch kind {
	case "info", "note", "tip", "warning", "error", "success":
		return strings.ToUpper(kind[:1]) + kind[1:]
	}
	return ""
}

// quoteLines puts > before each line.
func quoteLines(s string) string {
	if s == "" {
		return ""
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight("> "+line, " ")
	}
	return strings.Join(lines, "\n")
}

func (w adfWriter) media(n adfNode) string {
	if n.kind() != nodeMedia {
		var out []string
		for _, c := range n.content() {
			s := w.media(adfMedia(c))
			if s != "" {
				out = append(out, s)
			}
		}
		return strings.Join(out, "\n")
	}
	alt := oneLine(n.attr("alt"))
	if url := n.attr("url"); url != "" {
		return "![" + strings.NewReplacer("[", "(", "]", ")").Replace(alt) + "](" + markdownURL(url) + ")"
	}
	if alt == "" {
		alt = n.attr("id")
	}
	if alt == "" {
		return ""
	}
	return "[attachment: " + alt + "]"
}

// adfMedia takes a node within a media group for media, unless it holds text,
// as a caption does.
func adfMedia(n adfNode) adfNode {
	if n.kind() == nodeMedia {
		return n
	}
	return adfNode{"type": nodeMedia, "attrs": map[string]any{"alt": n.allText()}}
}
