package storage

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/markdown"
)

// spec is a page as Confluence keeps it: with widths, colours, markers of comments,
// attributes of its editor and macros.
const spec = `<p local-id="1">Intro <span style="color: red;">red</span></p>` + "\n" +
	`<ac:structured-macro ac:name="toc" ac:macro-id="7f"><ac:parameter ac:name="maxLevel">2</ac:parameter></ac:structured-macro>` +
	`<h1 id="g">Goals</h1><p />` + `<p>Be <ac:inline-comment-marker ac:ref="c1">quick</ac:inline-comment-marker>.</p>` +
	`<table data-layout="wide"><colgroup><col style="width: 70px;" /><col /></colgroup><tbody><tr><th><p>A</p></th><th><p>B</p></th></tr>` +
	`<tr><td><p>1</p></td><td data-highlight-colour="#eee"><p>2</p></td></tr></tbody></table>` +
	`<h2>Digest <em>mode</em></h2><p>Every 5 minutes.</p><p>See <ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">A-1</ac:parameter></ac:structured-macro></p>` +
	`<h2>Limits</h2><ul><li>ten</li></ul><h1>Later</h1><h2>Limits</h2><p>none</p><p>&nbsp;</p>`

func rewritten(t *testing.T, page, from, to string) string {
	t.Helper()
	d, kept := Parse(page)
	md := markdown.Write(d)
	if strings.Count(md, from) != 1 {
		t.Fatalf("%q is not once in\n%s", from, md)
	}
	return Rewrite(page, markdown.Parse(strings.Replace(md, from, to, 1), false), Options{Kept: kept})
}

