package confluence

import (
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/tool"
)

// changing are arguments that all changes of a page have.
type changing struct {
	Page     Ref    `json:"page_id"`
	Reason   string `json:"reason"`
	Expected int    `json:"expected_version"`
	Drop     bool   `json:"remove_macros"`
	Minor    bool   `json:"minor"`
	Status   string `json:"status"`
}

func (c changing) edit() edit {
	e := edit{page: c.Page, reason: c.Reason, expected: max(c.Expected, 0), minor: c.Minor, drop: c.Drop}
	switch c.Status {
	case confluence.StatusDraft:
		e.save = confluence.SaveDraft
	case confluence.StatusCurrent:
		e.save = confluence.Publish
	}
	return e
}

// The schema of changing, without page_id, which comes first.
const changingSchema = `
"reason":{"type":"string","description":"why; told with the new version"},
"expected_version":{"type":"integer","description":"the version that was read: refuse if it was changed since, where this changes it"},
"status":{"type":"string","enum":["current","draft"],"description":"draft: do not publish; current: publish a draft"}`

type updatePageArgs struct {
	changing

	Title  string `json:"title"`
	Body   string `json:"body"`
	Format string `json:"format"`
	Parent Ref    `json:"parent_id"`
}

func (t *Tools) updatePage() tool.Tool {
	return handler[updatePageArgs]{
		tools: t,
		spec: spec("confluence_update_page", tool.Write, "Replace the whole text of a page, its title, or its place. Read the whole page first; for a part of it use confluence_update_section.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"body":{"type":"string","description":"Markdown; left out, the text stays"},
"title":{"type":"string","description":"new title"},
"parent_id":{"type":"string","description":"move it below this page; id or address"},
"format":{"type":"string","enum":["markdown","storage"]},
"remove_macros":{"type":"boolean","description":"let macros go whose ⟦keys⟧ the body leaves out"},
"minor":{"type":"boolean","description":"tell no watchers (Data Center)"},`+changingSchema+`},
"required":["page_id","reason"]}`, "confluence_edit_page"),
		page: func(a updatePageArgs) Ref { return a.Page },
		edit: updatePageArgs.whole,
	}.editing()
}

func (a updatePageArgs) whole() (edit, error) {
	e := a.edit()
	e.title, e.text = line(a.Title), a.Body
	e.parent = a.Parent
	kept := strings.TrimSpace(a.Body) == ""
	if kept && e.title == "" && e.save == confluence.SaveVersion && !a.Parent.given() {
		return edit{}, refuse("neither a body nor a title nor a parent_id is given: there is nothing to change")
	}
	e.raw = a.Format == "storage"
	e.touches = func(page string) (string, error) { return page, nil }
	e.change = func(page string, o storage.Options) (string, error) {
		switch {
		case kept:
			return page, nil
		case e.raw:
			return a.Body, nil
		}
		return markup.RewriteStorage(page, a.Body, o), nil
	}
	return e, nil
}

type updateSectionArgs struct {
	changing

	Heading    string `json:"heading"`
	Occurrence int    `json:"occurrence"`
	Body       string `json:"body"`
	Mode       string `json:"mode"`
	Keep       bool   `json:"keep_subsections"`
}

func (t *Tools) updateSection() tool.Tool {
	return handler[updateSectionArgs]{
		tools: t,
		spec: spec("confluence_update_section", tool.Write, "Change the section of one heading; the rest of the page stays as it is.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"heading":{"type":"string","description":"a heading, or a path of headings such as Scope > Limits"},
"body":{"type":"string","description":"Markdown, without the heading"},
"mode":{"type":"string","enum":["replace","append","prepend","before","after","remove"],"description":"default replace"},
"occurrence":{"type":"integer","description":"which of several, from 1"},
"keep_subsections":{"type":"boolean","description":"leave the headings below and their texts alone"},
"remove_macros":{"type":"boolean","description":"let macros go whose ⟦keys⟧ the body leaves out"},
"minor":{"type":"boolean","description":"tell no watchers (Data Center)"},`+changingSchema+`},
"required":["page_id","heading","reason"]}`, "confluence_update_page_section"),
		page: func(a updateSectionArgs) Ref { return a.Page },
		edit: updateSectionArgs.section,
	}.editing()
}

func (a updateSectionArgs) section() (edit, error) {
	place := storage.Place(a.Mode)
	if place == "" {
		place = storage.Replace
	}
	empty := strings.TrimSpace(a.Body) == ""
	switch {
	case place == storage.Remove && !empty:
		return edit{}, refuse("mode remove takes no body")
	case place != storage.Remove && empty:
		return edit{}, refuse("body is empty; mode remove takes a section away")
	case a.Occurrence < 0:
		return edit{}, refuse("occurrence counts from 1")
	}
	e := a.edit()
	e.text = a.Body
	if place != storage.Replace && place != storage.Remove {
		e.added = func(o storage.Options) string { return markup.MarkdownToStorage(a.Body, o) }
	}
	e.change = func(page string, o storage.Options) (string, error) {
		return markup.EditStorage(page, storage.Edit{Heading: a.Heading, Nth: a.Occurrence, Place: place, OwnText: a.Keep}, a.Body, o)
	}
	e.touches = func(page string) (string, error) {
		s, err := storage.Find(page, a.Heading, a.Occurrence)
		if err != nil {
			return "", err
		}
		return page[s.Start:s.End], nil
	}
	return e, nil
}

type appendArgs struct {
	changing

	Body string `json:"body"`
}

func (t *Tools) appendToPage() tool.Tool {
	return handler[appendArgs]{
		tools: t,
		spec: spec("confluence_append_to_page", tool.Write, "Add text at the end of a page.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"body":{"type":"string","description":"Markdown"},
"minor":{"type":"boolean","description":"tell no watchers (Data Center)"},`+changingSchema+`},
"required":["page_id","body","reason"]}`),
		page: func(a appendArgs) Ref { return a.Page },
		edit: appendArgs.end,
	}.editing()
}

// end adds to the end of a page, wherever that is by then.
func (a appendArgs) end() (edit, error) {
	if strings.TrimSpace(a.Body) == "" {
		return edit{}, refuse("body is empty")
	}
	e := a.edit()
	e.text = a.Body
	e.added = func(o storage.Options) string { return markup.MarkdownToStorage(a.Body, o) }
	e.change = func(page string, o storage.Options) (string, error) {
		return storage.AppendTo(page, markup.MarkdownToStorage(a.Body, o)), nil
	}
	return e, nil
}
