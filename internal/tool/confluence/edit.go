package confluence

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/tool"
)

// errNoReason refuses a change without a reason.
var errNoReason = refuse("reason is empty: say why the page is changed; it is told with the new version")

// errPost refuses a change of a blog post.
var errPost = refuse("this is a blog post: it can be read and commented on, its text is not changed")

// edit is a change of one page.
type edit struct {
	page     Ref
	title    string // new; "" leaves it
	parent   Ref    // where the page is moved to, if given
	reason   string
	expected int
	minor    bool
	// save says what becomes of the change; on a page that was never published
	// SaveVersion keeps it a draft.
	save confluence.Save
	// drop lets macros go that the new text has no keys of.
	drop bool
	// text is what the model wrote, whose keys have to stand for something.
	text string
	// added, if given, is what the change adds to a page, by which a draft tells that
	// it was made.
	added func(o storage.Options) string
	// change makes the new page.
	change func(page string, o storage.Options) (string, error)
	// touches, if given, is the part of a page that the change is made from, and raw
	// says that the text is not Markdown.
	touches func(page string) (string, error)
	raw     bool
}

// apply changes a page once and returns what to tell of it.
func (j job) apply(ctx context.Context, e edit) (tool.Result, error) {
	page, err := j.load(ctx, e.page, confluence.PageRead{})
	switch {
	case err != nil:
		return tool.Result{}, err
	case strings.TrimSpace(e.reason) == "":
		return tool.Result{}, errNoReason
	case page.Type == confluence.TypeBlogPost:
		return tool.Result{}, errPost
	case page.Status == confluence.StatusDraft || e.save == confluence.SaveDraft:
		return j.applyDraft(ctx, page, e)
	}
	below, err := j.place(ctx, page, e)
	if err != nil {
		return tool.Result{}, err
	}
	note := ""
	ref, err := j.once(ctx, j.call.ID, tool.Action{
		Kind: "page edit", Target: target(page.ID), Repeatable: true,
		Find: func(ctx context.Context, since time.Time) (string, bool, error) {
			v, found, err := j.versionOf(ctx, page.ID, since)
			return strconv.Itoa(v.Number), found, err
		},
		Send: func(ctx context.Context) (string, error) { return j.revise(ctx, page, e, below, &note) },
	})
	if err != nil {
		return tool.Result{}, err
	}
	if number, same := strings.CutSuffix(ref, unchanged); same {
		return ack(page.ID, "Page %s is as you want it already: it stays at version %s.", page.ID, number)
	}
	return ack(page.ID, "Page %s has version %s now.%s", page.ID, ref, note)
}

// unchanged ends the reference of an edit that there was nothing to do for.
const unchanged = "="

// place is the page that another one is moved below; "" if it stays.
func (j job) place(ctx context.Context, page confluence.Page, e edit) (string, error) {
	if !e.parent.given() {
		return "", nil
	}
	above, err := j.load(ctx, e.parent, confluence.PageRead{}, confluence.TypeFolder)
	switch {
	case err != nil:
		return "", err
	case above.ID == page.ID:
		return "", refuse("page %s cannot be below itself", page.ID)
	case above.SpaceKey != page.SpaceKey:
		return "", refuse("the page %s above is in space %s, not in %s", above.ID, above.SpaceKey, page.SpaceKey)
	}
	return above.ID, nil
}

// revise writes a change, below a page if one is given, and notes what else became of the page by it.
func (j job) revise(ctx context.Context, page confluence.Page, e edit, below string, note *string) (string, error) {
	made := 0
	begun := time.Now()
	before := 0
	var meant *confluence.Page
	now, err := confluence.Revise(ctx, j.api, confluence.Revision{
		ID: page.ID, Message: j.message(e.reason), Title: e.title, Minor: e.minor, ParentID: below,
		Change: func(now confluence.Page) (string, error) {
			before = now.Version.Number
			if err := j.asExpected(ctx, now, e); err != nil {
				return "", err
			}
			body, err := j.changed(now, e)
			if err == nil && meant != nil && body != now.Body && e.overwrites(meant.Body, now.Body) {
				err = refuse("page %s was changed by somebody else just now, in the text that this replaces; read it again and make the change anew. "+
					"What they changed:\n%s", page.ID, e.since(meant.Body, now.Body))
			}
			meant = &now
			*note = uncommented(now.Body, body)
			return body, err
		},
		Again: func(ctx context.Context, _ confluence.Page) (bool, error) {
			v, found, err := j.versionOf(ctx, page.ID, begun)
			made = v.Number
			return found, err
		},
	})
	switch {
	case err != nil:
		return "", err
	case made > 0:
		return strconv.Itoa(made), nil
	case now.Version.Number == before:
		return strconv.Itoa(before) + unchanged, nil
	}
	return strconv.Itoa(now.Version.Number), nil
}

