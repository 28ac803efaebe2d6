package prompt //nolint:goconst // names of the language and of variables read best as they are

import (
	"fmt"
	"strings"
)

// FromDollar rewrites the form ${event.x} and ${node.output.field} of older
// flows to {{ … }}. ${a.b:-text} becomes a default. A name without a dot, such
// as ${HOME}, is left alone: it belongs to a shell or to the manifest's
// environment.
func FromDollar(source string) string {
	var b strings.Builder
	for {
		i := strings.Index(source, "${")
		if i < 0 {
			b.WriteString(source)
			return b.String()
		}
		body, rest, ok := cutDollar(source[i:])
		expr := ""
		if ok {
			expr, ok = dollarPath(body, 0)
		}
		if !ok {
			b.WriteString(source[:i+2])
			source = source[i+2:]
			continue
		}
		b.WriteString(source[:i] + "{{ " + expr + " }}")
		source = rest
	}
}

// undollarExpression rewrites ${…} within an expression.
func undollarExpression(body string) (string, error) {
	var b strings.Builder
	for {
		i := strings.Index(body, "${")
		if i < 0 {
			b.WriteString(body)
			return b.String(), nil
		}
		inner, rest, ok := cutDollar(body[i:])
		expr := ""
		if ok {
			expr, ok = dollarPath(inner, 0)
		}
		if !ok {
			return "", &Error{Name: expressionName, Message: fmt.Sprintf("cannot read %q: a variable is written event.name or nodes.id.output", clip(body[i:], 40))}
		}
		b.WriteString(body[:i] + "(" + expr + ")")
		body = rest
	}
}

// cutDollar splits "${a}rest" at the brace that belongs to the first one.
func cutDollar(s string) (body, rest string, ok bool) {
	depth := 0
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return s[2:i], s[i+1:], true
			}
		case '\n':
			return "", "", false
		}
	}
	return "", "", false
}

// dollarPath turns the inside of ${…} into an expression.
func dollarPath(body string, depth int) (string, bool) {
	if depth > 4 {
		return "", false
	}
	path, fallback, hasDefault := strings.Cut(body, ":-")
	parts := strings.Split(path, ".")
	if len(parts) < 2 {
		return "", false
	}
	for _, p := range parts {
		if !isPathPart(p) {
			return "", false
		}
	}
	expr := root(parts)
	if !hasDefault {
		return expr, true
	}
	def, ok := dollarDefault(fallback, depth)
	return "(" + expr + ")|default(" + def + ", true)", ok
}

// dollarDefault turns what follows :- into an expression.
func dollarDefault(s string, depth int) (string, bool) {
	if strings.HasPrefix(s, "${") && strings.HasSuffix(s, "}") {
		return dollarPath(s[2:len(s)-1], depth+1)
	}
	if strings.ContainsAny(s, "\"\\{}%") {
		return "", false
	}
	return `"` + s + `"`, true
}

// root writes the path with brackets where a name is not an identifier, and
// finds the node that ${id.output} means.
func root(parts []string) string {
	head := parts[0]
	switch head {
	case "event":
		if len(parts) > 2 && parts[1] == "metadata" {
			parts = parts[1:]
			head = "metadata"
		}
	case "metadata", "params", "nodes", "args", "context", "inputs", "item", "previous", "flow", "run":
	default:
		switch parts[1] {
		case "output", "result", "text", "status", "success", "error", "approved":
			return "nodes" + access(parts)
		}
	}
	return head + access(parts[1:])
}

func access(parts []string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(`["` + p + `"]`)
	}
	return b.String()
}

func isPathPart(p string) bool {
	for i := range len(p) {
		if c := p[i]; c != '-' && !isWordByte(c) {
			return false
		}
	}
	return p != "" && p[0] != '-'
}
