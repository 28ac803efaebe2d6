package route

import "strings"

// OwnWords returns what the author of a comment says themselves, in wiki markup or
// Markdown: without what stands in code and quotes, which others may have written.
func OwnWords(comment string) string {
	var b blocks
	var own []string
	for line := range strings.Lines(comment) {
		line = strings.TrimRight(line, "\r\n")
		outside := b.outside(line)
		b.feed(line)
		if _, _, macro := nextMacro(line); outside && !macro && b == (blocks{}) {
			own = append(own, line)
		}
	}
	return strings.TrimSpace(strings.Join(own, "\n"))
}
