package markup

import (
	"html"
	"strings"
	"unicode/utf8"
)

// wikiPhrase converts the wiki markup of one line of text to Markdown. The result
// may hold line ends, from \\.
func wikiPhrase(line string) string {
	a := &atoms{}
	a.scan(line)
	var b strings.Builder
	w := phraseWriter{b: &b, atoms: a.list}
	w.write(a.flat.String(), 0)
	return strings.TrimSpace(b.String())
}

// hole stands in the flat text for an atom. Control characters are not in it
// otherwise, see clean.
const hole = '\x01'

// atoms takes out of a line what emphasis does not look into: code, links,
// mentions, images, escaped characters.
type atoms struct {
	flat strings.Builder
	list []string
}

func (a *atoms) add(md string) {
	a.flat.WriteByte(hole)
	a.list = append(a.list, md)
}

func (a *atoms) scan(s string) {
	wordBefore := false
	for s != "" {
		n := a.one(s, wordBefore)
		if n == 0 {
			_, n = utf8.DecodeRuneInString(s)
			a.flat.WriteString(s[:n])
		}
		r, _ := utf8.DecodeLastRuneInString(s[:n])
		wordBefore = isWord(r)
		s = s[n:]
	}
}

// one takes one atom and returns its length, or 0.
func (a *atoms) one(s string, wordBefore bool) int {
	switch s[0] {
	case '\\':
		return a.backslash(s)
	case '{':
		return a.brace(s)
	case '[':
		return a.bracket(s)
	case '!':
		return a.image(s)
	case '(':
		return a.emoticon(s)
	case '&':
		return a.entity(s)
	case 'h':
		if !wordBefore {
			return a.url(s)
		}
	}
	return 0
}

// backslash reads \\, a line break, and escaped characters, of which those stay
// escaped that Markdown would take for emphasis.
func (a *atoms) backslash(s string) int {
	if strings.HasPrefix(s, `\\`) {
		a.add("\n")
		return 2
	}
	if len(s) < 2 || strings.IndexByte("*_-+^~!?|#{}[]().\\:;&%@", s[1]) < 0 {
		return 0
	}
	if strings.IndexByte("*_~", s[1]) >= 0 {
		a.add(s[:2])
	} else {
		a.add(s[1:2])
	}
	return 2
}

// brace reads {{code}}, and drops the tags of colours and anchors.
func (a *atoms) brace(s string) int {
	if strings.HasPrefix(s, "{{") {
		end := codeEnd(s)
		if end < 0 {
			return 0
		}
		a.add(codeSpan(plainWiki(s[2:end])))
		return end + 2
	}
	end := strings.IndexByte(s[:min(len(s), maxInline)], '}')
	if end < 2 {
		return 0
	}
	name, _, _ := strings.Cut(s[1:end], ":")
	if name == macroColor || name == macroAnchor {
		return end + 1 // nothing stays of it
	}
	return 0
}

// codeEnd finds the end of {{code}}, over escaped braces.
func codeEnd(s string) int {
	s = s[:min(len(s), 4*maxInline)]
	for from := 2; ; {
		i := strings.Index(s[from:], "}}")
		if i < 0 {
			return -1
		}
		i += from
		before := strings.TrimRight(s[2:i], `\`)
		if escaped := (i-2-len(before))%2 == 1; escaped || i == 2 {
			from = i + 1
			continue
		}
		return i
	}
}

// plainWiki resolves the escapes in code.
func plainWiki(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && !isASCIIWord(rune(s[i+1])) && s[i+1] < utf8.RuneSelf && s[i+1] != ' ' {
			i++
		}
		b.WriteByte(s[i])
	}
	return html.UnescapeString(b.String())
}

// codeSpan writes code between enough backticks.
func codeSpan(s string) string {
	s = strings.ReplaceAll(s, "\n", " ")
	if strings.TrimSpace(s) == "" {
		return s
	}
	if !strings.Contains(s, "`") {
		return "`" + s + "`"
	}
	run, longest := 0, 0
	for _, r := range s {
		if r == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", longest+1)
	return fence + " " + s + " " + fence
}

// bracket reads mentions and links. Other text in brackets stays.
func (a *atoms) bracket(s string) int {
	end := linkEnd(s)
	if end < 2 {
		return 0
	}
	inner := s[1:end]
	if inner[0] == '~' {
		if !isAccount(inner[1:]) {
			return 0
		}
		a.add("@[" + inner[1:] + "]")
		return end + 1
	}
	if inner[0] == '^' {
		a.add(s[:end+1])
		return end + 1
	}
	label, dest, piped := cutBar(inner)
	if piped {
		dest, _, _ = strings.Cut(dest, "|")
	}
	dest = strings.TrimSpace(dest)
	if dest == "" || !piped && !isAddress(dest) || strings.ContainsAny(dest, "\n<>") {
		return 0
	}
	if !piped || plainWiki(label) == dest {
		a.add(bareLink(dest))
		return end + 1
	}
	text := strings.NewReplacer("[", "(", "]", ")", "\n", " ").Replace(wikiPhrase(label))
	a.add("[" + text + "](" + markdownURL(dest) + ")")
	return end + 1
}

// linkEnd finds the bracket that closes the first one, over escaped ones.
func linkEnd(s string) int {
	for i := 1; i < len(s) && i < 3*maxInline; i++ {
		switch s[i] {
		case '\\':
			i++
		case ']':
			return i
		case '[', '\n':
			return -1
		}
	}
	return -1
}

// cutBar splits a link at the first bar that is not escaped.
func cutBar(s string) (label, dest string, ok bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '|':
			return s[:i], s[i+1:], true
		}
	}
	return s, s, false
}

