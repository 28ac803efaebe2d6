package confluence

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/tool"
)

type createPageArgs struct {
	Space  string   `json:"space_key"`
	Title  string   `json:"title"`
	Body   string   `json:"body"`
	Format string   `json:"format"`
	Parent Ref      `json:"parent_id"`
	Status string   `json:"status"`
	Labels []string `json:"labels"`
}

// propertyKey is the property of a page that tells which call made it.
const propertyKey = "aofctl"

func (t *Tools) createPage() tool.Tool {
	s := spec("confluence_create_page", tool.Write, "Make a page.", `{"type":"object","properties":{
"space_key":{"type":"string"},
"title":{"type":"string","description":"unique in the space"},
"body":{"type":"string","description":"Markdown"},
"format":{"type":"string","enum":["markdown","storage"],"description":"storage: body is Confluence's XML"},
"parent_id":{"type":"string","description":"the page or folder above; id or address"},
"status":{"type":"string","enum":["current","draft"],"description":"default current"},
"labels":{"type":"array","items":{"type":"string"}}},
"required":["space_key","title","body"]}`)
	s.DraftStatus = "status"
	return handler[createPageArgs]{
		tools: t, spec: s,
		space: func(a createPageArgs) string { return a.Space },
		run:   runCreatePage,
	}
}

func runCreatePage(ctx context.Context, j job, a createPageArgs) (tool.Result, error) {
	n, labels, err := j.newPage(ctx, a)
	if err != nil {
		return tool.Result{}, err
	}
	id, err := j.made(ctx, n)
	if confluence.TitleTaken(err) {
		return tool.Result{}, j.taken(ctx, n, err)
	}
	if err != nil {
		return tool.Result{}, err
	}
	if err := j.sign(ctx, id); err != nil && (!n.Draft || !confluence.NotFound(err)) {
		return tool.Result{}, err // a draft that takes no properties is known by its id already
	}
	if len(labels) > 0 {
		if err := j.label(ctx, j.call.ID+"#labels", id, labels); err != nil {
			return tool.Result{}, err
		}
	}
	kind := "page"
	if n.Draft {
		kind = "draft"
	}
	return ack(id, "Made the %s %s, %q, in space %s: %s", kind, id, n.Title, n.SpaceKey, j.api.WebURL("/pages/viewpage.action?pageId="+id))
}

// newPage checks the arguments.
func (j job) newPage(ctx context.Context, a createPageArgs) (n confluence.NewPage, labels []string, err error) {
	n = confluence.NewPage{SpaceKey: strings.TrimSpace(a.Space), Title: line(a.Title), Draft: a.Status == confluence.StatusDraft}
	if n.Title == "" || n.SpaceKey == "" {
		return n, nil, refuse("a page needs a title and a space_key")
	}
	if unknown := (storage.Kept{}).Unknown(a.Body); len(unknown) > 0 {
		return n, nil, refuse("%s stands for a macro of another page; a new page has none of its own", few(unknown))
	}
	n.Body = j.written(a.Body, a.Format, j.options(nil))
	if a.Parent.given() {
		parent, err := j.load(ctx, a.Parent, confluence.PageRead{}, confluence.TypeFolder)
		if err != nil {
			return n, nil, err
		}
		if !strings.EqualFold(parent.SpaceKey, n.SpaceKey) {
			return n, nil, refuse("the page %s above is in space %s, not in %s", parent.ID, parent.SpaceKey, n.SpaceKey)
		}
		n.ParentID = parent.ID
	}
	labels, err = checkLabels(a.Labels)
	return n, labels, err
}

// made makes a page once. Drafts may have any title, and Cloud finds them by its
// search alone, which knows them after a while. So there a draft is made empty first,
// with the mark of the call for its title; one more of these, which nobody but our
// account sees, is the worst that an interruption leaves. What it says is written
// once its id is known, and can be written again.
func (j job) made(ctx context.Context, n confluence.NewPage) (string, error) {
	if !n.Draft || j.api.Kind() != confluence.Cloud {
		return j.once(ctx, j.call.ID, j.creation(n))
	}
	id, err := j.once(ctx, j.call.ID, j.blank(n))
	if err != nil {
		return "", err
	}
	_, err = j.once(ctx, j.call.ID+"#text", j.filling(id, n))
	return id, err
}

