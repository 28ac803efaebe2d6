package storage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
)

// pathSeparator stands between the headings of a path.
const pathSeparator = ">"

// Paths are the headings of sections with those above them, such as
// "Notifications > Digest mode", in the sections' order.
func Paths(list []Section) []string {
	paths := make([]string, len(list))
	var above []int
	for i, s := range list {
		for len(above) > 0 && list[above[len(above)-1]].Level >= s.Level {
			above = above[:len(above)-1]
		}
		paths[i] = s.Text
		if len(above) > 0 {
			paths[i] = paths[above[len(above)-1]] + " " + pathSeparator + " " + s.Text
		}
		above = append(above, i)
	}
	return paths
}

// HeadingError is a heading that a page does not have, or has several times.
type HeadingError struct {
	Wanted string
	// Found are the paths that the heading could mean; none means that the page
	// has no such heading.
	Found []string
	// All are the paths of all headings of the page.
	All []string
}

// maxShown bounds how many headings an error names.
const maxShown = 40

// Error names the headings that there are.
func (e *HeadingError) Error() string {
	switch {
	case len(e.Found) > 0:
		return fmt.Sprintf("the page has the heading %q %d times: %s", e.Wanted, len(e.Found), quoted(e.Found))
	case len(e.All) == 0:
		return "the page has no headings"
	default:
		return fmt.Sprintf("the page has no heading %q; it has %s", e.Wanted, quoted(e.nearest()))
	}
}

// nearest are all headings, and if they are too many those first that have words of
// the wanted one.
func (e *HeadingError) nearest() []string {
	if len(e.All) <= maxShown {
		return e.All
	}
	wanted := doc.NewText(doc.Text, folded(e.Wanted))
	like := func(path string) int { return sameWords(wanted, doc.NewText(doc.Text, folded(path))) }
	near := slices.Clone(e.All)
	slices.SortStableFunc(near, func(a, b string) int { return like(b) - like(a) })
	return near
}

func quoted(paths []string) string {
	more := ""
	if len(paths) > maxShown {
		more = fmt.Sprintf(" and %d more", len(paths)-maxShown)
		paths = paths[:maxShown]
	}
	return `"` + strings.Join(paths, `", "`) + `"` + more
}

// Find returns the section of a heading. The heading may be a path of headings,
// each below the one before though not always directly, such as "Scope > Limits".
// Letters' case, white space and Markdown's marks do not count. Of several, nth,
// from 1, is the one that is meant; with 0 there must be one only. The error is a
// *HeadingError.
func Find(page, heading string, nth int) (Section, error) {
	list := Sections(page)
	paths := Paths(list)
	found := matching(list, []string{heading})
	if len(found) == 0 && strings.Contains(heading, pathSeparator) {
		found = matching(list, strings.Split(heading, pathSeparator))
	}
	if nth > 0 && nth <= len(found) {
		return list[found[nth-1]], nil
	}
	if nth == 0 && len(found) == 1 {
		return list[found[0]], nil
	}
	failure := &HeadingError{Wanted: heading, All: paths}
	for _, i := range found {
		failure.Found = append(failure.Found, paths[i])
	}
	return Section{}, failure
}

// matching are the indexes of the sections that a path could mean.
func matching(list []Section, wanted []string) []int {
	forms := make([][]string, len(wanted))
	for i, one := range wanted {
		forms[i] = formsOf(one)
	}
	last := len(forms) - 1
	var out []int
	for i, s := range list {
		if slices.Contains(forms[last], folded(s.Text)) && below(list[:i+1], forms[:last]) {
			out = append(out, i)
		}
	}
	return out
}

// formsOf are what a heading may be that somebody wrote: the words, or Markdown with
// links, pictures and keys of macros.
func formsOf(heading string) []string {
	forms := []string{folded(heading)}
	for _, n := range markdown.Parse("# "+strings.TrimLeft(doc.OneLine(heading), "# "), false).Children {
		if n.Kind == doc.Heading {
			forms = append(forms, folded(doc.Flat(withoutKeys(n.Children)...)), folded(doc.Flat(n.Children...)))
		}
	}
	return slices.DeleteFunc(forms, func(s string) bool { return s == "" })
}

// below reports whether the last of the sections stands below the wanted ones, in
// their order.
func below(list []Section, wanted [][]string) bool {
	level := list[len(list)-1].Level
	for i := len(list) - 2; i >= 0 && len(wanted) > 0; i-- {
		if list[i].Level >= level {
			continue
		}
		level = list[i].Level
		if slices.Contains(wanted[len(wanted)-1], folded(list[i].Text)) {
			wanted = wanted[:len(wanted)-1]
		}
	}
	return len(wanted) == 0
}

// folded is a heading as it is compared.
func folded(s string) string {
	s = strings.TrimLeft(strings.TrimSpace(s), "#")
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune("*_`~\\", r) {
			return -1
		}
		return r
	}, s)
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}
