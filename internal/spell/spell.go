// Package spell finds what somebody who mistyped a name most likely meant, for
// messages that ask "did you mean …?".
package spell

import "strings"

// longest is the length in bytes above which a name is no mistyped one.
const longest = 64

// Nearest returns the candidate that was most likely meant, or "" if none is
// near. Letter case, dashes, underscores and spaces do not count.
func Nearest(name string, candidates []string) string {
	if name == "" || len(name) > longest {
		return ""
	}
	best, fewest := "", longest
	plain := Plain(name)
	for _, c := range candidates {
		most := min(max(1, max(len(name), len(c))/3), fewest)
		if diff := len(c) - len(name); diff > most+1 || -diff > most+1 {
			continue
		}
		d := Distance(plain, Plain(c))
		if d < fewest && d <= most || d == fewest && c < best {
			best, fewest = c, d
		}
	}
	return best
}

// Plain removes what people vary in names.
func Plain(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
}

// Distance counts the insertions, deletions, replacements and swaps of
// neighbouring bytes that make b of a (optimal string alignment). Its cost is the
// product of the lengths.
func Distance(a, b string) int {
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
