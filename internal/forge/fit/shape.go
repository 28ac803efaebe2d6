package fit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

const (
	// maxToken bounds a token in bytes; real ones have about 2,000.
	maxToken = 8 << 10
	// maxNesting bounds the depth of its JSON.
	maxNesting = 16
	// keyPrefix is what the names of Forge's keys begin with.
	keyPrefix = "forge/invocation-token/"
	maxKeyID  = 256
)

// Looks says whether a bearer token has the form of a JSON Web Token, whoever made
// it. What looks like one is verified as one or refused: it is never compared with
// anything else.
func Looks(token string) bool {
	head, _, dotted := strings.Cut(token, ".")
	if !dotted {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(head, "="))
	return err == nil && bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{"))
}

// header is the JOSE header of RFC 7515, section 4.1.
type header struct {
	Alg string  `json:"alg"`
	Kid string  `json:"kid"`
	Typ *string `json:"typ"`
}

// checkShape looks at all of a token that costs nearly nothing to look at, before
// anything is believed. What it lets pass is three segments, the first two of which
// are JSON objects without members that come twice, signed by RS256 with a key that
// Forge names.
func checkShape(token string) error {
	if len(token) > maxToken {
		return bad(Malformed, "is longer than %d bytes", maxToken)
	}
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		return bad(Malformed, "has %d segments instead of 3", len(segments))
	}
	if strings.ContainsFunc(token, notBase64URL) {
		return bad(Malformed, "has characters that tokens do not have")
	}
	var parts [2]json.RawMessage
	for i := range parts {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(segments[i])
		if err != nil {
			return bad(Malformed, "is not base64url")
		}
		if err := checkObject(raw); err != nil {
			return bad(Malformed, "is not JSON without ambiguity: %v", err)
		}
		parts[i] = raw
	}
	return checkHeader(parts[0])
}

func notBase64URL(c rune) bool {
	return c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}

// checkHeader pins the algorithm before anybody looks for a key, RFC 8725, section
// 3.1, and takes no key from the token itself.
func checkHeader(raw []byte) error {
	var members map[string]json.RawMessage
	var h header
	if json.Unmarshal(raw, &members) != nil || json.Unmarshal(raw, &h) != nil {
		return bad(Malformed, "has a header that is none")
	}
	for _, name := range []string{"jwk", "jku", "x5u", "x5c", "crit", "zip", "b64", "enc"} {
		if _, there := members[name]; there {
			return bad(Header, "has the header %s, which is not taken", name)
		}
	}
	switch {
	case h.Alg != "RS256" || members["alg"] == nil:
		return bad(Algorithm, "is not signed with RS256")
	case h.Typ != nil && !strings.EqualFold(*h.Typ, "JWT"):
		return bad(Header, "says that it is something else")
	case members["kid"] == nil || !strings.HasPrefix(h.Kid, keyPrefix) || len(h.Kid) > maxKeyID || h.Kid == keyPrefix:
		return bad(Header, "does not name a key of Forge's")
	}
	return nil
}

// checkObject refuses what two readers could understand in two ways: members that
// come twice, in whatever case, since encoding/json does not distinguish cases,
// text that is not UTF-8, and what comes after the object.
func checkObject(raw []byte) error {
	switch {
	case !utf8.Valid(raw):
		return errors.New("it is not UTF-8")
	case !json.Valid(raw):
		return errors.New("it is not JSON")
	}
	value := gjson.ParseBytes(raw)
	if !value.IsObject() {
		return errors.New("it is not an object")
	}
	return checkValue(value, 1)
}

// checkValue looks at all members and elements of a value of valid JSON.
func checkValue(value gjson.Result, depth int) (err error) {
	if depth > maxNesting {
		return errors.New("it is nested too deeply")
	}
	seen := map[string]bool{}
	value.ForEach(func(name, value gjson.Result) bool {
		if name.Type == gjson.String {
			folded := strings.ToLower(strings.ToUpper(name.Str)) // as encoding/json folds, ſ is s and K is k
			if seen[folded] {
				err = errors.New("a member comes twice")
				return false
			}
			seen[folded] = true
		}
		if value.IsObject() || value.IsArray() {
			err = checkValue(value, depth+1)
		}
		return err == nil
	})
	return err
}
