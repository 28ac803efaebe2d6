package memory

import (
	"slices"
	"strings"
)

// Search returns the entries that hold all words of a query, in any case, in
// their key or value: those with most of the words in the key first, otherwise in
// the order given. A query without words finds everything.
func Search(entries []Entry, query string) []Entry {
	words := strings.Fields(strings.ToLower(query))
	type hit struct {
		Entry
		inKey int
	}
	var hits []hit
	for _, e := range entries {
		key, value := strings.ToLower(e.Key), strings.ToLower(e.Value)
		h, all := hit{Entry: e}, true
		for _, w := range words {
			switch {
			case strings.Contains(key, w):
				h.inKey++
			case !strings.Contains(value, w):
				all = false
			}
		}
		if all {
			hits = append(hits, h)
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return b.inKey - a.inKey })
	found := make([]Entry, len(hits))
	for i, h := range hits {
		found[i] = h.Entry
	}
	return found
}
