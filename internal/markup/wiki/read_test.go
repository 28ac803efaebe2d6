package wiki

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
)

func TestPanelsAreReadByNameTitleAndColour(t *testing.T) {
	for in, want := range map[string]string{
		"{panel}\na\n{panel}":                                    "> [!PANEL]\n> a",
		"{panel:title=Env|bgColor=#fff}\na\n{panel}":             "> [!PANEL] Env\n> a",
		"{panel:bgColor=#eae6ff}\na\n{panel}":                    "> [!NOTE]\n> a",
		"{panel:title=T|bgColor=#FFEBE6}\na\n{panel}":            "> [!ERROR] T\n> a",
		"{panel:title=Warning: Hot|bgColor=#fffae6}\na\n{panel}": "> [!WARNING] Hot\n> a",
		"{panel:title=Note}\na\n{panel}":                         "> [!NOTE]\n> a",
		"{info:title=T}a{info}":                                  "> [!INFO] T\n> a",
		"{tip}\n* a\n{tip}":                                      "> [!TIP]\n>\n> - a",
		"{expand:More}\na\n{expand}":                             "<details>\n<summary>More</summary>\n\na\n\n</details>",
		"{panel}\n{quote}\na\n{quote}\n{panel}":                  "> [!PANEL]\n>\n> > a",
		"{panel}\nnever closed":                                  "> [!PANEL]\n> never closed",
	} {
		if diff := cmp.Diff(want, markdown.Write(Parse(in))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestPanelsAreWrittenSoThatBothJirasShowThem(t *testing.T) {
	for in, want := range map[string]string{
		"> [!NOTE]\n> a":                           "{panel:title=Note|bgColor=#eae6ff}\na\n{panel}",
		"> [!WARNING] Hot {x|y}\n> a":              "{panel:title=Warning: Hot x y|bgColor=#fffae6}\na\n{panel}",
		"> [!PANEL]\n> a":                          "{panel}\na\n{panel}",
		"<details><summary>T</summary>a</details>": "{panel:title=T}\na\n{panel}",
		"> [!NOTE]\n> > [!TIP] T\n> > b":           "{panel:title=Note|bgColor=#eae6ff}\n*Tip: T*\n\nb\n{panel}",
		"- > [!NOTE]\n  > a":                       "* {panel:title=Note|bgColor=#eae6ff}\na\n{panel}",
	} {
		if diff := cmp.Diff(want, FromMarkdown(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestListsNestByTheirMarkers(t *testing.T) {
	for in, want := range map[string]string{
		"* a\n** b\n*** c\n** d\n* e":  "- a\n  - b\n    - c\n  - d\n- e",
		"# a\n#* b\n#* c\n# d":         "1. a\n   - b\n   - c\n2. d",
		"* a\n*# b\n** c":              "- a\n  1. b\n\n  - c",
		"* a\n*** b\n** c":             "- a\n  - b\n  - c",
		"* a\ncontinued\n* b":          "- a\n  continued\n- b",
		"* a\n\n* b":                   "- a\n\n* b",
		"* a\n{code}\nx\n{code}\nmore": "- a\n  ```\n  x\n  ```\n\n  more",
		"- a\n-- b":                    "- a\n  - b",
		"* (/) a\n** (x) b":            "- [x] a\n  - [ ] b",
		"** a":                         "- a",
		"text\n* a":                    "text\n\n- a",
		"# a\n# b\n\ntext\n\n# c":      "1. a\n2. b\n\ntext\n\n1. c",
	} {
		if diff := cmp.Diff(want, markdown.Write(Parse(in))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestTablesAreReadWithTheirHeadings(t *testing.T) {
	for in, want := range map[string]string{
		"||a||b||\n|c|d|":             "| a | b |\n| --- | --- |\n| c | d |",
		"||a|b|\n||c|d|":              "|  |  |\n| --- | --- |\n| a | b |\n| c | d |",
		"|a|b|":                       "|  |  |\n| --- | --- |\n| a | b |",
		"||a||\n|*b*\\\\c|":           "| a |\n| --- |\n| **b**<br>c |",
		"||a||\n|[x|https://y.z]|":    "| a |\n| --- |\n| [x](https://y.z) |",
		"||a||\n|!p.png|width=1!|":    "| a |\n| --- |\n| ![](p.png) |",
		"||a||\n|{{b|c}}|":            "| a |\n| --- |\n| `b\\|c` |",
		"||a||\n|b \\| c|":            "| a |\n| --- |\n| b \\| c |",
		"||a||b||\n| |d|":             "| a | b |\n| --- | --- |\n|  | d |",
		"||a||\n|over\nlines|\nafter": "| a |\n| --- |\n| over<br>lines |\n\nafter",
	} {
		if diff := cmp.Diff(want, markdown.Write(Parse(in))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestPhrasesAreRead(t *testing.T) {
	for in, want := range map[string]string{
		"*a* _b_ -c- +d+ ^e^ ~f~ ??g??":                 "**a** *b* ~~c~~ <u>d</u> <sup>e</sup> <sub>f</sub> *g*",
		"x{*}y{*}z 10{^}3{^}":                           "x**y**z 10<sup>3</sup>",
		"*a _b_ c*":                                     "**a *b* c**",
		"{color:red}a{color} {anchor:x}b":               "a b",
		"[~accountid:5b:1] [~bob] [^a b.txt]":           "@[accountid:5b:1] @[bob] [^a b.txt]",
		"[a|https://x.y/(b)] [https://x.y]":             "[a](<https://x.y/(b)>) https://x.y",
		"[mail|mailto:a@b.c] [mailto:a@b.c]":            "[mail](mailto:a@b.c) a@b.c",
		"!a b.png|thumbnail! !https://x.y/i.png|alt=A!": "![](<a b.png>) ![A](https://x.y/i.png)",
		"(/) (x) (!) (y) \\(x)":                         "✅ ❌ ⚠️ 👍 (x)",
		"&lt;b&gt; &amp;amp; a & b":                     `\<b> \&amp; a & b`,
		"a\\\\b":                                        "a\nb",
		"{{a\\{b\\}}} {{&lt;}}":                         "`a{b}` `<`",
		"2*3*4 a_b_c x - y - z":                         "2*3*4 a_b_c x - y - z",
		"{unknown:x} {status:y}":                        "{unknown:x} {status:y}",
	} {
		if diff := cmp.Diff(want, markdown.Write(Parse(in))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestWikiWithinMarkdownIsReadForOtherFormats(t *testing.T) {
	for in, want := range map[string]string{
		"h3. T\n\n*strong* and {{code}}":                  "### T\n\n**strong** and `code`",
		"see [docs|https://x.y] and {color:red}r{color}":  "see [docs](https://x.y) and r",
		"**md** first\n\n||a||b||\n|c|d|\n":               "**md** first\n\n| a | b |\n| --- | --- |\n| c | d |",
		"{code:go}\nx\n{code}\n\n- **b**":                 "```go\nx\n```\n\n- **b**",
		"plain **markdown**":                              "plain **markdown**",
		"```markdown\nh2. not a fence of wiki **x**\n```": "## not a fence of wiki **x**",
	} {
		if diff := cmp.Diff(want, markdown.Write(Document(in))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestNumbersGoOnAfterWhatEndsAList(t *testing.T) {
	const md = "1. a\n\n   | x |\n   |---|\n   | y |\n2. b\n3. c"
	want := "# a\n||x||\n|y|\n\n2. b\n3. c"
	if diff := cmp.Diff(want, FromMarkdown(md)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEveryKindOfNodeIsWritten(t *testing.T) {
	for k := doc.Document; k <= doc.InlineWiki; k++ {
		n := &doc.Node{Kind: k, Text: "x", Target: "https://x.y", Level: 1, Children: []*doc.Node{doc.New(doc.Paragraph, doc.NewText(doc.Text, "y"))}}
		if k >= doc.Text {
			n.Children = []*doc.Node{doc.NewText(doc.Text, "y")}
		}
		if k > doc.Wiki && k < doc.Text || k == doc.Break || k == doc.Rule {
			continue
		}
		if out := Write(doc.New(doc.Document, n)); out == "" {
			t.Errorf("nothing is written of kind %d", k)
		}
	}
}
