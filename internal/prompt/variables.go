package prompt //nolint:goconst // names of the language and of variables read best as they are

// Ref is a place where a template reads an event variable.
type Ref struct {
	// Name is the variable's name without metadata. or event. in front; "*" if
	// the template uses metadata or event as a whole, so that any of its
	// variables may be read.
	Name string
	// Line counts from 1.
	Line int
}

// Variables lists where a template reads event variables, in the order of the
// source and including branches that a render may not take: metadata.x,
// metadata["x"], metadata|attr("x"), and the same of event. Errors are those of
// [Compile].
func Variables(source string) ([]Ref, error) {
	t, err := Compile("template", source)
	if err != nil {
		return nil, err
	}
	return t.Variables(), nil
}

// Variables is like the function [Variables] for a compiled template.
func (t *Template) Variables() []Ref { return references(scan(t.source)) }

// references finds the reads of event variables in the tokens.
func references(tokens []token) []Ref {
	shadowed := assigned(tokens)
	var refs []Ref
	for i, tok := range tokens {
		if tok.kind != nameToken || tok.text != "metadata" && tok.text != "event" || shadowed[tok.text] {
			continue
		}
		if i > 0 && tokens[i-1].kind == opToken && tokens[i-1].text == "." {
			continue
		}
		if i+1 < len(tokens) && tokens[i+1].kind == opToken && tokens[i+1].text == "=" {
			continue // a keyword argument's name
		}
		refs = append(refs, Ref{Name: member(tokens[i+1:]), Line: tok.line})
	}
	return refs
}

// member returns what is read of the variable that the tokens follow.
func member(after []token) string {
	is := func(i int, k kind, text string) bool {
		return i < len(after) && after[i].kind == k && (text == "" || after[i].text == text)
	}
	switch {
	case is(0, opToken, ".") && is(1, nameToken, ""):
		return after[1].text
	case is(0, opToken, "[") && is(1, stringToken, "") && is(2, opToken, "]"):
		return after[1].text
	case is(0, opToken, "|") && is(1, nameToken, "attr") && is(2, opToken, "(") && is(3, stringToken, ""):
		return after[3].text
	}
	return "*"
}

// assigned lists which of the two names a template binds itself, by set, for,
// with or as a macro's argument.
func assigned(tokens []token) map[string]bool {
	out := map[string]bool{}
	binding := false
	for i, tok := range tokens {
		switch {
		case tok.kind == openToken:
			binding = false
		case tok.kind == nameToken && i > 0 && tokens[i-1].text == "{%" && tokens[i-1].kind == openToken:
			switch tok.text {
			case "set", "for", "with", "macro":
				binding = true
			}
		case tok.kind == nameToken && tok.text == "in", tok.kind == opToken && tok.text == "=":
			binding = false
		case binding && tok.kind == nameToken && (tok.text == "metadata" || tok.text == "event"):
			out[tok.text] = true
		}
	}
	return out
}
