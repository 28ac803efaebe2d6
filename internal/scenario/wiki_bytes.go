package scenario

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
)

// changedOutside compares a page, byte for byte and without some sections, with how
// it was: when a person changed it last, or in the version that was known before,
// whichever came later.
func changedOutside(p confluence.PageState, headings []string, known int) []string {
	if len(p.Versions) == 0 {
		return nil
	}
	at := max(known, 1)
	for _, v := range p.Versions {
		if v.By != "bot" {
			at = max(at, v.Number)
		}
	}
	before := p.Versions[min(at, len(p.Versions))-1].Body
	was, err := without(before, p.Body, headings)
	if err != nil {
		return []string{"only_changed: " + err.Error()}
	}
	is, _ := without(p.Body, before, headings)
	if was == is {
		return nil
	}
	from, to := firstDifference(was, is)
	return []string{fmt.Sprintf("only_changed: something else changed since version %d:\n  was %s\n  is  %s", at, from, to)}
}

// span is a part of a text.
type span struct{ from, to int }

// without is a page without what stands in sections; those that the other form of the
// page does not have are left out with their headings. The error says that neither
// has one.
func without(page, other string, headings []string) (string, error) {
	var cuts []span
	for _, heading := range headings {
		here, err := storage.Find(page, heading, 0)
		_, failed := storage.Find(other, heading, 0)
		switch {
		case err != nil && failed != nil:
			return "", failed
		case err != nil:
		case failed != nil:
			cuts = append(cuts, span{here.Start, here.End})
		default:
			cuts = append(cuts, span{here.Body, here.End})
		}
	}
	slices.SortFunc(cuts, func(a, b span) int { return a.from - b.from })
	var out strings.Builder
	at := 0
	for _, c := range cuts {
		if c.from > at {
			out.WriteString(page[at:c.from])
		}
		at = max(at, c.to)
	}
	out.WriteString(page[at:])
	return out.String(), nil
}

// around is how much of a text is shown on each side of a difference.
const around = 60

// firstDifference shows two texts around the first place where they differ.
func firstDifference(a, b string) (inA, inB string) {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	return piece(a, at), piece(b, at)
}

func piece(s string, at int) string {
	from, to := max(0, at-around), min(len(s), at+around)
	for from > 0 && !utf8.RuneStart(s[from]) {
		from--
	}
	for to < len(s) && !utf8.RuneStart(s[to]) {
		to++
	}
	text := oneLine(s[from:to])
	if from > 0 {
		text = "…" + text
	}
	if to < len(s) {
		text += "…"
	}
	return fmt.Sprintf("%q", text)
}
