package wiki

import "strings"

// wikiItem is a line of wiki markup, a macro tag that stands for itself, or a
// whole block of code.
type wikiItem struct {
	text string // the line, or the code
	tag  string // the tag as written, "" for a line
	code bool
}

// wikiItems splits wiki markup into items. Tags of blocks may stand anywhere in a
// line; in a table row they are left where they are.
func wikiItems(wiki string) []wikiItem {
	s := &itemSplitter{text: wiki, unclosed: map[string]bool{}}
	for s.pos < len(s.text) {
		s.line()
	}
	return s.items
}

type itemSplitter struct {
	items []wikiItem
	text  string
	pos   int
	// unclosed are the macros that are known not to end in what follows.
	unclosed map[string]bool
}

func (s *itemSplitter) add(line string) { s.items = append(s.items, wikiItem{text: line}) }

// line takes what is left of a line, with the blocks of code that begin in it.
func (s *itemSplitter) line() {
	end := len(s.text)
	if i := strings.IndexByte(s.text[s.pos:], '\n'); i >= 0 {
		end = s.pos + i
	}
	row := strings.HasPrefix(strings.TrimSpace(s.text[s.pos:end]), "|")
	from := s.pos
	for !row {
		start, stop := findTag(s.text[:end], from)
		if start < 0 {
			break
		}
		if next := s.tag(start, stop); next > stop {
			s.pos, from = next, next
			if next > end {
				return // the code went on over other lines
			}
			continue
		}
		from = stop
		if s.pos == stop {
			from = s.pos
		}
	}
	if rest := s.text[s.pos:end]; s.pos < end && (strings.TrimSpace(rest) != "") || s.lineStart() {
		s.add(rest)
	}
	s.pos = end + 1
}

// lineStart reports whether the position is at the begin of a line.
func (s *itemSplitter) lineStart() bool { return s.pos == 0 || s.text[s.pos-1] == '\n' }

// tag takes a tag, and the text before it, and returns the position behind what
// it took. A tag of code that never ends is text.
func (s *itemSplitter) tag(start, stop int) int {
	tag := s.text[start:stop]
	name, _, _ := strings.Cut(tag[1:len(tag)-1], ":")
	item := wikiItem{tag: tag}
	next := stop
	if isVerbatim(name) {
		end := "{" + name + "}"
		size := s.find(stop, end)
		if size < 0 {
			return 0
		}
		item.code, item.text = true, trimLines(s.text[stop:stop+size])
		next = stop + size + len(end)
	}
	if before := s.text[s.pos:start]; strings.TrimSpace(before) != "" {
		s.add(before)
	}
	s.items = append(s.items, item)
	s.pos = next
	return next
}

// find looks for the end of a macro and remembers what is not there.
func (s *itemSplitter) find(from int, end string) int {
	if s.unclosed[end] {
		return -1
	}
	i := strings.Index(s.text[from:], end)
	s.unclosed[end] = i < 0
	return i
}

// trimLines removes the line ends next to the tags of a code block.
func trimLines(s string) string {
	if head, tail, ok := strings.Cut(s, "\n"); ok && strings.TrimSpace(head) == "" {
		s = tail
	}
	if i := strings.LastIndexByte(s, '\n'); i >= 0 && strings.TrimSpace(s[i:]) == "" {
		return s[:i]
	}
	return s
}

// findTag finds the next tag of a block macro that is not escaped.
func findTag(line string, from int) (start, end int) {
	for i := from; i < len(line); {
		j := strings.IndexByte(line[i:], '{')
		if j < 0 {
			return -1, -1
		}
		i += j
		k := strings.IndexByte(line[i:], '}')
		if k < 0 {
			return -1, -1
		}
		name, params, _ := strings.Cut(line[i+1:i+k], ":")
		escaped := i > 0 && line[i-1] == '\\'
		if !escaped && isBlockMacro(name) && !strings.Contains(params, "{") {
			return i, i + k + 1
		}
		i++
	}
	return -1, -1
}
