package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
)

// pageVersions are the numbers of the newest versions of all pages, by id.
func (w *world) pageVersions() map[string]int {
	out := map[string]int{}
	for _, id := range w.box.Confluence.Pages() {
		if p, ok := w.box.Confluence.Page(id); ok {
			out[id] = p.Version
		}
	}
	return out
}

// checkPage compares a page with what is expected of it. Known are the versions that
// pages had before what is looked at.
func (w *world) checkPage(want manifest.WantPage, known map[string]int) {
	p, err := w.pageNamed(want.Name, want.Space)
	var absent *noPage
	gone := errors.As(err, &absent) || err == nil && p.Status == "trashed"
	switch {
	case want.Missing && gone:
		return
	case want.Missing && err == nil:
		w.fail(want.Line, fmt.Sprintf("the page %q is there", want.Name), w.pageLine(p))
		return
	case err != nil:
		w.fail(want.Line, fmt.Sprintf("the page %q is not as expected", want.Name), err.Error())
		return
	}
	why := w.pageDiff(want, p)
	if want.OnlyChanged != nil {
		why = append(why, changedOutside(p, want.OnlyChanged, known[p.ID])...)
	}
	why = append(why, pageCommentDiff(want, p)...)
	if len(why) > 0 {
		w.fail(want.Line, fmt.Sprintf("the page %q is not as expected", want.Name), strings.Join(append(why, "it is "+w.pageLine(p)), "\n"))
	}
}

// pageLine is a page in short.
func (w *world) pageLine(p confluence.PageState) string {
	text := fmt.Sprintf("page %s %q in %s, %s, version %d by %s", p.ID, p.Title, p.Space, p.Status, p.Version, p.Author)
	if p.Message != "" {
		text += ": " + clip(oneLine(p.Message), 200)
	}
	return text
}

// pageDiff is how a page differs, save in its comments.
func (w *world) pageDiff(want manifest.WantPage, p confluence.PageState) []string {
	var why []string
	headings, _ := overJSON(storage.Paths(storage.Sections(p.Body)))
	if headings == nil {
		headings = []any{}
	}
	is := map[string]any{"title": p.Title, "labels": anyList(p.Labels), "storage": p.Body, "draft": markdown(p.Draft), "body": markdown(p.Body),
		"headings": headings, "version": float64(p.Version), "message": p.Message, "files": anyList(p.Files)}
	for _, name := range slices.Sorted(maps.Keys(want.Values)) {
		why = append(why, longDiff(name, want.Values[name], is[name])...)
	}
	for _, one := range []struct{ name, want, is string }{{"space", want.Space, p.Space}, {"status", want.Status, p.Status}, {"by", want.By, p.Author}} {
		if one.want != "" && one.want != one.is {
			why = append(why, fmt.Sprintf("%s: want %s, is %s", one.name, one.want, one.is))
		}
	}
	if want.Parent != nil {
		why = append(why, w.parentDiff(*want.Parent, p)...)
	}
	for _, heading := range slices.Sorted(maps.Keys(want.Sections)) {
		text, err := sectionOf(p.Body, heading)
		if err != nil {
			why = append(why, fmt.Sprintf("section %q: %s", heading, err))
			continue
		}
		why = append(why, longDiff(fmt.Sprintf("section %q", heading), want.Sections[heading], text)...)
	}
	return append(why, propertyDiff(want.Properties, p)...)
}

// parentDiff compares the page above, where "" is the home page of the space.
func (w *world) parentDiff(want string, p confluence.PageState) []string {
	above, _ := w.box.Confluence.Page(p.Parent)
	isHome := above.ID != "" && above.Parent == ""
	if want == "" && isHome || want == above.ID || want != "" && strings.EqualFold(want, above.Title) {
		return nil
	}
	return []string{fmt.Sprintf("parent: want %s, is %q", or(want, "the home page"), above.Title)}
}

// sectionOf is what stands below a heading, as Markdown.
func sectionOf(body, heading string) (string, error) {
	s, err := storage.Find(body, heading, 0)
	if err != nil {
		return "", err
	}
	return markdown(body[s.Body:s.End]), nil
}