// applyDraft changes what is not published. Drafts have no versions: that a change
// was made is seen from the text.
func (j job) applyDraft(ctx context.Context, page confluence.Page, e edit) (tool.Result, error) {
	never := page.Status == confluence.StatusDraft
	save := confluence.SaveDraft
	if never && e.save == confluence.Publish {
		save = confluence.Publish
	}
	if e.parent.given() {
		return tool.Result{}, refuse("parent_id does not go with drafts: publish the page first, or make it below that page")
	}
	if e.expected > 0 {
		return tool.Result{}, refuse("expected_version does not go with drafts, which have no versions")
	}
	_, err := j.once(ctx, j.call.ID, tool.Action{
		Kind: "page edit", Target: target(page.ID), Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			return j.draftDone(ctx, page.ID, save, e)
		},
		Send: func(ctx context.Context) (string, error) {
			now, body, err := j.draftOf(ctx, page.ID, never, e)
			if err != nil {
				return "", err
			}
			title := now.Title
			if e.title != "" {
				title = e.title
			}
			_, err = j.api.UpdatePage(ctx, confluence.PageUpdate{ID: page.ID, Title: title, Body: body, Version: now.Version.Number,
				Message: j.message(e.reason), Save: save})
			return page.ID, err
		},
	})
	if err != nil {
		return tool.Result{}, err
	}
	if save == confluence.Publish {
		return ack(page.ID, "Page %s is published now.", page.ID)
	}
	return ack(page.ID, "The draft of page %s is changed. People see it in the editor until somebody publishes it.", page.ID)
}

// draftDone tells from what is there whether a draft was changed, or published.
func (j job) draftDone(ctx context.Context, id string, save confluence.Save, e edit) (string, bool, error) {
	now, err := j.api.Page(ctx, id, confluence.PageRead{Body: true, Draft: save != confluence.Publish})
	if save == confluence.Publish {
		if confluence.NotFound(err) {
			return "", false, nil
		}
		return id, err == nil && now.Status == confluence.StatusCurrent, err
	}
	if err != nil || now.Status != confluence.StatusDraft {
		return "", false, err
	}
	_, kept := markup.StorageToMarkdown(now.Body)
	if e.added != nil {
		return id, strings.Contains(now.Body, e.added(j.options(kept))), nil
	}
	body, err := e.change(now.Body, j.options(kept))
	return id, err == nil && body == now.Body, nil
}

// draftOf reads what a draft is made of: itself if the page was never published,
// else what is published, unless somebody has begun to change that.
func (j job) draftOf(ctx context.Context, id string, never bool, e edit) (confluence.Page, string, error) {
	draft, err := j.api.Page(ctx, id, confluence.PageRead{Body: true, Draft: true})
	if err != nil {
		return draft, "", err
	}
	base := draft
	if !never {
		if base, err = j.api.Page(ctx, id, confluence.PageRead{Body: true}); err != nil {
			return base, "", err
		}
	}
	body, err := j.changed(base, e)
	if err == nil && !never && draft.Status == confluence.StatusDraft && draft.Body != base.Body && draft.Body != body {
		return base, "", refuse("page %s has changes already that nobody has published; they would be lost", id)
	}
	return base, body, err
}

// written makes the storage format of what a model wrote.
func (j job) written(text, format string, o storage.Options) string {
	if format == "storage" {
		return text
	}
	return markup.MarkdownToStorage(text, o)
}