func isAddress(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "mailto:") || s[0] == '#'
}

func bareLink(dest string) string {
	if strings.ContainsAny(dest, " ") || dest[0] == '#' {
		return "[" + dest + "](" + markdownURL(dest) + ")"
	}
	return strings.TrimPrefix(dest, "mailto:")
}

// markdownURL makes an address fit between ( and ).
func markdownURL(dest string) string {
	if strings.ContainsAny(dest, " ()") {
		return "<" + dest + ">"
	}
	return dest
}

// image reads !url! and !file.png|thumbnail!.
func (a *atoms) image(s string) int {
	end := strings.IndexByte(s[1:min(len(s), 2*maxInline)], '!')
	if end < 3 {
		return 0
	}
	url, params, _ := strings.Cut(s[1:end+1], "|")
	if strings.ContainsAny(url, "\n[]{}*<>") || url == "" || url[0] == ' ' || !strings.ContainsAny(url, "./") || strings.Contains(url, "  ") {
		return 0
	}
	if strings.Contains(url, " ") && !strings.Contains(url[strings.LastIndexByte(url, ' '):], ".") {
		return 0
	}
	alt := ""
	for p := range strings.SplitSeq(params, ",") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(p), "alt="); ok {
			alt = strings.Trim(v, `"`)
		}
	}
	alt = strings.NewReplacer("[", "(", "]", ")").Replace(alt)
	a.add("![" + alt + "](" + markdownURL(url) + ")")
	return end + 2
}

// emoticon reads Jira's icons.
func (a *atoms) emoticon(s string) int {
	if !isEmoticon([]byte(s[:min(len(s), 12)])) {
		return 0
	}
	end := strings.IndexByte(s, ')')
	icon, ok := map[string]string{
		"/": "✅", "x": "❌", "!": "⚠️", "?": "❓", "i": "ℹ️", "y": "👍", "n": "👎", "+": "➕", "-": "➖",
		"on": "💡", "off": "💡", "*": "⭐", "*r": "⭐", "*g": "⭐", "*b": "⭐", "*y": "⭐", "flag": "🚩", "flagoff": "🏳️",
	}[s[1:end]]
	if !ok {
		return 0
	}
	a.add(icon)
	return end + 1
}

// entity resolves &amp; and the like.
func (a *atoms) entity(s string) int {
	end := strings.IndexByte(s[:min(len(s), 40)], ';')
	if end < 2 {
		return 0
	}
	text := clean(html.UnescapeString(s[:end+1]))
	if text == s[:end+1] {
		return 0
	}
	a.add(text)
	return end + 1
}

// url reads an address in the text, in which _ and * are no marks.
func (a *atoms) url(s string) int {
	if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") {
		return 0
	}
	n := strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune("|[]{}<>\"\\", r)
	})
	if n < 0 {
		n = len(s)
	}
	url := strings.TrimRight(s[:n], ".,;:!?)*_'")
	a.add(url)
	return len(url)
}
