package jira

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
)

// field finds a field by id or by name, which is compared without regard to
// case, blanks and punctuation: "fix_versions" is "Fix Version/s".
func (j job) field(ctx context.Context, name string) (jira.Field, error) {
	fields, err := j.client.Fields(ctx)
	if err != nil {
		return jira.Field{}, err
	}
	for _, match := range []func(jira.Field) bool{
		func(f jira.Field) bool { return f.ID == name },
		func(f jira.Field) bool { return strings.EqualFold(f.Name, name) },
		func(f jira.Field) bool { return letters(f.ID) == letters(name) || letters(f.Name) == letters(name) },
	} {
		found := filter(fields, match)
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return jira.Field{}, &ambiguous{
				error: refuse("several fields are named %q; use an id: %s", name, list(found)), fields: found,
			}
		}
	}
	return jira.Field{}, refuse("there is no field %q; near it are %s", name, list(nearest(fields, name)))
}

// ambiguous is the refusal of a name that several fields have.
type ambiguous struct {
	error

	fields []jira.Field
}

// Unwrap returns the refusal.
func (a *ambiguous) Unwrap() error { return a.error }

func filter[T any](items []T, keep func(T) bool) []T {
	var out []T
	for _, item := range items {
		if keep(item) {
			out = append(out, item)
		}
	}
	return out
}

// letters keeps what people agree on when they write a name.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func list(fields []jira.Field) string {
	parts := make([]string, 0, len(fields))
	for _, f := range fields {
		if letters(f.Name) == letters(f.ID) {
			parts = append(parts, f.ID)
		} else {
			parts = append(parts, f.Name+" ("+f.ID+")")
		}
	}
	return strings.Join(parts, ", ")
}

// nearest returns the fields whose names are most like the one asked for.
func nearest(fields []jira.Field, name string) []jira.Field {
	const most = 12
	scored := slices.Clone(fields)
	wanted := letters(name)
	slices.SortStableFunc(scored, func(a, b jira.Field) int {
		return max(likeness(letters(b.Name), wanted), likeness(letters(b.ID), wanted)) -
			max(likeness(letters(a.Name), wanted), likeness(letters(a.ID), wanted))
	})
	return scored[:min(most, len(scored))]
}

// likeness is the share, in percent, of the pairs of letters that two words have
// in common (Dice's coefficient).
func likeness(a, b string) int {
	pairs := map[string]int{}
	left, right := []rune(a), []rune(b)
	for i := 0; i+1 < len(left); i++ {
		pairs[string(left[i:i+2])]++
	}
	common := 0
	for i := 0; i+1 < len(right); i++ {
		if pair := string(right[i : i+2]); pairs[pair] > 0 {
			pairs[pair]--
			common++
		}
	}
	if total := len(left) + len(right) - 2; total > 0 {
		return 200 * common / total
	}
	return 0
}
