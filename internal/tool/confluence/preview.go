package confluence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/tool"
)

// preview makes a change without writing it, and shows what it would change.
func (j job) preview(ctx context.Context, e edit) (tool.Preview, error) {
	page, err := j.load(ctx, e.page, confluence.PageRead{Body: true})
	switch {
	case err != nil:
		return tool.Preview{}, err
	case strings.TrimSpace(e.reason) == "":
		return tool.Preview{}, errNoReason
	case page.Type == confluence.TypeBlogPost:
		return tool.Preview{}, errPost
	}
	if err := j.asExpected(ctx, page, e); err != nil {
		return tool.Preview{}, err
	}
	body, err := j.changed(page, e)
	if err != nil {
		return tool.Preview{}, err
	}
	diff := difference(page.Body, body, e.raw)
	if e.title != "" && e.title != line(page.Title) {
		diff = strings.TrimSuffix("-title: "+line(page.Title)+"\n+title: "+e.title+"\n"+diff, "\n")
	}
	below, err := j.place(ctx, page, e)
	if err != nil {
		return tool.Preview{}, err
	}
	if below != "" && below != page.ParentID {
		diff = strings.TrimSuffix("-below: "+page.ParentID+"\n+below: "+below+"\n"+diff, "\n")
	}
	if diff == "" {
		return tool.Preview{}, refuse("page %s is as you want it already: there is nothing to change", page.ID)
	}
	basis, err := basisOf(page, e)
	return tool.Preview{What: j.named(page, e), Page: page.ID, Diff: diff, Basis: basis}, err
}

// named is what people are told of a page and of what becomes of it.
func (j job) named(page confluence.Page, e edit) string {
	what := fmt.Sprintf("page %s %q in space %s, version %d", page.ID, line(page.Title), page.SpaceKey, page.Version.Number)
	switch {
	case page.Status == confluence.StatusDraft && e.save == confluence.Publish:
		return what + ", which is published with it"
	case page.Status == confluence.StatusDraft || e.save == confluence.SaveDraft:
		return what + ", as a draft"
	}
	return what
}

// difference shows what a change does to a page, as Markdown where that tells it.
func difference(before, after string, raw bool) string {
	if before == after {
		return ""
	}
	if !raw {
		old, _ := markup.StorageToMarkdown(before)
		now, _ := markup.StorageToMarkdown(after)
		if diff := markup.Diff(old, now); diff != "" {
			return diff
		}
	}
	lines := strings.NewReplacer("><", ">\n<")
	return markup.Diff(lines.Replace(before), lines.Replace(after))
}

// basisOf stands for what a change is made from: the section that it touches, or the
// whole text, and the title and the place where those change. What is added at the end of a page is
// made from nothing of it.
func basisOf(page confluence.Page, e edit) (string, error) {
	part := ""
	if e.touches != nil {
		var err error
		part, err = e.touches(page.Body)
		var missing *storage.HeadingError
		if errors.As(err, &missing) {
			return "", refuse("%v", missing)
		}
		if err != nil {
			return "", err
		}
	}
	title := ""
	if e.title != "" {
		title = page.Title
	}
	if e.parent.given() {
		title += "\n" + page.ParentID
	}
	sum := sha256.Sum256([]byte(strconv.Itoa(len(title)) + ":" + title + part))
	return page.ID + ":" + hex.EncodeToString(sum[:]), nil
}

// asShown refuses a change of a page that is not the same any more, where it matters,
// as when people were asked about the change.
func (j job) asShown(now confluence.Page, e edit) error {
	if j.call.Basis == "" {
		return nil
	}
	basis, err := basisOf(now, e)
	if err == nil && basis == j.call.Basis {
		return nil
	}
	return refuse("page %s has been changed, where this change would be made, since it was shown for approval: it is at version %d now. "+
		"Nothing was written; read the page again, and ask for the change anew.", now.ID, now.Version.Number)
}
