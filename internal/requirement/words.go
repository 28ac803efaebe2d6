package requirement

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// leading is an id at the begin of a line, and what follows it.
	leading = regexp.MustCompile(`^[\s\[(]*([A-Za-z][A-Za-z0-9]{0,15}(?:[-_.][A-Za-z0-9]{1,16}){0,4}?[-_ ]?[0-9]{1,6}(?:\.[0-9]{1,4}){0,4}[a-z]?)[\])]*\s*([:.)]|[-–—]+|\s|$)\s*`)
	label   = regexp.MustCompile(`(?i)^(?:acceptance criteri(?:a|on)|criteria of acceptance|done when|akzeptanzkriteri(?:en|um)|abnahmekriteri(?:en|um)|` +
		`crit[eè]res? d['’]acceptation|criterios? de aceptaci[oó]n|criteri di accettazione)\s*(:|$)\s*`)
	heading = regexp.MustCompile(`(?i)\b(?:requirements?|user stories|anforderungen|exigences|requisitos|requisiti)\s*:?$`)
	given   = regexp.MustCompile(`(?i)^\W*(?:given|when|scenario|angenommen|wenn)\b`)
	numbers = regexp.MustCompile(`^\s*(?:(?:AC|CA|AK)[-_ ]?[0-9]+(?:\.[0-9]+)*|[0-9]{1,3})\s*[:.)–—-]\s+`)
)

// prefixes of ids that need no colon behind them.
func prefixes() []string {
	return []string{"req", "rq", "r", "fr", "nfr", "br", "sr", "ur", "srs", "urs", "us", "uc", "spec", "requirement", "story", "f", "nf"}
}

// notRequirements are prefixes of ids of other things.
func notRequirements() []string {
	return []string{"ac", "ca", "ak", "tc", "test", "case", "step", "figure", "fig", "table", "section", "chapter", "version", "v", "utf", "sha", "iso", "rfc", "http", "tls", "q"}
}

// explicitID returns the id that a line begins with, and the rest of it; "" for
// none.
func explicitID(line string) (id, rest string) {
	m := leading.FindStringSubmatchIndex(line)
	if m == nil {
		return "", ""
	}
	id, after := line[m[2]:m[3]], line[m[4]:m[5]]
	prefix := strings.ToLower(strings.TrimRight(id[:strings.IndexAny(id, "0123456789")], "-_. "))
	first, _, _ := strings.Cut(prefix, "-")
	switch {
	case slices.Contains(notRequirements(), first):
		return "", ""
	case slices.Contains(prefixes(), first):
		if len(first) == 1 && strings.ToUpper(id[:1]) != id[:1] {
			return "", ""
		}
	case id != strings.ToUpper(id) || !strings.ContainsAny(id, "-_") || after != ":" && !strings.ContainsAny(after, "–—-"):
		return "", ""
	}
	return strings.ReplaceAll(id, " ", "-"), strings.TrimSpace(line[m[1]:])
}

// cutLabel reports whether a line says that criteria follow, and returns what follows
// in the line itself.
func cutLabel(line string) (ok bool, rest string) {
	m := label.FindStringIndex(strings.TrimSpace(line))
	if m == nil {
		return false, ""
	}
	return true, strings.TrimSpace(strings.TrimSpace(line)[m[1]:])
}

func criteriaLabel(text string) bool { return label.MatchString(strings.TrimSpace(text)) }

func requirementsLabel(text string) bool {
	return heading.MatchString(strings.TrimSpace(text)) && len(words(text)) <= 4
}

// scenario reports whether a line is one of "given, when, then".
func scenario(line string) bool { return given.MatchString(line) }

// trimCriterion takes the number off a criterion.
func trimCriterion(text string) string {
	return strings.TrimSpace(numbers.ReplaceAllString(text, ""))
}

// maxTitle bounds a title that is made of a text, in characters.
const maxTitle = 120

// firstSentence is the begin of a text that serves as its title.
func firstSentence(text string) string {
	title := text
	for _, end := range []string{". ", "; ", ": "} {
		if i := strings.Index(title, end); i > 15 {
			title = title[:i]
		}
	}
	if runes := []rune(title); len(runes) > maxTitle {
		title = strings.TrimSpace(string(runes[:maxTitle-1])) + "…"
	}
	return strings.TrimRight(title, ".;: ")
}
