package adf

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/markdown"
)

func TestBlocksGoBehindWhatTheyMayNotStandIn(t *testing.T) {
	for in, want := range map[string]string{
		"1. a\n\n   | x |\n   |---|\n   | y |\n\n   b\n2. c": "1. a\n\n| x |\n| --- |\n| y |\n\nb\n\n2. c",
		"- # h\n- b":                    "- **h**\n- b",
		"- a\n  > q\n- b":               "- a\n\n> q\n\n- b",
		"> a\n>\n> ---\n>\n> b":         "> a\n\n---\n\n> b",
		"> a\n>\n> > b":                 "> a\n>\n> b",
		"> # h":                         "> **h**",
		"> [!NOTE] T\n> a":              "> [!NOTE]\n> **T**\n>\n> a",
		"> [!NOTE]\n> | x |\n> |---|":   "| x |\n| --- |",
		"> - [ ] a":                     "> - [ ] a",
		"1. [x] a":                      "1. [x] a",
		"- [ ] a\n- b":                  "- [ ] a\n- b",
		"- [ ] a\n  - b":                "- [ ] a\n  - b",
		"- [ ] a\n  - [x] b\n- [ ] c":   "- [ ] a\n  - [x] b\n- [ ] c",
		"- [ ] a\n  ```\n  x\n  ```":    "- [ ] a\n  ```\n  x\n  ```",
		"- - a":                         "- - a",
		"**`c`** [`d`](https://x.y)":    "`c` [`d`](https://x.y)",
		"![a](https://x.y/i.png)":       "![a](https://x.y/i.png)",
		"t ![a](https://x.y/i.png)":     "t [a](https://x.y/i.png)",
		"[a](b/c.md) [x](javascript:y)": "a (b/c.md) x (javascript:y)",
		"<details>\n\n<details>\n\na\n\n</details>\n\n</details>": "<details>\n\n<details>\n\na\n\n</details>\n\n</details>",
		"```go title=\"m.go\"\nx\n```":                            "**m.go**\n\n```go\nx\n```",
		":tada: a:b:c 10:30:45 :Not: :x":                          ":tada: a:b:c 10:30:45 :Not: :x",
		"- a\n  - b\n    - c\n      - d\n        - e\n          - f\n            - g\n              - h": "- a\n  - b\n    - c\n      - d\n        - e\n          - f\n          - g\n          - h",
	} {
		if diff := cmp.Diff(want, markdown.Write(Parse(write(t, in)))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestNodesOfTheSchemaAreRead(t *testing.T) {
	p := func(inner string) string { return `{"type":"paragraph","content":[` + inner + `]}` }
	a := p(`{"type":"text","text":"a"}`)
	cell := func(kind, attrs, text string) string {
		return `{"type":"` + kind + `","attrs":{` + attrs + `},"content":[` + p(`{"type":"text","text":"`+text+`"}`) + `]}`
	}
	for in, want := range map[string]string{
		`{"type":"table","content":[{"type":"tableRow","content":[` + cell("tableHeader", `"colspan":2`, "h") + `]},{"type":"tableRow","content":[` +
			cell("tableCell", `"rowspan":2`, "x") + "," + cell("tableCell", "", "y") + `]},{"type":"tableRow","content":[` + cell("tableCell", "", "z") + `]}]}`: "| h |  |\n| --- | --- |\n| x | y |\n|  | z |",
		`{"type":"taskList","content":[{"type":"blockTaskItem","attrs":{"state":"DONE"},"content":[` + a + `]}]}`:                          "- [x] a",
		`{"type":"layoutSection","content":[{"type":"layoutColumn","content":[` + a + `]},{"type":"layoutColumn","content":[` + a + `]}]}`: "a\n\na",
		`{"type":"extension","attrs":{"extensionKey":"toc","extensionType":"com.atlassian.confluence.macro.core"}}`:                        "\u27e6extension toc\u27e7",
		`{"type":"extension","attrs":{"extensionKey":"x","text":"shown"}}`:                                                                 "shown",
		`{"type":"bodiedExtension","attrs":{"extensionKey":"x"},"content":[` + a + `]}`:                                                    "a",
		`{"type":"syncBlock","attrs":{"resourceId":"r"}}`:                                                                                  "\u27e6syncBlock\u27e7",
		`{"type":"bodiedSyncBlock","content":[` + a + `]}`:                                                                                 "a",
		p(`{"type":"inlineExtension","attrs":{"extensionKey":"k"}},{"type":"text","text":" b"}`):                                           "\u27e6inlineExtension k\u27e7 b",
		p(`{"type":"text","text":"10"},{"type":"text","text":"3","marks":[{"type":"subsup","attrs":{"type":"sup"}}]}`):                     "10<sup>3</sup>",
		p(`{"type":"text","text":"a *b* c","marks":[{"type":"annotation"}]}`):                                                              `a \*b\* c`,
		p(`{"type":"inlineCard","attrs":{"data":{"url":"https://x.y/1"}}}`):                                                                "https://x.y/1",
		p(`{"type":"placeholder","attrs":{"text":"type here"}}`):                                                                           "type here",
		`{"type":"panel","attrs":{"panelType":"success"},"content":[` + a + `]}`:                                                           "> [!SUCCESS]\n> a",
		`{"type":"nestedExpand","attrs":{"title":"T"},"content":[` + a + `]}`:                                                              "<details>\n<summary>T</summary>\n\na\n\n</details>",
		`{"type":"mediaGroup","content":[{"type":"media","attrs":{"type":"file","id":"1","alt":"a.png"}}]}`:                                "[attachment: a.png]",
		`{"type":"decisionList","content":[{"type":"decisionItem","attrs":{"state":"DECIDED"},"content":[{"type":"text","text":"go"}]}]}`:  "- Decision: go",
		`{"type":"embedCard","attrs":{"url":"https://x.y/2","layout":"center"}}`:                                                           "https://x.y/2",
	} {
		if diff := cmp.Diff(want, markdown.Write(Parse([]byte(`{"version":1,"type":"doc","content":[`+in+`]}`)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}
