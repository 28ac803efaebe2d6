// Package markdown reads Markdown as models write it, and writes it for them to
// read: CommonMark with GitHub's tables, task lists, strikethrough, alerts and
// links, mentions ([~accountid:…] or @[accountid:… Name]), and what of HTML
// people use in Markdown: <details>, <br>, <sub>, <sup>, <u>, <b> and the like.
// Other HTML is text.
//
// Reading and writing fit together: what [Write] writes, [Parse] reads as the
// same document.
package markdown

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Parse reads Markdown, of any length and depth. In mixed text, which has wiki
// markup around it, *single stars* mean strong, and more of wiki markup passes.
func Parse(md string, mixed bool) *doc.Node {
	md = Unwrap(doc.Clean(md))
	out := doc.New(doc.Document)
	p := newParser(mixed)
	before := ""
	for _, chunk := range chunks(md) {
		if chunk != "" {
			addChunk(out, p, before, chunk, mixed)
		}
		before = chunk
	}
	if len(out.Children) == 0 && strings.TrimSpace(md) != "" {
		// Nothing but definitions of links: they are what the author says.
		out.Add(textLines(md))
	}
	return out
}

// parse reads one chunk. Depth counts Markdown within HTML.
func parse(p parser.Parser, chunk string, mixed bool, depth int) []*doc.Node {
	source := []byte(loosen(chunk))
	r := &reader{source: source, mixed: mixed, parser: p, depth: depth, ends: map[ast.Node]*ast.HTMLBlock{}}
	return r.blocks(p.Parse(text.NewReader(source)), 0)
}

// textLines is a paragraph of text that is no markup.
func textLines(s string) *doc.Node {
	p := doc.New(doc.Paragraph)
	for i, line := range strings.Split(strings.Trim(s, "\n"), "\n") {
		if i > 0 {
			p.Add(doc.New(doc.Break))
		}
		p.Add(doc.NewText(doc.Text, line))
	}
	p.Children = doc.Tidy(p.Children)
	return p
}

// newParser builds the Markdown parser.
func newParser(mixed bool) parser.Parser {
	inline := parser.WithInlineParsers(
		util.Prioritized(&wikiParser{mixed: mixed}, 50),
		util.Prioritized(strongParser{}, 60),
	)
	return goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(inline)).Parser()
}

// Unwrap returns the inside of an answer that is one block of code in Markdown,
// as models sometimes wrap all they say. Blocks of code within it, which end
// such a block for CommonMark, are seen.
func Unwrap(md string) string {
	trimmed := strings.TrimSpace(md)
	first, rest, ok := strings.Cut(trimmed, "\n")
	marks := strings.TrimRight(first, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	info := strings.ToLower(strings.TrimSpace(first[len(marks):]))
	if !ok || len(marks) < 3 || strings.Trim(marks, "`") != "" && strings.Trim(marks, "~") != "" || info != "markdown" && info != "md" {
		return md
	}
	end := strings.LastIndexByte(rest, '\n') + 1
	body, last := rest[:end], rest[end:]
	if strings.TrimSpace(last) != marks || strings.TrimSpace(body) == "" {
		return md
	}
	inside := ""
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		switch run := len(line) - len(strings.TrimLeft(line, marks[:1])); {
		case run < len(marks):
		case inside == "" && run == len(line):
			return md // the block ends here, and another begins
		case inside == "":
			inside = line[:run]
		case run == len(line) && run >= len(inside):
			inside = ""
		}
	}
	if inside != "" {
		return md
	}
	return body
}
