package storage

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/markup/markdown"
)

// TestLongPagesAreChangedInTheirPlace changes one word of long pages, one of more than 1 MB, which
// would not end within the test's time if the work grew with the square of the length.
func TestLongPagesAreChangedInTheirPlace(t *testing.T) {
	each := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i, i)
		}
		return b.String()
	}
	for name, page := range map[string]string{
		"paragraphs": each(20_000, `<h2>Part %d</h2><p local-id="%d">Some text of this part</p>`) + "<p>word</p>",
		"rows":       "<table><tbody><tr><th>a</th><th>b</th></tr>" + each(2000, "<tr><td><p>row %d</p></td><td>text %d</td></tr>") + "<tr><td>word</td><td>x</td></tr></tbody></table>",
		"items":      "<ul>" + each(2000, `<li id="%d"><p>item %d</p></li>`) + "<li>word</li></ul>",
		"lines":      each(50, "<p>x</p>"+strings.Repeat("line of some text %[1]d<br />and <b>%[2]d</b>", 60)) + "word",
		"loose":      each(500, "a line of loose text %d<br />and <b>%d</b>") + "word",
		"macros":     each(2000, `<ac:structured-macro ac:name="jira" ac:macro-id="%d"><ac:parameter ac:name="key">A-%d</ac:parameter></ac:structured-macro>`) + "<p>word</p>",
		"excerpts":   each(500, `<ac:structured-macro ac:name="excerpt" ac:macro-id="%d"><ac:rich-text-body><p>text %d</p></ac:rich-text-body></ac:structured-macro>`) + "<p>word</p>",
	} {
		d, kept := Parse(page)
		md := markdown.Write(d)
		at := strings.LastIndex(md, "word")
		got := Rewrite(page, markdown.Parse(md[:at]+"changed"+md[at+4:], false), Options{Kept: kept})
		cut := strings.LastIndex(page, "word")
		if want := page[:cut] + "changed" + page[cut+4:]; got != want {
			t.Errorf("%s: more than the word changes: %d bytes become %d", name, len(want), len(got))
		}
		Lost(page, got)
	}
}

// TestElementsInElementsStayWhole has what is around changed at every depth, which would not end
// within the test's time if each depth doubled the work.
func TestElementsInElementsStayWhole(t *testing.T) {
	for name, around := range map[string][2]string{
		"excerpts": {`<ac:structured-macro ac:name="excerpt"><ac:rich-text-body><p>a</p>`, "<p>b</p></ac:rich-text-body></ac:structured-macro>"},
		"panels":   {`<ac:structured-macro ac:name="info"><ac:rich-text-body><p>a</p>`, "<p>b</p></ac:rich-text-body></ac:structured-macro>"},
		"tables":   {"<table><tbody><tr><td>a</td></tr><tr><td>", "</td></tr></tbody></table>"},
		"lists":    {"<ul><li>a", "<p>b</p></li></ul>"},
		"divs":     {"<div><p>a</p>", "<p>b</p></div>"},
		"quotes":   {"<blockquote><p>a</p>", "<p>b</p></blockquote>"},
	} {
		page := strings.Repeat(around[0], 60) + "<p>x</p>" + strings.Repeat(around[1], 60)
		d, kept := Parse(page)
		md := strings.ReplaceAll(strings.ReplaceAll(markdown.Write(d), "a", "one two"), "b", "three")
		if got := Rewrite(page, markdown.Parse(md, false), Options{Kept: kept}); !balanced(got) {
			t.Errorf("%s: %.200s", name, got)
		}
	}
}
