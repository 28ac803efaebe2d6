package confluence

import (
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
	Change   Change
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
		body, err := r.Change(page)
		if err != nil || body == page.Body {
			return page, err
		}
		written, err := api.UpdatePage(ctx, PageUpdate{ID: r.ID, Title: page.Title, Body: body, Version: page.Version.Number, Message: r.Message})
		if !Conflict(err) || try == reviseTries {
			return written, err
		}
	}
}
