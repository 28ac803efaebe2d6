package confluence

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/tool"
)

type getPageArgs struct {
	Page    Ref    `json:"page_id"`
	Space   string `json:"space_key"`
	Title   string `json:"title"`
	Format  string `json:"format"`
	Section string `json:"section"`
	// Occurrence tells which of several sections of that heading.
	Occurrence int    `json:"occurrence"`
	Version    int    `json:"version"`
	Draft      bool   `json:"draft"`
	From       string `json:"page_token"`
}

func (a getPageArgs) ref() Ref {
	if !a.Page.given() {
		a.Page.SpaceKey, a.Page.Title = strings.TrimSpace(a.Space), strings.TrimSpace(a.Title)
	}
	return a.Page
}

func (t *Tools) getPage() tool.Tool {
	return handler[getPageArgs]{
		tools: t,
		spec: spec("confluence_get_page", tool.Read, "Read a page, by page_id or by space_key and title. ⟦keys⟧ in the text stand for macros; keep them as they are.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"space_key":{"type":"string"},
"title":{"type":"string"},
"section":{"type":"string","description":"a heading, or a path of headings such as Scope > Limits: only this part"},
"occurrence":{"type":"integer","description":"which of several such sections, from 1"},
"format":{"type":"string","enum":["markdown","storage","outline"],"description":"storage: Confluence's XML; outline: the headings"},
"version":{"type":"integer"},
"draft":{"type":"boolean","description":"what is not yet published"},
"page_token":{"type":"string"}}}`, "confluence_read_page"),
		page:  func(a getPageArgs) Ref { return a.ref() },
		space: func(a getPageArgs) string { return a.ref().SpaceKey },
		run:   runGetPage,
	}
}

func runGetPage(ctx context.Context, j job, a getPageArgs) (tool.Result, error) {
	page, err := j.load(ctx, a.ref(), confluence.PageRead{Body: true, Version: max(a.Version, 0), Draft: a.Draft}, confluence.TypeBlogPost)
	if err != nil {
		return tool.Result{}, err
	}
	body, err := a.text(page.Body)
	if err != nil {
		return tool.Result{}, err
	}
	head := ""
	if a.From == "" {
		if head, err = j.head(ctx, page); err != nil {
			return tool.Result{}, err
		}
	}
	text, err := window(head, body, a.From)
	return tool.Result{Text: text, Target: target(page.ID)}, err
}

// text is what is asked for of a page.
func (a getPageArgs) text(page string) (string, error) {
	part := page
	if a.Section != "" {
		s, err := storage.Find(page, a.Section, max(a.Occurrence, 0))
		var missing *storage.HeadingError
		switch {
		case errors.As(err, &missing) && len(missing.Found) > 1:
			return "", refuse("%v; give the whole path, or occurrence", missing)
		case err != nil:
			return "", refuse("%v", err)
		}
		part = page[s.Start:s.End]
	}
	switch a.Format {
	case "storage":
		return part, nil
	case "outline":
		return outline(part), nil
	}
	return markup.StoragePartToMarkdown(page, part), nil
}

// outline are the headings of a page, each with the length of the text below it.
func outline(page string) string {
	var b strings.Builder
	for _, s := range storage.Sections(page) {
		fmt.Fprintf(&b, "%s %s (%s)\n", strings.Repeat("#", s.Level), s.Text, tool.Size(int64(s.End-s.Body)))
	}
	if b.Len() == 0 {
		return "the page has no headings"
	}
	return b.String()
}

// head is what is told of a page before its text.
func (j job) head(ctx context.Context, page confluence.Page) (string, error) {
	labels, err := j.api.Labels(ctx, page.ID)
	if err != nil && !confluence.NotFound(err) { // as of a draft
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "page %s: %s\nspace: %s\n", page.ID, line(page.Title), page.SpaceKey)
	if page.Type == confluence.TypeBlogPost {
		b.WriteString("type: blog post\n")
	}
	if page.Status != confluence.StatusCurrent && page.Status != "" {
		fmt.Fprintf(&b, "status: %s\n", page.Status)
	}
	fmt.Fprintf(&b, "version: %d, %s by %s", page.Version.Number, minute(page.Version.When), j.person(ctx, page.Version.By))
	if page.Version.Message != "" {
		fmt.Fprintf(&b, ": %s", line(page.Version.Message))
	}
	if page.ParentID != "" {
		fmt.Fprintf(&b, "\nparent: %s", page.ParentID)
	}
	if names := labelNames(labels); len(names) > 0 {
		fmt.Fprintf(&b, "\nlabels: %s", strings.Join(names, ", "))
	}
	if page.URL != "" {
		fmt.Fprintf(&b, "\nurl: %s", page.URL)
	}
	b.WriteString("\n\n")
	return b.String(), nil
}
