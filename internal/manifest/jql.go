package manifest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// maxJQL bounds a condition: Jira refuses long ones.
const maxJQL = 4 << 10

var orderBy = regexp.MustCompile(`(?i)\border\s+by\b`)

func (b *builder) jql(s str) string {
	if !s.set {
		return ""
	}
	text := strings.TrimSpace(s.value)
	if err := checkJQL(text); err != nil {
		b.errorf(s.pos, "jql_filter: %s", err)
	}
	return text
}

// checkJQL refuses what could not stand in parentheses behind "issue = KEY AND".
// What it means only Jira knows.
func checkJQL(text string) error {
	switch {
	case text == "":
		return errors.New("the condition is empty")
	case len(text) > maxJQL:
		return fmt.Errorf("the condition has more than %d characters", maxJQL)
	}
	plain, err := withoutQuotes(text)
	if err != nil {
		return err
	}
	open := 0
	for _, c := range plain {
		switch c {
		case '(':
			open++
		case ')':
			open--
		}
		if open < 0 {
			return errors.New("a parenthesis is closed that was not opened")
		}
	}
	switch {
	case open > 0:
		return errors.New("a parenthesis is not closed")
	case orderBy.MatchString(plain):
		return errors.New("a condition has no ORDER BY")
	}
	return nil
}

// withoutQuotes returns JQL with an empty string in place of each quoted one.
func withoutQuotes(text string) (string, error) {
	var plain strings.Builder
	for i := 0; i < len(text); i++ {
		quote := text[i]
		plain.WriteByte(quote)
		if quote != '"' && quote != '\'' {
			continue
		}
		for i++; i < len(text) && text[i] != quote; i++ {
			if text[i] == '\\' {
				i++
			}
		}
		if i >= len(text) {
			return "", fmt.Errorf("a quote %c is not closed", quote)
		}
		plain.WriteByte(quote)
	}
	return plain.String(), nil
}