func TestWhatIsNotChangedStaysByteForByte(t *testing.T) {
	for _, c := range []struct{ name, from, to, old, new string }{
		{"nothing", "Goals", "Goals", "Goals", "Goals"},
		{"a paragraph", "Every 5 minutes.", "Every 15 minutes.", "<p>Every 5 minutes.</p>", "<p>Every 15 minutes.</p>"},
		{"a heading", "# Later", "# Soon", "<h1>Later</h1>", "<h1>Soon</h1>"},
		{"a new block", "- ten", "- ten\n\nand more", "<ul><li>ten</li></ul>", "<ul><li>ten</li></ul><p>and more</p>"},
		{"a block less", "Every 5 minutes.\n\n", "", "<p>Every 5 minutes.</p>", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := strings.Replace(spec, c.old, c.new, 1)
			if diff := cmp.Diff(want, rewritten(t, spec, c.from, c.to)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithinLayoutsToo(t *testing.T) {
	layout := `<ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell>` + spec + `</ac:layout-cell><ac:layout-cell><p>x</p></ac:layout-cell></ac:layout-section></ac:layout>`
	want := strings.Replace(layout, "<p>Every 5 minutes.</p>", "<p>Every 15 minutes.</p>", 1)
	if diff := cmp.Diff(want, rewritten(t, layout, "Every 5 minutes.", "Every 15 minutes.")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestASectionIsFoundByItsPath(t *testing.T) {
	for heading, want := range map[string]string{
		"Goals": "Goals", "## digest  **MODE**": "Goals > Digest mode", "goals > Limits": "Goals > Limits", "Later>Limits": "Later > Limits",
	} {
		s, err := Find(spec, heading, 0)
		if err != nil {
			t.Errorf("%s: %v", heading, err)
			continue
		}
		list := Sections(spec)
		if got := Paths(list)[slices.Index(list, s)]; got != want {
			t.Errorf("%s is %s, want %s", heading, got, want)
		}
	}
	if s, err := Find(spec, "limits", 2); err != nil || spec[s.Body:s.Own] != "<p>none</p><p>&nbsp;</p>" {
		t.Errorf("the second one is %+v, %v", s, err)
	}
	for heading, want := range map[string]string{
		"Limits":          `the page has the heading "Limits" 2 times: "Goals > Limits", "Later > Limits"`,
		"Nope":            `the page has no heading "Nope"; it has "Goals", "Goals > Digest mode", "Goals > Limits", "Later", "Later > Limits"`,
		"Limits > Goals":  "no heading",
		"":                "no heading",
		"Later > Digest ": "no heading",
	} {
		_, err := Find(spec, heading, 0)
		var missing *HeadingError
		if !errors.As(err, &missing) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", heading, err, want)
		}
	}
}

func TestEditsOfASection(t *testing.T) {
	const page = "<p>x</p><h1 a=\"1\">A</h1><p>a</p><h2>B</h2><p>b</p><h1>C</h1><p>c</p>"
	for _, c := range []struct {
		name string
		edit Edit
		md   string
		want string
	}{
		{"replace", Edit{Heading: "A", Place: Replace}, "n", `<p>x</p><h1 a="1">A</h1><p>n</p><h1>C</h1><p>c</p>`},
		{"replace, heading repeated", Edit{Heading: "A", Place: Replace}, "# A\n\nn", `<p>x</p><h1 a="1">A</h1><p>n</p><h1>C</h1><p>c</p>`},
		{"replace own", Edit{Heading: "A", Place: Replace, OwnText: true}, "n", `<p>x</p><h1 a="1">A</h1><p>n</p><h2>B</h2><p>b</p><h1>C</h1><p>c</p>`},
		{"append", Edit{Heading: "A", Place: Append}, "n", `<p>x</p><h1 a="1">A</h1><p>a</p><h2>B</h2><p>b</p><p>n</p><h1>C</h1><p>c</p>`},
		{"append own", Edit{Heading: "A", Place: Append, OwnText: true}, "n", `<p>x</p><h1 a="1">A</h1><p>a</p><p>n</p><h2>B</h2><p>b</p><h1>C</h1><p>c</p>`},
		{"prepend", Edit{Heading: "A", Place: Prepend}, "n", `<p>x</p><h1 a="1">A</h1><p>n</p><p>a</p><h2>B</h2><p>b</p><h1>C</h1><p>c</p>`},
		{"before", Edit{Heading: "C", Place: Before}, "# N", `<p>x</p><h1 a="1">A</h1><p>a</p><h2>B</h2><p>b</p><h1>N</h1><h1>C</h1><p>c</p>`},
		{"after", Edit{Heading: "A", Place: After}, "# N", `<p>x</p><h1 a="1">A</h1><p>a</p><h2>B</h2><p>b</p><h1>N</h1><h1>C</h1><p>c</p>`},
		{"remove", Edit{Heading: "A > B", Place: Remove}, "", `<p>x</p><h1 a="1">A</h1><p>a</p><h1>C</h1><p>c</p>`},
	} {
		got, err := Apply(page, c.edit, markdown.Parse(c.md, false), Options{})
		if err != nil || got != c.want {
			t.Errorf("%s gives %v\n%s, want\n%s", c.name, err, got, c.want)
		}
	}
}

func TestLostAndUnknownKeysAreTold(t *testing.T) {
	d, kept := Parse(spec)
	md := markdown.Write(d)
	if lost := Lost(spec, spec); len(lost) > 0 {
		t.Errorf("%v is lost of the same", lost)
	}
	if unknown := kept.Unknown(md); len(unknown) > 0 {
		t.Errorf("%v is unknown", unknown)
	}
	lost := Lost(spec, strings.Replace(spec, `<ac:parameter ac:name="key">A-1`, `<ac:parameter ac:name="key">A-2`, 1))
	if len(lost) != 1 || !strings.HasPrefix(lost[0], "\u27e6jira A-1:") {
		t.Errorf("lost is %v", lost)
	}
	if unknown := kept.Unknown("a \u27e6toc:123456\u27e7 \u27e6note\u27e7 \u27e6/x y:abcdef-2\u27e7"); !slices.Equal(unknown, []string{"\u27e6toc:123456\u27e7", "\u27e6x y:abcdef-2\u27e7"}) {
		t.Errorf("unknown is %v", unknown)
	}
}

// FuzzEdit holds that whatever a page and a text are, an edit leaves what is
// outside its section as it was and the page well-formed.
func FuzzEdit(f *testing.F) {
	f.Add(spec, "new **text**\n\n- a\n- b", 0)
	f.Add(page, "# One & only\n\n| a |\n|---|\n| b |", 3)
	f.Add("<h1>a</h1><ul><li><h2>b</h2>c</li></ul>d", "\u27e6x:123456\u27e7\n\ny", 1)
	places := []Place{Replace, Append, Prepend, Before, After, Remove}
	f.Fuzz(func(t *testing.T, page, md string, pick int) {
		list := Sections(page)
		if pick < 0 || len(list) == 0 || len(page) > 20_000 {
			return
		}
		s := list[pick%len(list)]
		whole := wellFormed("<r>" + page + "</r>")
		_, kept := Parse(page)
		for _, place := range places {
			nth := 0
			for i := range list[:pick%len(list)+1] {
				if folded(list[i].Text) == folded(s.Text) {
					nth++
				}
			}
			got, err := Apply(page, Edit{Heading: s.Text, Nth: nth, Place: place}, markdown.Parse(md, false), Options{Kept: kept})
			if err != nil {
				if folded(s.Text) == "" {
					return
				}
				t.Fatal(err)
			}
			from, to := s.Start, s.End
			if place == Replace || place == Append || place == Prepend {
				from = s.Body
			}
			if !strings.HasPrefix(got, page[:from]) || !strings.HasSuffix(got, page[to:]) || len(got) < from+len(page)-to {
				t.Fatalf("%s of %q changed what is outside:\n%q\n%q", place, s.Text, page, got)
			}
			if whole && !wellFormed("<r>"+got+"</r>") {
				t.Fatalf("%s of %q breaks the page:\n%q\n%q", place, s.Text, page, got)
			}
		}
	})
}

// FuzzRewrite holds that a page stays well-formed, and whole ones as they are.
func FuzzRewrite(f *testing.F) {
	for _, s := range []string{spec, page, "<ul><li>a</li></ul><ul><li>b</li></ul>", "a<p>b</p>c <b>d</b><hr/>", "<p>a</p><p></p> <!-- x --><p>\u27e6x:123456\u27e7</p>",
		`<ac:layout><ac:layout-section><ac:layout-cell><h1>a</h1></ac:layout-cell><ac:layout-cell/></ac:layout-section></ac:layout>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, page string) {
		d, kept := Parse(page)
		md := markdown.Write(d)
		out := Rewrite(page, markdown.Parse(md, false), Options{Kept: kept})
		if !wellFormed("<r>" + out + "</r>") {
			t.Fatalf("%q becomes %q", page, out)
		}
	})
}
