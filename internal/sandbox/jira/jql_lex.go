package jira

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind tells the words of JQL apart.
type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenText
	tokenSign
)

// token is a word, a quoted text or a sign. Words keep their spelling.
type token struct {
	kind tokenKind
	text string
	at   int
}

// is tells whether the token is an unquoted word, in any case.
func (t token) is(word string) bool { return t.kind == tokenWord && strings.EqualFold(t.text, word) }

func (t token) sign(sign string) bool { return t.kind == tokenSign && t.text == sign }

// lex cuts JQL into tokens.
func lex(jql string) ([]token, error) {
	var out []token
	for at := 0; at < len(jql); {
		r, size := utf8.DecodeRuneInString(jql[at:])
		switch {
		case unicode.IsSpace(r):
			at += size
		case r == '"' || r == '\'':
			text, next, err := lexQuoted(jql, at)
			if err != nil {
				return nil, err
			}
			out = append(out, token{tokenText, text, at})
			at = next
		case strings.ContainsRune("()=!~<>,", r):
			sign := lexSign(jql[at:])
			out = append(out, token{tokenSign, sign, at})
			at += len(sign)
		default:
			end := at
			for end < len(jql) && !endsWord(jql[end:]) {
				_, size := utf8.DecodeRuneInString(jql[end:])
				end += size
			}
			out = append(out, token{tokenWord, jql[at:end], at})
			at = end
		}
	}
	return append(out, token{kind: tokenEnd, at: len(jql)}), nil
}

func endsWord(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return unicode.IsSpace(r) || strings.ContainsRune("()=!~<>,\"'", r)
}

func lexSign(rest string) string {
	for _, sign := range []string{"!=", "!~", "<=", ">="} {
		if strings.HasPrefix(rest, sign) {
			return sign
		}
	}
	return rest[:1]
}

// lexQuoted reads a text in quotes, where a backslash keeps the next character.
func lexQuoted(jql string, at int) (string, int, error) {
	quote := jql[at]
	var b strings.Builder
	for i := at + 1; i < len(jql); i++ {
		switch {
		case jql[i] == '\\' && i+1 < len(jql):
			i++
			b.WriteByte(jql[i])
		case jql[i] == quote:
			return b.String(), i + 1, nil
		default:
			b.WriteByte(jql[i])
		}
	}
	return "", 0, refuse(http.StatusBadRequest, "Error in the JQL Query: The quoted string '%s' has not been completed. (line 1, character %d)", jql[at+1:], at+1)
}
