package markdown

import (
	"html"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/parser"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Write writes a document as Markdown, without line ends around it. Characters
// are escaped only where Markdown would take them for markup.
func Write(n *doc.Node) string {
	w := &writer{}
	if len(n.Children) == 1 && n.Children[0].Kind == doc.Code {
		return fenced(alone(info(n.Children[0])), n.Children[0].Text)
	}
	return w.blocks(n.Children, "")
}

// alone is what follows the fence of code that is the whole text. Markdown in
// such a fence would be taken for an answer that was wrapped, see Unwrap, if
// there were no word behind its language.
func alone(info string) string {
	switch strings.ToLower(info) {
	case "markdown", "md":
		return info + " source"
	}
	return info
}

// writer writes blocks.
type writer struct {
	check parser.Parser // reads again what was written, where that is in doubt
}

// blocks writes blocks with empty lines between. Within items, bullet is the
// marker of the list.
func (w *writer) blocks(list []*doc.Node, bullet string) string {
	var b strings.Builder
	var last *doc.Node
	alternate := false
	for _, n := range inBlocks(list) {
		alternate = last != nil && last.Kind == n.Kind && !alternate
		s := w.block(n, alternate, bullet)
		if s == "" {
			continue
		}
		if last != nil {
			b.WriteString(gap(last, n, bullet != ""))
		}
		b.WriteString(s)
		last = n
	}
	return b.String()
}

// inBlocks makes paragraphs of inline nodes that stand among blocks.
func inBlocks(list []*doc.Node) []*doc.Node {
	var out, run []*doc.Node
	flush := func() {
		if in := doc.Tidy(run); len(in) > 0 {
			out = append(out, doc.New(doc.Paragraph, in...))
		}
		run = nil
	}
	for _, n := range list {
		if n.Inline() {
			run = append(run, n)
			continue
		}
		flush()
		out = append(out, n)
	}
	flush()
	return out
}

// gap is what separates two blocks: in a list item, code and lists follow text
// in the next line if Markdown then sees that they begin.
func gap(last, n *doc.Node, item bool) string {
	if !item || last.Kind != doc.Paragraph {
		return "\n\n"
	}
	begins := n.Kind == doc.Code
	if n.List() && len(n.Children) > 0 && len(n.Children[0].Children) > 0 {
		begins = n.Kind == doc.Bullets || n.Level == 1
	}
	if begins {
		return "\n"
	}
	return "\n\n"
}

func (w *writer) block(n *doc.Node, alternate bool, bullet string) string {
	switch n.Kind {
	case doc.Heading:
		if s := w.line(n.Children); s != "" {
			return strings.Repeat("#", min(max(n.Level, 1), 6)) + " " + s
		}
		return ""
	case doc.Bullets, doc.Numbers:
		return w.list(n, alternate)
	case doc.Code:
		return fenced(info(n), n.Text)
	case doc.Quote:
		return quoted(w.blocks(n.Children, ""))
	case doc.Rule:
		if bullet != "" {
			return "___" // other characters would be part of the list's marker
		}
		return "---"
	case doc.Table:
		return w.table(n)
	case doc.Panel:
		return w.panel(n)
	case doc.Expand:
		return w.expand(n)
	case doc.Wiki:
		return n.Text
	case doc.Document, doc.Item, doc.Row, doc.Cell:
		return w.blocks(n.Children, bullet)
	}
	return w.inline(n.Children, false)
}

// panel writes a panel as GitHub's alerts are written.
func (w *writer) panel(n *doc.Node) string {
	head := strings.ToUpper("[!" + doc.Or(doc.PanelName(n.Target), "panel") + "]")
	if n.Text != "" {
		head += " " + w.line([]*doc.Node{doc.NewText(doc.Text, n.Text)})
	}
	body := w.blocks(n.Children, "")
	switch {
	case body == "":
	case n.Children[0].Kind == doc.Paragraph || n.Children[0].Inline():
		head += "\n" + body
	default:
		head += "\n\n" + body
	}
	return quoted(head)
}

func (w *writer) expand(n *doc.Node) string {
	out := "<details>"
	if title := doc.OneLine(n.Text); title != "" {
		out += "\n<summary>" + html.EscapeString(title) + "</summary>"
	}
	if body := w.blocks(n.Children, ""); body != "" {
		out += "\n\n" + body
	}
	return out + "\n\n</details>"
}

// quoted puts > before each line.
func quoted(s string) string {
	if s == "" {
		return ""
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight("> "+line, " ")
	}
	return strings.Join(lines, "\n")
}

// list writes a list; a second one right after another has other markers, or
// they would be one.
func (w *writer) list(n *doc.Node, alternate bool) string {
	var out []string
	number := min(max(n.Level, 0), 999_999_999-len(n.Children))
	for _, item := range n.Children {
		marker := "-"
		switch {
		case n.Kind == doc.Numbers && alternate:
			marker = strconv.Itoa(number) + ")"
		case n.Kind == doc.Numbers:
			marker = strconv.Itoa(number) + "."
		case alternate:
			marker = "*"
		}
		number++
		out = append(out, w.item(item, marker))
	}
	return strings.Join(out, "\n")
}

func (w *writer) item(item *doc.Node, marker string) string {
	body := w.blocks(item.Children, marker)
	box := ""
	switch item.Task {
	case doc.Todo:
		box = "[ ] "
	case doc.Done:
		box = "[x] "
	case doc.NoTask:
	}
	if box != "" && len(item.Children) > 0 && item.Children[0].Kind != doc.Paragraph && !item.Children[0].Inline() {
		body = "\n" + body
	}
	return strings.TrimRight(marker+" "+box+indent(body, len(marker)+1), " ")
}

// indent indents the lines of a text but the first.
func indent(s string, width int) string {
	if !strings.Contains(s, "\n") {
		return s
	}
	pad := strings.Repeat(" ", width)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if line != "" && i > 0 {
			lines[i] = pad + line
		}
	}
	return strings.Join(lines, "\n")
}

// fenced writes code in a fence that its text does not contain.
func fenced(language, body string) string {
	fence := strings.Repeat("`", max(3, longestRun(body)+1))
	if body == "" {
		return fence + language + "\n" + fence
	}
	return fence + language + "\n" + body + "\n" + fence
}

// longestRun is the length of the longest run of backticks.
func longestRun(s string) int {
	run, longest := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// info is what follows a fence: the language, and title="…".
func info(n *doc.Node) string {
	title := strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"`~\\&\n", r) {
			return ' '
		}
		return r
	}, n.Title)
	if title = doc.OneLine(title); title == "" {
		return word(n.Target)
	}
	return doc.Or(word(n.Target), "text") + ` title="` + title + `"`
}

// word accepts what can follow a fence.
func word(s string) string {
	for _, r := range s {
		if !doc.IsWord(r) && !strings.ContainsRune("+-#._", r) {
			return ""
		}
	}
	return s
}