// blank makes an empty draft with a title by which it is found.
func (j job) blank(n confluence.NewPage) tool.Action {
	n.Title, n.Body = mark(j.call.ID), ""
	return tool.Action{
		Kind: "page", Target: "space:" + n.SpaceKey,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			page, err := j.api.PageByTitle(ctx, n.SpaceKey, n.Title, confluence.PageRead{Draft: true})
			if confluence.NotFound(err) {
				return "", false, nil
			}
			return page.ID, err == nil, err
		},
		Send: func(ctx context.Context) (string, error) {
			page, err := j.api.CreatePage(ctx, n)
			return page.ID, err
		},
	}
}

// filling gives a blank draft its title and text.
func (j job) filling(id string, n confluence.NewPage) tool.Action {
	return tool.Action{
		Kind: "page edit", Target: target(id), Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			page, err := j.api.Page(ctx, id, confluence.PageRead{Draft: true})
			return id, err == nil && page.Title != mark(j.call.ID), err
		},
		Send: func(ctx context.Context) (string, error) {
			_, err := j.api.UpdatePage(ctx, confluence.PageUpdate{ID: id, Title: n.Title, Body: n.Body, Version: 1, Save: confluence.SaveDraft})
			return id, err
		},
	}
}

// creation makes a page once. A title is unique in its space, so a page of this
// title is ours or somebody else's.
func (j job) creation(n confluence.NewPage) tool.Action {
	return tool.Action{
		Kind: "page", Target: "space:" + n.SpaceKey,
		Find: func(ctx context.Context, since time.Time) (string, bool, error) {
			page, err := j.api.PageByTitle(ctx, n.SpaceKey, n.Title, confluence.PageRead{Body: true, Draft: n.Draft})
			if confluence.NotFound(err) {
				return "", false, nil
			}
			if err != nil {
				return "", false, err
			}
			mine, err := j.madeByUs(ctx, page, n, since)
			return page.ID, mine, err
		},
		Send: func(ctx context.Context) (string, error) {
			page, err := j.api.CreatePage(ctx, n)
			return page.ID, err
		},
	}
}

// signature is the property's value.
type signature struct {
	ID    string `json:"id"`
	Run   string `json:"run,omitempty"`
	Agent string `json:"agent,omitempty"`
}

// madeByUs tells whether this call made a page: by the property, or, if there was no
// time to write that, by its author, its time and its text.
func (j job) madeByUs(ctx context.Context, page confluence.Page, n confluence.NewPage, since time.Time) (bool, error) {
	p, err := j.api.Property(ctx, page.ID, propertyKey)
	if err == nil {
		var s signature
		return json.Unmarshal(p.Value, &s) == nil && s.ID == mark(j.call.ID), nil
	}
	if !confluence.NotFound(err) {
		return false, err
	}
	me, err := j.api.Me(ctx)
	if err != nil {
		return false, err
	}
	return page.CreatedBy.Same(me) && !page.Created.Before(since.Add(-clockSkew)) && page.Version.Number <= 1 && letters(page.Body) == letters(n.Body), nil
}

// sign writes the property.
func (j job) sign(ctx context.Context, id string) error {
	o := j.call.Origin
	value, err := json.Marshal(signature{mark(j.call.ID), o.Run, o.Agent})
	if err != nil {
		return fmt.Errorf("encode property: %w", err)
	}
	return j.put(ctx, j.call.ID+"#sign", id, propertyKey, value)
}

// taken tells which page has the title.
func (j job) taken(ctx context.Context, n confluence.NewPage, cause error) error {
	page, err := j.api.PageByTitle(ctx, n.SpaceKey, n.Title, confluence.PageRead{})
	if err != nil {
		return cause
	}
	return refuse("space %s has a page %q already: page %s. Change that one, or choose another title.", n.SpaceKey, n.Title, page.ID)
}
