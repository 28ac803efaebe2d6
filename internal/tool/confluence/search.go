package confluence

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/tool"
)

type searchArgs struct {
	CQL    string   `json:"cql"`
	Text   string   `json:"text"`
	Spaces []string `json:"spaces"`
	Limit  int      `json:"limit"`
	From   string   `json:"page_token"`
}

func (t *Tools) search() tool.Tool {
	return handler[searchArgs]{
		tools: t,
		spec: spec("confluence_search", tool.Read, "Find pages, comments and files by words or by CQL.", `{"type":"object","properties":{
"text":{"type":"string","description":"words in title or text"},
"cql":{"type":"string","description":"such as type = page and label = spec order by lastmodified desc"},
"spaces":{"type":"array","items":{"type":"string"},"description":"keys; default all within the scope"},
"limit":{"type":"integer","description":"default 20, at most 50"},
"page_token":{"type":"string"}}}`),
		run: runSearch,
	}
}

func runSearch(ctx context.Context, j job, a searchArgs) (tool.Result, error) {
	text, cql := strings.TrimSpace(a.Text), strings.TrimSpace(a.CQL)
	switch {
	case text == "" && cql == "":
		return tool.Result{}, refuse("neither text nor cql is given")
	case text != "" && cql != "":
		return tool.Result{}, refuse("give either text or cql")
	case text != "":
		cql = "type = page and (title ~ " + literal(text) + " or text ~ " + literal(text) + ")"
	}
	spaces, err := j.searched(ctx, a.Spaces)
	if err != nil {
		return tool.Result{}, err
	}
	if cql, err = narrow(cql, spaces); err != nil {
		return tool.Result{}, err
	}
	list, err := j.api.Search(ctx, confluence.Query{CQL: cql, Excerpts: true, Part: confluence.Part{Limit: bounded(a.Limit, 20, 50), From: a.From}})
	if err != nil {
		return tool.Result{}, err
	}
	// The question is narrowed, but what Confluence answers is checked all the same.
	var rows []string
	for _, h := range list.Items {
		if j.call.Spaces != nil && (h.SpaceKey == "" || !tool.InSpaces(j.call.Spaces, h.SpaceKey)) {
			continue
		}
		rows = append(rows, row(h.ID, h.Type, h.SpaceKey, h.Title, h.Modified.UTC().Format("2006-01-02"), shorten(h.Excerpt)))
	}
	head := fmt.Sprintf("%d found (id | type | space | title | modified | excerpt)", len(rows))
	if len(rows) == 0 {
		head = "nothing found"
	}
	return tool.Result{Text: table(head, rows, list.Next), Target: "search"}, nil
}

// searched are the spaces that are asked for, or all within the scope; nil means every
// space.
func (j job) searched(ctx context.Context, wanted []string) ([]string, error) {
	var keys []string
	for _, key := range wanted {
		if key = strings.TrimSpace(key); key == "" {
			continue
		}
		if !tool.InSpaces(j.call.Spaces, key) {
			return nil, outside("space " + shorten(key))
		}
		keys = append(keys, key)
	}
	if len(keys) > 0 {
		return keys, nil
	}
	return j.spaces(ctx)
}

// literal quotes a text for CQL.
func literal(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

var spaceKey = regexp.MustCompile(`^~?[A-Za-z0-9_.:-]+$`)

// narrow confines a question to spaces: "space in (…) and (question) order by …".
// The question must not be able to leave the parentheses that it is put into: a
// quote or parenthesis without its partner, a backslash outside of quotes and
// control characters are refused. nil means every space.
func narrow(cql string, spaces []string) (string, error) {
	where, order, err := splitQuery(cql)
	if err != nil || spaces == nil {
		return cql, err
	}
	quoted := make([]string, 0, len(spaces))
	for _, key := range spaces {
		if !spaceKey.MatchString(key) {
			return "", refuse("%q is not the key of a space", shorten(key))
		}
		quoted = append(quoted, `"`+key+`"`)
	}
	if len(quoted) == 0 {
		return "", refuse("no space is within the scope of this run")
	}
	out := "space in (" + strings.Join(quoted, ", ") + ")"
	if where = strings.TrimSpace(where); where != "" {
		out += " and (" + where + ")"
	}
	return strings.TrimSpace(out + " " + strings.TrimSpace(order)), nil
}

// splitQuery takes the ordering off a question.
func splitQuery(cql string) (where, order string, err error) {
	depth, cut := 0, -1
	for i := 0; i < len(cql); i++ {
		c := cql[i]
		switch {
		case c == '"' || c == '\'':
			end := closingQuote(cql, i)
			if end < 0 {
				return "", "", refuse("the CQL opens a quote that it does not close")
			}
			i = end
		case c == '\\':
			return "", "", refuse("the CQL has a backslash outside of quotes; put the term in quotes")
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return "", "", refuse("the CQL closes a parenthesis that it did not open")
			}
		case c < ' ' && c != '\n' && c != '\r' && c != '\t':
			return "", "", refuse("the CQL has a control character")
		case depth == 0 && cut < 0 && startsOrder(cql, i):
			cut = i
		}
	}
	switch {
	case depth != 0:
		return "", "", refuse("the CQL opens a parenthesis that it does not close")
	case cut < 0:
		return cql, "", nil
	}
	return cql[:cut], cql[cut:], nil
}

// closingQuote is where the quote that opens at i closes, or -1.
func closingQuote(s string, i int) int {
	quote := s[i]
	for i++; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return i
		case s[i] == '\\':
			i++
		case s[i] < ' ':
			return -1
		}
	}
	return -1
}

var orderPattern = regexp.MustCompile(`(?i)^order[ \t\r\n]+by(?:[ \t\r\n]|$)`)

// startsOrder reports whether ORDER BY begins at i, as words of their own.
func startsOrder(s string, i int) bool {
	if i > 0 && !strings.ContainsRune(" \t\r\n)\"'", rune(s[i-1])) {
		return false
	}
	return orderPattern.MatchString(s[i:min(len(s), i+64)])
}
