package storage

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// WellFormed reports whether a text can be a page: XML by itself.
func WellFormed(page string) bool { return balanced(page) }

// counted is how often the keys of a page stand in it, without the numbers that tell
// elements of the same tags apart by the text in them, and which keys those are.
func counted(page string) (times map[string]int, keys map[string][]string) {
	d, kept := Parse(page)
	times, keys = map[string]int{}, map[string][]string{}
	var count func(list []*doc.Node)
	count = func(list []*doc.Node) {
		for _, n := range list {
			if _, ok := kept[n.Text]; ok && n.Kind == doc.Macro {
				times[numbered.ReplaceAllString(n.Text, "")]++
			}
			count(n.Children)
		}
	}
	count(d.Children)
	for _, key := range slices.Sorted(maps.Keys(kept)) {
		base := numbered.ReplaceAllString(key, "")
		keys[base] = append(keys[base], key)
	}
	return times, keys
}

// Lost are the keys of what a page had and its new form has no more, or not as often,
// sorted.
func Lost(before, after string) []string {
	had, names := counted(before)
	has, still := counted(after)
	var lost []string
	for base, n := range had {
		if has[base] >= n {
			continue
		}
		gone := slices.DeleteFunc(slices.Clone(names[base]), func(key string) bool { return slices.Contains(still[base], key) })
		switch {
		case len(gone) == 0:
			lost = append(lost, fmt.Sprintf("%s (%d of %d)", doc.Key(names[base][0]), n-has[base], n))
		default:
			for _, key := range gone {
				lost = append(lost, doc.Key(key))
			}
		}
	}
	slices.Sort(lost)
	return lost
}

// Repeated are the keys of parts of a layout that the new form of a page has more
// often than it had: a layout takes just the cells that its kind has.
func Repeated(before, after string) []string {
	had, _ := counted(before)
	has, names := counted(after)
	var more []string
	for base, n := range has {
		if n > had[base] && had[base] > 0 && strings.HasPrefix(base, "layout") {
			more = append(more, doc.Key(names[base][0]))
		}
	}
	slices.Sort(more)
	return more
}

var written = regexp.MustCompile("\u27e6(/?)([^\u27e6\u27e7]{1,200}:[0-9a-f]{6}(?:-[0-9]{1,4})?)\u27e7")

// Unknown are the keys in a text that stand for nothing, sorted: those that
// somebody mistyped, or that belong to another page or an earlier form of it.
func (k Kept) Unknown(text string) []string {
	var unknown []string
	for _, m := range written.FindAllStringSubmatch(text, -1) {
		if _, ok := k[m[2]]; !ok {
			unknown = append(unknown, doc.Key(m[2]))
		}
	}
	slices.Sort(unknown)
	return slices.Compact(unknown)
}

// Unpaired are the keys in a text of elements that hold text, of which one end is not
// there or not in its place: within another element, or within a line of text.
func (k Kept) Unpaired(text string) []string {
	var wrong, open []string
	for _, m := range written.FindAllStringSubmatchIndex(text, -1) {
		name, closes := text[m[4]:m[5]], m[2] < m[3]
		p, known := k[name]
		if !known {
			continue
		}
		last := len(open) - 1
		switch {
		case p.Close == "" && closes:
			wrong = append(wrong, doc.Key("/"+name))
		case p.Close == "":
		case !closes:
			open = append(open, name)
		case last >= 0 && open[last] == name:
			open = open[:last]
		default:
			wrong = append(wrong, doc.Key("/"+name))
		}
	}
	for _, name := range open {
		wrong = append(wrong, doc.Key(name))
	}
	slices.Sort(wrong)
	return slices.Compact(wrong)
}

var commented = regexp.MustCompile(`<ac:inline-comment-marker[^>]* ac:ref="([^"]*)"`)

// Uncommented is how many comments on pieces of a page's text its new form does not
// show any more, since their text is gone.
func Uncommented(before, after string) int {
	still := map[string]bool{}
	for _, m := range commented.FindAllStringSubmatch(after, -1) {
		still[m[1]] = true
	}
	gone := map[string]bool{}
	for _, m := range commented.FindAllStringSubmatch(before, -1) {
		if !still[m[1]] {
			gone[m[1]] = true
		}
	}
	return len(gone)
}

var identity = regexp.MustCompile(` (?:ac:macro-id|ac:local-id|local-id)="[^"]*"`)

// OwnIDs takes the ids off what a page has twice that it had once, such as a macro
// whose key somebody wrote twice: Confluence gives the copy one of its own.
func OwnIDs(before, after string) string {
	had := map[string]int{}
	for _, id := range identity.FindAllString(before, -1) {
		had[id]++
	}
	has := map[string]int{}
	return identity.ReplaceAllStringFunc(after, func(id string) string {
		has[id]++
		if n := had[id]; n > 0 && has[id] > n {
			return ""
		}
		return id
	})
}
