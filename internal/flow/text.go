package flow

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/prompt"
)

// Inspect checks a text of a flow that has nodes of these ids, and tells which
// variables it reads; it is manifest.Known.FlowText.
func Inspect(text string, form manifest.TextForm, nodes []string) ([]manifest.Read, error) {
	v, err := compile(text, form, nodes)
	if err != nil {
		return nil, err
	}
	var reads []manifest.Read
	for _, path := range v.Reads() {
		reads = append(reads, manifest.Read{Path: path})
	}
	return reads, nil
}

// compile reads a text in all the spellings that flows have.
func compile(text string, form manifest.TextForm, nodes []string) (*prompt.Value, error) {
	if form == manifest.FormExpression {
		return prompt.CompileResult(named(text, nodes))
	}
	return prompt.CompileValue("template", template(text, nodes))
}

// tags are the parts of a template that are code.
var tags = regexp.MustCompile(`(?s)\{\{.*?\}\}|\{%.*?%\}`)

// template writes ${…} and the names of nodes as the template language has them.
func template(text string, nodes []string) string {
	return prompt.FromDollar(tags.ReplaceAllStringFunc(text, func(tag string) string { return named(tag, nodes) }))
}

// named writes triage.output and nodes.bug-triage.output as nodes["…"].output: a
// name with a dash would be a subtraction.
func named(text string, nodes []string) string {
	var ids []string
	for _, id := range nodes {
		if strings.Contains(text, id+".") {
			ids = append(ids, regexp.QuoteMeta(id))
		}
	}
	if len(ids) == 0 {
		return text
	}
	slices.SortFunc(ids, func(a, b string) int { return len(b) - len(a) })
	pattern, err := regexp.Compile(`(^|\{\{|[^\w.\]"'${-])(?:nodes\.)?(` + strings.Join(ids, "|") +
		`)\.(output|text|status|success|error|result|approved|by|reason|items|winner)\b`)
	if err != nil {
		return text // quoted texts always compile
	}
	return pattern.ReplaceAllString(text, `${1}nodes["${2}"].${3}`)
}

// truth reports whether a value counts as true in a condition.
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case int64:
		return v != 0
	case float64:
		return v != 0
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}
