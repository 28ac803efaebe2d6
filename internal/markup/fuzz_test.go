package markup

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzMarkdownToWiki(f *testing.F) {
	for _, s := range []string{
		"# a\n**b** _c_ `d{e}` [f](g) ![h](i) ~~j~~\n\n- k\n  1. l\n\n| m | n |\n|---|---|\n| o \\| p | q |",
		"h3. x\n{code}\n**\n{code}\n**y**\n||a||\n|b|", "** a ** b **", "[~x] @[y z] {color:red}a{color}", "{code:a}\n{noformat}",
		"- [x] a\n- [ ] b", "> > > a\n- > b\n  - c", "&#123;&#x0;&amp;\\{\\\\", "<br><b>x</b><!-- -->", "a\r\nb\u2028c",
		"3. a\n4. b\n   - c", "[a|b](c|d \"e\")", "![a|b!](c)", "**\u91cd：**a", "2**3**4 a*b*c __init__",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, md string) {
		out := MarkdownToWiki(md)
		if !utf8.ValidString(out) {
			t.Fatalf("not valid UTF-8: %q", out)
		}
		if strings.ContainsRune(out, '\r') || strings.ContainsRune(out, 0) {
			t.Fatalf("control characters are left: %q", out)
		}
		if len(words(md)) > 0 && out == "" {
			t.Fatalf("nothing is left of %q", md)
		}
		WikiToMarkdown(out)
	})
}

func FuzzWikiToMarkdown(f *testing.F) {
	for _, s := range []string{
		"h1. a\n* b\n*# c\n{code:java|title=x}\nd\n{code}\n||e||f||\n|g|[h|i]|", "{quote}a{panel:title=b}c{panel}{quote}",
		"{*}a{*} *b _c -d- _* ^e^ ~f~ ??g?? {{h\\}}} [~i] [^j] !k.png|alt=l!", "\\\\ \\* &#92; (x) http://a_b", "|a\nb|\n|", "{code}", "bq. a",
		"#\n# \n#- a\n----", "{{{{}}}}", "[a|b|c] [|] [a|]", "{color:red}{anchor:a}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, wiki string) {
		out := WikiToMarkdown(wiki)
		if !utf8.ValidString(out) {
			t.Fatalf("not valid UTF-8: %q", out)
		}
		if strings.ContainsRune(out, '\x01') {
			t.Fatalf("a placeholder is left: %q", out)
		}
	})
}

func FuzzADFToMarkdown(f *testing.F) {
	f.Add([]byte(`{"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"a","marks":[{"type":"strong"}]}]}]}`))
	f.Add([]byte(`{"type":"taskList","content":[{"type":"taskItem","attrs":{"state":"DONE"}},{"type":"taskList"}]}`))
	f.Add([]byte(`{"type":"table","content":[{"content":[{"type":"tableHeader"}]}]}`))
	f.Add([]byte(`{"content":[{"type":"orderedList","attrs":{"order":-1e99},"content":[{},"x",null]}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if out := ADFToMarkdown(doc); !utf8.ValidString(out) {
			t.Fatalf("not valid UTF-8: %q", out)
		}
	})
}

func BenchmarkMarkdownToWiki(b *testing.B) {
	md := typicalComment
	b.SetBytes(int64(len(md)))
	b.ReportAllocs()
	for b.Loop() {
		MarkdownToWiki(md)
	}
}

func BenchmarkWikiToMarkdown(b *testing.B) {
	wiki := MarkdownToWiki(typicalComment)
	b.SetBytes(int64(len(wiki)))
	b.ReportAllocs()
	for b.Loop() {
		WikiToMarkdown(wiki)
	}
}

const typicalComment = `## Analysis

**Severity:** High — the ` + "`login_handler()`" + ` fails when ` + "`{\"exp\": 0}`" + ` is returned.

1. The client sends an expired token
   - *refresh_token* is empty
   - the server answers 401
2. The handler retries **forever**

- [x] Reproduced on staging
- [ ] Add a retry limit, see [RFC 6749](https://datatracker.ietf.org/doc/html/rfc6749)

| Priority | Owner |
|----------|-------|
| **High** | [~accountid:5b10a2844c20165700ede21g] |

` + "```go\nif token == \"\" {\n\treturn errEmpty\n}\n```\n"
