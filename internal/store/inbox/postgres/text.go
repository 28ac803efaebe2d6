package postgres

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// clean replaces what a text of PostgreSQL cannot hold, zero bytes and what is
// not UTF-8, by U+FFFD.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// jsonOrNil is the value of a JSON column: the text, or NULL for none.
func jsonOrNil(raw json.RawMessage) any {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	return clean(string(raw))
}
