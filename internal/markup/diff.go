package markup

import (
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// diffContext is how many lines are shown around a change.
const diffContext = 3

// Diff shows what differs between two texts, line by line, as a unified diff
// without the names of files; "" if nothing does.
func Diff(before, after string) string {
	if before == after {
		return ""
	}
	a, b := lines(before), lines(after)
	at := doc.Common(a, b)
	var all []diffLine
	j := 0
	for i, line := range a {
		if at[i] < 0 {
			all = append(all, diffLine{'-', line, i, j})
			continue
		}
		for ; j < at[i]; j++ {
			all = append(all, diffLine{'+', b[j], i, j})
		}
		all = append(all, diffLine{' ', line, i, j})
		j++
	}
	for ; j < len(b); j++ {
		all = append(all, diffLine{'+', b[j], len(a), j})
	}
	return hunks(all)
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// diffLine is a line of a diff with where it is in the texts, from 0.
type diffLine struct {
	sign byte
	text string
	a, b int
}

func hunks(all []diffLine) string {
	var out strings.Builder
	for i := 0; i < len(all); {
		if all[i].sign == ' ' {
			i++
			continue
		}
		from, end := max(i-diffContext, 0), i+1
		for k := i; k < len(all) && k < end+2*diffContext; k++ {
			if all[k].sign != ' ' {
				end = k + 1
			}
		}
		to := min(end+diffContext, len(all))
		fmt.Fprintf(&out, "@@ line %d @@\n", all[from].b+1)
		for _, l := range all[from:to] {
			out.WriteString(string(l.sign) + l.text + "\n")
		}
		i = to
	}
	return strings.TrimSuffix(out.String(), "\n")
}
