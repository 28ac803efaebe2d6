package wiki

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// CommentLimit is the greatest length of a comment or description that Jira
// takes by default, in UTF-16 code units (jira.text.field.character.limit).
const CommentLimit = 32767

// minLimit is the least limit that Split keeps, so that there is room for
// macros to be closed and opened again.
const minLimit = 256

// Split splits wiki markup into parts of at most limit UTF-16 code units,
// which is how Jira counts. It splits at empty lines where it can, else between
// lines, else between words. A {code}, {noformat}, {quote} or {panel} that a
// split falls into is closed and opened again in the next part. Nothing but white
// space at the splits is lost. A limit below 256 counts as 256; text of no more
// than the limit is returned as one part, empty text as none.
func Split(wiki string, limit int) []string {
	if strings.TrimSpace(wiki) == "" {
		return nil
	}
	limit = max(limit, minLimit)
	if units(wiki) <= limit {
		return []string{wiki}
	}
	s := &partSplitter{limit: limit}
	for line := range strings.Lines(wiki) {
		s.line(strings.TrimSuffix(line, "\n"))
	}
	s.finish()
	return s.parts
}

// units is the length in UTF-16 code units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// macroTag is a macro that is open: its name, and how it was opened.
type macroTag struct {
	name, open string
}

// partSplitter collects lines to parts.
type partSplitter struct {
	limit int
	parts []string
	lines []string
	// after are the macros that are open after each line, before those open at
	// the begin of the part.
	after  [][]macroTag
	before []macroTag
	size   int
}

func (s *partSplitter) open() []macroTag {
	if n := len(s.after); n > 0 {
		return s.after[n-1]
	}
	return s.before
}

// overhead is the room for closing macros, one line each.
func overhead(open []macroTag) int {
	n := 0
	for _, m := range open {
		n += len(m.name) + 3
	}
	return n
}

// maxOverhead is that of three open macros, the most that are kept track of.
const maxOverhead = 3 * (len("{noformat}") + 1)

func openers(open []macroTag) int {
	n := 0
	for _, m := range open {
		n += units(m.open) + 1
	}
	return n
}

func (s *partSplitter) line(line string) {
	for {
		after := scanMacros(line, s.open())
		if s.size+units(line)+1+overhead(after) <= s.limit {
			s.push(line, after)
			return
		}
		if len(s.lines) > 0 {
			s.cut()
			continue
		}
		room := s.limit - openers(s.before) - maxOverhead - 1
		if room < minLimit/4 {
			s.before = nil // the macros themselves leave no room: go on without
			s.size = 0
			continue
		}
		at := breakAt(line, room)
		s.push(line[:at], scanMacros(line[:at], s.open()))
		s.cut()
		line = strings.TrimLeft(line[at:], " ")
		if line == "" {
			return
		}
	}
}

func (s *partSplitter) push(line string, after []macroTag) {
	s.lines = append(s.lines, line)
	s.after = append(s.after, after)
	s.size += units(line) + 1
}

// cut ends a part at the best line and keeps what comes after it.
func (s *partSplitter) cut() {
	at := s.best()
	rest := append([]string(nil), s.lines[at:]...)
	open := s.before
	if at > 0 {
		open = s.after[at-1]
	}
	s.emit(s.lines[:at], open)
	s.before, s.lines, s.after = open, nil, nil
	s.size = openers(open)
	for _, line := range rest {
		if len(s.lines) == 0 && strings.TrimSpace(line) == "" {
			continue
		}
		s.push(line, scanMacros(line, s.open()))
	}
}

// best returns the index of the line before which to cut: after the last empty
// line outside macros in the second half, else at the end.
func (s *partSplitter) best() int {
	size := s.size
	for i := len(s.lines) - 1; i > 0 && size > s.limit/2; i-- {
		size -= units(s.lines[i]) + 1
		if strings.TrimSpace(s.lines[i]) == "" && len(s.after[i]) == 0 {
			return i
		}
	}
	return len(s.lines)
}

// emit writes a part, with the macros opened again and closed.
func (s *partSplitter) emit(lines []string, open []macroTag) {
	if strings.TrimSpace(strings.Join(lines, "")) == "" {
		return
	}
	var all []string
	for _, m := range s.before {
		all = append(all, m.open)
	}
	all = append(all, lines...)
	for _, m := range slices.Backward(open) {
		all = append(all, "{"+m.name+"}")
	}
	s.parts = append(s.parts, strings.Trim(strings.Join(all, "\n"), "\n"))
}

func (s *partSplitter) finish() { s.emit(s.lines, nil) }

// breakAt returns where to break a line: before the last space within the room,
// else within a word, but not within a tag.
func breakAt(line string, room int) int {
	used, at := 0, 0
	for at < len(line) {
		r, size := utf8.DecodeRuneInString(line[at:])
		n := 1
		if r > 0xFFFF {
			n = 2
		}
		if used+n > room {
			break
		}
		used += n
		at += size
	}
	if tag := strings.LastIndexByte(line[:at], '{'); tag > at/2 && !strings.Contains(line[tag:at], "}") {
		at = tag
	}
	if space := strings.LastIndexByte(line[:at], ' '); space > at/2 {
		return space
	}
	return max(at, 1)
}

// scanMacros returns the macros that are open after a line.
func scanMacros(line string, open []macroTag) []macroTag {
	for i := 0; i < len(line); {
		j := strings.IndexByte(line[i:], '{')
		if j < 0 {
			return open
		}
		i += j
		end := strings.IndexByte(line[i:], '}')
		if end < 0 {
			return open
		}
		tag := line[i : i+end+1]
		escaped := i > 0 && line[i-1] == '\\'
		name, params, _ := strings.Cut(tag[1:end], ":")
		if escaped || !splits(name) || strings.ContainsRune(params, '{') || len(tag) > minLimit/4 {
			i++
			continue
		}
		open = toggle(open, macroTag{name, tag}, params != "")
		i += end + 1
	}
	return open
}

// splits reports whether a macro has a body that may be split.
func splits(name string) bool {
	switch name {
	case macroCode, macroNoformat, macroQuote, macroPanel:
		return true
	}
	return false
}

// toggle opens or closes a macro. Within code only its own end counts.
func toggle(open []macroTag, tag macroTag, params bool) []macroTag {
	if n := len(open); n > 0 {
		top := open[n-1]
		if top.name == tag.name && !params {
			return open[: n-1 : n-1]
		}
		if isVerbatim(top.name) || n >= 3 {
			return open
		}
	}
	return append(open[:len(open):len(open)], tag)
}
