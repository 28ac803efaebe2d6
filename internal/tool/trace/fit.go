package trace

import (
	"fmt"
	"strings"
)

const (
	// maxResult bounds a result, in bytes; it is JSON, so it must not be cut off.
	maxResult = 24000
	maxName   = 160
	maxText   = 500
)

// clip shortens a text to one line of so many characters.
func clip(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

// fitted makes a result fit: details go first, then entries from the ends of the
// lists, the first list before the others. What was cut is told.
func fitted[A any](answer A, lists func(*A) []*[]shown, cut func(*A, string)) (any, error) {
	size := func() (int, error) {
		text, err := encode(answer)
		return len(text), err
	}
	n, err := size()
	if err != nil || n <= maxResult {
		return answer, err
	}
	for _, list := range lists(&answer) {
		for i := range *list {
			(*list)[i].Criteria = nil
		}
	}
	cut(&answer, "criteria are left out")
	left := 0
	for _, list := range lists(&answer) {
		for {
			if n, err = size(); err != nil || n <= maxResult {
				return answer, err
			}
			if len(*list) == 0 {
				break
			}
			drop := max(1, len(*list)/8)
			*list = (*list)[:len(*list)-drop]
			left += drop
			cut(&answer, fmt.Sprintf("criteria and %d entries are left out", left))
		}
	}
	return answer, nil
}
