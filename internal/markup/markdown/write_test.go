package markdown

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

func paragraph(c ...*doc.Node) *doc.Node { return doc.New(doc.Document, doc.New(doc.Paragraph, c...)) }

func txt(s string) *doc.Node { return doc.NewText(doc.Text, s) }

func TestTextIsEscapedOnlyWhereItWouldBeMarkup(t *testing.T) {
	for in, want := range map[string]string{
		"snake_case and a_b_c":        "snake_case and a_b_c",
		"2*3*4 and a * b * c":         "2*3*4 and a * b * c",
		"*stars*":                     `\*stars\*`,
		"_under_":                     `\_under\_`,
		"one * star":                  "one * star",
		"a `tick":                     "a `tick",
		"`two` ticks":                 "\\`two\\` ticks",
		"[a](b)":                      `\[a](b)`,
		"[WIP] and arr[0]":            "[WIP] and arr[0]",
		"[~bob]":                      `\[~bob]`,
		"a@[bob] @[bob]":              `a\@[bob] \@[bob]`,
		"<b> and 1 < 2 > 0":           `\<b> and 1 < 2 > 0`,
		"&amp; & &x":                  `\&amp; & &x`,
		`C:\dir \* \`:                 `C:\dir \\* \\`,
		"# heading":                   `\# heading`,
		"#hashtag":                    "#hashtag",
		"- item":                      `\- item`,
		"-1 and - x":                  "-1 and - x",
		"1. item":                     `1\. item`,
		"1.5 and 1986. x":             "1.5 and 1986. x",
		"> quote":                     `\> quote`,
		"---":                         `\---`,
		"===":                         `\===`,
		"~~gone~~":                    `\~\~gone\~\~`,
		"~12%":                        "~12%",
		"h3. x":                       `h3\. x`,
		"{code}":                      `\{code}`,
		"{x} {panel}":                 "{x} {panel}",
		"https://x.y/a_b_c and *x*":   `https://x.y/a_b_c and \*x\*`,
		"see a@b.c or www.x.y":        "see a@b.c or www.x.y",
		"**bold**":                    `\*\*bold\*\*`,
		"__init__":                    `\_\_init\_\_`,
		"| a | b |":                   "| a | b |",
		"!bang! ![a](b)":              `!bang! !\[a](b)`,
		"{color:red}x{color}":         `\{color:red}x\{color}`,
		"\u27e6key\u27e7 and *x* *y*": "\u27e6key\u27e7 and \\*x\\* \\*y\\*",
	} {
		got := Write(paragraph(txt(in)))
		if got != want {
			t.Errorf("%q\n got %s\nwant %s", in, got, want)
		}
		back := Parse(got, false)
		if flat := doc.Flat(back.Children...); len(back.Children) != 1 || back.Children[0].Kind != doc.Paragraph || flat != doc.OneLine(in) {
			t.Errorf("%q is read as %q", got, flat)
		}
	}
}

func TestMarksAreWrittenWhereMarkdownSeesThem(t *testing.T) {
	strong, em, strike := doc.New(doc.Strong, txt("s")), doc.New(doc.Em, txt("e")), doc.New(doc.Strike, txt("d"))
	for want, in := range map[string][]*doc.Node{
		"**s**":                        {strong},
		"a **s**, *e* ~~d~~.":          {txt("a "), strong, txt(", "), em, txt(" "), strike, txt(".")},
		"a**s**b":                      {txt("a"), strong, txt("b")},
		"a<em>e</em>b":                 {txt("a"), em, txt("b")},
		"***x***":                      {doc.New(doc.Em, doc.New(doc.Strong, txt("x")))},
		"**s *e* s**":                  {doc.New(doc.Strong, txt("s "), em, txt(" s"))},
		"<strong>s</strong>*e*":        {strong, em},
		"1<strong>2</strong>3":         {txt("1"), doc.New(doc.Strong, txt("2")), txt("3")},
		"\u91cd**\u8981\uff1a**\u91cd": {txt("\u91cd"), doc.New(doc.Strong, txt("\u8981\uff1a")), txt("\u91cd")},
		"x<sup>2</sup> H<sub>2</sub>":  {txt("x"), doc.New(doc.Super, txt("2")), txt(" H"), doc.New(doc.Sub, txt("2"))},
		"**`c`**":                      {doc.New(doc.Strong, doc.NewText(doc.Span, "c"))},
		"`` a`b ``":                    {doc.NewText(doc.Span, "a`b")},
	} {
		got := Write(paragraph(in...))
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if back := Parse(got, false); !doc.Equal(back.Children, paragraph(in...).Children) {
			t.Errorf("%s is read as something else:\n%s", got, cmp.Diff(paragraph(in...), back))
		}
	}
}

