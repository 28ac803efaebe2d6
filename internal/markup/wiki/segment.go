package wiki

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
)

// FromMarkdown converts Markdown to wiki markup. Wiki markup that is clearly
// meant as such passes as it is: lines such as "h3. Title" and "||a||b||",
// {code}, {noformat}, {panel}, {quote} and {color}, and links and files in its
// brackets.
func FromMarkdown(md string) string {
	md = markdown.Unwrap(doc.Clean(md))
	var out []string
	for _, s := range segments(md) {
		text := s.text
		if !s.wiki {
			text = Write(markdown.Parse(s.text, s.mixed))
		}
		if text != "" {
			out = append(out, text)
		}
	}
	return strings.Join(out, "\n\n")
}

// Document reads Markdown in which wiki markup is read as what it means, for
// other formats.
func Document(md string) *doc.Node {
	md = markdown.Unwrap(doc.Clean(md))
	out := doc.New(doc.Document)
	for _, s := range segments(md) {
		if s.wiki {
			out.Add(Parse(s.text).Children...)
			continue
		}
		d := markdown.Parse(s.text, s.mixed)
		resolve(d)
		out.Add(d.Children...)
	}
	return out
}

// resolve reads the wiki markup in lines of text.
func resolve(n *doc.Node) {
	found := false
	var out []*doc.Node
	for _, c := range n.Children {
		if c.Kind == doc.InlineWiki {
			out = append(out, phraseNodes(c.Text)...)
			found = true
			continue
		}
		resolve(c)
		out = append(out, c)
	}
	if found {
		n.Children = doc.Tidy(out)
	}
}

// segment is a part of a text that is either Markdown or wiki markup.
type segment struct {
	text  string
	wiki  bool // passes as it is
	mixed bool // Markdown with wiki markup around it
}

// segments finds the wiki markup that is meant as such. A text with wiki blocks
// and no Markdown passes whole, since stars and hashes then are wiki's.
func segments(md string) []segment {
	lines := strings.Split(md, "\n")
	marks := classify(lines)
	if !marks.wiki {
		return []segment{{text: md}}
	}
	if !marks.markdown {
		return []segment{{text: strings.Trim(md, "\n"), wiki: true}}
	}
	return splitWiki(lines)
}

// marks says what kinds of markup a text has.
type marks struct {
	wiki, markdown bool
}

func classify(lines []string) marks {
	var m marks
	fence, macro := "", ""
	all := findEnds(lines)
	for i, line := range lines {
		if fence = markdown.FenceAfter(fence, line); fence != "" {
			m.markdown = true
			continue
		}
		if macro != "" {
			if closes(line, macro) {
				macro = ""
			}
			continue
		}
		if name := verbatim(line); name != "" && all.closed(lines, i, name) {
			m.wiki = true
			if !opensAndCloses(line, name) {
				macro = name
			}
			continue
		}
		m.wiki = m.wiki || isWikiLine(line)
		m.markdown = m.markdown || isMarkdownLine(line)
	}
	return m
}

// isWikiLine reports whether a line is wiki markup that nobody writes by chance.
func isWikiLine(line string) bool {
	return headingPrefix(line) > 0 || isHeaderRow(line) || blockMacro(line) != ""
}

// headingPrefix returns the length of "h3. " or "bq. " at the begin of a line.
func headingPrefix(line string) int {
	if len(line) < 5 {
		return 0
	}
	if line[0] == 'h' && line[1] >= '1' && line[1] <= '6' && line[2:4] == ". " || strings.HasPrefix(line, "bq. ") {
		return 4
	}
	return 0
}

// isHeaderRow reports whether a line is ||heading||heading||.
func isHeaderRow(line string) bool {
	line = strings.TrimSpace(line)
	return len(line) > 4 && strings.HasPrefix(line, "||") && strings.HasSuffix(line, "||") && strings.Trim(line, "| ") != ""
}

// blockMacro returns the name of the macro that is all that a line holds; of code,
// see verbatim.
func blockMacro(line string) string {
	line = strings.TrimSpace(line)
	if len(line) < 4 || line[0] != '{' || strings.IndexByte(line, '}') != len(line)-1 {
		return ""
	}
	name, _, _ := strings.Cut(line[1:len(line)-1], ":")
	if isVerbatim(name) || !isBlockMacro(name) {
		return ""
	}
	return name
}

// verbatim returns the name of the macro that a line opens and within which
// nothing is markup.
func verbatim(line string) string {
	line = strings.TrimSpace(line)
	for _, name := range []string{macroCode, macroNoformat} {
		rest, ok := strings.CutPrefix(line, "{"+name)
		if ok && (strings.HasPrefix(rest, "}") || strings.HasPrefix(rest, ":") && strings.Contains(rest, "}")) {
			return name
		}
	}
	return ""
}

