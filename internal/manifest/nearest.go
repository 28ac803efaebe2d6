package manifest

import (
	"fmt"
	"strings"
)

// nearest returns the candidate that a person most likely meant, or "".
func nearest(name string, candidates []string) string {
	const longest = 64
	if name == "" || len(name) > longest {
		return ""
	}
	best, bestDistance := "", max(1, len(name)/3)+1
	plain := plainName(name)
	for _, c := range candidates {
		if diff := len(c) - len(name); diff > bestDistance || -diff > bestDistance {
			continue
		}
		d := editDistance(plain, plainName(c))
		if d < bestDistance || d == bestDistance && best != "" && c < best {
			best, bestDistance = c, d
		}
	}
	return best
}

// plainName removes what people vary in names.
func plainName(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
}

// meant returns " (did you mean "x"?)" or "".
func meant(name string, candidates []string) string {
	if n := nearest(name, candidates); n != "" {
		return fmt.Sprintf(" (did you mean %q?)", n)
	}
	return ""
}

// hints gives suggestions, but not without end: each is a comparison with all
// candidates.
type hints struct{ given int }

func (h *hints) meant(name string, candidates []string) string {
	const most = 200
	if h.given++; h.given > most {
		return ""
	}
	return meant(name, candidates)
}

// editDistance counts insertions, deletions, replacements and swaps of
// neighbours.
func editDistance(a, b string) int {
	prev2 := make([]int, len(b)+1)
	prev := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
		}
		prev2, prev, row = prev, row, prev2
	}
	return prev[len(b)]
}
