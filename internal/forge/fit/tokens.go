package fit

import (
	"fmt"
	"net/http"
)

// Tokens are what Forge sends along an invocation for calling Jira with. They never
// show themselves in logs or in JSON. Package fmt prints unexported fields, too,
// whatever methods their types have, but cannot look into functions.
type Tokens struct{ read func() (user, system string) }

// maxOAuth bounds a token in bytes.
const maxOAuth = 16 << 10

// NewTokens puts tokens together; "" is one that did not come.
func NewTokens(user, system string) Tokens {
	return Tokens{func() (string, string) { return user, system }}
}

// TokensOf reads the headers x-forge-oauth-user and x-forge-oauth-system. Its error
// names the header and not what is in it.
func TokensOf(head http.Header) (Tokens, error) {
	user, err := oauthToken(head, "X-Forge-Oauth-User")
	if err != nil {
		return Tokens{}, err
	}
	system, err := oauthToken(head, "X-Forge-Oauth-System")
	if err != nil {
		return Tokens{}, err
	}
	return NewTokens(user, system), nil
}

func oauthToken(head http.Header, name string) (string, error) {
	values := head.Values(name)
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1:
		return "", fmt.Errorf("read the header %s: it came %d times", name, len(values))
	case len(values[0]) > maxOAuth:
		return "", fmt.Errorf("read the header %s: it is longer than %d bytes", name, maxOAuth)
	}
	for _, c := range []byte(values[0]) {
		if c <= ' ' || c > '~' {
			return "", fmt.Errorf("read the header %s: it is not a token", name)
		}
	}
	return values[0], nil
}

// User is the token of the user who invoked us; "" if none came.
func (t Tokens) User() string {
	user, _ := t.both()
	return user
}

// System is the token of the app's own account in the site; "" if none came.
func (t Tokens) System() string {
	_, system := t.both()
	return system
}

func (t Tokens) both() (user, system string) {
	if t.read == nil {
		return "", ""
	}
	return t.read()
}

// String implements fmt.Stringer.
func (t Tokens) String() string { return "[tokens of Forge]" }

// GoString implements fmt.GoStringer.
func (t Tokens) GoString() string { return t.String() }