func closes(line, name string) bool { return strings.Contains(line, "{"+name+"}") }

// ends tells for each verbatim macro the last line that closes it.
type ends map[string]int

func findEnds(lines []string) ends {
	out := ends{macroCode: -1, macroNoformat: -1}
	for i, line := range lines {
		for name := range out {
			if closes(line, name) {
				out[name] = i
			}
		}
	}
	return out
}

// closed reports whether the macro that line i opens ends, in that line or below.
func (e ends) closed(lines []string, i int, name string) bool {
	return e[name] > i || opensAndCloses(lines[i], name)
}

// opensAndCloses reports whether a line holds all of a macro.
func opensAndCloses(line, name string) bool { return strings.Count(line, "{"+name) > 1 }

// isMarkdownLine reports whether a line is Markdown that wiki has no use for.
func isMarkdownLine(line string) bool {
	return strings.Contains(line, "**") && !strings.HasPrefix(strings.TrimLeft(line, " "), "** ") ||
		strings.Contains(line, "](") || strings.Contains(line, "`") || strings.Contains(line, "__") ||
		strings.Contains(line, "[ ] ") || strings.Contains(line, "[x] ") ||
		strings.Contains(line, "|--") || strings.Contains(line, "| --") || strings.Contains(line, "|:-")
}

// splitWiki takes the wiki blocks out of a text that has Markdown too.
func splitWiki(lines []string) []segment {
	s := &splitter{}
	all := findEnds(lines)
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		before := s.fence
		s.fence = markdown.FenceAfter(s.fence, line)
		if before != "" || s.fence != "" {
			s.markdown(line)
			continue
		}
		name := verbatim(line)
		switch {
		case name != "" && all.closed(lines, i, name):
			n := 1
			if !opensAndCloses(line, name) {
				for !closes(lines[i+n], name) {
					n++
				}
				n++
			}
			s.raw(strings.Join(lines[i:i+n], "\n"))
			i += n - 1
		case isRow(line, s.inTable):
			s.raw(convertRow(line))
		case blockMacro(line) != "":
			s.raw(line)
		case headingPrefix(line) > 0:
			n := headingPrefix(line)
			s.raw(line[:n] + phrase(line[n:]))
		case isNumbered(line):
			n := strings.IndexByte(line, ' ') + 1
			s.raw(line[:n] + phrase(line[n:]))
		default:
			s.markdown(line)
		}
		s.inTable = isHeaderRow(line) || s.inTable && isRow(line, true)
	}
	s.flush()
	return s.out
}

// isRow reports whether a line is a row of a wiki table.
func isRow(line string, inTable bool) bool {
	return isHeaderRow(line) || inTable && strings.HasPrefix(line, "|") && strings.HasSuffix(strings.TrimSpace(line), "|")
}

// convertRow converts Markdown in the cells of a wiki table. A row with macros,
// links or images, which may have bars inside, stays as it is.
func convertRow(line string) string {
	if strings.ContainsAny(line, "[{!\\") || !strings.ContainsAny(line, "*`_~") {
		return line
	}
	cells := strings.Split(line, "|")
	for i, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			cells[i] = phrase(cell)
		}
	}
	return strings.Join(cells, "|")
}

// isNumbered reports whether a line is an item of a wiki list with numbers,
// which in Markdown would be a heading.
func isNumbered(line string) bool {
	rest := strings.TrimLeft(line, "#*")
	return strings.HasPrefix(line, "#") && strings.HasPrefix(rest, " ") && len(line)-len(rest) <= maxList ||
		strings.HasPrefix(line, "**") && strings.HasPrefix(rest, " ") && !strings.Contains(rest, "**")
}

// phrase converts the Markdown of one line of text.
func phrase(s string) string {
	out := Write(markdown.Parse(s, true))
	if strings.Contains(out, "\n") {
		return strings.Join(strings.Fields(out), " ")
	}
	return out
}

// splitter collects lines to segments.
type splitter struct {
	out     []segment
	pending []string
	fence   string
	inTable bool
}

func (s *splitter) markdown(line string) { s.pending = append(s.pending, line) }

// raw adds wiki markup; what follows each other stays in one segment.
func (s *splitter) raw(text string) {
	blank := len(s.pending) > 0
	s.flush()
	if n := len(s.out); n > 0 && s.out[n-1].wiki && !blank {
		s.out[n-1].text += "\n" + text
		return
	}
	s.out = append(s.out, segment{text: text, wiki: true})
}

func (s *splitter) flush() {
	if text := strings.Join(s.pending, "\n"); strings.TrimSpace(text) != "" {
		s.out = append(s.out, segment{text: text, mixed: true})
	}
	s.pending = nil
}
