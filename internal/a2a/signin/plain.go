package signin

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/forge/fit"
)

// Token is that of a caller other than Jira.
type Token struct {
	// Name names the caller in what is stored and logged.
	Name string
	// Secret is what it sends.
	Secret string
}

// String keeps the secret out of logs.
func (t Token) String() string { return "token of " + t.Name }

// GoString keeps the secret out of %#v too.
func (t Token) GoString() string { return t.String() }

// maxName bounds the names of callers in bytes.
const maxName = 64

// ParseTokens reads a list of name=token, separated by commas or line ends. Its
// errors say where, and never show a token.
func ParseTokens(list string) ([]Token, error) {
	var tokens []Token
	number := 0
	for entry := range strings.FieldsFuncSeq(list, func(c rune) bool { return c == ',' || c == '\n' || c == '\r' }) {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		number++
		name, secret, found := strings.Cut(entry, "=")
		if !found {
			return nil, fmt.Errorf("read entry %d of the tokens: it is not name=token", number)
		}
		tokens = append(tokens, Token{Name: strings.TrimSpace(name), Secret: strings.TrimSpace(secret)})
	}
	if _, err := hashed(tokens); err != nil {
		return nil, err
	}
	return tokens, nil
}

// plainToken is a token of which only the hash is kept.
type plainToken struct {
	name string
	hash [sha256.Size]byte
}

func hashed(tokens []Token) ([]plainToken, error) {
	var list []plainToken
	names := map[string]bool{}
	owners := map[[sha256.Size]byte]string{}
	for i, t := range tokens {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("read entry %d of the tokens: %w", i+1, err)
		}
		hash := sha256.Sum256([]byte(t.Secret))
		switch owner, twice := owners[hash]; {
		case names[t.Name]:
			return nil, fmt.Errorf("read entry %d of the tokens: %q has one already", i+1, t.Name)
		case twice:
			return nil, fmt.Errorf("read entry %d of the tokens: %q and %q have the same", i+1, owner, t.Name)
		}
		names[t.Name], owners[hash] = true, t.Name
		list = append(list, plainToken{name: t.Name, hash: hash})
	}
	return list, nil
}

func (t Token) check() error {
	switch {
	case t.Name == "" || len(t.Name) > maxName || strings.ContainsFunc(t.Name, notInName):
		return errors.New("a name has up to 64 letters, digits, dots, dashes and underscores")
	case t.Secret == "":
		return fmt.Errorf("that of %q is empty", t.Name)
	case strings.ContainsFunc(t.Secret, func(c rune) bool { return c <= ' ' || c > '~' }):
		return fmt.Errorf("that of %q has characters that no header can carry", t.Name)
	case fit.Looks(t.Secret):
		return fmt.Errorf("that of %q looks like a JSON Web Token, which only Forge may send", t.Name)
	}
	return nil
}

func notInName(c rune) bool {
	return c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}

// match gives the name of the token's owner, or "". It takes the same time for all
// tokens, whoever's they are.
func match(list []plainToken, token string) string {
	hash := sha256.Sum256([]byte(token))
	name := ""
	for _, t := range list {
		if subtle.ConstantTimeCompare(hash[:], t.hash[:]) == 1 {
			name = t.name
		}
	}
	return name
}
