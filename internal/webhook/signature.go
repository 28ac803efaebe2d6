package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"hash"
	"net/http"
	"slices"
	"strings"
)

// signature is a parsed signature header, <method>=<hex>, as WebSub defines it
// (W3C WebSub, section 7.1) and Jira and GitHub send it.
type signature struct {
	newHash func() hash.Hash
	mac     [sha512.Size]byte
	size    int
}

// parseSignature accepts sha256, sha384 and sha512 in the one spelling that
// senders use: lower case throughout, nothing before or after.
func parseSignature(text string) (signature, Result) {
	method, digits, ok := strings.Cut(text, "=")
	if !ok {
		return signature{}, SignatureMalformed
	}
	var s signature
	switch method {
	case "sha256":
		s.newHash, s.size = sha256.New, sha256.Size
	case "sha384":
		s.newHash, s.size = sha512.New384, sha512.Size384
	case "sha512":
		s.newHash, s.size = sha512.New, sha512.Size
	default:
		return signature{}, SignatureMethod
	}
	if len(digits) != hex.EncodedLen(s.size) || strings.ContainsAny(digits, "ABCDEF") {
		return signature{}, SignatureMalformed
	}
	if _, err := hex.Decode(s.mac[:], []byte(digits)); err != nil {
		return signature{}, SignatureMalformed
	}
	return s, Accepted
}

// matches reports whether the secret signed the body, in a time that does not
// depend on where a wrong signature differs.
func (s signature) matches(secret string, body []byte) bool {
	h := hmac.New(s.newHash, []byte(secret))
	h.Write(body)
	var sum [sha512.Size]byte
	return subtle.ConstantTimeCompare(h.Sum(sum[:0]), s.mac[:s.size]) == 1
}

// verify returns the names of the secrets that signed the body, or why the
// delivery is refused. All secrets are tried, whichever matches.
func (s *Source) verify(h http.Header, body []byte) ([]string, Result) {
	values := h[s.SignatureHeader]
	if len(values) == 0 && s.OtherSignatureHeader != "" {
		values = h[s.OtherSignatureHeader]
	}
	if len(values) == 0 {
		return s.verifyToken(h)
	}
	if len(values) > 1 {
		return nil, SignatureMalformed
	}
	sig, result := parseSignature(values[0])
	if result != Accepted {
		return nil, result
	}
	return try(s.Secrets(), SignatureWrong, func(secret string) bool { return sig.matches(secret, body) })
}

// verifyToken looks for a static token in place of a signature.
func (s *Source) verifyToken(h http.Header) ([]string, Result) {
	if s.Tokens == nil {
		return nil, SignatureMissing
	}
	token := bearer(h)
	if token == "" {
		return nil, SignatureMissing
	}
	// Sums have one length, so that the comparison does not tell that of a token.
	sum := sha256.Sum256([]byte(token))
	return try(s.Tokens(), TokenWrong, func(secret string) bool {
		want := sha256.Sum256([]byte(secret))
		return subtle.ConstantTimeCompare(sum[:], want[:]) == 1
	})
}

// bearer returns the token that the sender shows; "" if there is none or more
// than one.
func bearer(h http.Header) string {
	tokens, auth := h["X-Webhook-Token"], h["Authorization"]
	switch {
	case len(tokens) == 1 && len(auth) == 0:
		return tokens[0]
	case len(tokens) == 0 && len(auth) == 1:
		scheme, token, _ := strings.Cut(auth[0], " ")
		if strings.EqualFold(scheme, "Bearer") {
			return strings.TrimSpace(token)
		}
	}
	return ""
}

// try returns the names of the secrets that match, each value tried once.
func try(secrets []NamedSecret, wrong Result, match func(string) bool) ([]string, Result) {
	var names []string
	usable := false
	for i, s := range secrets {
		if s.Value == "" {
			continue
		}
		usable = true
		if slices.IndexFunc(secrets[:i], func(o NamedSecret) bool { return o.Value == s.Value }) >= 0 {
			continue
		}
		if match(s.Value) {
			names = appendNames(names, secrets[i:], s.Value)
		}
	}
	switch {
	case !usable:
		return nil, NoSecret
	case names == nil:
		return nil, wrong
	}
	return names, Accepted
}

// appendNames adds all names of a value: a trigger may name its platform's
// secret, or one value may be known by two names.
func appendNames(names []string, secrets []NamedSecret, value string) []string {
	for _, s := range secrets {
		if s.Value == value && !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}
