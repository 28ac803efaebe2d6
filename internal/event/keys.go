package event

import (
	"regexp"
	"slices"
	"strings"
)

// MaxIssueKeys bounds how many issue keys are taken from texts.
const MaxIssueKeys = 20

// maxKeyText is how much of a text is searched for keys, in bytes.
const maxKeyText = 64 << 10

// IssueKeys finds the keys of Jira issues in texts: each once, in the order in
// which they come, at most MaxIssueKeys. A key is written in capitals, as Jira
// does; what only looks like one, such as UTF-8 or SHA-256, is none, and neither
// is what stands in an HTML comment, as placeholders of templates do.
func IssueKeys(texts ...string) []string {
	keys := []string{}
	for _, text := range texts {
		text = htmlComment.ReplaceAllString(Clip(text, maxKeyText), " ")
		for _, at := range issueKey.FindAllStringIndex(text, -1) {
			key := text[at[0]:at[1]]
			if !stands(text, at) || lookalike.MatchString(key) || slices.Contains(keys, key) {
				continue
			}
			if keys = append(keys, key); len(keys) == MaxIssueKeys {
				return keys
			}
		}
	}
	return keys
}

// IsIssueKey reports whether a text is the key of an issue and nothing else.
func IsIssueKey(s string) bool {
	at := issueKey.FindStringIndex(s)
	return at != nil && at[0] == 0 && at[1] == len(s)
}

// ProjectOf is the project's part of an issue key.
func ProjectOf(key string) string { return key[:max(strings.LastIndexByte(key, '-'), 0)] }

var (
	issueKey = regexp.MustCompile(`[A-Z][A-Z0-9_]{1,19}-[1-9][0-9]{0,8}`)
	// lookalike are names of standards and the like that have the form of a key.
	lookalike = regexp.MustCompile(`^(UTF-(7|8|16|32)|UCS-[24]|SHA-?[0-9]?-(1|2|3|224|256|384|512)|MD-[245]|AES-(128|192|256)|RSA-(1024|2048|3072|4096)|` +
		`ISO-[0-9]{3,5}|RFC-[0-9]{2,5}|CVE-[0-9]{4}|CWE-[0-9]+|PEP-[0-9]{1,4}|HTTP-[123]|TLS-1|SSL-[23]|IPV-[46]|GPT-[0-9]|COVID-19|BASE-(32|64)|` +
		`WIN-(32|64)|ES-([56]|20[0-9]{2})|MP-[34]|ASCII-7|EC-2|ARM-64|AMD-64|X86-64|LATIN-1|WCAG-[12])$`)
	htmlComment = regexp.MustCompile(`(?s)<!--.*?(-->|$)`)
)

// stands reports whether what was found is a word of its own: no part of a longer
// one, of a number with a point, or of an identifier such as CVE-2024-1234.
func stands(text string, at []int) bool {
	if at[0] > 0 && isAlphanumeric(text[at[0]-1]) {
		return false
	}
	rest := text[at[1]:]
	switch {
	case rest == "":
		return true
	case isAlphanumeric(rest[0]):
		return false
	case rest[0] == '.' && len(rest) > 1:
		return rest[1] < '0' || rest[1] > '9'
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
