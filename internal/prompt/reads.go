package prompt //nolint:goconst // names of the language and of variables read best as they are

import "slices"

// Path is a variable that a template reads, as the names on the way to it: nodes,
// triage, output. What follows the first part that is not a plain name is left out.
type Path []string

// Reads lists what a template reads of variables that it does not bind itself, in
// the order of the source and including what a render may not reach. The template
// has been compiled.
func (t *Template) Reads() []Path { return paths(scan(t.source)) }

// Reads is like [Template.Reads].
func (e *Expression) Reads() []Path { return e.template.Reads() }

// paths finds the reads of variables in the tokens.
func paths(tokens []token) []Path {
	bound := boundNames(tokens)
	var out []Path
	for i, tok := range tokens {
		if tok.kind == nameToken && !bound[tok.text] && !isWord(tok.text) && readsHere(tokens, i) {
			out = append(out, pathFrom(tokens, i))
		}
	}
	return out
}

// readsHere reports whether the name at i is that of a variable and not that of a
// tag, a filter, a test, a member, a function or an argument.
func readsHere(tokens []token, i int) bool {
	before, after := token{}, token{}
	if i > 0 {
		before = tokens[i-1]
	}
	if i+1 < len(tokens) {
		after = tokens[i+1]
	}
	switch {
	case before.kind == openToken && before.text == "{%":
		return false
	case before.kind == opToken && (before.text == "." || before.text == "|"):
		return false
	case before.kind == nameToken && before.text == "is",
		before.kind == nameToken && before.text == "not" && i > 1 && tokens[i-2].text == "is":
		return false
	case after.kind == opToken && (after.text == "(" || after.text == "="):
		return false
	}
	return true
}

// isWord reports whether a name belongs to the language.
func isWord(name string) bool {
	words := []string{
		"and", "or", "not", "in", "is", "if", "else", "elif", "true", "false", "none", "True", "False", "None",
		"loop", "self", "super", "caller", "as", "with", "recursive", "scoped", "range", "dict", "namespace",
	}
	return slices.Contains(words, name)
}

// boundNames are the names that the template gives to values by set, for, with or
// as those of macros and their arguments.
func boundNames(tokens []token) map[string]bool {
	out := map[string]bool{}
	for i, tok := range tokens {
		if tok.kind != nameToken || i == 0 || tokens[i-1].kind != openToken || tokens[i-1].text != "{%" {
			continue
		}
		switch tok.text {
		case "set", "for", "with", "macro", "call":
			bind(tokens[i+1:], out)
		}
	}
	return out
}

// bind notes the names of one tag up to what they are given.
func bind(tokens []token, out map[string]bool) {
	binding, depth := true, 0
	for i, tok := range tokens {
		switch {
		case tok.kind == closeToken:
			return
		case tok.kind == opToken && (tok.text == "(" || tok.text == "["):
			depth++
		case tok.kind == opToken && (tok.text == ")" || tok.text == "]"):
			depth--
		case tok.kind == opToken && tok.text == "=", tok.kind == nameToken && tok.text == "in":
			binding = false
		case tok.kind == opToken && tok.text == ",":
			binding = true
		case tok.kind == nameToken && binding && (i == 0 || tokens[i-1].text != "."):
			out[tok.text] = true
		}
	}
}

// pathFrom follows the members of the variable at i.
func pathFrom(tokens []token, i int) Path {
	path := Path{tokens[i].text}
	is := func(i int, k kind, text string) bool {
		return i < len(tokens) && tokens[i].kind == k && (text == "" || tokens[i].text == text)
	}
	for i++; ; {
		switch {
		case is(i, opToken, ".") && is(i+1, nameToken, "") && !is(i+2, opToken, "("):
			path, i = append(path, tokens[i+1].text), i+2
		case is(i, opToken, "[") && is(i+1, stringToken, "") && is(i+2, opToken, "]"):
			path, i = append(path, tokens[i+1].text), i+3
		default:
			return path
		}
	}
}
