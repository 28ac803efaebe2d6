package confluence

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// state is everything that the site knows.
type state struct {
	kind   Kind
	users  []*User
	spaces []*space
	all    map[int64]*content
	// order is the ids as they were given.
	order  []int64
	lastID int64
	// indexLag is how long searches do not find what is new.
	indexLag time.Duration
}

type space struct {
	Space
	id   int64
	home *content
	made time.Time
}

// The sorts of content.
const (
	isPage       = "page"
	isComment    = "comment"
	isAttachment = "attachment"
)

// The states of content.
const (
	current = "current"
	draft   = "draft"
	trashed = "trashed"
)

// content is a page, a comment or a file.
type content struct {
	id     int64
	kind   string
	space  *space
	status string
	// above is the page above a page, or the comment that is answered; page is what
	// a comment or file belongs to.
	above *content
	page  *content
	made  time.Time
	by    *User
	// revs are the published versions, the newest last; draft is what is not yet
	// published.
	revs   []revision
	draft  *revision
	labels []label
	props  []*property
	// readers and editors are who alone may; nil is everybody.
	readers, editors []*User
	inline           *inline
}

// revision is one version.
type revision struct {
	number  int
	when    time.Time
	by      *User
	message string
	minor   bool
	title   string
	body    string
	// blob and mediaType are of files.
	blob      []byte
	mediaType string
}

type label struct {
	id           int64
	name, prefix string
}

type property struct {
	id      int64
	key     string
	value   []byte
	number  int
	when    time.Time
	by      *User
	message string
}

// inline is what a comment on a piece of text has more.
type inline struct {
	selection, ref, resolution string
	// index is which place with that text is meant; marked tells that the text of
	// the page has a mark there.
	index  int
	marked bool
	by     *User
	at     time.Time
}

func newState(o Options) (*state, error) {
	st := &state{kind: o.Kind, all: map[int64]*content{}, lastID: 65536, indexLag: o.IndexLag}
	for _, u := range o.Users {
		st.users = append(st.users, &u)
	}
	if len(st.users) == 0 {
		return nil, errors.New("make site: it needs a user")
	}
	now := o.Now()
	for _, in := range o.Spaces {
		s := &space{Space: in, id: st.nextID(), made: now}
		home := st.add(&content{kind: isPage, space: s, status: current, made: now, by: st.users[0]})
		home.revs = []revision{{number: 1, when: now, by: st.users[0], title: in.Name + " Home", body: "<p>" + in.Name + "</p>"}}
		s.home = home
		st.spaces = append(st.spaces, s)
	}
	return st, nil
}

func (st *state) nextID() int64 {
	for {
		st.lastID += 32
		if st.all[st.lastID] == nil {
			return st.lastID
		}
	}
}

// renumber gives content another id, which nothing may have yet.
func (st *state) renumber(c *content, id string) error {
	n, err := strconv.ParseInt(id, 10, 64)
	switch {
	case err != nil || n < 1:
		return fmt.Errorf("give page the id %q: it is no positive number", id)
	case st.all[n] != nil:
		return fmt.Errorf("give page the id %s: something else has it", id)
	}
	st.remove(c)
	c.id = n
	st.all[n] = c
	st.order = append(st.order, n)
	return nil
}

func (st *state) add(c *content) *content {
	c.id = st.nextID()
	st.all[c.id] = c
	st.order = append(st.order, c.id)
	return c
}

func (st *state) remove(c *content) {
	delete(st.all, c.id)
	st.order = slices.DeleteFunc(st.order, func(id int64) bool { return id == c.id })
}

// each calls fn with all content, the oldest first.
func (st *state) each(fn func(*content)) {
	for _, id := range st.order {
		fn(st.all[id])
	}
}

func (st *state) user(who string) *User {
	for _, u := range st.users {
		if who != "" && (u.Handle == who || u.AccountID == who || u.Key == who || strings.EqualFold(u.Email, who)) {
			return u
		}
	}
	return nil
}

// now is the newest published version, or the draft of what was never published.
func (c *content) now() revision {
	if len(c.revs) > 0 {
		return c.revs[len(c.revs)-1]
	}
	if c.draft != nil {
		return *c.draft
	}
	return revision{}
}

func (c *content) text() string { return c.now().body }

// idText is the id as the API has it: files have a prefix.
func (c *content) idText() string {
	if c.kind == isAttachment {
		return "att" + strconv.FormatInt(c.id, 10)
	}
	return strconv.FormatInt(c.id, 10)
}

// ancestors are the pages above, the highest first.
func (c *content) ancestors() []*content {
	var list []*content
	for at := c.above; at != nil; at = at.above {
		list = append(list, at)
	}
	slices.Reverse(list)
	return list
}

// tx is one request at work on the state.
type tx struct {
	st     *state
	by     *User
	now    time.Time
	web    string
	events []event
}

// space finds a space that the user may see.
func (t *tx) space(match func(*space) bool) *space {
	for _, s := range t.st.spaces {
		if match(s) && t.sees(s) {
			return s
		}
	}
	return nil
}

func (t *tx) sees(s *space) bool {
	return t.by != nil && (s.Readers == nil || slices.Contains(s.Readers, t.by.Handle))
}

// visible tells whether the user may see content: by the space, by restrictions of
// the page and of those above it, and drafts only with the right to edit.
func (t *tx) visible(c *content) bool {
	page := c
	if c.page != nil {
		page = c.page
	}
	if !t.sees(page.space) {
		return false
	}
	for at := page; at != nil; at = at.above {
		if at.readers != nil && !slices.Contains(at.readers, t.by) {
			return false
		}
	}
	return page.status != draft || t.mayEdit(page) == nil
}

// mayEdit says why the user may not change a page.
func (t *tx) mayEdit(page *content) error {
	denied := refuse(http.StatusForbidden, "User not permitted to edit content with id: %d", page.id)
	if err := t.mayWrite(page.space); err != nil {
		return denied
	}
	if page.editors != nil && !slices.Contains(page.editors, t.by) {
		return denied
	}
	return nil
}

func (t *tx) mayWrite(s *space) error {
	if t.by == nil || (s.Writers != nil && !slices.Contains(s.Writers, t.by.Handle)) {
		return refuse(http.StatusForbidden, "User not permitted to write in space: %s", s.Key)
	}
	return nil
}

// find reads an id and returns what has it, if the user may see it.
func (t *tx) find(id string, kinds ...string) (*content, error) {
	absent := missing("No content found with id: ContentId{id=" + id + "}")
	n, err := strconv.ParseInt(strings.TrimPrefix(id, "att"), 10, 64)
	if err != nil {
		return nil, absent
	}
	c := t.st.all[n]
	if c == nil || c.idText() != id || !t.visible(c) || len(kinds) > 0 && !slices.Contains(kinds, c.kind) {
		return nil, absent
	}
	return c, nil
}

// below are the pages directly below a page that the user may see.
func (t *tx) below(c *content) []*content {
	var list []*content
	t.st.each(func(one *content) {
		if one.kind == isPage && one.above == c && one.status == current && t.visible(one) {
			list = append(list, one)
		}
	})
	return list
}

// of are the comments or files of a page.
func (t *tx) of(page *content, kind string) []*content {
	var list []*content
	t.st.each(func(one *content) {
		if one.kind == kind && one.page == page && one.status == current {
			list = append(list, one)
		}
	})
	return list
}
