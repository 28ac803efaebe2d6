package route

import "strings"

// maxArgs bounds the words and params of one command.
const maxArgs = 100

// splitArgs splits a command's arguments into words and key=value params. Quotes,
// straight or typographic, hold words together at the beginning of a word or of
// a value; elsewhere, as in "what's", they are characters like others. Dashes
// before a key are ignored, so that --depth=2 and depth=2 mean the same.
func splitArgs(line string) (words []string, params map[string]string) {
	for range maxArgs {
		line = strings.TrimLeftFunc(line, isBlank)
		if line == "" {
			break
		}
		key, rest := cutKey(line)
		var value string
		value, line = nextWord(rest)
		if key == "" {
			words = append(words, value)
			continue
		}
		if params == nil {
			params = map[string]string{}
		}
		params[key] = value
	}
	return words, params
}

// cutKey takes "key=" off a line; key is "" if it does not begin with one.
func cutKey(line string) (key, rest string) {
	trimmed := strings.TrimLeft(line, "-")
	i := 0
	for i < len(trimmed) && (isWord(trimmed[i]) || i > 0 && (trimmed[i] == '-' || trimmed[i] == '.')) {
		i++
	}
	if i == 0 || i > maxCommandName || i == len(trimmed) || trimmed[i] != '=' || trimmed[0] >= '0' && trimmed[0] <= '9' {
		return "", line
	}
	return trimmed[:i], trimmed[i+1:]
}

// nextWord returns the word at the line's beginning, without its quotes, and
// what follows it. A quote that is not closed is a character like others.
func nextWord(line string) (word, rest string) {
	for _, q := range [...][2]string{{`"`, `"`}, {`'`, `'`}, {"“", "”"}, {"„", "“"}, {"‘", "’"}, {"«", "»"}} {
		inner, quoted := strings.CutPrefix(line, q[0])
		if !quoted {
			continue
		}
		word, rest, closed := strings.Cut(inner, q[1])
		if closed && (rest == "" || strings.IndexFunc(rest, isBlank) == 0) {
			return word, rest
		}
	}
	end := strings.IndexFunc(line, isBlank)
	if end < 0 {
		return line, ""
	}
	return line[:end], line[end:]
}
