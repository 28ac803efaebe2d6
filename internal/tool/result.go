package tool

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxResult bounds the text of a result of the tools of platforms, in bytes.
const MaxResult = 24000

// Capped cuts a text that is too long for a result and says so, so that a model does
// not take the part for the whole. The advice is how to get at the rest.
func Capped(text, advice string) string {
	if strings.TrimSpace(text) == "" {
		return "(nothing)"
	}
	if len(text) <= MaxResult {
		return text
	}
	const room = 200
	kept := strings.ToValidUTF8(text[:MaxResult-room], "")
	return fmt.Sprintf("%s\ntruncated: %d more characters; %s", kept, utf8.RuneCountInString(text)-utf8.RuneCountInString(kept), advice)
}

// DecodeArgs reads arguments that passed the schema. Numbers of any kind stay as they
// were written.
func DecodeArgs(raw json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("read arguments: %w", err)
	}
	return nil
}
