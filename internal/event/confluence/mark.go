package confluence

import "regexp"

// mark is what this program writes at the end of a version's message, behind the
// reason and the agent.
var mark = regexp.MustCompile(`\baofctl:[0-9a-f]{12}\)?\s*$`)

// Marked reports whether the message of a page's version, or of a file's, says that
// this program made it.
func Marked(message string) bool { return mark.MatchString(message) }
