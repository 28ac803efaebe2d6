package policy

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// minSecret is the length below which a value is not looked for.
const minSecret = 8

// secrets are the forms in which known secrets would leave. Needles of folded
// are in lower case and compared so, since hexadecimal digits have two cases.
type secrets struct {
	exact  []string
	folded []string
}

func newSecrets(values []string) secrets {
	var s secrets
	for _, value := range values {
		value = strings.TrimSpace(value)
		if len(value) < minSecret {
			continue
		}
		s.exact = append(s.exact, value, reversed(value))
		s.exact = append(s.exact, base64Forms(value)...)
		s.folded = append(s.folded, hex.EncodeToString([]byte(value)), strings.ToLower(url.QueryEscape(value)), strings.ToLower(url.PathEscape(value)))
	}
	s.exact, s.folded = squeezed(s.exact), squeezed(s.folded)
	return s
}

// squeezed takes blanks out of the needles as squeeze does out of the text.
func squeezed(needles []string) []string {
	var out []string
	for _, n := range needles {
		if n = squeeze(n); len(n) >= minSecret {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// base64Forms are the parts of base64 texts that every text containing the
// value has, for each of the three ways in which it can be aligned.
func base64Forms(value string) []string {
	var forms []string
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for offset := range 3 {
			encoded := encoding.EncodeToString([]byte(strings.Repeat("\x00", offset) + value))
			// The first characters mix in what stands before, the last what follows.
			start := (offset*8 + 5) / 6
			end := (offset + len(value)) * 8 / 6
			forms = append(forms, encoded[start:end])
		}
	}
	return forms
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// in reports whether the arguments hold a secret in one of its forms.
func (s secrets) in(args []byte) bool {
	if len(s.exact) == 0 {
		return false
	}
	text := squeeze(decoded(args))
	// Without its signs, text that is percent-encoded throughout is hexadecimal.
	lower := strings.ToLower(text)
	lower += "\x00" + strings.ReplaceAll(lower, "%", "")
	return slices.ContainsFunc(s.exact, func(n string) bool { return strings.Contains(text, n) }) ||
		slices.ContainsFunc(s.folded, func(n string) bool { return strings.Contains(lower, n) })
}

// decoded returns every string of the arguments, keys included, with JSON's own
// escapes undone. What is not JSON is looked at as it is.
func decoded(args []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(args))
	decoder.UseNumber()
	var b strings.Builder
	for {
		token, err := decoder.Token()
		if err != nil {
			break
		}
		switch v := token.(type) {
		case string:
			b.WriteString(v + "\x00")
		case json.Number:
			b.WriteString(v.String() + "\x00")
		}
	}
	return b.String() + "\x00" + string(args)
}

// squeeze takes out what a reader does not see, so that blanks or invisible
// characters between its letters do not hide a secret.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, s)
}
