package markup

import (
	"testing"
)

// adfDoc wraps nodes in a document.
func adfDoc(nodes string) []byte {
	return []byte(`{"version":1,"type":"doc","content":[` + nodes + `]}`)
}

// para is a paragraph of inline nodes.
func para(inline string) string { return `{"type":"paragraph","content":[` + inline + `]}` }

// txt is a text node with marks.
func txt(text, marks string) string {
	return `{"type":"text","text":"` + text + `","marks":[` + marks + `]}`
}

const (
	strong = `{"type":"strong"}`
	em     = `{"type":"em"}`
	strike = `{"type":"strike"}`
	code   = `{"type":"code"}`
	link   = `{"type":"link","attrs":{"href":"https://x.y"}}`
	under  = `{"type":"underline"}`
	color  = `{"type":"textColor","attrs":{"color":"#ff0000"}}`
)

func TestADFInlineNodes(t *testing.T) {
	for nodes, want := range map[string]string{
		txt("a", strong):                   "**a**",
		txt("a", em):                       "*a*",
		txt("a", strike):                   "~~a~~",
		txt("a", code):                     "`a`",
		txt("a", link):                     "[a](https://x.y)",
		txt("https://x.y", link):           "https://x.y",
		txt("a", strong+","+em+","+strike): "~~***a***~~",
		txt("a", code+","+strong):          "**`a`**",
		txt("a", link+","+strong):          "**[a](https://x.y)**",
		txt("a", under+","+color):          "<u>a</u>",
		txt("x ", "") + txt(" a ", strong) + txt("y", ""):              "x  **a** y",
		txt("a", strong) + txt("b", strong):                            "**ab**",
		txt("a", strong) + txt("b", em):                                "<strong>a</strong>*b*",
		txt(" ", strong) + txt("b", ""):                                "b",
		txt("a\\nb", strong):                                           "**a b**",
		`{"type":"hardBreak"}`:                                         "",
		txt("a", "") + `{"type":"hardBreak"}` + txt("b", ""):           "a\nb",
		`{"type":"mention","attrs":{"id":"5b:1","text":"@Bob B"}}`:     "@[accountid:5b:1 Bob B]",
		`{"type":"mention","attrs":{"id":"5b:1"}}`:                     "@[accountid:5b:1]",
		`{"type":"mention","attrs":{"text":"@Bob"}}`:                   "@Bob",
		`{"type":"mention","attrs":{"id":"x y","text":"@A [b|c]"}}`:    "@A [b|c]",
		`{"type":"emoji","attrs":{"shortName":":tada:","text":"x"}}`:   "x",
		`{"type":"emoji","attrs":{"shortName":":tada:"}}`:              ":tada:",
		`{"type":"status","attrs":{"text":"DONE"}}`:                    "[DONE]",
		`{"type":"date","attrs":{"timestamp":"1705276800000"}}`:        "2024-01-15",
		`{"type":"date","attrs":{"timestamp":1705276800000}}`:          "2024-01-15",
		`{"type":"date","attrs":{"timestamp":"soon"}}`:                 "soon",
		`{"type":"date","attrs":{"timestamp":"-5"}}`:                   "-5",
		`{"type":"inlineCard","attrs":{"url":"https://x.y/1"}}`:        "https://x.y/1",
		`{"type":"inlineCard","attrs":{"data":{}}}`:                    "⟦inlineCard⟧",
		`{"type":"mediaInline","attrs":{"id":"abc"}}`:                  "[attachment: abc]",
		`{"type":"placeholder","attrs":{"text":"type here"}}`:          "type here",
		`{"type":"inlineExtension","attrs":{"text":"ext"}}`:            "ext",
		`{"type":"newInline","content":[` + txt("deep", "") + `]}`:     "deep",
		`{"type":"newInline"}`:                                         "⟦newInline⟧",
		`{"text":"no type"}`:                                           "no type",
		`"a bare string"`:                                              "a bare string",
		txt("a", `{"type":"link","attrs":{"href":"https://x.y/(z)"}}`): "[a](<https://x.y/(z)>)",
		txt("a``b", code):                                              "``` a``b ```",
	} {
		if got := ADFToMarkdown(adfDoc(para(joined(nodes)))); got != want {
			t.Errorf("%s\n got %q\nwant %q", nodes, got, want)
		}
	}
}

