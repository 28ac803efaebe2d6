package a2a

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Cursor is a place in a list of tasks: after the task with this id, whose status
// is of this time. Tasks of one time are ordered by id. The zero Cursor is the
// beginning.
type Cursor struct {
	Time time.Time
	ID   string
}

// String is the cursor as callers see it; "" for the zero Cursor.
func (c Cursor) String() string {
	if c.ID == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(c.Time.UnixNano(), 36) + "." + c.ID))
}

// ParseCursor reads what String wrote.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return Cursor{}, fmt.Errorf("read page token: %w", err)
	}
	nanos, id, ok := strings.Cut(string(raw), ".")
	n, err := strconv.ParseInt(nanos, 36, 64)
	if err != nil || !ok || id == "" || !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl) {
		return Cursor{}, fmt.Errorf("read page token: %q is none of ours", s)
	}
	return Cursor{Time: time.Unix(0, n).UTC(), ID: id}, nil
}
