package prompt //nolint:goconst // names of the language and of variables read best as they are

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aofctl/aofctl/internal/spell"
)

// check reports what a template names that does not exist. The engine would
// only notice when the line is rendered, and without telling the line.
func check(name, source string) error {
	c := checker{tokens: scan(source)}
	if len(c.tokens) > 0 {
		c.filters = filterNames()
	}
	for i := range c.tokens {
		if message := c.at(i); message != "" {
			return &Error{Name: name, Line: c.tokens[i].line, Message: message}
		}
	}
	return nil
}

type checker struct {
	tokens  []token
	filters []string
}

// peek returns the text of a neighbouring token that is code, or "".
func (c *checker) peek(i int) string {
	if i < 0 || i >= len(c.tokens) || c.tokens[i].kind == textToken || c.tokens[i].kind == stringToken {
		return ""
	}
	return c.tokens[i].text
}

func (c *checker) isName(i int) bool {
	return i >= 0 && i < len(c.tokens) && c.tokens[i].kind == nameToken
}

// at returns what is wrong with the token, or "".
func (c *checker) at(i int) string {
	tok := c.tokens[i]
	before := c.peek(i - 1)
	switch {
	case tok.kind == opToken && tok.text == "*":
		return c.repetition(i)
	case tok.kind == opToken && tok.text == "||":
		return "|| is not an operator of templates, use or"
	case tok.kind == opToken && tok.text == "&&":
		return "&& is not an operator of templates, use and"
	case tok.kind != nameToken:
		return ""
	case before == "{%":
		return c.tag(i)
	case before == "|":
		return unknown("filter", tok.text, c.filters)
	case before == "is" && tok.text != "not", before == "not" && c.peek(i-2) == "is":
		return unknown("test", tok.text, testNames())
	case before == "." && c.peek(i+1) == "(":
		return method(tok.text)
	}
	return ""
}

// tag refuses the tags that reach for other templates.
func (c *checker) tag(i int) string {
	switch name := c.tokens[i].text; name {
	case "include", "import", "from", "extends":
		return name + " is not available: a template stands alone"
	case "filter":
		if c.isName(i + 1) {
			return unknown("filter", c.tokens[i+1].text, c.filters)
		}
	}
	return ""
}

// repetition refuses "…" * n and […] * n, which nothing bounds.
func (c *checker) repetition(i int) string {
	for _, j := range []int{i - 1, i + 1} {
		if j < 0 || j >= len(c.tokens) {
			continue
		}
		tok := c.tokens[j]
		if tok.kind == stringToken || tok.kind == opToken && (tok.text == "]" || tok.text == "[") {
			return "strings and lists cannot be repeated with *"
		}
	}
	return ""
}

// method explains Python's methods, which people try.
func method(name string) string {
	use, ok := map[string]string{
		"upper": "|upper", "lower": "|lower", "title": "|title", "capitalize": "|capitalize",
		"strip": "|trim", "split": "|split", "splitlines": "|lines", "replace": "|replace", "join": "|join",
		"items": "|items", "keys": "a for loop over the map", "get": "x.name or x['name']",
		"values": "|items", "format": "|format", "startswith": "is startingwith", "endswith": "is endingwith",
	}[name]
	if !ok {
		return ""
	}
	return fmt.Sprintf("there is no method .%s(), use %s", name, use)
}

func filterNames() []string {
	all := engineFilters()
	maps.Copy(all, ownFilters())
	return slices.Sorted(maps.Keys(all))
}

// testNames are the engine's tests that can be written as a name.
func testNames() []string {
	return []string{
		"boolean", "containing", "defined", "divisibleby", "endingwith", "eq", "equalto", "escaped", "even",
		"false", "filter", "float", "ge", "greaterthan", "gt", "in", "int", "integer", "iterable", "le", "lessthan",
		"lower", "lt", "mapping", "ne", "none", "number", "odd", "safe", "sameas", "sequence", "startingwith",
		"string", "test", "true", "undefined", "upper",
	}
}

func unknown(what, name string, known []string) string {
	if slices.Contains(known, name) {
		return ""
	}
	if near := spell.Nearest(name, known); near != "" {
		return fmt.Sprintf("unknown %s %q (did you mean %s?)", what, name, near)
	}
	return fmt.Sprintf("unknown %s %q", what, name)
}