func TestAlertsArePanels(t *testing.T) {
	for in, want := range map[string]*doc.Node{
		"> [!NOTE]\n> a":           {Kind: doc.Panel, Target: "note", Children: paragraph(txt("a")).Children},
		"> [!important] T **x**":   {Kind: doc.Panel, Target: "note", Text: "T x", Children: []*doc.Node{}},
		"> [!CAUTION]\n>\n> a":     {Kind: doc.Panel, Target: "warning", Children: paragraph(txt("a")).Children},
		"> [!OTHER]\n> a":          {Kind: doc.Quote, Children: paragraph(txt("[!OTHER]"), doc.New(doc.Break), txt("a")).Children},
		"> \\[!NOTE]\n> a":         {Kind: doc.Quote, Children: paragraph(txt("[!NOTE]"), doc.New(doc.Break), txt("a")).Children},
		"> a [!NOTE]":              {Kind: doc.Quote, Children: paragraph(txt("a [!NOTE]")).Children},
		"> [!TIP] T\n> a":          {Kind: doc.Panel, Target: "tip", Text: "T", Children: paragraph(txt("a")).Children},
		"> # h\n>\n> [!NOTE]\n> a": {Kind: doc.Quote, Children: []*doc.Node{{Kind: doc.Heading, Level: 1, Children: []*doc.Node{txt("h")}}, paragraph(txt("[!NOTE]"), doc.New(doc.Break), txt("a")).Children[0]}},
	} {
		if diff := cmp.Diff([]*doc.Node{want}, Parse(in, false).Children); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestDetailsAreExpands(t *testing.T) {
	a := paragraph(txt("a")).Children[0]
	b := paragraph(txt("b")).Children[0]
	for in, want := range map[string][]*doc.Node{
		"<details><summary>T &lt;</summary>\n\na\n\n</details>":           {{Kind: doc.Expand, Text: "T <", Children: []*doc.Node{a}}},
		"<details open>\n<summary><b>T</b></summary>\na\n</details>\n\nb": {{Kind: doc.Expand, Text: "T", Children: []*doc.Node{a}}, b},
		"<details>\n\na\n\n</details>\nb":                                 {{Kind: doc.Expand, Children: []*doc.Node{a}}, b},
		"<details>\n\n<details>\n\na\n\n</details>\n\n</details>":         {{Kind: doc.Expand, Children: []*doc.Node{{Kind: doc.Expand, Children: []*doc.Node{a}}}}},
		"<details>\n\na":                 {paragraph(txt("<details>")).Children[0], a},
		"a\n\n</details>":                {a, paragraph(txt("</details>")).Children[0]},
		"<detailsx>\n\na\n\n</detailsx>": {paragraph(txt("<detailsx>")).Children[0], a, paragraph(txt("</detailsx>")).Children[0]},
	} {
		if diff := cmp.Diff(want, Parse(in, false).Children); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestTagsOfFormattingAreMarks(t *testing.T) {
	for in, want := range map[string]string{
		"<b>a</b> <i>b</i> <s>c</s>":         "**a** *b* ~~c~~",
		"<B>a</B>":                           "**a**",
		"<b>a <i>b</i></b>":                  "**a _b_**",
		"<b>a":                               `\<b>a`,
		"a</b>":                              `a\</b>`,
		"<b>a</i></b>":                       `**a\</i>**`,
		"<b>a<i>b</b>c</i>":                  `**a\<i>b**c\</i>`,
		"<kbd>Ctrl</kbd> <code>x</code>":     "`Ctrl` `x`",
		"<span>a</span> <script>x":           `\<span>a\</span> \<script>x`,
		"a<br>b<br/>c<BR />d":                "a\nb\nc\nd",
		"<u>a</u> x<sup>2</sup><sub>i</sub>": "<u>a</u> x<sup>2</sup><sub>i</sub>",
	} {
		if got := Write(Parse(in, false)); got != want {
			t.Errorf("%q\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestAnAnswerInAFenceIsUnwrapped(t *testing.T) {
	for in, want := range map[string]string{
		"```markdown\n# a\n```":                "# a\n",
		"\n```md\n# a\n```\n":                  "# a\n",
		"~~~Markdown\na\n~~~":                  "a\n",
		"```markdown\n```go\nx\n```\ny\n```":   "```go\nx\n```\ny\n",
		"````markdown\n```\nx\n```\n````":      "```\nx\n```\n",
		"```go\nx\n```":                        "```go\nx\n```",
		"```markdown\na\n```\n\ntext":          "```markdown\na\n```\n\ntext",
		"```markdown\na\n```\n\n```go\nb\n```": "```markdown\na\n```\n\n```go\nb\n```",
		"```markdown\na":                       "```markdown\na",
		"```markdown":                          "```markdown",
		"text\n```markdown\na\n```":            "text\n```markdown\na\n```",
	} {
		if got := Unwrap(in); got != want {
			t.Errorf("Unwrap(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestListsAndBlocksAreWrittenSoThatTheyAreRead(t *testing.T) {
	for _, md := range []string{
		"- a\n- b\n\n* c",
		"1. a\n2. b\n\n1) c",
		"- a\n  ```\n  x\n  ```",
		"- a\n\n  b\n  - c\n\n  d",
		"- ```\n  x\n  ```",
		"- > q",
		"- - a",
		"- ___",
		"3. a\n4. b\n   - c",
		"9. a\n10. b\n    - c",
		"- [ ] a\n- [x] b\n  - [ ] c",
		"> a\n>\n> > b\n>\n> - c",
		"| a | b |\n| --- | --- |\n| c | d |",
		"|  |  |\n| --- | --- |\n| c | d |",
		"| `a\\|b` | c\\|d<br>e |\n| --- | --- |\n| **x** |  |",
		"```go title=\"main.go\"\nx\n```",
		"````\n```\n````",
		"# a\n\n###### b #x",
		"[a](https://x.y \"t\") [b](<c d>) ![e](f.png)",
		"> [!WARNING] T\n>\n> - a",
		"<details>\n<summary>a &lt; b</summary>\n\n- c\n\n</details>",
		"- a\n  <details>\n\n  b\n\n  </details>",
	} {
		if strings.HasPrefix(md, "- a\n  <details>") {
			md = "- a\n\n  <details>\n\n  b\n\n  </details>"
		}
		if diff := cmp.Diff(md, Write(Parse(md, false))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestCodeInMarkdownIsNoWrappedAnswer(t *testing.T) {
	for _, body := range []string{"# a", "", "```go\nx\n```"} {
		code := doc.New(doc.Document, &doc.Node{Kind: doc.Code, Target: "markdown", Text: body})
		if diff := cmp.Diff(code, Parse(Write(code), false)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", body, diff)
		}
	}
	if got := Unwrap("```markdown\n\n```"); got != "```markdown\n\n```" {
		t.Errorf("an empty answer becomes %q", got)
	}
}
