package markup

import (
	"strings"
	"unicode/utf8"
)

// lenient finds **strong** text that CommonMark does not accept as such but that
// models write and mean: with spaces inside the stars, or next to a letter or a
// full-width punctuation mark, as is usual in Chinese and Japanese.
func lenient(parts []part) []part {
	if !hasStars(parts) {
		return parts
	}
	out, stars := splitStars(parts)
	for i := 0; i+1 < len(stars); i++ {
		first, last := stars[i], stars[i+1]
		if !canPair(out, first, last) {
			continue
		}
		trimInside(out, first, last)
		out[first] = part{kind: opening, text: "*", pair: last}
		out[last] = part{kind: closing, text: "*", pair: first}
		i++
	}
	return out
}

func hasStars(parts []part) bool {
	for _, p := range parts {
		if p.kind == literal && strings.Contains(p.text, "**") {
			return true
		}
	}
	return false
}

// splitStars makes a part of its own of every literal **, and returns where
// these are. The pairs of marks are renumbered.
func splitStars(parts []part) (out []part, stars []int) {
	moved := make([]int, len(parts))
	for i, p := range parts {
		rest := p.text
		for p.kind == literal {
			head, tail, ok := strings.Cut(rest, "**")
			if !ok || strings.HasPrefix(tail, "*") {
				break
			}
			if head != "" {
				out = append(out, part{kind: literal, text: head, link: p.link})
			}
			stars = append(stars, len(out))
			out = append(out, part{kind: literal, text: "**", link: p.link})
			rest = tail
		}
		p.text = rest
		moved[i] = len(out)
		if rest != "" {
			out = append(out, p)
		}
	}
	for i := range out {
		if out[i].kind == opening || out[i].kind == closing {
			out[i].pair = moved[out[i].pair]
		}
	}
	return out, stars
}

// canPair reports whether two ** enclose text of one line, whole marks only.
func canPair(parts []part, first, last int) bool {
	if last == first+1 || isASCIIWord(edge(parts, first-1, false)) && isASCIIWord(edge(parts, first+1, true)) {
		return false
	}
	if isASCIIWord(edge(parts, last-1, false)) && isASCIIWord(edge(parts, last+1, true)) {
		return false
	}
	depth, words := 0, false
	for _, p := range parts[first+1 : last] {
		depth += nesting(p)
		if p.kind == lineEnd || depth < 0 {
			return false
		}
		words = words || nesting(p) == 0 && strings.TrimSpace(p.text) != ""
	}
	return depth == 0 && words
}

// nesting is how much deeper the text is nested after a part.
func nesting(p part) int {
	if p.kind == opening {
		return 1
	}
	if p.kind == closing {
		return -1
	}
	return 0
}

// edge returns the first or the last character of a part.
func edge(parts []part, i int, first bool) rune {
	if i < 0 || i >= len(parts) || parts[i].kind != literal && parts[i].kind != quoted {
		return 0
	}
	if first {
		r, _ := utf8.DecodeRuneInString(parts[i].text)
		return r
	}
	r, _ := utf8.DecodeLastRuneInString(parts[i].text)
	return r
}

func isASCIIWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// trimInside moves spaces from inside the stars to their outside.
func trimInside(parts []part, first, last int) {
	move := func(inside, outside int, cut func(string, string) string, front bool) {
		p := &parts[inside]
		if p.kind != literal {
			return
		}
		trimmed := cut(p.text, " \t")
		if len(trimmed) == len(p.text) {
			return
		}
		p.text = trimmed
		if outside < 0 || outside >= len(parts) || parts[outside].kind != literal {
			return
		}
		if front {
			parts[outside].text += " "
		} else {
			parts[outside].text = " " + parts[outside].text
		}
	}
	move(first+1, first-1, strings.TrimLeft, true)
	move(last-1, last+1, strings.TrimRight, false)
}
