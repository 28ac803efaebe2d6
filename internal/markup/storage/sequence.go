package storage

import (
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// sequence is a list that is written anew in place of an old one.
type sequence struct {
	old []chunk
	// names are what the new one has, in the words of [chunk].units.
	names []string
	// like tells how much something new, by its index, is like something old that it
	// does not equal, from 0 to 100.
	like func(c chunk, i int) int
}

const (
	// certain is the likeness of what can only be the new form of something.
	certain = 100
	// alike is from which likeness on something is taken for a new form.
	alike = 30
	// maxPairs bounds how many pairs are compared between two things that stay.
	maxPairs = 10_000
)

// keeps reports whether a chunk says just this.
func (c *chunk) keeps(names []string) bool { return slices.Equal(c.units, names) }

// place is something new, by its indexes, with what was there.
type place struct {
	from, to int
	// was is the chunk that says the same, or that it is a new form of, or nil.
	was *chunk
	// gone is the first of the chunks that went where something else came, or nil.
	gone *chunk
}

// each tells what is to be written, in its order. Several that are new are told
// together only if a chunk says the same as they do.
func (s sequence) each(write func(place)) {
	var before []string
	for _, c := range s.old {
		before = append(before, c.units...)
	}
	kept := keptAt(s.old, doc.Common(before, s.names))
	next := 0 // the first chunk that is not passed yet
	for i := 0; i < len(s.names); {
		if c, ok := kept[i]; ok {
			write(place{from: i, to: i + len(s.old[c].units), was: &s.old[c]})
			i, next = i+len(s.old[c].units), c+1
			continue
		}
		end, last := i, len(s.old)
		for ; end < len(s.names); end++ {
			if c, ok := kept[end]; ok {
				last = c
				break
			}
		}
		for k, c := range s.pairs(next, last, i, end) {
			one := place{from: i + k, to: i + k + 1}
			if c >= 0 {
				one.was, next = &s.old[c], c+1
			} else if next < last {
				one.gone = &s.old[next]
			}
			write(one)
		}
		i = end
	}
}

// keptAt tells which chunk stays at which unit: one of which all units are there,
// one after the other.
func keptAt(chunks []chunk, at []int) map[int]int {
	kept := map[int]int{}
	first := 0
	for c, one := range chunks {
		places := at[first : first+len(one.units)]
		first += len(one.units)
		whole := len(places) > 0 && places[0] >= 0
		for i, p := range places {
			whole = whole && p == places[0]+i
		}
		if whole {
			kept[places[0]] = c
		}
	}
	return kept
}

// pairs finds for each of what is new, between two things that stay, the old chunk
// that it is a new form of, or -1, in the order of both.
func (s sequence) pairs(fromOld, toOld, from, to int) []int {
	rows, columns := to-from, toOld-fromOld
	out := make([]int, rows)
	for i := range out {
		out[i] = -1
	}
	if rows == 0 || columns <= 0 || rows > maxPairs/columns {
		return out
	}
	like := make([]int, rows*columns)
	best := make([]int, (rows+1)*(columns+1))
	for i := rows - 1; i >= 0; i-- {
		for j := columns - 1; j >= 0; j-- {
			n := s.like(s.old[fromOld+j], from+i)
			if n < alike {
				n = 0
			}
			like[i*columns+j] = n
			both := 0
			if n > 0 {
				both = n + best[(i+1)*(columns+1)+j+1]
			}
			best[i*(columns+1)+j] = max(both, best[(i+1)*(columns+1)+j], best[i*(columns+1)+j+1])
		}
	}
	for i, j := 0, 0; i < rows && j < columns; {
		here := best[i*(columns+1)+j]
		n := like[i*columns+j]
		switch {
		case n > 0 && here == n+best[(i+1)*(columns+1)+j+1]:
			out[i] = fromOld + j
			i++
			j++
		case here == best[(i+1)*(columns+1)+j]:
			i++
		default:
			j++
		}
	}
	return out
}

// likeness tells how many of the words of two blocks are the same, of a hundred.
func likeness(c chunk, unit []*doc.Node) int {
	if len(c.says) == 0 || len(c.units) != 1 || unit[0].Kind != c.says[0].Kind {
		return 0
	}
	if k := key(unit[0]); k != "" && len(unit) > 1 {
		if key(c.says[0]) == k {
			return certain
		}
		return 0
	}
	if len(unit) != 1 || len(c.says) != 1 {
		return 0
	}
	n := sameWords(c.says[0], unit[0])
	if unit[0].Kind == doc.Heading && unit[0].Level == c.says[0].Level {
		n = max(n, alike) // few words, all of which may be new
	}
	return n
}

// sameWords tells how many of the words of two nodes are the same, of a hundred.
func sameWords(a, b *doc.Node) int {
	left, right := said(nil, a), said(nil, b)
	if len(left) == 0 || len(right) == 0 {
		return 0
	}
	count := make(map[string]int, len(left))
	for _, word := range left {
		count[word]++
	}
	same := 0
	for _, word := range right {
		if count[word] > 0 {
			count[word]--
			same++
		}
	}
	return same * certain / max(len(left), len(right))
}

// said are the words of a node, and what pictures, people and keys it has.
func said(words []string, n *doc.Node) []string {
	words = append(words, strings.Fields(n.Text)...)
	if n.Target != "" {
		words = append(words, n.Target)
	}
	for _, c := range n.Children {
		words = said(words, c)
	}
	return words
}
