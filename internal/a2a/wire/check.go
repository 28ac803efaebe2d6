package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a request. Nothing in A2A nests deeper than ten;
// the rest is for data of callers.
const maxDepth = 100

var (
	errUTF8   = errors.New("the body is not valid UTF-8")
	errSyntax = errors.New("the body is not valid JSON")
)

// ambiguousError is JSON that its readers may understand differently.
type ambiguousError struct{ why string }

// Error implements error.
func (e *ambiguousError) Error() string { return e.why }

// check says whether all readers of the text see the same in it: valid UTF-8 and
// JSON, as RFC 7493 (I-JSON) wants it, and not too deep. It takes time in
// proportion to the text.
func check(body []byte) error {
	if !utf8.Valid(body) {
		return errUTF8
	}
	if !json.Valid(body) {
		if tooDeep(body) {
			return &ambiguousError{fmt.Sprintf("the body nests deeper than %d", maxDepth)}
		}
		return errSyntax
	}
	return checkMembers(body)
}

// tooDeep tells why the standard library refuses a text that it does not follow to
// its end: it gives up at a depth of 10,000.
func tooDeep(body []byte) bool {
	depth := 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{', '[':
			if depth++; depth > maxDepth {
				return true
			}
		case '}', ']':
			depth--
		case '"':
			i = endOfString(body, i)
		}
	}
	return false
}

// level is one object or array that is open.
type level struct {
	object, key bool
	seen        map[string]struct{}
}

// checkMembers looks for members that come twice, in a text that is valid JSON.
func checkMembers(body []byte) error {
	var open []level
	for i := 0; i < len(body); i++ {
		switch c := body[i]; c {
		case '{', '[':
			if len(open) == maxDepth {
				return &ambiguousError{fmt.Sprintf("the body nests deeper than %d", maxDepth)}
			}
			open = append(open, level{object: c == '{', key: c == '{'})
		case '}', ']':
			open = open[:len(open)-1]
		case ',':
			top := &open[len(open)-1]
			top.key = top.object
		case '"':
			end := endOfString(body, i)
			if len(open) > 0 {
				if err := open[len(open)-1].note(body[i : end+1]); err != nil {
					return err
				}
			}
			i = end
		}
	}
	return nil
}

// note remembers a string if it is the name of a member.
func (l *level) note(quoted []byte) error {
	if !l.key {
		return nil
	}
	l.key = false
	name := unquote(quoted)
	if _, twice := l.seen[name]; twice {
		return &ambiguousError{fmt.Sprintf("an object has two members %q", shorten(name))}
	}
	if l.seen == nil {
		l.seen = make(map[string]struct{}, 8)
	}
	l.seen[name] = struct{}{}
	return nil
}

// unquote reads a JSON string; one without escapes is itself.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') >= 0 {
		var s string
		_ = json.Unmarshal(quoted, &s) // it is part of valid JSON
		return s
	}
	return string(quoted[1 : len(quoted)-1])
}

// endOfString is the index of the quote that ends the string which begins at i, or
// the text's end.
func endOfString(body []byte, i int) int {
	for i++; i < len(body); i++ {
		switch body[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(body)
}
