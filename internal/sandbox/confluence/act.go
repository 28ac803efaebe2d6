package confluence

import (
	"errors"
	"slices"
	"strconv"
)

// Actor is somebody who works on the site as people do in their browsers: without
// requests that could fail or be counted.
type Actor struct {
	s  *Server
	by *User
}

// As is the account of a handle, account id, key or e-mail address. Acts of an
// unknown one are refused.
func (s *Server) As(who string) *Actor {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return &Actor{s: s, by: s.st.user(who)}
}

func (a *Actor) do(fn func(*tx) error) error {
	if a.by == nil {
		return errors.New("act: there is no such user")
	}
	return a.s.write(a.by, fn)
}

// newPage makes a page.
func (t *tx) newPage(n NewPage) (*content, error) {
	s := t.space(func(s *space) bool { return s.Key == n.Space })
	if s == nil {
		return nil, missing("No space with key : " + n.Space)
	}
	e := edit{title: n.Title, body: n.Body, status: current, above: s.home}
	if n.Draft {
		e.status = draft
	}
	if n.Parent != "" {
		above, err := t.find(n.Parent, isPage)
		if err != nil {
			return nil, err
		}
		e.above = above
	}
	events := len(t.events)
	p, err := t.createPage(s, e)
	if err != nil || n.ID == "" {
		return p, err
	}
	if err := t.st.renumber(p, n.ID); err != nil {
		t.st.remove(p)
		t.events = t.events[:events]
		return nil, err
	}
	if t.events = t.events[:events]; e.status == current {
		t.emit("page_created", p, nil) // with the id that it has now
	}
	return p, nil
}

// CreatePage makes a page and returns its id.
func (a *Actor) CreatePage(n NewPage) (string, error) {
	id := ""
	err := a.do(func(t *tx) error {
		p, err := t.newPage(n)
		if err == nil {
			id = p.idText()
		}
		return err
	})
	return id, err
}

// EditPage replaces the text of a page.
func (a *Actor) EditPage(id, body, message string) error {
	return a.page(id, func(t *tx, p *content) error {
		return t.updatePage(p, edit{title: p.now().title, body: body, message: message, number: len(p.revs) + 1, status: current}, 2)
	})
}

// RenamePage gives a page another title.
func (a *Actor) RenamePage(id, title string) error {
	return a.page(id, func(t *tx, p *content) error {
		return t.updatePage(p, edit{title: title, body: p.text(), number: len(p.revs) + 1, status: current}, 2)
	})
}

// TrashPage moves a page to the trash.
func (a *Actor) TrashPage(id string) error {
	return a.page(id, func(t *tx, p *content) error { return t.deletePage(p, deletion{}) })
}

// Label adds a label to a page.
func (a *Actor) Label(id, name string) error {
	return a.page(id, func(t *tx, p *content) error { return t.addLabel(p, "global", name) })
}

// Comment writes a comment below a page and returns its id.
func (a *Actor) Comment(page, body string) (string, error) {
	return a.remark(page, body, "")
}

// CommentOn writes a comment on a piece of a page's text and returns its id.
func (a *Actor) CommentOn(page, selection, body string) (string, error) {
	return a.remark(page, body, selection)
}

func (a *Actor) remark(page, body, selection string) (string, error) {
	id := ""
	err := a.page(page, func(t *tx, p *content) error {
		r := remark{page: p, body: body}
		if selection != "" {
			r.inline = t.newInline(selection, 0)
		}
		c, err := t.addComment(r)
		if err == nil {
			id = c.idText()
		}
		return err
	})
	return id, err
}

// Attach puts a file at a page, as a new version if there is one of its name.
func (a *Actor) Attach(page, name, mediaType string, data []byte) error {
	return a.page(page, func(t *tx, p *content) error {
		_, err := t.attach(p, t.file(p, name), upload{name: name, mediaType: mediaType, blob: data})
		return err
	})
}

// Restrict lets only some read and edit a page, by their handles; nil lifts that.
func (a *Actor) Restrict(id string, readers, editors []string) error {
	return a.page(id, func(t *tx, p *content) error {
		p.readers, p.editors = t.people(readers), t.people(editors)
		t.emit("content_permissions_updated", p, nil)
		return nil
	})
}

