package forge

import (
	"cmp"
	"strconv"
	"strings"
)

// compareVersions orders versions such as 5.2.0 by their numbers. A part that is
// missing counts as 0, one that is no number as less than all numbers.
func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if c := cmp.Compare(versionPart(as, i), versionPart(bs, i)); c != 0 {
			return c
		}
	}
	return 0
}

func versionPart(parts []string, i int) int64 {
	if i >= len(parts) {
		return 0
	}
	n, err := strconv.ParseInt(parts[i], 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// major is the first part: Forge asks administrators for consent when it grows,
// which it does with each new scope.
// https://developer.atlassian.com/platform/forge/versions/
func major(version string) string {
	first, _, _ := strings.Cut(version, ".")
	return first
}
