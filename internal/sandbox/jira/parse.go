package jira

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxText is the longest comment or description in characters (Jira's default
// of jira.text.field.character.limit).
const MaxText = 32767

const tooLong = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."

// parse reads the new value of a whole field from a request. The text, if not
// empty, is Jira's objection.
func (t *tx) parse(f *Field, in *project, raw json.RawMessage) (any, string) {
	if isNull(raw) {
		return nil, ""
	}
	switch f.Kind {
	case Labels, MultiPick, Components, Versions:
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return nil, "data was not an array"
		}
		return t.parseList(f, in, list)
	case Sprints:
		return t.parseSprint(raw)
	case kindTime:
		return parseEstimates(raw)
	case kindEpic:
		return t.parseEpic(raw)
	}
	return t.parseOne(f, in, raw)
}

func (t *tx) parseList(f *Field, in *project, list []json.RawMessage) (any, string) {
	out := make([]any, 0, len(list))
	for _, raw := range list {
		v, objection := t.parseOne(f, in, raw)
		if objection != "" {
			return nil, objection
		}
		out = appendOnce(out, v)
	}
	return out, ""
}

// appendOnce adds a value to a list without changing the list it came from.
func appendOnce(list []any, v any) []any {
	for _, have := range list {
		if same(have, v) {
			return list
		}
	}
	return append(list[:len(list):len(list)], v)
}

// parseOne reads a single value, or one element of a list.
func (t *tx) parseOne(f *Field, in *project, raw json.RawMessage) (any, string) {
	switch f.Kind {
	case Text:
		return parseLine(f, raw)
	case Rich:
		return t.parseRich(raw)
	case Number:
		var n float64
		if json.Unmarshal(raw, &n) != nil {
			return nil, "Operation value must be a number"
		}
		return n, ""
	case Date, DateTime:
		return parseDate(f, raw)
	case Labels:
		return parseLabel(raw)
	}
	ref, objection := parseRef(raw)
	if objection != "" {
		return nil, objection
	}
	return t.resolve(f, in, ref)
}

func parseLine(f *Field, raw json.RawMessage) (any, string) {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil, "Operation value must be a string"
	}
	if f.ID != "summary" {
		if utf8.RuneCountInString(s) > 255 {
			return nil, "The entered text is too long. It exceeds the allowed limit of 255 characters."
		}
		return emptyIsNil(s), ""
	}
	switch {
	case strings.TrimSpace(s) == "":
		return nil, "You must specify a summary of the issue."
	case strings.ContainsAny(s, "\r\n"):
		return nil, "The summary is invalid because it contains newline characters."
	case utf8.RuneCountInString(s) > 255:
		return nil, "Summary must be less than 255 characters."
	}
	return s, ""
}

// parseRich takes wiki markup in API v2 and an Atlassian Document in v3.
func (t *tx) parseRich(raw json.RawMessage) (any, string) {
	var s string
	if t.api == 3 {
		text, ok := fromDocument(raw)
		if !ok {
			return nil, "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
		}
		s = text
	} else if json.Unmarshal(raw, &s) != nil {
		return nil, "Operation value must be a string"
	}
	if utf8.RuneCountInString(s) > MaxText {
		return nil, tooLong
	}
	return emptyIsNil(s), ""
}

func emptyIsNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func parseDate(f *Field, raw json.RawMessage) (any, string) {
	var s string
	layout, hint := dateLayout, "Error parsing date string: "
	if f.Kind == DateTime {
		layout, hint = timeLayout, "Error parsing time: "
	}
	if json.Unmarshal(raw, &s) != nil {
		return nil, "Operation value must be a string"
	}
	if _, err := time.Parse(layout, s); err != nil {
		return nil, hint + s
	}
	return s, ""
}

func parseLabel(raw json.RawMessage) (any, string) {
	var s string
	switch {
	case json.Unmarshal(raw, &s) != nil:
		return nil, "Operation value must be a string"
	case strings.ContainsAny(s, " \t\r\n"):
		return nil, "The label '" + s + "' contains spaces which is invalid."
	case s == "":
		return nil, "The label '' is invalid."
	case utf8.RuneCountInString(s) > 255:
		return nil, "The label '" + s + "' exceeds the maximum length for labels of 255 characters."
	}
	return s, ""
}

// parseSprint takes the id of a sprint; Jira accepts no list here.
func (t *tx) parseSprint(raw json.RawMessage) (any, string) {
	var id int
	if json.Unmarshal(raw, &id) != nil {
		return nil, "Number value expected as the Sprint id."
	}
	s := t.st.sprint(id)
	if s == nil {
		return nil, "Sprint with id " + strconv.Itoa(id) + " does not exist or you do not have permission to view it."
	}
	return []any{s}, ""
}

func parseEstimates(raw json.RawMessage) (any, string) {
	var in struct{ OriginalEstimate, RemainingEstimate string }
	if json.Unmarshal(raw, &in) != nil {
		return nil, "expected Object"
	}
	out := &estimates{original: -1, remaining: -1}
	for _, e := range []struct {
		text string
		into *int
	}{{in.OriginalEstimate, &out.original}, {in.RemainingEstimate, &out.remaining}} {
		if e.text == "" {
			continue
		}
		n, ok := secondsOf(e.text)
		if !ok {
			return nil, "Time Tracking values must be in the format of '1w 2d 3h 4m'."
		}
		*e.into = n
	}
	if out.remaining < 0 {
		out.remaining = out.original
	}
	return out, ""
}

// ref names something in a request: {"id": …}, {"name": …} and so on.
type ref struct{ id, name, key, value, account string }

// parseRef reads a reference. Parts that Jira itself answers with, such as
// self, are ignored; avatarUrls, which Jira's schemas have for reading only, are
// refused.
func parseRef(raw json.RawMessage) (ref, string) {
	var out ref
	var parts map[string]json.RawMessage
	if json.Unmarshal(raw, &parts) != nil || parts == nil {
		return out, "data was not an object"
	}
	if _, ok := parts["avatarUrls"]; ok {
		return out, "'avatarUrls' cannot be set."
	}
	for name, into := range map[string]*string{
		"id": &out.id, "name": &out.name, "key": &out.key, "value": &out.value, "accountId": &out.account,
	} {
		part, ok := parts[name]
		if ok && !isNull(part) && json.Unmarshal(part, into) != nil {
			return out, "expected '" + name + "' property to be a string"
		}
	}
	return out, ""
}

func isNull(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}
