package confluence

import (
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxTitle is the longest title, in characters.
const maxTitle = 255

// checkTitle refuses titles that are empty, too long, or another page's.
func (t *tx) checkTitle(s *space, title string, but *content) error {
	if strings.TrimSpace(title) == "" {
		return refuse(http.StatusBadRequest, "Title is required.")
	}
	if utf8.RuneCountInString(title) > maxTitle {
		return refuse(http.StatusBadRequest, "Title cannot be longer than 255 characters.")
	}
	taken := false
	t.st.each(func(c *content) {
		taken = taken || c != but && c.kind == isPage && c.status == current && c.space == s && strings.EqualFold(c.now().title, title)
	})
	if !taken {
		return nil
	}
	if t.st.kind == Cloud {
		return refuse(http.StatusBadRequest, "A page with this title already exists: A page already exists with the same TITLE in this space")
	}
	return refuse(http.StatusBadRequest, "A page with this title already exists: A page already exists with the title %s in the space with key %s", title, s.Key)
}

// edit is what a write of a page asks for.
type edit struct {
	title, body, message string
	number               int
	minor                bool
	status               string
	// above is the page to go below, if it is to move.
	above *content
}

func (t *tx) createPage(s *space, e edit) (*content, error) {
	if err := t.mayWrite(s); err != nil {
		return nil, err
	}
	if e.status == current {
		if err := t.checkTitle(s, e.title, nil); err != nil {
			return nil, err
		}
	}
	if err := checkStorage(e.body); err != nil {
		return nil, err
	}
	if e.above != nil && (e.above.space != s || e.above.kind != isPage) {
		return nil, refuse(http.StatusBadRequest, "Parent page must be in the same space")
	}
	c := t.st.add(&content{kind: isPage, space: s, status: e.status, above: e.above, made: t.now, by: t.by})
	rev := revision{number: 1, when: t.now, by: t.by, title: e.title, body: e.body, message: e.message}
	if e.status == draft {
		c.draft = &rev
		return c, nil
	}
	c.revs = []revision{rev}
	t.emit("page_created", c, nil)
	return c, nil
}

// wrongVersion is the refusal of a number that is not the next.
func (t *tx) wrongVersion(now, sent, api int) error {
	if api == 2 {
		return refuse(http.StatusConflict, "Version must be incremented when updating a page. Current Version: [%d]. Provided version: [%d]", now, sent)
	}
	return refuse(http.StatusConflict, "Version must be incremented on update. Current version is: %d", now)
}

// updatePage replaces a page, publishes a draft or keeps one.
func (t *tx) updatePage(c *content, e edit, api int) error {
	if err := t.mayEdit(c); err != nil {
		return err
	}
	if err := checkStorage(e.body); err != nil {
		return err
	}
	if err := t.checkMove(c, e.above); err != nil {
		return err
	}
	if e.status == draft {
		return t.keepDraft(c, e)
	}
	if err := t.checkTitle(c.space, e.title, c); err != nil {
		return err
	}
	if now := len(c.revs); e.number != now+1 {
		return t.wrongVersion(now, e.number, api)
	}
	published := c.status == draft
	moved := e.above != nil && e.above != c.above
	if e.above != nil {
		c.above = e.above
	}
	c.status, c.draft = current, nil
	c.revs = append(c.revs, revision{
		number: e.number, when: t.now, by: t.by, message: e.message, minor: e.minor, title: e.title, body: e.body,
	})
	t.dangle(c)
	switch {
	case published:
		t.emit("page_created", c, nil)
	default:
		t.emit("page_updated", c, obj{"updateTrigger": "edit_page"})
	}
	if moved {
		t.emit("page_moved", c, nil)
	}
	return nil
}

func (t *tx) checkMove(c, above *content) error {
	switch {
	case above == nil:
		return nil
	case above.kind != isPage || above.space != c.space:
		return refuse(http.StatusBadRequest, "Parent page must be in the same space")
	case above == c || slices.Contains(above.ancestors(), c):
		return refuse(http.StatusBadRequest, "Cannot move a page below itself")
	}
	return nil
}

// keepDraft replaces the draft of a page, which always has the number 1.
func (t *tx) keepDraft(c *content, e edit) error {
	if e.number != 1 {
		return refuse(http.StatusBadRequest, "The version number of a draft must be 1")
	}
	c.draft = &revision{number: 1, when: t.now, by: t.by, message: e.message, title: e.title, body: e.body}
	return nil
}

// dangle lets go of comments whose piece of the text is gone.
func (t *tx) dangle(page *content) {
	text := words(page.text())
	for _, c := range t.of(page, isComment) {
		if c.inline == nil || c.inline.resolution == "resolved" {
			continue
		}
		gone := !strings.Contains(text, c.inline.selection)
		if c.inline.marked {
			gone = !strings.Contains(page.text(), c.inline.ref)
		}
		if gone {
			c.inline.resolution = "dangling"
		}
	}
}

func (t *tx) newInline(selection string, index int) *inline {
	return &inline{selection: selection, index: index, ref: fmt.Sprintf("00000000-0000-4000-8000-%012x", t.st.nextID()), resolution: "open"}
}

// mark puts the mark of a comment around its piece of the text, as Confluence does
// without making a version. A piece that has markup in it is left without.
func (t *tx) mark(page *content, in *inline) error {
	if !strings.Contains(words(page.text()), in.selection) {
		return refuse(http.StatusBadRequest, "Text selection was not found on the page")
	}
	rev := &page.revs[len(page.revs)-1]
	rev.body, in.marked = markText(rev.body, html.EscapeString(in.selection), in.index, in.ref)
	return nil
}

// deletion is what a request to delete asks for.
type deletion struct{ draft, purge bool }

func (t *tx) deletePage(c *content, d deletion) error {
	if err := t.mayEdit(c); err != nil {
		return err
	}
	switch {
	case d.draft && c.draft == nil:
		return missing("Cannot find draft with id: " + c.idText())
	case d.draft && c.status == draft, d.purge && c.status == trashed:
		t.purge(c)
	case d.draft:
		c.draft = nil
	case d.purge:
		return refuse(http.StatusBadRequest, "Content that is to be purged must be in the trash: %d", c.id)
	case c.status != current:
		return missing("No content found with id: ContentId{id=" + c.idText() + "}")
	case c == c.space.home:
		return refuse(http.StatusBadRequest, "The home page of a space cannot be deleted")
	default:
		for _, child := range t.below(c) {
			child.above = c.above // Confluence hands the children up
		}
		c.status = trashed
		t.emit("page_trashed", c, nil)
	}
	return nil
}

func (t *tx) purge(c *content) {
	for _, kind := range []string{isComment, isAttachment} {
		for _, one := range t.of(c, kind) {
			t.st.remove(one)
		}
	}
	if c.status == trashed {
		t.emit("page_removed", c, nil)
	}
	t.st.remove(c)
}

// remark is a comment to be made.
type remark struct {
	page, above *content
	body        string
	inline      *inline
}

func (t *tx) addComment(r remark) (*content, error) {
	if r.page.status != current {
		return nil, missing("No content found with id: ContentId{id=" + r.page.idText() + "}")
	}
	if err := checkStorage(r.body); err != nil {
		return nil, err
	}
	if r.inline != nil && r.above == nil {
		if err := t.mark(r.page, r.inline); err != nil {
			return nil, err
		}
	}
	c := t.st.add(&content{kind: isComment, space: r.page.space, status: current, page: r.page, above: r.above, made: t.now, by: t.by, inline: r.inline})
	c.revs = []revision{{number: 1, when: t.now, by: t.by, title: "Re: " + r.page.now().title, body: r.body}}
	t.emit("comment_created", c, nil)
	return c, nil
}

// updateComment replaces the text of a comment and, if resolved is not nil, opens
// or closes it.
func (t *tx) updateComment(c *content, body string, number, api int, resolved *bool) error {
	if c.by != t.by && resolved == nil && (t.by == nil || !t.by.Admin) {
		return refuse(http.StatusForbidden, "User not permitted to edit content with id: %d", c.id)
	}
	if err := checkStorage(body); err != nil {
		return err
	}
	if now := len(c.revs); number != now+1 {
		return t.wrongVersion(now, number, api)
	}
	c.revs = append(c.revs, revision{number: number, when: t.now, by: t.by, title: c.now().title, body: body})
	if resolved != nil && c.inline != nil {
		c.inline.by, c.inline.at = t.by, t.now
		switch {
		case *resolved:
			c.inline.resolution = "resolved"
		case c.inline.resolution == "resolved":
			c.inline.resolution = "reopened"
		}
	}
	t.emit("comment_updated", c, nil)
	return nil
}

func (t *tx) deleteComment(c *content) error {
	if c.by != t.by && (t.by == nil || !t.by.Admin) {
		return refuse(http.StatusForbidden, "User not permitted to delete content with id: %d", c.id)
	}
	for _, one := range t.of(c.page, isComment) {
		if one == c || slices.Contains(one.ancestors(), c) {
			t.emit("comment_removed", one, nil)
			t.st.remove(one)
		}
	}
	return nil
}
