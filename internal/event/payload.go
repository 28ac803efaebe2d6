package event

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

const (
	// maxPayload is the largest body that is looked at, in bytes.
	maxPayload = 32 << 20
	// maxNesting is the deepest nesting that is read: what reads JSON recurses, and
	// no sender nests a hundredth of it.
	maxNesting = 1000
)

// Object reads a body as a JSON object in valid UTF-8. The error says what is
// wrong with it, for the operator who set up the webhook; it is final.
func Object(body []byte) (gjson.Result, error) {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return gjson.Result{}, errors.New("the body is empty")
	case len(body) > maxPayload:
		return gjson.Result{}, fmt.Errorf("the body has more than %d bytes", maxPayload)
	case NestedDeeper(body, maxNesting):
		return gjson.Result{}, fmt.Errorf("the body is nested deeper than %d levels", maxNesting)
	case !gjson.ValidBytes(body):
		return gjson.Result{}, fmt.Errorf("the body is not JSON (it begins with %s)", begin(body))
	}
	text := string(body)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	object := gjson.Parse(text)
	if !object.IsObject() {
		return gjson.Result{}, fmt.Errorf("the body is JSON but not an object (it begins with %s)", begin(body))
	}
	return object, nil
}

// begin returns the beginning of a body, for messages.
func begin(body []byte) string {
	body = bytes.TrimSpace(body)
	return strconv.Quote(strings.ToValidUTF8(string(body[:min(len(body), 24)]), "\uFFFD"))
}

// NestedDeeper reports whether JSON is nested deeper than limit. What reads JSON
// afterwards recurses, and Go cannot recover from a stack that outgrows its limit,
// so this does not. Few brackets cannot nest deep, which spares the walk for what
// senders really send.
func NestedDeeper(body []byte, limit int) bool {
	if bytes.Count(body, []byte{'{'})+bytes.Count(body, []byte{'['}) <= limit {
		return false
	}
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// Clip shortens a text to at most limit bytes of valid UTF-8.
func Clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
