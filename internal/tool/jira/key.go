package jira

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Key is an issue's key, such as PROJ-123. In arguments it may also be an address
// of the issue in a browser.
type Key struct {
	project string
	number  string
	// host is the site of an address; "" for a plain key.
	host string
}

// keyPattern is Jira's default for keys, in either case, with the underscores
// that administrators may allow.
var keyPattern = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_]{0,254})-([1-9][0-9]{0,17})$`)

// ParseKey reads a key or a browser's address of an issue.
func ParseKey(s string) (Key, error) {
	s = strings.TrimSpace(s)
	if m := keyPattern.FindStringSubmatch(s); m != nil {
		return Key{project: strings.ToUpper(m[1]), number: m[2]}, nil
	}
	if u, err := url.Parse(s); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
		if m := keyPattern.FindStringSubmatch(keyInURL(u)); m != nil {
			return Key{project: strings.ToUpper(m[1]), number: m[2], host: u.Host}, nil
		}
	}
	if len(s) > 100 {
		s = strings.ToValidUTF8(s[:100], "") + "…"
	}
	return Key{}, fmt.Errorf("%q is not an issue key such as PROJ-123, nor an issue's address", s)
}

// keyInURL finds the key in …/browse/KEY, …/issues/KEY or ?selectedIssue=KEY.
func keyInURL(u *url.URL) string {
	if key := u.Query().Get("selectedIssue"); key != "" {
		return key
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	for i := len(parts) - 1; i > 0; i-- {
		if parts[i-1] == "browse" || parts[i-1] == "issues" {
			return parts[i]
		}
	}
	return ""
}

// Project is the key of the project that the issue key names.
func (k Key) Project() string { return k.project }

// String returns the key in capitals.
func (k Key) String() string { return k.project + "-" + k.number }

// UnmarshalJSON implements json.Unmarshaler.
func (k *Key) UnmarshalJSON(raw []byte) error {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("an issue key is a string: %w", err)
	}
	key, err := ParseKey(s)
	if err != nil {
		return err
	}
	*k = key
	return nil
}

// MaybeKey is an issue's key in an argument that may be left out.
type MaybeKey struct{ Key }

// UnmarshalJSON implements json.Unmarshaler. null and "" are no key.
func (k *MaybeKey) UnmarshalJSON(raw []byte) error {
	var s *string
	if json.Unmarshal(raw, &s) == nil && (s == nil || strings.TrimSpace(*s) == "") {
		k.Key = Key{}
		return nil
	}
	return k.Key.UnmarshalJSON(raw)
}

// given reports whether there is a key.
func (k Key) given() bool { return k != Key{} }
