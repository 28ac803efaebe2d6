package markup

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
	"github.com/aofctl/aofctl/internal/markup/storage"
)

// normal is Markdown in the one form in which it is written.
func normal(md string) string { return markdown.Write(markdown.Parse(md, false)) }

// grower grows random documents of what a format can hold.
type grower struct {
	rng    *rand.Rand
	format string // "markdown", "wiki", "adf", "storage"
	next   int
	broken bool // a break is in the paragraph
}

func (g *grower) pick(list ...string) string { return list[g.rng.IntN(len(list))] }

// word is a word that is not in the document yet, or one that looks like markup.
func (g *grower) word() string {
	g.next++
	if g.rng.IntN(3) > 0 {
		return fmt.Sprintf("w%dx", g.next)
	}
	return g.pick("snake_case", "2*3*4", "a*b", "[x]", "{y}", `C:\dir`, "#tag", "-1", "|", "<tag>", "&amp;", "~5", "*star", "star*", "_u", "u_",
		"`tick", "!bang!", "h3.", "1.", "-", ">", "(x)", "||", "+1", "^2", "??", "{code}", "[~", "100%", "**", "__init__", "a]", "[b", "(c)", "{color:red}",
		"\u91cd\u8981\uff1a", "[a](b)", "<br>", "***", "#", "=", "---", "~~~", "\\", "\\*", "a&b", "x@y", "\"q\"", "it's", "!", "[^1]", "@name", "{{a}}", "~a~", "+a+", "-a-")
}

func (g *grower) words(n int) *doc.Node {
	out := make([]string, n)
	for i := range out {
		out[i] = g.word()
	}
	return doc.NewText(doc.Text, strings.Join(out, " "))
}

// inline grows the text of a block.
func (g *grower) inline(depth int) []*doc.Node {
	var out []*doc.Node
	g.broken = false
	for range 1 + g.rng.IntN(4) {
		if len(out) > 0 {
			out = append(out, doc.NewText(doc.Text, " "))
		}
		out = append(out, g.phrase(depth))
	}
	return out
}

func (g *grower) phrase(depth int) *doc.Node {
	plain := doc.NewText(doc.Text, fmt.Sprintf("p%dx q", g.next))
	switch g.rng.IntN(12) {
	case 0:
		return doc.New(doc.Strong, plain)
	case 1:
		return doc.New(doc.Em, g.words(2))
	case 2:
		return doc.New(doc.Strike, plain)
	case 3:
		return doc.NewText(doc.Span, g.pick("a{b}", "x | y", "f(*args)", "a_b_c", "[link]", "--flag", "a`b", "{{t}}", "<x>", "&amp;"))
	case 4:
		return &doc.Node{Kind: doc.Link, Target: "https://x.y/" + fmt.Sprint(g.next), Children: []*doc.Node{doc.NewText(doc.Text, "link "+fmt.Sprint(g.next))}}
	case 5:
		return &doc.Node{Kind: doc.Link, Target: "https://x.y/a_b", Auto: true, Children: []*doc.Node{doc.NewText(doc.Text, "https://x.y/a_b")}}
	case 6:
		return &doc.Node{Kind: doc.Mention, Target: "accountid:5b:" + fmt.Sprint(g.next)}
	case 7:
		if depth == 0 && !g.broken {
			g.broken = g.format == "wiki" // where two are the end of a paragraph
			return doc.New(doc.Break)
		}
	case 8:
		return doc.NewText(g.kindOf(doc.Attachment), "file.txt")
	}
	return g.words(1 + g.rng.IntN(5))
}

// kindOf leaves out what ADF has no node for.
func (g *grower) kindOf(k doc.Kind) doc.Kind {
	if g.format == "adf" {
		return doc.Span
	}
	return k
}

func (g *grower) paragraph(depth int) *doc.Node {
	in := doc.Tidy(g.inline(depth))
	if len(in) == 0 {
		in = []*doc.Node{doc.NewText(doc.Text, "x")}
	}
	return doc.New(doc.Paragraph, in...)
}

func (g *grower) code() *doc.Node {
	return &doc.Node{Kind: doc.Code, Target: g.pick("", "java", "python", "sql"),
		Text: g.pick("f() { return [1] }", "a\n\n  b", "```\nx\n```", "* a\n# b", "<x>]]></x>", "a | b\n|--|", "> \\", "")}
}

func (g *grower) list(depth int) *doc.Node {
	out := doc.New(doc.Bullets)
	kind := g.rng.IntN(3)
	if kind == 0 {
		out = &doc.Node{Kind: doc.Numbers, Level: 1}
	}
	for range 1 + g.rng.IntN(3) {
		item := doc.New(doc.Item, g.paragraph(1))
		if kind == 1 {
			item.Task = doc.Task(1 + g.rng.IntN(2))
		}
		switch n := g.rng.IntN(6); {
		case n == 0 && depth < 3:
			item.Add(g.list(depth + 1))
		case n == 1:
			item.Add(g.code())
		case n == 2 && g.format != "wiki":
			item.Add(g.paragraph(1))
		}
		out.Add(item)
	}
	return out
}

func (g *grower) table() *doc.Node {
	out := doc.New(doc.Table)
	head := g.rng.IntN(3) > 0
	for i := range 1 + g.rng.IntN(3) {
		row := doc.New(doc.Row)
		for range 3 {
			row.Add(&doc.Node{Kind: doc.Cell, Head: head && i == 0, Children: []*doc.Node{g.paragraph(0)}})
		}
		out.Add(row)
	}
	return out
}

