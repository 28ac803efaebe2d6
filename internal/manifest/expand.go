package manifest

import (
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// variable is ${NAME} or ${NAME:-default}; what follows "${" in any other form,
// such as a flow's ${node.output}, is left alone. "$${" stands for a plain "${".
var variable = regexp.MustCompile(`\$?\$\{([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}`)

var environmentName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces the variables in a text. One that is unset and has no default
// is an error at the text's position. An empty one is taken as it is, unless
// it has a default.
func (d *decoder) expand(n *yaml.Node) string {
	if !strings.Contains(n.Value, "${") {
		return n.Value
	}
	return variable.ReplaceAllStringFunc(n.Value, func(match string) string {
		if strings.HasPrefix(match, "$$") {
			return match[1:]
		}
		name, fallback, hasFallback := strings.Cut(match[2:len(match)-1], ":-")
		value, ok := d.env(name)
		switch {
		case ok && (value != "" || !hasFallback):
			return value
		case hasFallback:
			return fallback
		}
		d.errorf(d.pos(n), "environment variable %s is not set (write ${%s:-} if it may be empty)", name, name)
		return ""
	})
}

// soleVariable returns the name if the text is nothing but one ${NAME}.
func soleVariable(text string) string {
	text = strings.TrimSpace(text)
	if m := variable.FindStringSubmatch(text); m != nil && m[0] == text && m[2] == "" && !strings.HasPrefix(text, "$$") {
		return m[1]
	}
	return ""
}
