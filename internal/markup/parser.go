package markup

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// newParser builds the Markdown parser. Mixed text may hold more of wiki markup.
func newParser(mixed bool) parser.Parser {
	inline := parser.WithInlineParsers(
		util.Prioritized(&wikiParser{mixed: mixed}, 50),
		util.Prioritized(strongParser{}, 60),
	)
	return goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(inline)).Parser()
}

// wikiInline is wiki markup within Markdown.
type wikiInline struct {
	ast.BaseInline

	text string
}

// Kind implements goldmark's interface. A kind of our own would need a global;
// the writer goes by type.
func (n *wikiInline) Kind() ast.NodeKind { return ast.KindRawHTML }

// Dump implements goldmark's interface for debugging.
func (n *wikiInline) Dump(source []byte, level int) {
	ast.DumpHelper(n, source, level, map[string]string{"text": n.text}, nil)
}

// wikiParser recognises wiki markup in a line: mentions, wiki links, colours.
type wikiParser struct {
	mixed bool
}

// Trigger implements goldmark's interface for inline parsers.
func (p *wikiParser) Trigger() []byte { return []byte{'[', '{', '@', '!'} }

// Parse implements goldmark's interface for inline parsers.
func (p *wikiParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	if line[0] == '@' && isWord(block.PrecendingCharacter()) {
		return nil
	}
	out, n := p.match(line)
	if n == 0 {
		return nil
	}
	block.Advance(n)
	return &wikiInline{text: out}
}

// strongParser recognises **plain text** before CommonMark's rules do, which go
// by the characters around the stars: next to full-width punctuation or where a
// pair is open above they take the end of one for the begin of another.
type strongParser struct{}

// Trigger implements goldmark's interface for inline parsers.
func (strongParser) Trigger() []byte { return []byte{'*'} }

// Parse implements goldmark's interface for inline parsers.
func (strongParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	line = line[:min(len(line), maxInline)]
	if !bytes.HasPrefix(line, []byte("**")) || block.PrecendingCharacter() == '*' {
		return nil
	}
	n := bytes.IndexAny(line[2:], "*_`[]<>\\~!&{}@\n")
	if n < 1 || !bytes.HasPrefix(line[2+n:], []byte("**")) || bytes.HasPrefix(line[2+n:], []byte("***")) {
		return nil
	}
	inner := line[2 : 2+n]
	if len(bytes.TrimSpace(inner)) != n || bytes.Contains(inner, []byte("://")) || bytes.Contains(inner, []byte("www.")) {
		return nil
	}
	if isDigitRune(block.PrecendingCharacter()) && isDigitRune(rune(inner[0])) {
		return nil
	}
	node := ast.NewEmphasis(2)
	node.AppendChild(node, ast.NewTextSegment(text.NewSegment(segment.Start+2, segment.Start+2+n)))
	block.Advance(n + 4)
	return node
}

func isDigitRune(r rune) bool { return r >= '0' && r <= '9' }

// maxInline bounds what is looked at, so that many openings cost no more than a
// few.
const maxInline = 400

func (p *wikiParser) match(line []byte) (wiki string, n int) {
	line = line[:min(len(line), maxInline)]
	switch {
	case bytes.HasPrefix(line, []byte("[~")):
		return mention(line, 2)
	case bytes.HasPrefix(line, []byte("@[")):
		return mention(line, 2)
	case line[0] == '[':
		return wikiLink(line)
	case line[0] == '{':
		return p.macro(line)
	case line[0] == '!' && p.mixed:
		return wikiImage(line)
	}
	return "", 0
}

// mention reads [~id], @[id] and @[id Name].
func mention(line []byte, skip int) (wiki string, n int) {
	end := bytes.IndexByte(line, ']')
	if end <= skip || end+1 < len(line) && line[end+1] == '(' {
		return "", 0
	}
	id, name, _ := strings.Cut(string(line[skip:end]), " ")
	if !isAccount(id) || name != "" && line[0] == '[' || strings.ContainsAny(name, "[|{\n") {
		return "", 0
	}
	return "[~" + id + "]", end + 1
}

// isAccount accepts account ids and Data Center's user names.
func isAccount(id string) bool {
	if id == "" || len(id) > 160 || !utf8.ValidString(id) {
		return false
	}
	for _, r := range id {
		if !isWord(r) && !strings.ContainsRune("-_.:@+", r) {
			return false
		}
	}
	return true
}

// wikiLink reads [text|https://…], [https://…] and [^file.txt].
func wikiLink(line []byte) (wiki string, n int) {
	end := bytes.IndexByte(line, ']')
	if end < 4 || end+1 < len(line) && (line[end+1] == '(' || line[end+1] == '[') {
		return "", 0
	}
	inner := string(line[1:end])
	if strings.ContainsAny(inner, "[{\n`") {
		return "", 0
	}
	label, dest, piped := strings.Cut(inner, "|")
	if !piped {
		dest = label
	}
	switch {
	case strings.HasPrefix(dest, "https://"), strings.HasPrefix(dest, "http://"), strings.HasPrefix(dest, "mailto:"):
		if strings.ContainsAny(dest, " \t") {
			return "", 0
		}
	case !piped && dest[0] == '^' && strings.Contains(dest, ".") && len(dest) > 4:
	default:
		return "", 0
	}
	return string(line[:end+1]), end + 1
}

// macro reads {color:red} and {color}; in mixed text all macros and {{code}}.
func (p *wikiParser) macro(line []byte) (wiki string, n int) {
	if p.mixed && bytes.HasPrefix(line, []byte("{{")) {
		if end := bytes.Index(line, []byte("}}")); end > 2 && !bytes.ContainsAny(line[2:end], "{}\n") {
			return string(line[:end+2]), end + 2
		}
		return "", 0
	}
	end := bytes.IndexByte(line, '}')
	if end < 2 {
		return "", 0
	}
	name, params, _ := strings.Cut(string(line[1:end]), ":")
	if strings.ContainsAny(params, "{\n") {
		return "", 0
	}
	switch {
	case name == macroColor, p.mixed && isMacro(name) && !isVerbatim(name):
		return string(line[:end+1]), end + 1
	}
	return "", 0
}

// wikiImage reads !file.png! and !file.png|thumbnail!.
func wikiImage(line []byte) (wiki string, n int) {
	end := bytes.IndexByte(line[1:], '!')
	if end < 3 || bytes.ContainsAny(line[1:end+1], " \n[]{}") || !bytes.ContainsRune(line[1:end+1], '.') {
		return "", 0
	}
	return string(line[:end+2]), end + 2
}
