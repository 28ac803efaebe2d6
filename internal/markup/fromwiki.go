package markup

import (
	"strings"
)

// WikiToMarkdown converts Jira's wiki markup to Markdown for a model to read:
// headings, lists, tables, {code}, {noformat}, {quote}, {panel}, links, images,
// emphasis and mentions, which become @[accountid:…] or @[name]. Colours and
// anchors are left out, their text stays. Unknown macros stay as text.
func WikiToMarkdown(wiki string) string {
	r := &wikiReader{items: wikiItems(clean(wiki))}
	for r.pos < len(r.items) {
		r.item()
	}
	return strings.Trim(r.b.String(), "\n")
}

// wikiReader reads wiki markup item by item.
type wikiReader struct {
	items []wikiItem
	pos   int
	b     strings.Builder
	last  lineKind
	open  []string // the names of the quotes and panels that are open
	outer int      // how many of these were open all the time since the last line
	list  listState
}

// lineKind is the kind of what was written last, to know where Markdown needs an
// empty line.
type lineKind int

const (
	nothing lineKind = iota
	textLine
	listLine
	otherBlock
)

// item converts the item at the current position; of a table, all its rows.
func (r *wikiReader) item() {
	item := r.items[r.pos]
	trimmed := strings.TrimSpace(item.text)
	if item.tag == "" && strings.HasPrefix(trimmed, "|") {
		r.table()
		return
	}
	r.pos++
	switch {
	case item.code:
		r.code(item)
	case item.tag != "":
		r.quoted(item.tag)
	case trimmed == "":
		r.blank()
	case isRule(trimmed):
		r.write(otherBlock, "---")
	case headingPrefix(trimmed) > 0:
		r.heading(trimmed)
	case listMarker(item.text) != "":
		r.listItem(item.text)
	default:
		r.text(item.text)
	}
}

func isRule(s string) bool { return len(s) >= 4 && strings.Trim(s, "-") == "" }

// blank ends a paragraph or a list.
func (r *wikiReader) blank() {
	r.list = listState{}
	if r.last != nothing {
		r.last = otherBlock
	}
}

// write writes lines of one kind, with an empty line before where Markdown needs
// one, and with the marks of the quotes around it.
func (r *wikiReader) write(kind lineKind, text string) {
	prefix := strings.Repeat("> ", len(r.open))
	if r.b.Len() > 0 {
		r.b.WriteByte('\n')
		if kind != r.last || kind == otherBlock {
			r.b.WriteString(strings.TrimRight(strings.Repeat("> ", r.outer), " ") + "\n")
		}
	}
	r.outer = len(r.open)
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			r.b.WriteByte('\n')
		}
		r.b.WriteString(strings.TrimRight(prefix+line, " "))
	}
	r.last = kind
}

func (r *wikiReader) text(line string) {
	s := wikiPhrase(strings.TrimSpace(line))
	if s == "" {
		return
	}
	if r.last == listLine {
		// A line after a list item belongs to it.
		indent := strings.Repeat(" ", r.list.width())
		r.write(listLine, indent+strings.ReplaceAll(s, "\n", "\n"+indent))
		return
	}
	r.write(textLine, s)
}

func (r *wikiReader) heading(line string) {
	s := oneLine(wikiPhrase(line[4:]))
	if line[0] == 'b' {
		r.open = append(r.open, "bq")
		r.write(otherBlock, s)
		r.close()
		return
	}
	r.write(otherBlock, strings.Repeat("#", int(line[1]-'0'))+" "+s)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// code converts {code} and {noformat}.
func (r *wikiReader) code(item wikiItem) {
	indent := ""
	kind := otherBlock
	if r.last == listLine {
		indent, kind = strings.Repeat(" ", r.list.width()), listLine
	}
	text := fenced(macroLanguage(item.tag), item.text)
	r.write(kind, indent+strings.ReplaceAll(text, "\n", "\n"+indent))
}

// macroLanguage reads the language of {code:java|title=x} and
// {code:title=x|language=java}.
func macroLanguage(tag string) string {
	name, params, _ := strings.Cut(strings.Trim(tag, "{}"), ":")
	if name != macroCode {
		return ""
	}
	for p := range strings.SplitSeq(params, "|") {
		key, value, ok := strings.Cut(p, "=")
		switch {
		case ok && key == "language":
			return plainWord(value)
		case !ok && key != "none":
			return plainWord(key)
		}
	}
	return ""
}

// plainWord accepts what can follow a fence.
func plainWord(s string) string {
	for _, r := range s {
		if !isWord(r) && !strings.ContainsRune("+-#._", r) {
			return ""
		}
	}
	return s
}

// fenced writes code in a fence that its text does not contain.
func fenced(language, body string) string {
	run, longest := 0, 2
	for _, r := range body {
		if r == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", longest+1)
	if body == "" {
		return fence + language + "\n" + fence
	}
	return fence + language + "\n" + body + "\n" + fence
}

// quoted opens or closes a quote or a panel, whose ends look the same.
func (r *wikiReader) quoted(tag string) {
	name, params, opens := strings.Cut(strings.Trim(tag, "{}"), ":")
	r.list = listState{}
	if r.last != nothing {
		r.last = otherBlock
	}
	if n := len(r.open); n > 0 && r.open[n-1] == name && !opens {
		r.close()
		return
	}
	if len(r.open) >= maxQuotes {
		return
	}
	r.open = append(r.open, name)
	if title := macroTitle(params); title != "" {
		r.write(otherBlock, "**"+title+"**")
	}
}

// close ends the innermost quote.
func (r *wikiReader) close() {
	r.open = r.open[:len(r.open)-1]
	r.outer = min(r.outer, len(r.open))
}

// maxQuotes bounds how deep quotes and panels nest.
const maxQuotes = 4

func macroTitle(params string) string {
	for p := range strings.SplitSeq(params, "|") {
		if title, ok := strings.CutPrefix(p, "title="); ok {
			return oneLine(strings.ReplaceAll(title, "*", ""))
		}
	}
	return ""
}
