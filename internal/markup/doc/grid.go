package doc

// Spanned is a table cell that takes more than one column or row.
type Spanned struct {
	Cell       *Node
	Cols, Rows int
}

// Grid makes a table of rows with cells that span columns and rows. What a cell
// covers besides its own place is filled with empty cells, so that columns stay
// below their headings. Columns beyond [MaxColumns] are not filled.
func Grid(rows [][]Spanned) *Node {
	table := New(Table)
	var covered []int // for each column, how many more rows a cell from above takes
	for _, row := range rows {
		out := New(Row)
		next := 0
		fill := func() {
			for len(out.Children) < len(covered) && covered[len(out.Children)] > 0 {
				covered[len(out.Children)]--
				out.Add(&Node{Kind: Cell})
			}
		}
		for ; next < len(row); next++ {
			fill()
			c := row[next]
			cols := min(max(c.Cols, 1), max(1, MaxColumns-len(out.Children)))
			for i := range cols {
				for len(covered) <= len(out.Children) && len(covered) < MaxColumns {
					covered = append(covered, 0)
				}
				if at := len(out.Children); at < len(covered) {
					covered[at] = min(max(c.Rows, 1), len(rows)) - 1
				}
				if i == 0 {
					out.Add(c.Cell)
				} else {
					out.Add(&Node{Kind: Cell, Head: c.Cell.Head})
				}
			}
		}
		fill()
		table.Add(out)
	}
	return table
}
