package route

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is read as commands. A text beyond them is cut, not refused.
const (
	// MaxCommands is how many commands one text may hold.
	MaxCommands = 20

	maxCommandText = 256 << 10 // bytes of the text that are looked at
	maxCommandLine = 4 << 10   // bytes of a command's own line
	maxCommandBody = 64 << 10  // bytes of the lines after it
	maxCommandName = 64        // bytes of one word of a name
	maxNameWords   = 8         // words that are looked at for a name
)

// Command is a line of a comment that asks for something, before it is known
// whether any trigger has such a command.
type Command struct {
	// Words are the first words of the line, in lower case and without
	// punctuation at their end; one or more of them are the command's name.
	Words []string
	// Slash is true if the line has a slash before the name. Without one it only
	// mentions us and may be plain talk.
	Slash bool
	// Line is what follows the slash or the mention, to the line's end.
	Line string
	// Body is the lines after it, up to the next command.
	Body string
}

// ParseCommands finds the commands in a text: lines that begin with /name, or
// with a mention of us that is followed by /name or name. We are mentioned as
// @botName, [~botName], or [~accountid:id] and [~id] with one of our ids. Code,
// quotes and preformatted text of wiki markup and Markdown hold no commands.
func ParseCommands(text, botName string, botAccountIDs []string) []Command {
	return parse(text, botName, botAccountIDs, nil)
}

// parse is ParseCommands where we may also be mentioned as @display name, which
// is what remains of a mention in plain text.
func parse(text, botName string, botAccountIDs, displayNames []string) []Command {
	if !mayHold(text) {
		return nil
	}
	p := parser{bot: strings.TrimPrefix(botName, "@"), ids: botAccountIDs, names: displayNames}
	for line := range strings.SplitSeq(clipRunes(text, maxCommandText), "\n") {
		p.line(strings.TrimSuffix(line, "\r"))
	}
	p.flush()
	return p.out
}

// mayHold is a cheap test that most texts without commands fail.
func mayHold(text string) bool { return strings.ContainsAny(text, "/@~") }

// parser goes through a text line by line.
type parser struct {
	bot    string
	ids    []string
	names  []string
	blocks blocks
	out    []Command
	open   bool // the last command still takes body lines
	body   []string
	size   int
}

func (p *parser) line(line string) {
	free := p.blocks.outside(line)
	p.blocks.feed(line)
	if free {
		if cmd, ok := p.command(line); ok {
			p.flush()
			if len(p.out) < MaxCommands {
				p.out, p.open = append(p.out, cmd), true
			}
			return
		}
	}
	if p.open && p.size < maxCommandBody {
		p.body = append(p.body, line)
		p.size += len(line) + 1
	}
}

// flush gives the collected lines to the last command.
func (p *parser) flush() {
	if p.open {
		body := strings.TrimSpace(strings.Join(p.body, "\n"))
		p.out[len(p.out)-1].Body = clipRunes(body, maxCommandBody)
	}
	p.open, p.body, p.size = false, nil, 0
}

// command reads a line that stands outside of any block.
func (p *parser) command(line string) (Command, bool) {
	rest := undecorated(strings.TrimLeftFunc(line, isBlank))
	if indented(line) {
		return Command{}, false
	}
	rest, mentioned := p.mention(rest)
	rest, slash := strings.CutPrefix(rest, "/")
	if !slash && !mentioned {
		return Command{}, false
	}
	rest = clipRunes(strings.TrimRightFunc(plainLinks(rest), isBlank), maxCommandLine)
	words := nameWords(rest)
	if len(words) == 0 || slash && !validName(rest) {
		return Command{}, false
	}
	return Command{Words: words, Slash: slash, Line: rest}, true
}

// mention takes a mention of us off the line's beginning.
func (p *parser) mention(line string) (string, bool) {
	for i := -1; i < len(p.names); i++ {
		name := p.bot
		if i >= 0 {
			name = p.names[i]
		}
		if rest, ok := cutFold(line, "@"+name); ok && name != "" {
			if rest, ok = afterMention(rest); ok {
				return rest, true
			}
		}
	}
	inner, ok := strings.CutPrefix(line, "[~")
	end := strings.IndexByte(inner, ']')
	if !ok || end < 0 {
		return line, false
	}
	name := strings.ReplaceAll(inner[:end], `\`, "")
	if id, isID := cutFold(name, "accountid:"); isID {
		name = id
	}
	if !strings.EqualFold(name, p.bot) && !hasFold(p.ids, name) || name == "" {
		return line, false
	}
	return strings.TrimLeft(strings.TrimLeftFunc(inner[end+1:], isBlank), ",: "), true
}

// afterMention checks that a name ends where ours does, and skips what people
// write between a name and a request.
func afterMention(rest string) (string, bool) {
	trimmed := strings.TrimLeftFunc(strings.TrimLeft(rest, ",:"), isBlank)
	if rest != "" && len(trimmed) == len(rest) {
		return rest, false
	}
	return trimmed, true
}

// cutFold is strings.CutPrefix for a prefix in any case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// nameWords returns the first words of a line as names are compared.
func nameWords(line string) []string {
	var words []string
	for word := range strings.FieldsFuncSeq(line, isBlank) {
		word = foldWord(word)
		if word == "" || len(word) > maxCommandName || len(words) == maxNameWords {
			break
		}
		words = append(words, word)
	}
	return words
}

// foldWord returns a word without the escapes that wiki markup puts before
// hyphens and underscores, without punctuation at its end, in lower case.
func foldWord(word string) string {
	if strings.IndexByte(word, '\\') >= 0 {
		word = strings.NewReplacer(`\-`, "-", `\_`, "_").Replace(word)
	}
	return strings.ToLower(strings.TrimRight(word, ",:;.!?"))
}

// validName reports whether what follows a slash begins with a command's name
// and not with a path, a regular expression or a fraction.
func validName(line string) bool {
	end := strings.IndexFunc(line, isBlank)
	if end < 0 {
		end = len(line)
	}
	name := foldWord(line[:end])
	first, _ := utf8.DecodeRuneInString(name)
	if !unicode.IsLetter(first) || len(name) > maxCommandName {
		return false
	}
	for _, c := range name {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("-_:", c) {
			return false
		}
	}
	return true
}

// isBlank reports whether a character separates words: white space, and the
// invisible characters that editors put at the beginning of lines.
func isBlank(c rune) bool {
	return unicode.IsSpace(c) || c == '\u200b' || c == '\ufeff' || c == '\u2060'
}

// indented reports whether a line is indented so far that Markdown takes it for code.
func indented(line string) bool {
	return strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t")
}

// clipRunes shortens a text to at most limit bytes, at the border of a character.
func clipRunes(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
