package markdown

import (
	"strings"
	"unicode/utf8"
)

// Sizes in bytes of what is parsed at once. Unclosed links and deep nesting take
// the Markdown parser quadratic time, so text with many of them is parsed in
// small pieces.
const (
	maxChunk   = 64 << 10
	hardChunk  = 4 << 10
	manyLinks  = 1000
	manyLevels = 50
)

// chunks splits long Markdown, at empty lines outside code if there are any, else at
// the ends of lines. A block of code is never split: it would be text from there on.
func chunks(md string) []string {
	size := chunkSize(md)
	var out []string
	for len(md) > size {
		at := codeEnd(md)
		if at == 0 {
			at = splitPoint(md[:size])
		}
		out = append(out, md[:at])
		md = md[at:]
	}
	return append(out, md)
}

func chunkSize(md string) int {
	if len(md) <= hardChunk {
		return maxChunk
	}
	if strings.Count(md, "](") > manyLinks || dense(md) {
		return hardChunk
	}
	for line := range strings.Lines(md) {
		if levels(line) > manyLevels {
			return hardChunk
		}
	}
	return maxChunk
}

// dense reports whether a text is mostly marks.
func dense(md string) bool {
	for _, mark := range []string{"*", "_", "~", "<", "[", "`"} {
		if strings.Count(md, mark) > len(md)/8 {
			return true
		}
	}
	return false
}

// levels counts the quote and list markers at the begin of a line.
func levels(line string) int {
	n := 0
	for {
		line = strings.TrimLeft(line, " \t0123456789")
		if line == "" || strings.IndexByte(">-*+.)", line[0]) < 0 {
			return n
		}
		line = line[1:]
		n++
	}
}

// codeEnd is the end of the block of code that a text begins with; 0 if it begins
// with none that ends.
func codeEnd(md string) int {
	first, _, _ := strings.Cut(md, "\n")
	fence := FenceAfter("", first)
	for pos := len(first) + 1; fence != "" && pos < len(md); {
		line, _, _ := strings.Cut(md[pos:], "\n")
		pos = min(pos+len(line)+1, len(md))
		if fence = FenceAfter(fence, line); fence == "" {
			return pos
		}
	}
	return 0
}

// splitPoint finds where to split a text that is too long.
func splitPoint(s string) int {
	at, blank, code, fence := 0, 0, 0, ""
	for pos := 0; pos < len(s); {
		end := strings.IndexByte(s[pos:], '\n')
		if end < 0 {
			break
		}
		line := s[pos : pos+end]
		was := fence
		if fence = FenceAfter(fence, line); was == "" && fence != "" {
			code = pos
		}
		pos += end + 1
		if fence == "" && strings.TrimSpace(line) == "" {
			blank = pos
			if beginsBlock(s[pos:]) {
				at = pos
			}
		}
	}
	switch {
	case at > 0:
		return at
	case blank > 0: // the last one, or a long list would be cut into its items
		return blank
	case fence != "" && code > 0:
		return code
	}
	return lineEnd(s)
}

// lineEnd is the end of the last line of a text, at best of one that no indented line
// continues, or of a word or character if it is one line.
func lineEnd(s string) int {
	for end := strings.LastIndexByte(s, '\n'); end > len(s)/2; end = strings.LastIndexByte(s[:end], '\n') {
		if end+1 < len(s) && s[end+1] != ' ' && s[end+1] != '\t' {
			return end + 1
		}
	}
	for _, ends := range []string{"\n", " "} {
		if i := strings.LastIndexAny(s, ends); i > len(s)/2 {
			return i + 1
		}
	}
	for i := len(s); ; i-- {
		if i == len(s)-utf8.UTFMax || utf8.RuneStart(s[i-1]) {
			return i - 1
		}
	}
}

// beginsBlock reports whether what follows an empty line stands by itself, and
// does not continue a list, whose numbers a split would begin anew.
func beginsBlock(s string) bool {
	if s == "" || s[0] == ' ' || s[0] == '\t' || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	return len(s) < 2 || s[1] != ' ' || strings.IndexByte("-*+", s[0]) < 0
}

// FenceAfter returns the fence of the code block that is open after a line.
func FenceAfter(fence, line string) string {
	line = strings.TrimLeft(line, " ")
	run := len(line) - len(strings.TrimLeft(line, "`"))
	if run == 0 {
		run = len(line) - len(strings.TrimLeft(line, "~"))
	}
	switch {
	case run < 3:
		return fence
	case fence == "":
		if line[0] == '`' && strings.Contains(line[run:], "`") {
			return ""
		}
		return line[:run]
	case line[0] == fence[0] && run >= len(fence) && strings.TrimSpace(line[run:]) == "":
		return ""
	}
	return fence
}

// loosen accepts what CommonMark does not but models write: "##Title" without a
// space.
func loosen(md string) string {
	if !strings.Contains(md, "##") {
		return md
	}
	lines := strings.Split(md, "\n")
	fence := ""
	for i, line := range lines {
		fence = FenceAfter(fence, line)
		if fence != "" || !strings.HasPrefix(line, "##") {
			continue
		}
		rest := strings.TrimLeft(line, "#")
		level := len(line) - len(rest)
		if level <= 6 && rest != "" && !strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, "\t") {
			lines[i] = line[:level] + " " + rest
		}
	}
	return strings.Join(lines, "\n")
}
