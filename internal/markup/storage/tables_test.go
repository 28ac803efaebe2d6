package storage_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/storage"
)

func cellOf(says string) *doc.Node {
	return doc.New(doc.Cell, doc.New(doc.Paragraph, doc.NewText(doc.Text, says)))
}

// withCell is a table with another text in a cell and, if says is not "", a row more.
func withCell(table *doc.Node, row, column int, text, more string) *doc.Node {
	out := doc.New(doc.Table)
	for i, r := range table.Children {
		if i == row {
			cells := append([]*doc.Node(nil), r.Children...)
			cells[column] = cellOf(text)
			r = doc.New(doc.Row, cells...)
		}
		out.Add(r)
	}
	if more != "" {
		out.Add(doc.New(doc.Row, cellOf(more), doc.New(doc.Cell)))
	}
	return out
}

func TestTablesKeepTheBytesOfWhatIsNotChanged(t *testing.T) {
	const before, after = `<p style="x">One &mdash; two</p><ac:structured-macro ac:name="toc"/>`, "<h1>Below</h1>\n"
	const head = `<table class="wrapped"><colgroup><col style="width: 9px;"/></colgroup><tbody>` + "\n<tr><th>A</th><th><strong>B</strong></th></tr> "
	cases := map[string]struct{ page, want string }{
		"a cell and a new row": {
			before + head + `<tr><td>1</td><td style="color: red;"><p>x <u>y</u></p></td></tr><tr><td>2</td><td>old</td></tr></tbody></table>` + after,
			before + head + `<tr><td>1</td><td style="color: red;"><p>x <u>y</u></p></td></tr><tr><td>2</td><td>new</td></tr><tr><td>more</td><td></td></tr></tbody></table>` + after,
		},
		"a paragraph of the editor": {
			head + `<tr><td>1</td><td>x</td></tr><tr><td>2</td><td colspan="1"><p data-x="1">old</p></td></tr></tbody></table>`,
			head + `<tr><td>1</td><td>x</td></tr><tr><td>2</td><td colspan="1"><p data-x="1">new</p></td></tr><tr><td>more</td><td></td></tr></tbody></table>`,
		},
		"rows that a cell of people covers": {
			head + `<tr><td rowspan="2">1</td><td>x</td></tr><tr><td>old</td></tr></tbody></table>`,
			head + `<tr><td rowspan="2">1</td><td>x</td></tr><tr><td>new</td></tr><tr><td>more</td><td></td></tr></tbody></table>`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := storage.EditTables(c.page, storage.Options{}, func(table *doc.Node) *doc.Node { return withCell(table, 2, 1, "new", "more") })
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTablesThatAreNotToBeChangedAreNot(t *testing.T) {
	page := `<table><tr><td>1</td></tr></table><ac:layout><ac:layout-section><ac:layout-cell><table><tr><td>2<table><tr><td>in 2</td></tr></table></td></tr></table>` +
		`</ac:layout-cell></ac:layout-section></ac:layout><ac:adf-extension><ac:adf-fallback><table><tr><td>said again</td></tr></table></ac:adf-fallback></ac:adf-extension>`
	var seen []string
	got := storage.EditTables(page, storage.Options{}, func(table *doc.Node) *doc.Node {
		seen = append(seen, doc.Flat(table))
		return nil
	})
	if got != page || len(seen) != 2 {
		t.Errorf("told %q, page %s", seen, got)
	}
	broken := `<table><tr><td>1</td></tr><p>between</p></table>`
	if got := storage.EditTables(broken, storage.Options{}, func(table *doc.Node) *doc.Node { return withCell(table, 0, 0, "x", "y") }); got != broken {
		t.Errorf("what cannot be followed was changed: %s", got)
	}
	fewer := `<table><tr><td>1</td></tr><tr><td>2</td></tr></table>`
	if got := storage.EditTables(fewer, storage.Options{}, func(table *doc.Node) *doc.Node { return doc.New(doc.Table, table.Children[0]) }); got != fewer {
		t.Errorf("rows got lost: %s", got)
	}
}

func FuzzEditTables(f *testing.F) {
	for _, page := range []string{
		`<table><tbody><tr><th>A</th></tr><tr><td>1</td></tr></tbody></table>`, `<table><tr><td rowspan="9">1</td></tr>`,
		`<p>x</p><table><tr><td><ul><li>1</li></ul></td><td colspan="3"/></tr></table>`, `<table/>`, `<table><tr/></table>`, "<table><tr><td>\x00&nbsp;<b></td></tr></table>",
	} {
		f.Add(page, "text <b> & ]]>")
	}
	f.Fuzz(func(t *testing.T, page, says string) {
		if got := storage.EditTables(page, storage.Options{}, func(*doc.Node) *doc.Node { return nil }); got != page {
			t.Fatalf("changed without a change: %q", got)
		}
		got := storage.EditTables(page, storage.Options{}, func(table *doc.Node) *doc.Node {
			if len(table.Children) == 0 || len(table.Children[0].Children) == 0 {
				return table
			}
			return withCell(table, 0, 0, strings.ToValidUTF8(says, ""), "more")
		})
		if storage.WellFormed(page) && !storage.WellFormed(got) {
			t.Fatalf("well-formed before and not after: %q", got)
		}
	})
}
