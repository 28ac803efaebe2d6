package github

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// listing is the answer for a path: an object for a file, a list for a directory.
type listing struct {
	directory bool
	entries   []Entry
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *listing) UnmarshalJSON(text []byte) error {
	if text = bytes.TrimSpace(text); len(text) > 0 && text[0] == '[' {
		l.directory = true
		if err := json.Unmarshal(text, &l.entries); err != nil {
			return fmt.Errorf("read directory: %w", err)
		}
		return nil
	}
	var one Entry
	if err := json.Unmarshal(text, &one); err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	l.entries = []Entry{one}
	return nil
}
