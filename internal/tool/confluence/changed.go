package confluence

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/markup/storage"
)

// overwrites reports whether a change would replace what somebody else wrote while it
// was made. What only adds to a page replaces nothing.
func (e edit) overwrites(meant, now string) bool {
	if e.touches == nil || e.added != nil {
		return false
	}
	was, errWas := e.touches(meant)
	is, errIs := e.touches(now)
	return errWas != nil || errIs != nil || was != is
}

// since shows what changed between two forms of a page, in the part that a change is
// made from if it is there.
func (e edit) since(before, after string) string {
	if e.touches != nil {
		was, errWas := e.touches(before)
		is, errIs := e.touches(after)
		if errWas == nil && errIs == nil {
			before, after = was, is
		}
	}
	const most = 4000
	diff := difference(before, after, e.raw)
	if len(diff) > most {
		diff = strings.ToValidUTF8(diff[:most], "") + "\ntruncated: use confluence_diff_versions"
	}
	return diff
}

// asExpected refuses a change that was meant for another version, unless the part of
// the page that it is made from is the same in both.
func (j job) asExpected(ctx context.Context, now confluence.Page, e edit) error {
	if e.expected <= 0 || e.expected == now.Version.Number {
		return nil
	}
	late := &confluence.ConflictError{What: "page " + now.ID, Sent: e.expected + 1,
		Err: fmt.Errorf("it has version %d, and the change was meant for version %d", now.Version.Number, e.expected)}
	if e.touches == nil || e.added != nil || e.expected > now.Version.Number || now.Status == confluence.StatusDraft {
		return late
	}
	then, err := j.api.Page(ctx, now.ID, confluence.PageRead{Body: true, Version: e.expected})
	switch {
	case confluence.NotFound(err):
		return late
	case err != nil:
		return err
	case e.overwrites(then.Body, now.Body):
		return refuse("%v\nWhat was changed since, where this change would be made:\n%s\nRead the page again and make the change anew.", late, e.since(then.Body, now.Body))
	}
	return nil
}

// changed makes the new page, after it checked that nothing is lost that nobody
// wanted to lose.
func (j job) changed(now confluence.Page, e edit) (string, error) {
	if err := j.within(now); err != nil {
		return "", err
	}
	if err := j.asShown(now, e); err != nil {
		return "", err
	}
	_, kept := markup.StorageToMarkdown(now.Body)
	if err := e.keys(kept); err != nil {
		return "", err
	}
	body, err := e.change(now.Body, j.options(kept))
	var missing *storage.HeadingError
	switch {
	case errors.As(err, &missing):
		if len(missing.Found) > 1 {
			return "", refuse("%v; give the whole path, or occurrence", missing)
		}
		return "", refuse("%v", missing)
	case err != nil:
		return "", err
	case e.raw && !storage.WellFormed(body):
		return "", refuse("the body is not Confluence's storage format: it is not well-formed XML")
	}
	body = storage.OwnIDs(now.Body, body)
	if more := storage.Repeated(now.Body, body); len(more) > 0 && !e.raw {
		return "", refuse("%s stands more often than the page has it: a layout has just the cells that it has. Put the text into one of them", few(more))
	}
	if e.drop {
		return body, nil
	}
	if lost := storage.Lost(now.Body, body); len(lost) > 0 {
		return "", refuse("the new text leaves out %s: put these keys where they belong, or set remove_macros if they are to go", few(lost))
	}
	return body, nil
}

// keys checks that the keys in a new text stand for something, and that those of
// elements around text are in pairs.
func (e edit) keys(kept storage.Kept) error {
	if unknown := kept.Unknown(e.text); len(unknown) > 0 {
		return refuse("%s stands for nothing on this page: keys are those that confluence_get_page shows of it now", few(unknown))
	}
	if wrong := kept.Unpaired(e.text); len(wrong) > 0 {
		return refuse("%s has no other key that belongs to it: what is around text has a key before the text, ⟦name⟧, and one behind it, ⟦/name⟧, "+
			"each in a line of its own; leave out both or none", few(wrong))
	}
	return nil
}

// uncommented tells of comments that lost their text by a change.
func uncommented(before, after string) string {
	switch n := storage.Uncommented(before, after); n {
	case 0:
		return ""
	case 1:
		return " The text that a comment was made on is gone by it; the comment is kept without a place."
	default:
		return fmt.Sprintf(" The text that %d comments were made on is gone by it; the comments are kept without a place.", n)
	}
}

func few(list []string) string {
	const most = 10
	if len(list) > most {
		return strings.Join(list[:most], ", ") + " and " + strconv.Itoa(len(list)-most) + " more"
	}
	return strings.Join(list, ", ")
}
