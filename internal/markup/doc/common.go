package doc

import "slices"

// maxCompared bounds how many pairs are looked at to find what two lists have in
// common.
const maxCompared = 4_000_000

// Common finds a longest list that both lists have in common, in their order, and
// tells for each of the first where it is in the second, or -1. Of very long lists
// that have little in common at their ends it finds a shorter one.
func Common(a, b []string) []int {
	at := make([]int, len(a))
	for i := range at {
		at[i] = -1
	}
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		at[head] = head
		head++
	}
	endA, endB := len(a), len(b)
	for endA > head && endB > head && a[endA-1] == b[endB-1] {
		endA--
		endB--
		at[endA] = endB
	}
	if rows, columns := endA-head, endB-head; rows == 0 || columns == 0 || rows > maxCompared/columns {
		return at
	}
	middle(a[head:endA], b[head:endB], at[head:endA], head)
	return at
}

// middle is the usual table of lengths, read from its beginning.
func middle(a, b []string, at []int, offset int) {
	width := len(b) + 1
	longest := make([]int32, (len(a)+1)*width)
	for i, left := range slices.Backward(a) {
		for j, right := range slices.Backward(b) {
			if left == right {
				longest[i*width+j] = longest[(i+1)*width+j+1] + 1
			} else {
				longest[i*width+j] = max(longest[(i+1)*width+j], longest[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			at[i] = j + offset
			i++
			j++
		case longest[(i+1)*width+j] >= longest[i*width+j+1]:
			i++
		default:
			j++
		}
	}
}
