package doc

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func text(s string) *Node { return NewText(Text, s) }

func strong(c ...*Node) *Node { return New(Strong, c...) }

func em(c ...*Node) *Node { return New(Em, c...) }

func TestTidyBringsTextIntoOneForm(t *testing.T) {
	br := New(Break)
	for name, c := range map[string]struct{ in, want []*Node }{
		"nothing":                    {nil, nil},
		"texts are joined":           {[]*Node{text("a"), text(""), text("b")}, []*Node{text("ab")}},
		"marks are joined":           {[]*Node{strong(text("a")), strong(text("b"))}, []*Node{strong(text("ab"))}},
		"marks in themselves":        {[]*Node{strong(text("a"), strong(text("b")))}, []*Node{strong(text("ab"))}},
		"deep in themselves":         {[]*Node{strong(em(strong(text("a")), text("b")))}, []*Node{em(strong(text("ab")))}},
		"space stands outside":       {[]*Node{text("x"), strong(text(" a ")), text("y")}, []*Node{text("x "), strong(text("a")), text(" y")}},
		"a mark of space":            {[]*Node{text("x"), strong(text("  ")), text("y")}, []*Node{text("x  y")}},
		"an empty mark":              {[]*Node{strong()}, nil},
		"order of marks":             {[]*Node{strong(em(text("a")))}, []*Node{em(strong(text("a")))}},
		"order of three":             {[]*Node{strong(em(New(Strike, text("a"))))}, []*Node{New(Strike, em(strong(text("a"))))}},
		"a mark over lines":          {[]*Node{strong(text("a"), br, text("b"))}, []*Node{strong(text("a")), br, strong(text("b"))}},
		"breaks at the ends":         {[]*Node{br, text("a "), br, text(" b"), br}, []*Node{text("a"), br, text("b")}},
		"a break at the mark's end":  {[]*Node{strong(text("a"), br), text("b")}, []*Node{strong(text("a")), br, text("b")}},
		"a link around a mark":       {[]*Node{{Kind: Link, Target: "u", Children: []*Node{strong(text("a"))}}}, []*Node{strong(&Node{Kind: Link, Target: "u", Children: []*Node{text("a")}})}},
		"a line end in a link":       {[]*Node{{Kind: Link, Target: "u", Children: []*Node{text("a"), br, text("b")}}}, []*Node{{Kind: Link, Target: "u", Children: []*Node{text("a b")}}}},
		"empty code":                 {[]*Node{NewText(Span, " ")}, nil},
		"a key":                      {[]*Node{text("a \u27e6toc:1\u27e7 b")}, []*Node{text("a "), NewText(Macro, "toc:1"), text(" b")}},
		"the inner one of two keys":  {[]*Node{text("\u27e6a\u27e6b\u27e7")}, []*Node{text("\u27e6a"), NewText(Macro, "b")}},
		"brackets that are no key":   {[]*Node{text("\u27e7\u27e6\u27e7 \u27e6")}, []*Node{text("\u27e7\u27e6\u27e7 \u27e6")}},
		"a key from pieces of texts": {[]*Node{text("\u27e6a"), text("b\u27e7")}, []*Node{text("\u27e6ab\u27e7")}},
	} {
		got := Tidy(c.in)
		if name == "a key from pieces of texts" {
			got = Tidy(got) // readers join their texts first
			c.want = []*Node{NewText(Macro, "ab")}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(got, Tidy(got)); diff != "" {
			t.Errorf("%s: tidied again it differs:\n%s", name, diff)
		}
	}
}

func TestGridKeepsColumnsBelowTheirHeadings(t *testing.T) {
	cell := func(s string, cols, rows int) Spanned {
		return Spanned{Cell: &Node{Kind: Cell, Children: []*Node{text(s)}}, Cols: cols, Rows: rows}
	}
	for name, c := range map[string]struct {
		rows [][]Spanned
		want [][]string
	}{
		"plain":        {[][]Spanned{{cell("a", 1, 1), cell("b", 0, 0)}}, [][]string{{"a", "b"}}},
		"columns":      {[][]Spanned{{cell("a", 2, 1), cell("b", 1, 1)}}, [][]string{{"a", "", "b"}}},
		"rows":         {[][]Spanned{{cell("a", 1, 2), cell("b", 1, 1)}, {cell("c", 1, 1)}}, [][]string{{"a", "b"}, {"", "c"}}},
		"both":         {[][]Spanned{{cell("a", 2, 2), cell("b", 1, 1)}, {cell("c", 1, 1)}}, [][]string{{"a", "", "b"}, {"", "", "c"}}},
		"last column":  {[][]Spanned{{cell("a", 1, 1), cell("b", 1, 2)}, {cell("c", 1, 1)}}, [][]string{{"a", "b"}, {"c", ""}}},
		"beyond rows":  {[][]Spanned{{cell("a", 1, 9999)}, {cell("b", 1, 1)}}, [][]string{{"a"}, {"", "b"}}},
		"an empty row": {[][]Spanned{{cell("a", 1, 1)}, nil}, [][]string{{"a"}, nil}},
	} {
		var got [][]string
		for _, row := range Grid(c.rows).Children {
			var cells []string
			for _, n := range row.Children {
				cells = append(cells, Flat(n))
			}
			got = append(got, cells)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if wide := Grid([][]Spanned{{cell("a", 9999, 1), cell("b", 9999, 1)}}); len(wide.Children[0].Children) > MaxColumns+1 {
		t.Errorf("a row has %d cells", len(wide.Children[0].Children))
	}
}

func TestBoxesAreReadAsTheyAreWritten(t *testing.T) {
	for _, task := range []Task{NoTask, Todo, Done} {
		for name, body := range map[string][]*Node{
			"text": {New(Paragraph, text("a"), strong(text("b")))}, "mark": {New(Paragraph, strong(text("b")))}, "nothing": nil, "code": {NewText(Code, "x")},
		} {
			item := &Node{Kind: Item, Task: task, Children: body}
			back := New(Item, WithBox(item)...)
			for _, p := range back.Children {
				p.Children = Tidy(p.Children)
			}
			ReadBox(back)
			if len(back.Children) == 0 {
				back.Children = nil
			}
			if diff := cmp.Diff(item, back); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}

func TestEntitiesAreFoundWhole(t *testing.T) {
	for s, want := range map[string]int{
		"&amp;": 5, "&#46; x": 5, "&#x2e;": 6, "&lt;b": 4, "&": 0, "&;": 0, "&unknown;": 0, "& b;": 0, "&a b &amp;": 0, "": 0, "amp;": 0,
	} {
		if got := Entity(s); got != want {
			t.Errorf("Entity(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestOnlyHarmlessAddressesAreLinks(t *testing.T) {
	for s, want := range map[string]bool{
		"https://x.y": true, "HTTP://x": true, "mailto:a@b.c": true, "docs/a.md": true, "#a": true, "/a:b": true, "": false,
		"javascript:alert(1)": false, "data:text/html,x": false, "vbscript:x": false, "page:A/B": false,
	} {
		if got := Linkable(s); got != want {
			t.Errorf("Linkable(%q) = %t", s, got)
		}
	}
}
