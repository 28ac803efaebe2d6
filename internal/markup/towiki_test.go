package markup

import (
	"testing"
)

func TestMarkdownToWikiEscapesOnlyWhatWouldBeMarkup(t *testing.T) {
	for in, want := range map[string]string{
		"snake_case and my_var_name":      "snake_case and my_var_name",
		"a * b * c":                       "a * b * c",
		"5*6*7 and 2**3**4 and a*b*c":     "5*6*7 and 2*\\*3**4 and a*b*c",
		"{a} and }":                       `\{a} and }`,
		"x[1] and [later":                 `x\[1] and [later`,
		"pipe | here":                     "pipe | here",
		"| at the begin":                  `\| at the begin`,
		`\# not a list`:                   `\# not a list`,
		`\- not \* lists`:                 `\- not * lists`,
		"from -1 to -2":                   `from -1 to -2`,
		"a -x- b":                         `a \-x- b`,
		"C:\\dir\\file":                   `C:\dir\file`,
		`back\\\\slashes`:                 `back&#92;\slashes`,
		"(x) (i) (1) (yes)":               `\(x) \(i) (1) (yes)`,
		"hey! wow!":                       "hey! wow!",
		"!important!":                     `\!important!`,
		"#hashtag and #1":                 "#hashtag and #1",
		"3 ^ 4 and a^2":                   "3 ^ 4 and a^2",
		"why?? really??":                  "why?? really??",
		"__init__ and __main__":           `\_\_init__ and \_\_main__`,
		"**bold**text and te**x**t":       "{*}bold{*}text and te{*}x{*}t",
		"*em*, **strong**; ~~gone~~.":     "_em_, *strong*; -gone-.",
		"`a{b}c`":                         `{{a\{b\}c}}`,
		"`{{x}}`":                         `{{\{\{x\}\}}}`,
		"[t](u)":                          "t (u)",
		"[a|b](https://x.y/|z)":           `[a\|b|https://x.y/%7Cz]`,
		"![a](b.png)":                     "!b.png|alt=a!",
		"one\ntwo  \nthree":               "one\ntwo\nthree",
		"Setext\n===":                     "h1. Setext",
		"a\n\n***\n\nb":                   "a\n\n----\n\nb",
		"&lt;b&gt; &#42;x&#42;":           `<b> \*x*`,
		"{color:red}x{color}":             "{color:red}x{color}",
		"[docs|https://x.y] [^a.pdf]":     "[docs|https://x.y] [^a.pdf]",
		"[^1] footnote [x]":               `\[^1] footnote \[x]`,
		"[~bob] [~accountid:1:2]":         "[~bob] [~accountid:1:2]",
		"@[accountid:5b Bob] mail@[x]":    `[~accountid:5b] mail@\[x]`,
		"h3. Title":                       "h3. Title",
		"[only]: definition":              `\[only]: definition`,
		"":                                "",
		" \n\t\n":                         "",
		"\xff\x00a\u2028b":                "\ufffda\nb",
		"## Title with `code` ##":         "h2. Title with {{code}}",
		"### T\nx":                        "h3. T\n\nx",
		"1. a\n\n\n2. b":                  "# a\n# b",
		"- a\n\n<!-- -->\n\n- b":          "* a\n\n<!\\-- -->\n\n* b",
		"**a\nb**":                        "*a*\n*b*",
		"| a |\n|---|\n| x<br>y |":        "||a||\n|x\\\\ y|",
		"|a|b|\n|-|-|\n|1|":               "||a||b||\n|1| |",
		"```json\n{}\n```":                "{code:json}\n{}\n{code}",
		"```mermaid\ngraph\n```":          "{code}\ngraph\n{code}",
		"```\n```":                        "{noformat}\n{noformat}",
		"https://x.y/a_b*c_d":             "https://x.y/a_b*c_d",
		"text {code}x{code} text":         `text \{code}x\{code} text`,
		"{code}\n**x**":                   "\\{code}\n*x*",
		"bq. quoted":                      "bq. quoted",
		"----\ntext":                      "----\n\ntext",
		"**[link](https://a.b)**":         "*[link|https://a.b]*",
		"[`code`](https://a.b)":           "[{{code}}|https://a.b]",
		"**Key**: value\n**Key2**: value": "*Key*: value\n*Key2*: value",
	} {
		if got := MarkdownToWiki(in); got != want {
			t.Errorf("MarkdownToWiki(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestWikiToMarkdownOfSingleForms(t *testing.T) {
	for in, want := range map[string]string{
		"*a* _b_ -c- +d+ ^e^ ~f~ ??g??":      "**a** *b* ~~c~~ <u>d</u> <sup>e</sup> <sub>f</sub> *g*",
		"2*3*4 a_b_c x-y-z":                  "2*3*4 a_b_c x-y-z",
		"* a\n# b\n** c":                     "- a\n\n1. b\n\n- c",
		"- a\n- b":                           "- a\n- b",
		"{{a}} {{b`c}} {{d\\}e}}":            "`a` `` b`c `` `d}e`",
		"[a|http://b] [http://b] [a] [#x]":   "[a](http://b) <http://b> [a] [#x](#x)",
		"[~a] [~accountid:b:c] [~a b]":       "@[a] @[accountid:b:c] [~a b]",
		"!a.png! !http://b/c|alt=d!":         "![](a.png) ![d](http://b/c)",
		"\\{a\\} \\[b\\] \\*c\\*":            "{a} [b] \\*c\\*",
		"a\\\\b":                             "a\nb",
		"{color:#ff0000}a{color}b":           "ab",
		"{code}a{code}":                      "```\na\n```",
		"{code:python}\na ``` b\n{code}":     "````python\na ``` b\n````",
		"{noformat}\n\n x\n{noformat}":       "```\n\n x\n```",
		"bq. a":                              "> a",
		"{panel:title=A|x=y}\nb\n{panel}":    "> [!PANEL] A\n> b",
		"||a||b||\n|c|d|":                    "| a | b |\n| --- | --- |\n| c | d |",
		"|a|b|":                              "|  |  |\n| --- | --- |\n| a | b |",
		"|a\\|b|{{c|d}}|":                    "|  |  |\n| --- | --- |\n| a\\|b | `c\\|d` |",
		"----":                               "---",
		"h7. a\nh2.b\nh2. c":                 "h7. a\nh2.b\n\n## c",
		"* (/) a\n* (x) b\n(x)":              "- [x] a\n- [ ] b\n  ❌",
		"":                                   "",
		"{code}":                             "\\{code}",
		"# a\n{code}\nb\n{code}\n# c":        "1. a\n   ```\n   b\n   ```\n2. c",
		"a http://x/b_c_d, (http://x/e_f_g)": "a <http://x/b_c_d>, (<http://x/e_f_g>)",
		"*see [a|http://b]* and _{{c}}_":     "**see [a](http://b)** and *`c`*",
		"text\n* item\n\ntext":               "text\n\n- item\n\ntext",
		"{quote}\na\n\nb\n{quote}\nc":        "> a\n>\n> b\n\nc",
	} {
		if got := WikiToMarkdown(in); got != want {
			t.Errorf("WikiToMarkdown(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}
