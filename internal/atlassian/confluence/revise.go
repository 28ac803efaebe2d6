package confluence

import (
	"cmp"
	"context"
	"fmt"
)

// Change makes the new text of a page out of the page as it is now, its body
// included. It is called again, with what is there then, when somebody else was
// faster, so it must not have effects of its own. An error ends the revision.
type Change func(Page) (body string, err error)

// Revision is a change of a page that is made on whatever is there.
type Revision struct {
	ID string
	// Message is told with the version: why the page was changed.
	Message string
	// Expected, if given, is the number of the version that the change was meant
	// for: any other is a Conflict.
	Expected int
	// Title, if given, is the page's new title, and Minor spares those who watch it
	// the news.
	Title string
	Minor bool
	// ParentID, if given, moves the page below another one.
	ParentID string
	Change   Change
	// Again, if given, is asked before each further try whether an earlier one was
	// made after all: a request that seemed lost may arrive late.
	Again func(ctx context.Context, now Page) (bool, error)
}

// reviseTries is how often a page is read anew.
const reviseTries = 3

// Revise reads a page, writes its new text, and begins anew if the page was
// changed in between. The last Conflict is returned if others were faster each
// time. A text that does not change is not written; the page is returned as it is.
func Revise(ctx context.Context, api API, r Revision) (Page, error) {
	for try := 1; ; try++ {
		page, err := api.Page(ctx, r.ID, PageRead{Body: true})
		if err != nil {
			return Page{}, err
		}
		if r.Expected > 0 && page.Version.Number != r.Expected {
			return Page{}, &ConflictError{
				What: "page " + r.ID, Sent: r.Expected + 1,
				Err: fmt.Errorf("it has version %d, and the change was meant for version %d", page.Version.Number, r.Expected),
			}
		}
		if try > 1 && r.Again != nil {
			if done, err := r.Again(ctx, page); err != nil || done {
				return page, err
			}
		}
		body, err := r.Change(page)
		title := cmp.Or(r.Title, page.Title)
		stays := r.ParentID == "" || r.ParentID == page.ParentID
		if err != nil || body == page.Body && title == page.Title && stays {
			return page, err
		}
		written, err := api.UpdatePage(ctx, PageUpdate{ID: r.ID, Title: title, Body: body, Version: page.Version.Number, Message: r.Message, Minor: r.Minor, ParentID: r.ParentID})
		if !Conflict(err) || try == reviseTries {
			return written, err
		}
	}
}
