package markdown

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// longReport is Markdown of about the given size, with code, lists and tables.
func longReport(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "## Section %d\n\nSome **bold** text with `code%d` in it.\n\n", i, i)
		fmt.Fprintf(&b, "1. first\n\n2. second\n\n   with more\n\n3. third\n\n")
		fmt.Fprintf(&b, "```go\nfunc f%d() {\n\n\treturn\n}\n```\n\n| A | B |\n|---|---|\n| %d | x |\n\n", i, i)
	}
	return b.String()
}

func TestChunksHoldAllOfTheText(t *testing.T) {
	for name, md := range map[string]string{
		"report":            longReport(2*maxChunk + 100),
		"one line":          strings.Repeat("word ", maxChunk),
		"no space":          strings.Repeat("x", 3*maxChunk+1),
		"wide characters":   strings.Repeat("\u65e5", maxChunk),
		"one code block":    "```\n" + strings.Repeat("line\n\n", maxChunk/4) + "```\n",
		"lines":             strings.Repeat("line\n", maxChunk),
		"indented":          strings.Repeat("- item\n\n  more\n\n", maxChunk/8),
		"unclosed links":    strings.Repeat("[a](", maxChunk),
		"nested quotes":     strings.Repeat("> ", maxChunk),
		"short":             "short",
		"empty":             "",
		"exactly one chunk": strings.Repeat("x", maxChunk),
	} {
		all := chunks(md)
		if diff := cmp.Diff(md, strings.Join(all, "")); diff != "" {
			t.Errorf("%s: the chunks are another text", name)
		}
		for _, c := range all {
			if len(c) > maxChunk && name != "one code block" {
				t.Errorf("%s: a chunk has %d bytes", name, len(c))
			}
			if !utf8.ValidString(c) {
				t.Errorf("%s: a chunk cuts a character", name)
			}
		}
	}
}

func TestTextThatIsHardToParseIsParsedInSmallPieces(t *testing.T) {
	for name, c := range map[string]struct {
		md   string
		want int
	}{
		"plain":          {strings.Repeat("word ", 2000), maxChunk},
		"small":          {strings.Repeat("[a](", 900), maxChunk},
		"many links":     {strings.Repeat("[a](", 2000), hardChunk},
		"deep quotes":    {strings.Repeat("> ", 3000), hardChunk},
		"deep lists":     {"text\n" + strings.Repeat("1. ", 2000), hardChunk},
		"a long rule":    {strings.Repeat("text\n", 1000) + strings.Repeat("-", 40), maxChunk},
		"ordinary lists": {strings.Repeat("  - a\n    1. b\n", 1000), maxChunk},
	} {
		if got := chunkSize(c.md); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestFencesAreFollowed(t *testing.T) {
	for _, c := range []struct{ fence, line, want string }{
		{"", "```go", "```"},
		{"", "~~~~ x", "~~~~"},
		{"", "  ```", "```"},
		{"", "``` a ` b", ""},
		{"", "``", ""},
		{"", "text", ""},
		{"```", "```", ""},
		{"```", "````  ", ""},
		{"```", "``", "```"},
		{"```", "``` x", "```"},
		{"```", "~~~", "```"},
		{"````", "```", "````"},
		{"~~~", "~~~", ""},
	} {
		if got := FenceAfter(c.fence, c.line); got != c.want {
			t.Errorf("FenceAfter(%q, %q) = %q, want %q", c.fence, c.line, got, c.want)
		}
	}
}

func TestHeadingsWithoutSpaceAreMeantAsSuch(t *testing.T) {
	for in, want := range map[string]string{
		"##Title":                      "## Title",
		"######Deep":                   "###### Deep",
		"#######Seven":                 "#######Seven",
		"#hashtag":                     "#hashtag",
		"## Title":                     "## Title",
		"##\tTitle":                    "##\tTitle",
		"##":                           "##",
		"```\n##not a heading\n```":    "```\n##not a heading\n```",
		"a\n##b\n```\n##c\n```\n##d":   "a\n## b\n```\n##c\n```\n## d",
		"text ##not at the begin":      "text ##not at the begin",
		"####\u00dcberschrift":         "#### \u00dcberschrift",
		"##**bold**":                   "## **bold**",
		"## a\n##b":                    "## a\n## b",
		"no hashes at all":             "no hashes at all",
		"##1":                          "## 1",
		"~~~\n##x\n~~~\n##y":           "~~~\n##x\n~~~\n## y",
		"    ##indented is no heading": "    ##indented is no heading",
	} {
		if got := loosen(in); got != want {
			t.Errorf("loosen(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWhatIsLongerThanAChunkStaysInOnePiece(t *testing.T) {
	for name, c := range map[string]struct {
		md   string
		kind doc.Kind
		n    int
	}{
		"table":           {"| a | b |\n|---|---|\n" + strings.Repeat("| row | some text |\n", 10_000), doc.Table, 10_001},
		"table of links":  {"| a |\n|---|\n" + strings.Repeat("| [A-1](https://jira.example.com/browse/A-1) |\n", 2000), doc.Table, 2001},
		"headless table":  {"|  |  |\n|---|---|\n" + strings.Repeat("| row | some text |\n", 10_000), doc.Table, 10_000},
		"list":            {strings.Repeat("- item of it\n  - nested\n", 10_000), doc.Bullets, 10_000},
		"list of links":   {strings.Repeat("- [A-1](https://jira.example.com/browse/A-1)\n", 2000), doc.Bullets, 2000},
		"code":            {"```\n" + strings.Repeat("| x |\n\n# y\n", 20_000) + "```\n", doc.Code, 0},
		"code after text": {"```\n" + strings.Repeat("line\n", 20_000) + "```", doc.Code, 0},
	} {
		list := Parse(c.md+"\n\nend", false).Children
		if len(list) != 2 || list[0].Kind != c.kind || len(list[0].Children) != c.n || doc.Flat(list[1]) != "end" {
			t.Errorf("%s: %d blocks, the first of kind %d with %d parts", name, len(list), list[0].Kind, len(list[0].Children))
		}
	}
	var numbers strings.Builder
	for i := range 9000 {
		fmt.Fprintf(&numbers, "%d. item\n", i+1)
	}
	if list := Parse(numbers.String(), false).Children; len(list) != 1 || len(list[0].Children) != 9000 {
		t.Errorf("numbers: %d lists", len(list))
	}
}
