package requirement

import (
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
	"github.com/aofctl/aofctl/internal/markup/storage"
)

func TestTextsOfPeopleStayText(t *testing.T) {
	for given, want := range map[string]string{
		"Choose a channel":               "Choose a channel",
		"R&D: 50 % of 3.5, see REQ-1/2":  "R&D: 50 % of 3.5, see REQ-1/2",
		"Keep *all* messages | at 16:30": "Keep *all* messages | at 16:30",
		"a\u2028b\u202e\u200b\x00 c\td":  "a b c d",
		"⟦toc:123456⟧":                   "(toc: 123456)",
		"see https://evil.example/?q=1":  "see https: / / evil. example/ ?q=1",
		"HTTP:1.2.3.4":                   "HTTP: 1.2.3.4",
		"ｗｗｗ．evil．example":               "ww w. evil. example",
		"bob@example.com":                "bob(at) example. com",
		"[~bob] and @[accountid:1 Bob]":  "(-bob) and (at) (accountid: 1 Bob)",
		"<ac:structured-macro/> {html}":  "‹ac: structured-macro/ › (html)",
		"![x](//evil.example/p.png)":     "!(x)(/ / evil. example/ p. png)",
		"https&colon;//x %68ttps":        "https+colon;/ / x % 68ttps",
	} {
		if got := harmless(given); got != want {
			t.Errorf("harmless(%q) = %q, want %q", given, got, want)
		}
	}
}

// FuzzHarmlessTextsBecomeNothingElse holds whatever an issue may be called against
// the readers that a page goes through.
func FuzzHarmlessTextsBecomeNothingElse(f *testing.F) {
	for _, s := range []string{"a | b", "⟦toc:123456⟧", "[~x] @[accountid:1 A]", "https://e.example", "www.e.example", "<a href='//x'>", "![](x.png)", "a\u2028b", "`c|d`", "# h", "&#x3c;b>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		row := doc.New(doc.Row, doc.New(doc.Cell, doc.New(doc.Paragraph, text("A"), between(" "), text(s))), doc.New(doc.Cell, doc.New(doc.Paragraph, text("last"))))
		head := doc.New(doc.Row)
		for range 2 {
			head.Add(&doc.Node{Kind: doc.Cell, Head: true, Children: []*doc.Node{doc.New(doc.Paragraph, text("H"))}})
		}
		md := markdown.Write(doc.New(doc.Document, doc.New(doc.Table, head, row)))
		if unknown := (storage.Kept{}).Unknown(md); len(unknown) > 0 {
			t.Errorf("%q has keys %v", md, unknown)
		}
		page := markup.MarkdownToStorage(md, storage.Options{})
		if n := strings.Count(page, "<tr>"); n != 2 {
			t.Errorf("%d rows: %s", n, page)
		}
		for _, bad := range []string{"<ac:", "<ri:", "<a ", "<img"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s in %s of %q", bad, page, s)
			}
		}
		if strings.Count(page, "<td>") != 2 || !strings.Contains(page, "<td>last</td>") {
			t.Errorf("cells: %s", page)
		}
	})
}