func TestADFBlockNodes(t *testing.T) {
	item := func(inner string) string { return `{"type":"listItem","content":[` + inner + `]}` }
	for nodes, want := range map[string]string{
		para(txt("a", "")) + para(txt("b", "")): "a\n\nb",
		para(""):                                "",
		`{"type":"heading","attrs":{"level":1},"content":[` + txt("a", "") + `]}`:                                           "# a",
		`{"type":"heading","attrs":{"level":6},"content":[` + txt("a", "") + `]}`:                                           "###### a",
		`{"type":"heading","attrs":{"level":9},"content":[` + txt("a", "") + `]}`:                                           "### a",
		`{"type":"heading","attrs":{"level":2}}`:                                                                            "",
		`{"type":"heading","attrs":{"level":2},"content":[` + txt("a", "") + `,{"type":"hardBreak"},` + txt("b", "") + `]}`: "## a b",
		`{"type":"rule"}`: "---",
		`{"type":"codeBlock","content":[` + txt("a\\nb", "") + `]}`:                          "```\na\nb\n```",
		`{"type":"codeBlock","attrs":{"language":"c++"},"content":[` + txt("a", "") + `]}`:   "```c++\na\n```",
		`{"type":"codeBlock","attrs":{"language":"x\\ny"},"content":[` + txt("a", "") + `]}`: "```\na\n```",
		`{"type":"codeBlock"}`: "```\n```",
		`{"type":"codeBlock","content":[` + txt("a", "") + `,{"type":"hardBreak"},{"type":"x","attrs":{"text":"b"}}]}`: "```\na\nb\n```",
		`{"type":"codeBlock","content":[` + txt("````", "") + `]}`:                                                     "`````\n````\n`````",
		`{"type":"blockquote","content":[` + para(txt("a", "")) + para(txt("b", "")) + `]}`:                            "> a\n>\n> b",
		`{"type":"blockquote"}`: "",
		`{"type":"panel","attrs":{"panelType":"error"},"content":[` + para(txt("a", "")) + `]}`:                                                                     "> [!ERROR]\n> a",
		`{"type":"panel","attrs":{"panelType":"custom"},"content":[` + para(txt("a", "")) + `]}`:                                                                    "> [!PANEL]\n> a",
		`{"type":"expand","attrs":{"title":"T"},"content":[` + para(txt("a", "")) + `]}`:                                                                            "<details>\n<summary>T</summary>\n\na\n\n</details>",
		`{"type":"nestedExpand","content":[` + para(txt("a", "")) + `]}`:                                                                                            "<details>\n\na\n\n</details>",
		`{"type":"bulletList","content":[` + item(para(txt("a", ""))) + "," + item(para(txt("b", ""))) + `]}`:                                                       "- a\n- b",
		`{"type":"orderedList","attrs":{"order":9},"content":[` + item(para(txt("a", ""))) + "," + item(para(txt("b", ""))) + `]}`:                                  "9. a\n10. b",
		`{"type":"orderedList","attrs":{"order":-1},"content":[` + item(para(txt("a", ""))) + `]}`:                                                                  "1. a",
		`{"type":"bulletList","content":[` + item(para(txt("a", ""))+","+`{"type":"bulletList","content":[`+item(para(txt("b", "")))+`]}`) + `]}`:                   "- a\n  - b",
		`{"type":"bulletList","content":[` + item(para(txt("a", ""))+","+para(txt("b", ""))) + `]}`:                                                                 "- a\n\n  b",
		`{"type":"bulletList","content":[` + item(`{"type":"bulletList","content":[`+item(para(txt("b", "")))+`]},`+para(txt("c", ""))) + `]}`:                      "- - b\n\n  c",
		`{"type":"decisionList","content":[{"type":"decisionItem","attrs":{"state":"DECIDED"},"content":[` + txt("d", "") + `]}]}`:                                  "- Decision: d",
		`{"type":"taskList","content":[{"type":"taskItem","attrs":{"state":"TODO"},"content":[` + txt("t", "") + `]}]}`:                                             "- [ ] t",
		`{"type":"mediaSingle","content":[{"type":"media","attrs":{"id":"i"}}]}`:                                                                                    "[attachment: i]",
		`{"type":"mediaGroup","content":[{"type":"media","attrs":{"alt":"a"}},{"type":"media","attrs":{"alt":"b"}}]}`:                                               "[attachment: a]\n[attachment: b]",
		`{"type":"mediaSingle","content":[{"type":"media","attrs":{"url":"https://x.y/i.png","alt":"[a]"}},{"type":"caption","content":[` + txt("cap", "") + `]}]}`: "![\\[a\\]](https://x.y/i.png)\n\ncap",
		`{"type":"blockCard","attrs":{"url":"https://x.y"}}`:                                                                                                        "https://x.y",
		`{"type":"table"}`: "",
		`{"type":"table","content":[{"type":"tableRow","content":[{"type":"tableCell","content":[` + para(txt("a", "")) + `]}]}]}`: "|  |\n| --- |\n| a |",
		`{"type":"bodiedExtension","attrs":{"text":"own"},"content":[` + para(txt("a", "")) + `]}`:                                 "own\n\na",
		txt("bare", ""): "bare",
		txt("bare", "") + `,{"type":"rule"},` + txt("more", ""): "bare\n\n---\n\nmore",
	} {
		list := nodes
		if got := ADFToMarkdown(adfDoc(joined(list))); got != want {
			t.Errorf("%s\n got %q\nwant %q", nodes, got, want)
		}
	}
}

// joined puts commas between nodes that were written one after the other.
func joined(nodes string) string {
	var out []byte
	for i := range len(nodes) {
		out = append(out, nodes[i])
		if nodes[i] == '}' && i+1 < len(nodes) && nodes[i+1] == '{' {
			out = append(out, ',')
		}
	}
	return string(out)
}
