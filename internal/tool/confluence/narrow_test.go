package confluence

import (
	"regexp"
	"strings"
	"testing"
)

var quotation = regexp.MustCompile(`(?s)"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`)

// FuzzNarrow looks for a question that leaves the parentheses that it is put into.
func FuzzNarrow(f *testing.F) {
	for _, cql := range []string{
		"", "type = page", `title ~ "a \" or b" order by title`, "type = page) or (space = TEAM", `title ~ "\") or space = TEAM or (\""`,
		"order by lastmodified desc", `label = 'x' ORDER	BY title) or (space = TEAM`, `a = "`, `a = '\' or space = TEAM`, "a\\\" = (b", `text ~ "order by" and (a = b)`, "xorder by y", "a\x00b",
	} {
		f.Add(cql)
	}
	const head = `space in ("DOC", "~bob")`
	f.Fuzz(func(t *testing.T, cql string) {
		got, err := narrow(cql, []string{"DOC", "~bob"})
		if err != nil {
			return
		}
		rest, ok := strings.CutPrefix(got, head)
		if !ok {
			t.Fatalf("%q becomes %q", cql, got)
		}
		// What is quoted says nothing of the form; what is left has no quote of its own.
		rest = quotation.ReplaceAllString(rest, "x")
		if strings.ContainsAny(rest, `"'\`) {
			t.Fatalf("%q becomes %q: a quote is open", cql, got)
		}
		if question, ok := strings.CutPrefix(rest, " and ("); ok {
			rest = question[closed(t, question, got):]
		}
		if rest = strings.TrimSpace(rest); rest != "" && !regexp.MustCompile(`(?i)^order\s+by\b`).MatchString(rest) {
			t.Errorf("%q becomes %q: %q is outside", cql, got, rest)
		}
	})
}

// closed is where the parenthesis closes that opened before a text.
func closed(t *testing.T, text, whole string) int {
	t.Helper()
	depth := 1
	for i, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			return i + 1
		}
	}
	t.Fatalf("%q does not close", whole)
	return 0
}