func (t *tx) people(handles []string) []*User {
	if handles == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(t.st.users), func(u *User) bool { return !slices.Contains(handles, u.Handle) })
}

func (a *Actor) page(id string, fn func(*tx, *content) error) error {
	return a.do(func(t *tx) error {
		p, err := t.find(id, isPage)
		if err != nil {
			return err
		}
		return fn(t, p)
	})
}

// PageState is a page as a test looks at it.
type PageState struct {
	// URL is where people see it.
	URL     string   `json:"url"`
	ID      string   `json:"id"`
	Space   string   `json:"space"`
	Title   string   `json:"title"`
	Status  string   `json:"status"`
	Parent  string   `json:"parent,omitempty"`
	Body    string   `json:"body"`
	Version int      `json:"version"`
	Message string   `json:"message,omitempty"`
	Author  string   `json:"author"`
	Draft   string   `json:"draft,omitempty"`
	Labels  []string `json:"labels,omitempty"`
	// Comments are the texts of all comments, the oldest first; Files the names of
	// files; Properties the values by key.
	Comments   []string          `json:"comments,omitempty"`
	Files      []string          `json:"files,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
	// Remarks are the same comments with more about them, Versions all published
	// versions, the oldest first.
	Remarks  []RemarkState  `json:"remarks,omitempty"`
	Versions []VersionState `json:"versions,omitempty"`
}

// RemarkState is a comment.
type RemarkState struct {
	ID   string `json:"id"`
	By   string `json:"by"`
	Body string `json:"body"`
	// ReplyTo is the comment that it answers, "" for none.
	ReplyTo string `json:"reply_to,omitempty"`
	// Selection is the piece of the page's text that it is on, Resolution one of open,
	// reopened, resolved and dangling; "" for a comment below the page.
	Selection  string `json:"selection,omitempty"`
	Resolution string `json:"resolution,omitempty"`
}

// VersionState is a version of a page.
type VersionState struct {
	Number  int    `json:"number"`
	By      string `json:"by"`
	Message string `json:"message,omitempty"`
	Title   string `json:"title"`
	Body    string `json:"body"`
	Minor   bool   `json:"minor,omitempty"`
}

// Page looks at a page whatever its state; false if there is none.
func (s *Server) Page(id string) (PageState, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n, err := strconv.ParseInt(id, 10, 64)
	c := s.st.all[n]
	if err != nil || c == nil || c.kind != isPage {
		return PageState{}, false
	}
	return s.tx(s.st, nil).pageState(c), true
}

func (t *tx) pageState(c *content) PageState {
	now := c.now()
	out := PageState{
		ID: c.idText(), Space: c.space.Key, Title: now.title, Status: c.status, Body: now.body, Version: now.number, Message: now.message,
		Author: now.by.Handle, Properties: map[string]string{},
	}
	out.URL = t.web + t.webPath(c)
	for _, r := range c.revs {
		out.Versions = append(out.Versions, VersionState{Number: r.number, By: r.by.Handle, Message: r.message, Title: r.title, Body: r.body, Minor: r.minor})
	}
	if c.above != nil {
		out.Parent = c.above.idText()
	}
	if c.draft != nil {
		out.Draft = c.draft.body
	}
	for _, l := range c.labels {
		out.Labels = append(out.Labels, l.name)
	}
	for _, one := range t.of(c, isComment) {
		out.Comments = append(out.Comments, one.text())
		out.Remarks = append(out.Remarks, one.remark())
	}
	for _, one := range t.of(c, isAttachment) {
		out.Files = append(out.Files, one.now().title)
	}
	for _, p := range c.props {
		out.Properties[p.key] = string(p.value)
	}
	return out
}

// remark is a comment as a test looks at it.
func (c *content) remark() RemarkState {
	out := RemarkState{ID: c.idText(), By: c.by.Handle, Body: c.text()}
	if c.above != nil {
		out.ReplyTo = c.above.idText()
	}
	if c.inline != nil {
		out.Selection, out.Resolution = c.inline.selection, c.inline.resolution
	}
	return out
}

// Pages are the ids of all pages, home pages included, the oldest first.
func (s *Server) Pages() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var ids []string
	s.st.each(func(c *content) {
		if c.kind == isPage {
			ids = append(ids, c.idText())
		}
	})
	return ids
}
