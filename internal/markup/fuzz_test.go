package markup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
	"github.com/aofctl/aofctl/internal/markup/storage"
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

// addCorpus adds the texts of a directory to a fuzz test.
func addCorpus(f *testing.F, pattern string) {
	f.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		f.Fatalf("no files %s: %v", pattern, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
}

func FuzzMarkdownToStorage(f *testing.F) {
	addCorpus(f, "testdata/corpus/*.md")
	f.Fuzz(func(t *testing.T, md string) {
		page := MarkdownToStorage(md, storage.Options{})
		if err := checkStorage(page); err != nil {
			t.Fatalf("%v\n%s", err, page)
		}
		if len(words(md)) > 0 && page == "" {
			t.Fatalf("nothing is left of %q", md)
		}
	})
}

func FuzzStorageToMarkdown(f *testing.F) {
	addCorpus(f, "testdata/pages/*.xml")
	addCorpus(f, "testdata/fromstorage/*.xml")
	addCorpus(f, "testdata/corpus/*.xml")
	f.Fuzz(func(t *testing.T, page string) {
		md, kept := StorageToMarkdown(page)
		if !utf8.ValidString(md) {
			t.Fatalf("not valid UTF-8: %q", md)
		}
		out := MarkdownToStorage(md, storage.Options{Kept: kept})
		if err := wellFormed(out); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		again, _ := StorageToMarkdown(page)
		if md != again {
			t.Fatalf("the same page is read in two ways:\n%q\n%q", md, again)
		}
	})
}

func FuzzMarkdownIsReadAsWritten(f *testing.F) {
	addCorpus(f, "testdata/corpus/*.md")
	f.Fuzz(func(t *testing.T, md string) {
		out := normal(md)
		if !utf8.ValidString(out) {
			t.Fatalf("not valid UTF-8: %q", out)
		}
		first, second := shown(md), shown(out)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatalf("other text is shown (-read +written and read):\n%s\n%q", diff, out)
		}
	})
}

// shown is the text that a reader of Markdown sees, without white space.
func shown(md string) string {
	return letters(doc.Flat(markdown.Parse(md, false).Children...))
}

func letters(s string) string { return strings.Join(strings.Fields(s), "") }

// BenchmarkConvert converts 10 kB of Markdown to each format and back.
func BenchmarkConvert(b *testing.B) {
	md := strings.Repeat(typicalComment, 10_000/len(typicalComment)+1)
	c := converters(b)
	for _, to := range []struct{ there, back string }{
		{"MarkdownToWiki", "WikiToMarkdown"}, {"MarkdownToADF", "ADFToMarkdown"}, {"MarkdownToStorage", "StorageToMarkdown"},
	} {
		text := c[to.there](md)
		b.Run(to.there, func(b *testing.B) { benchmark(b, c[to.there], md) })
		b.Run(to.back, func(b *testing.B) { benchmark(b, c[to.back], text) })
	}
}

func benchmark(b *testing.B, convert func(string) string, in string) {
	b.Helper()
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		convert(in)
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
