package requirement

import "sort"

// ordered sorts a list and keeps the order of what is equal. There are many kinds of
// lists here and none of them is long: one sort for all of them makes the program
// smaller than one for each.
func ordered[T any](list []T, compare func(a, b T) int) {
	sort.SliceStable(list, func(i, j int) bool { return compare(list[i], list[j]) < 0 })
}