// longDiff compares a value, and shows a text that is not as expected whole or, if
// all of it was expected to be another, what differs.
func longDiff(name string, want, is any) []string {
	if text, plain := want.(string); plain {
		want = strings.TrimSpace(text)
	}
	why := match(want, is)
	if why == "" {
		return nil
	}
	text, long := is.(string)
	if long = long && strings.Contains(text, "\n"); !long {
		return []string{name + ": " + why}
	}
	if whole, plain := want.(string); plain {
		return []string{name + ": it differs:\n" + indent(clipLines(markup.Diff(whole+"\n", text+"\n")), "  ")}
	}
	return []string{name + ": want " + show(want) + ", is\n" + indent(clipLines(text), "  ")}
}

// maxLines is how many lines of a text are shown.
const maxLines = 60

func clipLines(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > maxLines {
		lines = append(lines[:maxLines], fmt.Sprintf("… and %d lines more", len(lines)-maxLines))
	}
	return strings.Join(lines, "\n")
}

func propertyDiff(want map[string]any, p confluence.PageState) []string {
	var why []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		var is any
		if raw, ok := p.Properties[key]; ok {
			if json.Unmarshal([]byte(raw), &is) != nil {
				is = raw
			}
		}
		if is == nil && want[key] == "nothing" {
			continue
		}
		if text := match(want[key], is); text != "" {
			why = append(why, fmt.Sprintf("property %s: %s", key, text))
		}
	}
	return why
}

func pageCommentDiff(want manifest.WantPage, p confluence.PageState) []string {
	var list strings.Builder
	for _, c := range p.Remarks {
		list.WriteString("\n  " + c.By + ": " + clip(oneLine(markdown(c.Body)), 300))
	}
	meets := func(c manifest.WantPageComment, is confluence.RemarkState) string {
		switch {
		case c.By != "" && c.By != is.By:
			return fmt.Sprintf("want it by %s, is by %s", c.By, is.By)
		case c.On != "" && c.On != is.Selection:
			return fmt.Sprintf("want it on %q, is on %s", c.On, or(is.Selection, "the page"))
		case c.Body == nil:
			return ""
		}
		return match(c.Body, markdown(is.Body))
	}
	var why []string
	if want.AllComments {
		if len(want.Comments) != len(p.Remarks) {
			why = append(why, fmt.Sprintf("comments: want %d, there are %d%s", len(want.Comments), len(p.Remarks), list.String()))
		}
		for i := range min(len(want.Comments), len(p.Remarks)) {
			if text := meets(want.Comments[i], p.Remarks[i]); text != "" {
				why = append(why, fmt.Sprintf("comment %d: %s", i+1, text))
			}
		}
	}
	for _, c := range want.Commented {
		if !slices.ContainsFunc(p.Remarks, func(is confluence.RemarkState) bool { return meets(c, is) == "" }) {
			why = append(why, "no comment "+described(c)+list.String())
		}
	}
	return why
}

// described is a comment that is expected.
func described(c manifest.WantPageComment) string {
	var parts []string
	if c.Body != nil {
		parts = append(parts, "with "+show(c.Body))
	}
	if c.By != "" {
		parts = append(parts, "by "+c.By)
	}
	if c.On != "" {
		parts = append(parts, fmt.Sprintf("on %q", c.On))
	}
	return strings.Join(parts, " ")
}

// checkSpace compares the titles of all pages of a space.
func (w *world) checkSpace(want manifest.WantSpace) {
	titles, home := []any{}, false
	for _, id := range w.box.Confluence.Pages() {
		p, _ := w.box.Confluence.Page(id)
		if p.Space != want.Key || p.Status == "trashed" {
			continue
		}
		if !home { // which is the first of its space
			home = true
			continue
		}
		titles = append(titles, p.Title)
	}
	if !home {
		w.fail(want.Line, "there is no space "+want.Key, "")
		return
	}
	if want.Titles == "nothing" {
		want.Titles = []any{}
	}
	if why := match(want.Titles, titles); why != "" {
		w.fail(want.Line, "the space "+want.Key+" has other pages", why)
	}
}
