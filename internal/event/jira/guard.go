package jira

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/event"
)

// Limits of what is read out of one payload. They are far above what Jira
// sends and bound the memory that a hostile body can take.
const (
	// MaxBytes is the largest body that is looked at, in bytes. Jira itself does
	// not send more than 25 MB.
	MaxBytes = 32 << 20
	// MaxDepth is the deepest nesting that is read. It is encoding/json's own
	// limit, so that whoever decodes the raw body later meets no other.
	MaxDepth = 10_000

	maxText       = 1 << 20  // bytes of a description or a comment
	maxDocument   = 2 << 20  // bytes of a document in Atlassian Document Format
	maxShort      = 32 << 10 // bytes of any other string
	maxItems      = 1000     // entries of a list
	maxCustom     = 64 << 10 // bytes of one custom field's value
	maxCustomAll  = 1 << 20  // bytes of all custom fields together
	maxMarkupNest = 128      // nesting of a document given to a converter
	maxValueNest  = 16       // nesting of a custom field's value
	maxEventName  = 100      // bytes of an event's name
	maxDepth      = 1 << 20  // of a chain of automations
)

// check refuses what is not a JSON object and returns it as text in valid UTF-8.
func check(body []byte) (string, error) {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return "", &NotEventError{ReasonEmpty, `the body is empty; switch off "Exclude body" in the webhook's settings in Jira`}
	case len(body) > MaxBytes:
		return "", &NotEventError{ReasonTooLarge, "the body has more than " + strconv.Itoa(MaxBytes) + " bytes"}
	case event.NestedDeeper(body, MaxDepth):
		return "", &NotEventError{ReasonTooDeep, "the body is nested deeper than " + strconv.Itoa(MaxDepth) + " levels"}
	case !gjson.ValidBytes(body):
		return "", &NotEventError{ReasonNotJSON, "the body is not JSON (it begins with " + strconv.Quote(head(body)) + ")"}
	}
	text := string(body)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	if strings.TrimLeft(text, " \t\r\n")[0] != '{' {
		return "", &NotEventError{ReasonNotObject, "the body is JSON but not an object (it begins with " + strconv.Quote(head(body)) + ")"}
	}
	return text, nil
}

// head returns the beginning of a body, for messages.
func head(body []byte) string {
	body = bytes.TrimSpace(body)
	return strings.ToValidUTF8(string(body[:min(len(body), 24)]), "\uFFFD")
}
