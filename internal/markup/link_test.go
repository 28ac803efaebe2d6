package markup

import (
	"testing"
)

func TestLinksBecomeWikiLinks(t *testing.T) {
	for in, want := range map[string]string{
		"[a](https://x.y)":                     "[a|https://x.y]",
		"[a](<https://x.y/a b>)":               "[a|https://x.y/a%20b]",
		`[a](https://x.y "title")`:             "[a|https://x.y]",
		"[](https://x.y)":                      "[https://x.y]",
		"[https://x.y](https://x.y)":           "[https://x.y]",
		"[a@b.c](mailto:a@b.c)":                "[mailto:a@b.c]",
		"[mail](mailto:a@b.c)":                 "[mail|mailto:a@b.c]",
		"[call](tel:+49123)":                   "[call|tel:+49123]",
		"[top](#top)":                          "[top|#top]",
		"[issue](/browse/A-1)":                 "[issue|/browse/A-1]",
		"[file](src/main.go)":                  "file (src/main.go)",
		"[file](src/main.go#L10)":              "file (src/main.go#L10)",
		"[src/main.go](src/main.go)":           "src/main.go",
		"[bad](javascript:alert(1))":           "bad (javascript:alert(1))",
		"[bad](data:text/html,x)":              "bad (data:text/html,x)",
		"[bad](vbscript:x)":                    "bad (vbscript:x)",
		"[empty]()":                            "empty",
		"[a|b](https://x.y)":                   `[a\|b|https://x.y]`,
		"[a [b] c](https://x.y)":               `[a \[b\] c|https://x.y]`,
		"[**a** `b` _c_](https://x.y)":         "[*a* {{b}} _c_|https://x.y]",
		"[a](https://x.y/[1]|{2}!)":            "[a|https://x.y/%5B1%5D%7C%7B2%7D%21]",
		"[a](https://x.y/?a=1&amp;b=2)":        "[a|https://x.y/?a=1&b=2]",
		"[two\nlines](https://x.y)":            "[two lines|https://x.y]",
		"[a][r]\n\n[r]: https://x.y":           "[a|https://x.y]",
		"[r]\n\n[r]: https://x.y 'title'":      "[r|https://x.y]",
		"[![i](https://x.y/i.png)](https://z)": "!https://x.y/i.png|alt=i! [https://z]",
		"<https://x.y/a>":                      "https://x.y/a",
		"<a@b.c>":                              "a@b.c",
		"see https://x.y/a_b, and":             "see https://x.y/a_b, and",
		"www.x.y":                              "http://www.x.y",
		"mail a@b.c now":                       "mail a@b.c now",
		"[see www.x.y](https://z.a)":           "[see www.x.y|https://z.a]",
		"[~bob in text](https://z.a)":          "[~bob in text|https://z.a]",
		"[text [~bob] text](https://z.a)":      "[text @bob text|https://z.a]",
		"[a](https://x.y)[b](https://x.z)":     "[a|https://x.y][b|https://x.z]",
		"([a](https://x.y))":                   "([a|https://x.y])",
		"~~[a](https://x.y)~~":                 "-[a|https://x.y]-",
		"# [a](https://x.y)":                   "h1. [a|https://x.y]",
		"| [a](https://x.y) |\n|---|\n| b |":   "||[a|https://x.y]||\n|b|",
		`[a\]](https://x.y)`:                   `[a\]|https://x.y]`,
		"[a](ftp://x.y/z)":                     "[a|ftp://x.y/z]",
		"[a](HTTPS://X.Y)":                     "[a|HTTPS://X.Y]",
		`[a](https://x.y/\(z\))`:               "[a|https://x.y/(z)]",
	} {
		if got := MarkdownToWiki(in); got != want {
			t.Errorf("MarkdownToWiki(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestImagesBecomeWikiImages(t *testing.T) {
	for in, want := range map[string]string{
		"![a](https://x.y/i.png)":                 "!https://x.y/i.png|alt=a!",
		"![](i.png)":                              "!i.png!",
		"![a, b=c|d! \"e\"](i.png)":               "!i.png|alt=a b c d e!",
		"![a](my file.png)":                       `!\[a](my file.png)`,
		"![a](<my file.png>)":                     "!my%20file.png|alt=a!",
		"![a](data:image/png;base64,AAAA)":        "a (data:image/png;base64,AAAA)",
		"![a](#x)":                                "a (#x)",
		"![a]()":                                  "a",
		"![same](same)":                           "!same|alt=same!",
		"[text ![a](i.png) text](https://x.y)":    "text !i.png|alt=a! text [https://x.y]",
		"| ![a](i.png) |\n|---|\n| ![b](j.png) |": "||!i.png!||\n|!j.png!|",
		"![**a**](i.png)":                         "!i.png|alt=a!",
	} {
		if got := MarkdownToWiki(in); got != want {
			t.Errorf("MarkdownToWiki(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestWikiInMarkdownPassesOnlyWhereItIsMeant(t *testing.T) {
	for in, want := range map[string]string{
		// Mentions.
		"[~bob]":                "[~bob]",
		"[~accountid:5b:1-2]":   "[~accountid:5b:1-2]",
		"@[bob]":                "[~bob]",
		"@[accountid:5b Bob B]": "[~accountid:5b]",
		"x@[bob]":               `x@\[bob]`,
		"[~ bob]":               `\[~ bob]`,
		"[~bob x]":              `\[~bob x]`,
		"[~]":                   `\[~]`,
		"@[]":                   `@\[]`,
		"@[a|b]":                `@\[a|b]`,
		"[~a{b}]":               `\[~a\{b}]`,
		"[~\u00fcser]":          "[~\u00fcser]",
		"**[~bob]**":            "*[~bob]*",
		"`[~bob]`":              `{{\[~bob]}}`,
		"[~a][~b]":              "[~a][~b]",

		// Links.
		"[a|https://x.y]":            "[a|https://x.y]",
		"[https://x.y]":              "[https://x.y]",
		"[a|https://x.y|smart-link]": "[a|https://x.y|smart-link]",
		"[a|mailto:b@c.d]":           "[a|mailto:b@c.d]",
		"[a|b]":                      `\[a|b]`,
		"[a|https://x y]":            `\[a|https://x y]`,
		"[^file.pdf]":                "[^file.pdf]",
		"[^1]":                       `\[^1]`,
		"[^note]":                    `\[^note]`,

		// Macros.
		"{color:red}a{color}": "{color:red}a{color}",
		"{color}":             "{color}",
		"{color:{x}":          `\{color:\{x}`,
		"{status:x}":          `\{status:x}`,
		"{}":                  `\{}`,
		"{":                   `\{`,
		"a {code} b":          `a \{code} b`,
		"{{a}}":               `\{\{a}}`,
		"!a.png!":             `\!a.png!`,
	} {
		if got := MarkdownToWiki(in); got != want {
			t.Errorf("MarkdownToWiki(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestAroundWikiBlocksMoreOfWikiPasses(t *testing.T) {
	const head = "h2. Title\n\n**x**\n\n"
	const wantHead = "h2. Title\n\n*x*\n\n"
	for in, want := range map[string]string{
		"*strong* and _em_":                    "*strong* and _em_",
		"{{code}} and `code`":                  "{{code}} and {{code}}",
		"!a.png! and !b.png|thumbnail!":        "!a.png! and !b.png|thumbnail!",
		"!not an image!":                       `\!not an image!`,
		"{{}}":                                 `\{\{}}`,
		"{{a{b}}}":                             `\{\{a\{b}}}`,
		"{quote}a{quote}":                      "{quote}a{quote}",
		"{panel:title=x|y=z}":                  "{panel:title=x|y=z}",
		"{code}":                               `\{code}`,
		"# one\n# two":                         "# one\n# two",
		"# one **b**\n## two `c`":              "# one *b*\n## two {{c}}",
		"bq. quote **b**":                      "bq. quote *b*",
		"||a||b||\n|**c**|`d`|":                "||a||b||\n|*c*|{{d}}|",
		"||a||b||\n|[x|https://y]|**d**|":      "||a||b||\n|[x|https://y]|**d**|",
		"| a | b |\n|---|---|\n| c | d |":      "||a||b||\n|c|d|",
		"{noformat}\n**a**\n{noformat}\n**b**": "{noformat}\n**a**\n{noformat}\n\n*b*",
		"{code:java}**a**{code}\n**b**":        "{code:java}**a**{code}\n\n*b*",
		"```\nh3. not a heading\n```":          "{noformat}\nh3. not a heading\n{noformat}",
		"- a\n- b":                             "* a\n* b",
		"** nested\n*** deeper":                "** nested\n*** deeper",
	} {
		got := MarkdownToWiki(head + in)
		if got != wantHead+want {
			t.Errorf("%q\n got %q\nwant %q", in, got, wantHead+want)
		}
	}
}
