package web

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestPagesBecomeMarkdown(t *testing.T) {
	for page, want := range map[string]string{
		"plain &amp; simple": "plain & simple",
		"<html><head><title>Title</title><style>p{}</style><script>alert('x')</script></head><body><h1>One</h1><p>A  <em>b</em>\n c</p></body></html>": "# Title\n\n# One\n\nA b c",
		"<ul><li>a<li>b</ul>": "- a\n- b",
		"<a href='https://x.com/a b'>x</a> <a href='javascript:alert(1)'>y</a> <a>z</a> <a href='/rel'>r</a>": "[x](https://x.com/a%20b) [y] [z] [r](/rel)",
		"<pre>if x {\n    y  z\n}</pre>after":         "```\nif x {\n    y  z\n}\n```\n\nafter",
		"<table><tr><th>a<th>b<tr><td>1<td>2</table>": "| a | b\n\n | 1 | 2",
		"a<br>b<hr>c": "a\nb\n\nc",
		"<script>var a = '<p>no</p>';</script>yes":              "yes",
		"<img alt='a picture' src=x><svg><text>no</text></svg>": "a picture",
		"</p></a></pre></script><p>":                            "",
		"<scr<script>ipt>x":                                     "ipt>x",
		"<!-- <p>no --><p>yes<!-- open":                         "yes",
	} {
		if diff := cmp.Diff(want, toMarkdown(page)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", page, diff)
		}
	}
}

func FuzzToMarkdown(f *testing.F) {
	for _, seed := range []string{"", "<", "<a href=", "<pre><pre></pre>", "<title><script>", strings.Repeat("<div>", 1000), "&#x110000;", "<h1", "<svg><title>x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, page string) {
		if out := toMarkdown(page); utf8.ValidString(page) && !utf8.ValidString(out) {
			t.Fatalf("%q became %q", page, out)
		}
	})
}
