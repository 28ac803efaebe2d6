package route

import "strings"

// undecorated returns a line without the colour that Jira's editor wraps pasted
// text in: {color:#172b4d}/triage{color}. Lines that begin otherwise stay as
// they are.
func undecorated(line string) string {
	changed := false
	for len(line) > 6 && strings.EqualFold(line[:6], "{color") {
		end := strings.IndexByte(line, '}')
		if end < 0 {
			break
		}
		line, changed = strings.TrimLeftFunc(line[end+1:], isBlank), true
	}
	if !changed {
		return line
	}
	return strings.TrimSpace(strings.NewReplacer("{color}", "", "{COLOR}", "").Replace(line))
}

// plainLinks returns a line whose links have the form in which they were typed:
// Jira's editor makes [https://x.y|https://x.y|smart-link] of a pasted address.
// A link with a text of its own stays.
func plainLinks(line string) string {
	if !strings.Contains(line, "|") {
		return line
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(line, "[")
		inner, after, closed := strings.Cut(rest, "]")
		if !found || !closed {
			break
		}
		parts := strings.Split(inner, "|")
		b.WriteString(before)
		switch {
		case strings.Contains(inner, "["), len(parts) < 2 || !strings.Contains(parts[1], "://"),
			parts[0] != parts[1] && !strings.HasPrefix(parts[len(parts)-1], "smart-"):
			b.WriteByte('[')
			line = rest
			continue
		}
		b.WriteString(parts[1])
		line = after
	}
	b.WriteString(line)
	return b.String()
}
