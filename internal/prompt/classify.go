package prompt //nolint:goconst // names of the language and of variables read best as they are

import (
	"strings"
	"unicode"
)

// class says how far a string variable of an event may be trusted, by its name.
type class int

const (
	freeText   class = iota // written by people: never printed
	identifier              // made by the platform: an id, a key, an account
	listTerm                // from an administrator's list: a status, a type
	link                    // an address on the platform itself
)

// classify knows the variables of events by name. Everything that it does not
// know is free text.
func classify(name string) class {
	switch name {
	case "event_type", "event", "site", "source", "sprint_state", "board_type", "user_key", "worklog_time_spent",
		"repository", "trigger", "schedule", "resource", "webhook_event":
		return identifier
	case "issue_type", "issue_status", "issue_priority", "issue_resolution", "issue_status_category",
		"type", "status", "priority", "resolution", "issuetype":
		return listTerm
	case "issue_url", "pr_url":
		return link
	}
	for _, suffix := range []string{"_id", "_ids", "_key", "_keys"} {
		if strings.HasSuffix(name, suffix) {
			return identifier
		}
	}
	return freeText
}

// isHarmless reports whether a value may be printed for a variable of a class.
// Dates and durations consist of digits and a few letters and may always be.
func isHarmless(c class, s string) bool {
	if isDate(s) {
		return true
	}
	switch c {
	case identifier:
		return isIdentifier(s)
	case listTerm:
		return isListName(s)
	case link:
		return isLink(s)
	case freeText:
	}
	return false
}

// isIdentifier accepts PROJ-123, jira:issue_created, 5b10a2:84-a6, owner/name and
// the like: no spaces, so that there is no sentence.
func isIdentifier(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !isWordByte(c) && !strings.ContainsRune("-.:/@", rune(c)) || c >= 0x80 {
			return false
		}
	}
	return true
}

// isListName accepts what administrators call statuses, types and priorities:
// letters of any script, digits, single spaces and little punctuation, at most
// 64 characters.
func isListName(s string) bool {
	if s == "" || len([]rune(s)) > 64 || strings.Contains(s, "  ") || s != strings.TrimSpace(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" -_/&'+()", r) {
			return false
		}
		if isInvisible(r) {
			return false
		}
	}
	return true
}

// isLink accepts plain http addresses: host, port and a path of words.
func isLink(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(s, "http://")
	}
	return ok && isIdentifier(rest) && !strings.Contains(rest, "@")
}

// isDate accepts timestamps and durations such as 2024-01-15T10:30:00.000+0000
// and 2h 30m.
func isDate(s string) bool {
	if s == "" || len(s) > 40 || s[0] < '0' || s[0] > '9' {
		return false
	}
	letters := 0
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			letters = 0
		case strings.IndexByte("TZwdhms", c) >= 0:
			if letters++; letters > 1 {
				return false
			}
		case strings.IndexByte("-+:. ", c) < 0:
			return false
		}
	}
	return true
}

// hasListNames reports whether a changed field takes its old and new values from
// an administrator's list.
func hasListNames(field string) bool {
	switch strings.ToLower(field) {
	case "status", "priority", "issuetype", "issue type", "resolution":
		return true
	}
	return false
}
