package jira

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
)

// value makes a short text of a field's value, whatever its shape; "" for none.
// Of an object it takes the name that a person would see.
func value(raw json.RawMessage) string {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return ""
	}
	return display(v)
}

func display(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(v)
	case []any:
		parts := make([]string, 0, len(v))
		for _, item := range v {
			if s := display(item); s != "" {
				parts = append(parts, s)
			}
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		return displayObject(v)
	default:
		return fmt.Sprint(v)
	}
}

func displayObject(o map[string]any) string {
	if name := display(o["displayName"]); name != "" {
		if id := first(o, "accountId", "name", "key"); id != "" && id != name {
			return name + " (" + id + ")"
		}
		return name
	}
	if name := first(o, "value", "name"); name != "" {
		if child := display(o["child"]); child != "" {
			return name + " > " + child
		}
		return name
	}
	if s := first(o, "key", "title", "id"); s != "" {
		return s
	}
	for _, noise := range []string{"self", "avatarUrls", "iconUrl", "expand"} {
		delete(o, noise)
	}
	if len(o) == 0 {
		return ""
	}
	text, err := json.Marshal(o)
	if err != nil {
		return ""
	}
	return string(text)
}

func first(o map[string]any, keys ...string) string {
	for _, key := range keys {
		if s := display(o[key]); s != "" {
			return s
		}
	}
	return ""
}

// line makes one line of a text.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }

// person is the shortest way to name a user so that a tool can find them again.
func person(u jira.User) string {
	id := u.AccountID
	if id == "" {
		id = u.Name
	}
	switch {
	case u.DisplayName == "":
		return id
	case id == "" || id == u.DisplayName:
		return u.DisplayName
	default:
		return u.DisplayName + " (" + id + ")"
	}
}

func minute(t jira.Time) string {
	if t.IsZero() {
		return "?"
	}
	return t.Format("2006-01-02 15:04 -0700")
}

// decodeNamed reads a field that has an id and a name, such as the status.
func decodeNamed(issue jira.Issue, field string) jira.Named {
	var n jira.Named
	_ = json.Unmarshal(issue.Fields[field], &n)
	return n
}