func (g *grower) block(depth int) *doc.Node {
	switch n := g.rng.IntN(10); {
	case n == 0 && depth == 0:
		return &doc.Node{Kind: doc.Heading, Level: 1 + g.rng.IntN(6), Children: g.paragraph(1).Children}
	case n == 1:
		return g.code()
	case n == 2 && depth == 0:
		return doc.New(doc.Rule)
	case n == 3 && depth == 0:
		return g.table()
	case n == 4 && depth == 0:
		return doc.New(doc.Quote, g.paragraph(0), g.list(1))
	case n == 5 && depth == 0:
		return &doc.Node{Kind: doc.Panel, Target: g.pick("info", "note", "warning", "tip"), Children: []*doc.Node{g.paragraph(0), g.block(1)}}
	case n == 6 && depth == 0 && g.format != "wiki":
		return &doc.Node{Kind: doc.Expand, Text: "More", Children: []*doc.Node{g.block(1)}}
	case n < 9:
		return g.paragraph(0)
	}
	return g.list(depth)
}

func grow(seed uint64, format string) *doc.Node {
	g := &grower{rng: rand.New(rand.NewPCG(seed, 2)), format: format}
	out := doc.New(doc.Document)
	for range 1 + g.rng.IntN(5) {
		b := g.block(0)
		if n := len(out.Children); n > 0 && out.Children[n-1].Kind == b.Kind {
			continue // neighbours of one kind are one in some formats
		}
		out.Add(b)
	}
	return out
}

// ways are the round trips from Markdown to Markdown, by format.
func ways(t testing.TB) map[string]func(string) string {
	c := converters(t)
	return map[string]func(string) string{
		"markdown": func(md string) string { return md },
		"wiki":     func(md string) string { return WikiToMarkdown(MarkdownToWiki(md)) },
		"adf":      func(md string) string { return ADFToMarkdown([]byte(c["MarkdownToADF"](md))) },
		"storage": func(md string) string {
			back, _ := StorageToMarkdown(MarkdownToStorage(md, storage.Options{}))
			return back
		},
	}
}

// lossy are the texts of the corpus that do not come back from a format as they
// were, and what the format has not.
func lossy(format string) map[string]string {
	const (
		language = "languages that Jira does not know, other names of those it knows"
		names    = "the shown names of people"
		colour   = "colours"
		wiki     = "wiki links, which are read as links"
		relative = "addresses that lead nowhere from Jira, or that are not safe"
		spaces   = "white space that a browser does not show"
	)
	return map[string]map[string]string{
		"wiki": {
			"alerts": "folding, titles within panels", "code_edge": language + "; {code} within {noformat}", "fences": language, "html": "folding",
			"incident": language, "inline": names + "; tooltips", "links_images": relative + "; tooltips; pictures that are links",
			"lists": "paragraphs, headings and quotes in items; numbers that do not begin with 1", "mentions": names + "; a link whose text looks like a mention",
			"mixed": colour, "nested": "tables, headings and quotes in items; quotes in quotes", "quotes": "quotes in quotes", "sloppy": "numbers that do not begin with 1",
			"specials": colour, "tables": "the text for a picture in a cell", "tasks": language, "triage": language, "wiki_on_purpose": wiki,
		},
		"adf": {
			"alerts": "titles of panels, which are strong text", "code_edge": "titles of code, which are strong text", "incident": "people without an account id",
			"inline": "pictures in text, which are links; people without an account id", "links_images": relative + "; pictures in text",
			"lists": "headings and quotes in items", "mentions": "people without an account id", "mixed": colour, "nested": "tables, headings and quotes in items and quotes",
			"quotes": "headings and quotes in quotes", "sloppy": "marks of code", "specials": colour, "tables": "files as pictures", "wiki_on_purpose": wiki,
		},
		"storage": {
			"inline": names + "; " + spaces, "links_images": relative, "mentions": names, "mixed": colour, "sloppy": spaces, "specials": colour, "wiki_on_purpose": wiki,
		},
	}[format]
}

func TestTheCorpusComesBackFromEveryFormat(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/*.md")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for format, way := range ways(t) {
		lost := lossy(format)
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".md")
			t.Run(format+"/"+name, func(t *testing.T) {
				raw, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				md := normal(string(raw))
				diff := cmp.Diff(strings.Split(md, "\n"), strings.Split(normal(way(md)), "\n"))
				switch reason := lost[name]; {
				case diff == "" && reason != "":
					t.Errorf("it comes back: %s is none any more", reason)
				case diff != "" && reason == "":
					t.Errorf("(-before +after):\n%s", diff)
				}
			})
		}
	}
}

func TestDocumentsComeBackFromEveryFormat(t *testing.T) {
	for format, there := range ways(t) {
		t.Run(format, func(t *testing.T) {
			failures := 0
			for seed := range uint64(400) {
				md := markdown.Write(grow(seed, format))
				if again := normal(md); again != md {
					t.Errorf("seed %d: written is not what was read (-written +read):\n%s", seed, cmp.Diff(md, again))
					failures++
				} else if back := normal(there(md)); back != md {
					t.Errorf("seed %d (-before +after):\n%s", seed, cmp.Diff(md, back))
					failures++
				}
				if failures > 5 {
					return
				}
			}
		})
	}
}
