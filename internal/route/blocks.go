package route

import "strings"

// blocks keeps track of the code, quotes and preformatted text that a line may
// stand in, in wiki markup and in Markdown.
type blocks struct {
	// macro is the open {code} or {noformat}; only its own end closes it.
	macro string
	// quote is true inside {quote}.
	quote bool
	// fence is the open Markdown fence.
	fence string
}

// outside reports whether a line is the author's own words: it stands in no
// block and is itself no quote.
func (b *blocks) outside(line string) bool {
	if b.macro != "" || b.quote || b.fence != "" {
		return false
	}
	line = strings.TrimLeftFunc(line, isBlank)
	return !strings.HasPrefix(line, ">") && !strings.HasPrefix(line, "bq.")
}

// feed takes note of what a line opens and closes.
func (b *blocks) feed(line string) {
	if b.macro == "" && b.fenced(line) {
		return
	}
	for rest := line; ; {
		name, after, found := nextMacro(rest)
		if !found {
			return
		}
		rest = after
		switch {
		case b.macro == name:
			b.macro = ""
		case b.macro != "":
		case name == "quote":
			b.quote = !b.quote
		default:
			b.macro = name
		}
	}
}

// fenced handles Markdown's fences and reports whether the line is one or stands
// between two.
func (b *blocks) fenced(line string) bool {
	line = strings.TrimLeft(line, " ")
	mark := fenceOf(line)
	switch {
	case b.fence != "":
		if mark != "" && mark[0] == b.fence[0] && len(mark) >= len(b.fence) && strings.TrimSpace(line[len(mark):]) == "" {
			b.fence = ""
		}
		return true
	case mark == "", mark[0] == '`' && strings.Contains(line[len(mark):], "`"):
		return false
	default:
		b.fence = mark
		return true
	}
}

// fenceOf returns the three or more backticks or tildes that a line begins with.
func fenceOf(line string) string {
	if line == "" || line[0] != '`' && line[0] != '~' {
		return ""
	}
	n := len(line) - len(strings.TrimLeft(line, line[:1]))
	if n < 3 {
		return ""
	}
	return line[:n]
}

// nextMacro finds the next {code}, {noformat} or {quote} of a line, with or
// without parameters, and returns its name and what follows.
func nextMacro(line string) (name, rest string, found bool) {
	for {
		i := strings.IndexByte(line, '{')
		if i < 0 {
			return "", "", false
		}
		escaped := i > 0 && line[i-1] == '\\'
		line = line[i+1:]
		inside, after, closed := strings.Cut(line, "}")
		if !closed {
			return "", "", false
		}
		if name := macroName(inside); name != "" && !escaped {
			return name, after, true
		}
	}
}

// macroName returns which macro a text between braces is.
func macroName(inner string) string {
	inner, _, _ = strings.Cut(inner, ":")
	switch {
	case strings.EqualFold(inner, "code"):
		return "code"
	case strings.EqualFold(inner, "noformat"):
		return "noformat"
	case strings.EqualFold(inner, "quote"):
		return "quote"
	default:
		return ""
	}
}
