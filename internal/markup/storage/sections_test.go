package storage

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const page = `<ac:structured-macro ac:name="toc" /><p>Intro</p><h1>One &amp; only</h1><p>a</p><h2>One <em>A</em><br />x</h2><p>b</p>` +
	`<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[<h1>no heading</h1>]]></ac:plain-text-body></ac:structured-macro>` +
	`<ac:structured-macro ac:name="expand"><ac:rich-text-body><h1>Inside</h1><p>c</p><h3>Deeper</h3></ac:rich-text-body></ac:structured-macro><p>d</p>` +
	`<h2 class="x">One B</h2><!-- <h1>comment</h1> --><h1></h1><p>e</p>`

func TestSectionsEndWhereTheNextOfTheirLevelBegins(t *testing.T) {
	type section struct {
		Level      int
		Text, Body string
	}
	var got []section
	for _, s := range Sections(page) {
		got = append(got, section{s.Level, s.Text, page[s.Body:s.End]})
		if !strings.HasPrefix(page[s.Start:], "<h") || !strings.HasSuffix(page[:s.Body], ">") {
			t.Errorf("%q begins %q", s.Text, page[s.Start:s.Body])
		}
	}
	_, after, _ := strings.Cut(page, "<p>b</p>")
	macros, _, _ := strings.Cut(after, `<h2 class="x">`)
	_, one, _ := strings.Cut(page, "only</h1>")
	one, _, _ = strings.Cut(one, "<h1></h1>")
	want := []section{
		{1, "One & only", one}, {2, "One A x", "<p>b</p>" + macros}, {1, "Inside", "<p>c</p><h3>Deeper</h3>"}, {3, "Deeper", ""},
		{2, "One B", "<!-- <h1>comment</h1> -->"}, {1, "", "<p>e</p>"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestASectionEndsWithTheElementAroundIt(t *testing.T) {
	const page = `<ac:layout><ac:layout-section><ac:layout-cell><h1>a</h1><p>x</p></ac:layout-cell><ac:layout-cell><h1>b</h1><p>y</p></ac:layout-cell></ac:layout-section></ac:layout>`
	for _, s := range Sections(page) {
		changed := page[:s.Body] + "<p>new</p>" + page[s.End:]
		if !wellFormed(changed) {
			t.Errorf("%s: %s", s.Text, changed)
		}
		if want := map[string]string{"a": "<p>x</p>", "b": "<p>y</p>"}[s.Text]; page[s.Body:s.End] != want {
			t.Errorf("%s is %q, want %q", s.Text, page[s.Body:s.End], want)
		}
	}
}

func TestBrokenPagesHaveSectionsToo(t *testing.T) {
	for page, want := range map[string][]string{
		"":                                   nil,
		"<h1>a":                              {"a"},
		"<h1>a<h2>b</h2>c":                   {"a", "b"},
		"</h1><h2>a</p></h2>":                {"a"},
		"<h1><p>a</h1>b":                     {"a"},
		"<div><h1>a</div><h1>b":              {"a", "b"},
		"<h1 <h1>a</h1>":                     {"a"},
		"<h7>a</h7><h0>b</h0><H2>c</H2>":     {"c"},
		strings.Repeat("<b>", 500) + "<h1>a": {"a"},
	} {
		var got []string
		for _, s := range Sections(page) {
			got = append(got, s.Text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.30q (-want +got):\n%s", page, diff)
		}
	}
}

func FuzzSections(f *testing.F) {
	f.Add(page)
	f.Add("<h1>a<h2>b</p></h1></h2><h3")
	f.Add("<ul><li><h1>a</li></ul><h1>b<![CDATA[<h1>]]>")
	f.Fuzz(func(t *testing.T, page string) {
		last := 0
		for _, s := range Sections(page) {
			if s.Level < 1 || s.Level > 6 || s.Start < last || s.Body < s.Start || s.End < s.Body || s.End > len(page) {
				t.Fatalf("%+v of %d bytes, after %d", s, len(page), last)
			}
			last = s.Start + 1
		}
		if !wellFormed("<r>" + page + "</r>") {
			return
		}
		for _, s := range Sections(page) {
			if changed := page[:s.Body] + "<p>new</p>" + page[s.End:]; !wellFormed("<r>" + changed + "</r>") {
				t.Fatalf("%+v cannot be replaced: %q", s, changed)
			}
		}
	})
}
