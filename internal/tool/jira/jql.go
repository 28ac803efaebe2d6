package jira

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/aofctl/aofctl/internal/tool"
)

// projectKey is what may be put into a query as a project.
var projectKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// narrow confines a query to projects: "project in (…) AND (query) ORDER BY …".
//
// The query must not be able to leave the parentheses that it is put into, so it
// is read the way that Jira's lexer reads it, and what the two could read
// differently is refused: a backslash outside of quotes, an escape that Jira does
// not have, a control character, a quote or parenthesis without its partner.
// projects nil means that the query is taken as it is.
func narrow(jql string, projects []string) (string, error) {
	where, order, err := splitQuery(jql)
	if err != nil {
		return "", err
	}
	where, order = strings.TrimSpace(where), strings.TrimSpace(order)
	if projects != nil {
		clause, err := projectClause(projects)
		if err != nil {
			return "", err
		}
		if where == "" {
			where = clause
		} else {
			where = clause + " AND (" + where + ")"
		}
	}
	return strings.TrimSpace(where + " " + order), nil
}

func projectClause(projects []string) (string, error) {
	if len(projects) == 0 {
		return "", refuse("no project is within the scope of this run")
	}
	quoted := make([]string, 0, len(projects))
	for _, key := range projects {
		if !projectKey.MatchString(key) {
			return "", refuse("%q is not a project key", key)
		}
		quoted = append(quoted, `"`+strings.ToUpper(key)+`"`)
	}
	return "project in (" + strings.Join(quoted, ", ") + ")", nil
}

// splitQuery takes the ordering off a query, after it checked that quotes and
// parentheses are balanced.
func splitQuery(jql string) (where, order string, err error) {
	depth, cut := 0, -1
	for i := 0; i < len(jql); {
		c := jql[i]
		switch {
		case c == '"' || c == '\'':
			end, err := quoted(jql, i)
			if err != nil {
				return "", "", err
			}
			i = end
			continue
		case c == '\\':
			return "", "", refuse("the JQL has a backslash outside of quotes; put the term in quotes")
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return "", "", refuse("the JQL closes a parenthesis that it did not open")
			}
		case unicode.IsControl(rune(c)) && c != '\n' && c != '\r' && c != '\t':
			return "", "", refuse("the JQL has a control character")
		}
		if depth == 0 && cut < 0 && startsOrder(jql, i) {
			cut = i
		}
		i++
	}
	if depth != 0 {
		return "", "", refuse("the JQL opens a parenthesis that it does not close")
	}
	if cut < 0 {
		return jql, "", nil
	}
	return jql[:cut], jql[cut:], nil
}

// quoted returns the end of the quoted text that begins at i.
func quoted(s string, i int) (int, error) {
	quote := s[i]
	for i++; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return i + 1, nil
		case s[i] == '\\':
			if i+1 >= len(s) || !strings.ContainsRune(`tnr"'\ u`, rune(s[i+1])) {
				return 0, refuse(`the JQL has an escape that Jira does not know; only \t \n \r \" \' \\ and \uXXXX may follow a backslash`)
			}
			i++
		case unicode.IsControl(rune(s[i])):
			return 0, refuse("the JQL has a line break or control character in quotes")
		}
	}
	return 0, refuse("the JQL opens a quote that it does not close")
}

var orderPattern = regexp.MustCompile(`(?i)^order[ \t\r\n]+by(?:[ \t\r\n]|$)`)

// startsOrder reports whether ORDER BY begins at i, as words of their own.
func startsOrder(s string, i int) bool {
	if i > 0 && !strings.ContainsRune(" \t\r\n)\"'", rune(s[i-1])) {
		return false
	}
	return orderPattern.MatchString(s[i:min(len(s), i+64)])
}

// scope resolves the projects of a call to keys. Globs are compared with the
// projects that there are; nil means every project.
func (j job) scope(ctx context.Context) ([]string, error) {
	if j.call.Projects == nil || slices.Contains(j.call.Projects, "*") {
		return nil, nil
	}
	if !slices.ContainsFunc(j.call.Projects, tool.IsGlob) {
		return j.call.Projects, nil
	}
	all, err := j.client.ProjectKeys(ctx)
	if err != nil {
		return nil, err
	}
	keys := []string{}
	for _, key := range all {
		if tool.InProjects(j.call.Projects, key) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
