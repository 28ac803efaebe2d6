package confluence

import (
	"context"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/tool"
)

// Access is the way to Confluence for a call of another toolset, within the scope of
// the call.
type Access struct{ j job }

// Use runs a call of another toolset with the way to its Confluence. What run answers
// is bounded and what fails is told as for the tools of this set.
func (t *Tools) Use(ctx context.Context, name string, call tool.Call, run func(Access) (tool.Result, error)) (tool.Result, error) {
	return t.make(ctx, name, call, subject{}, func(j job) (tool.Result, error) { return run(Access{j}) })
}

// API is what can be asked of the Confluence.
func (a Access) API() confluence.API { return a.j.api }

// Load reads a page if it is within the scope of the call.
func (a Access) Load(ctx context.Context, ref Ref, read confluence.PageRead) (confluence.Page, error) {
	return a.j.load(ctx, ref, read)
}

// Targets are what a call is about that names these pages.
func Targets(refs ...Ref) tool.Targets {
	targets := tool.Targets{WithinSpaces: true}
	for _, ref := range refs {
		one := subject{page: ref}.targets()
		targets.Issues, targets.Spaces = append(targets.Issues, one.Issues...), append(targets.Spaces, one.Spaces...)
	}
	return targets
}

// Given reports whether an argument names a page.
func (r Ref) Given() bool { return r.given() }

// NotSent reports whether an error proves that a write did not happen.
func NotSent(err error) bool { return notSent(err) }

// Outcome sorts an error of Confluence's: what the model can act on becomes a failed
// result, all else stays an error.
func Outcome(name, target string, err error) (tool.Result, error) { return outcome(name, target, err) }

// PageText is a page that code writes.
type PageText struct {
	Space, Title string
	// Body is in the storage format.
	Body   string
	Draft  bool
	Labels []string
}

// Create makes a page once under an id, and answers as confluence_create_page does.
func (a Access) Create(ctx context.Context, id string, p PageText) (tool.Result, error) {
	j := a.j
	j.call.ID = id
	args := createPageArgs{Space: p.Space, Title: p.Title, Body: p.Body, Format: "storage", Labels: p.Labels}
	if p.Draft {
		args.Status = confluence.StatusDraft
	}
	return runCreatePage(ctx, j, args)
}

// Edit changes a page once under an id, by code that is told the page as it is when the
// change is made. With draft the change is not published.
func (a Access) Edit(
	ctx context.Context, id string, page Ref, reason string, draft bool, change func(page string, o storage.Options) (string, error),
) (tool.Result, error) {
	j := a.j
	j.call.ID = id
	e := edit{page: page, reason: reason, drop: true, change: change}
	if draft {
		e.save = confluence.SaveDraft
	}
	return j.apply(ctx, e)
}

// PageOf names a page by its id.
func PageOf(id string) Ref { return Ref{PageRef: confluence.PageRef{ID: id}} }
