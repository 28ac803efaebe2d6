package route

import "strings"

// isGlob reports whether a pattern has wildcards.
func isGlob(pattern string) bool { return strings.ContainsAny(pattern, "*?") }

// glob reports whether a pattern matches the whole of s: "*" stands for any
// run of characters and "?" for one. Its time is at most the product of both
// lengths, whatever the pattern.
func glob(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			p = star + 1
			mark++
			i = mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// canonicalEvent returns an event's name, or a pattern of names, as events carry
// it: lower case and without Jira's prefix.
func canonicalEvent(name string) string {
	return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(name)), "jira:")
}

// projectMatches reports whether a pattern covers a project. A pattern with a
// hyphen may also be meant for issue keys: "PROD-*" covers the project PROD.
func projectMatches(pattern, project, issueKey string) bool {
	if pattern == project || glob(pattern, project) {
		return true
	}
	if strings.TrimSuffix(pattern, "-*") == project {
		return true
	}
	return issueKey != "" && strings.Contains(pattern, "-") && glob(pattern, issueKey)
}
