package fit

import (
	"strings"
	"unicode"
)

// Kind is what an Atlassian resource identifier (ARI) names.
type Kind string

// The kinds of things that Forge names, partly by an ARI, partly by its UUID alone.
const (
	App          Kind = "ecosystem::app"
	Installation Kind = "ecosystem::installation"
	Environment  Kind = "ecosystem::environment"
)

// UUID is the UUID in an ARI of the kind, or the UUID itself, in lower case; false
// if the id is neither. The ARI of an environment has its app's UUID before its own.
func UUID(kind Kind, id string) (string, bool) {
	_, id, ok := splitARI(kind, id)
	return id, ok
}

// splitARI also gives the app's UUID, if the ARI has one before its own.
func splitARI(kind Kind, id string) (app, uuid string, ok bool) {
	if rest, isARI := strings.CutPrefix(id, "ari:cloud:"+string(kind)+"/"); isARI {
		id = rest
		if kind == Environment {
			app, id, ok = strings.Cut(rest, "/")
			if !ok || !isUUID(app) {
				return "", "", false
			}
		}
	}
	if !isUUID(id) {
		return "", "", false
	}
	return strings.ToLower(app), strings.ToLower(id), true
}

// isUUID goes by the form of RFC 9562, section 4, in either case.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isHex(s[i]) {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// maxAccount bounds ids of accounts in bytes: Jira's API documents 128 characters.
const maxAccount = 128

// AccountID is the id of an account as Atlassian's services tell it; "" for the
// names that they have for nobody in particular, so that strangers never share an
// account. It is false for what no account can be called.
func AccountID(id string) (string, bool) {
	switch id {
	case "unknown", "anonymous", "unidentified":
		return "", true
	}
	if len(id) > maxAccount || strings.ContainsFunc(id, notPrintable) {
		return "", false
	}
	return id, true
}

func notPrintable(c rune) bool { return c <= ' ' || c >= unicode.MaxASCII }
