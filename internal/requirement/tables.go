package requirement

import (
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// columns tells for each role which column of a table has it; -1 for none. A role is
// a list of names, of which the first that any heading has counts.
func columns(header *doc.Node, roles ...[]string) []int {
	var heads []string
	for _, cell := range header.Children {
		heads = append(heads, strings.Join(words(plain(cell)), " "))
	}
	out := make([]int, len(roles))
	taken := map[int]bool{}
	for i, names := range roles {
		out[i] = -1
		for _, name := range names {
			at := slices.Index(heads, name)
			if at >= 0 && !taken[at] {
				out[i], taken[at] = at, true
				break
			}
		}
	}
	return out
}

// cell is a column of a row; nil for none.
func cell(row *doc.Node, column int) *doc.Node {
	if column < 0 || column >= len(row.Children) {
		return nil
	}
	return row.Children[column]
}

func cellText(row *doc.Node, column int) string {
	if c := cell(row, column); c != nil {
		return plain(c)
	}
	return ""
}

// The names of columns of a table of requirements.
func requirementColumns() [][]string {
	return [][]string{
		{"id", "req id", "requirement id", "req", "ref", "reference", "number", "no", "nr", "key", "kennung"},
		{"acceptance criteria", "acceptance criterion", "criteria", "acceptance", "akzeptanzkriterien", "abnahmekriterien"},
		{"title", "name", "requirement", "requirements", "summary", "user story", "story", "statement", "anforderung", "titel", "description", "beschreibung"},
		{"description", "details", "text", "beschreibung", "requirement", "rationale"},
	}
}

// table reads a table: rows of requirements, criteria below a label, or text.
func (r *reader) table(n *doc.Node) {
	if len(n.Children) == 0 {
		return
	}
	for _, row := range n.Children {
		r.section().Passages = append(r.section().Passages, plain(row.Children...))
	}
	_, isPlan := planColumns(n.Children[0])
	at := columns(n.Children[0], requirementColumns()...)
	id, criteria, title, text := at[0], at[1], at[2], at[3]
	if isPlan || title < 0 || id < 0 && criteria < 0 {
		for _, row := range n.Children {
			r.add(plain(row.Children...))
		}
		return
	}
	for _, row := range n.Children[1:] {
		name := cellText(row, title)
		explicit, rest := explicitID(cellText(row, id) + ": " + name)
		if explicit == "" {
			explicit, rest = doc.OneLine(cellText(row, id)), name
		}
		if name == "" && explicit == "" {
			continue
		}
		short := firstSentence(rest)
		r.begin(Candidate{Explicit: explicit, Title: short, Anchor: anchorIn(row)}, 0)
		c := &r.out.Candidates[r.candidate]
		c.Text = strings.Join(strings.Fields(name+" "+cellText(row, text)), " ")
		if one := cell(row, criteria); one != nil {
			for _, line := range lines(one) {
				c.Criteria = append(c.Criteria, trimCriterion(line))
			}
		}
		r.candidate = -1
	}
}
