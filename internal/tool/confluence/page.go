package confluence

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/tool"
)

// Ref is a page in an argument: an id, or the page's address in a browser.
type Ref struct {
	confluence.PageRef

	// host is that of an address; "" for an id.
	host string
}

// UnmarshalJSON implements json.Unmarshaler. null and "" name no page.
func (r *Ref) UnmarshalJSON(raw []byte) error {
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(raw, &s) == nil:
	case json.Unmarshal(raw, &n) == nil:
		s = n.String()
	default:
		return fmt.Errorf("%s is not the id or address of a page", shorten(string(raw)))
	}
	*r = Ref{}
	if strings.TrimSpace(s) == "" {
		return nil
	}
	ref, ok := confluence.ReadPageURL(s)
	if !ok {
		return fmt.Errorf("%q is not the id of a page, nor its address; confluence_search finds pages", shorten(s))
	}
	r.PageRef = ref
	if u, err := url.Parse(strings.TrimSpace(s)); err == nil {
		r.host = u.Host
	}
	return nil
}

func (r Ref) given() bool { return r.ID != "" || r.Title != "" }

// load reads a page if it is within the scope of the call. The other types, if given,
// are what it may be besides.
func (j job) load(ctx context.Context, ref Ref, read confluence.PageRead, types ...string) (confluence.Page, error) {
	if err := j.here(ref); err != nil {
		return confluence.Page{}, err
	}
	if ref.ID == "" {
		return j.byTitle(ctx, ref, read)
	}
	page, err := j.api.Page(ctx, ref.ID, read)
	if confluence.NotFound(err) && !read.Draft && read.Version == 0 {
		read.Draft = true // one that was never published is found as a draft only
		if page, err = j.api.Page(ctx, ref.ID, read); confluence.NotFound(err) {
			page, err = j.api.Other(ctx, ref.ID, read.Body)
		}
	}
	if err != nil {
		return page, err
	}
	if err := j.within(page); err != nil {
		return page, err
	}
	return page, j.fits(page, types)
}

// fits refuses what an id names that a tool cannot work on. Data Center has the same
// operations for pages and blog posts, other than those that change the text.
func (j job) fits(page confluence.Page, types []string) error {
	post := page.Type == confluence.TypeBlogPost
	if page.Type == confluence.TypePage || slices.Contains(types, page.Type) || post && j.api.Kind() == confluence.DataCenter {
		return nil
	}
	if post {
		return refuse("%s is a blog post: confluence_get_page reads it, the other tools work on pages", page.ID)
	}
	return refuse("%s is a %s, not a page", page.ID, page.Type)
}

func (j job) byTitle(ctx context.Context, ref Ref, read confluence.PageRead) (confluence.Page, error) {
	switch {
	case ref.Title == "":
		return confluence.Page{}, refuse("page_id is missing: the id or the address of a page")
	case ref.SpaceKey == "":
		return confluence.Page{}, refuse("space_key is missing: titles are unique within a space only")
	case !tool.InSpaces(j.call.Spaces, ref.SpaceKey):
		return confluence.Page{}, outside("space " + ref.SpaceKey)
	}
	page, err := j.api.PageByTitle(ctx, ref.SpaceKey, ref.Title, confluence.PageRead{Body: read.Body && read.Version == 0})
	if err == nil && read.Version > 0 {
		page, err = j.api.Page(ctx, page.ID, read)
	}
	if err != nil {
		return page, err
	}
	return page, j.within(page)
}

// here checks that an address is one of this site.
func (j job) here(ref Ref) error {
	if ref.host == "" {
		return nil
	}
	site, err := url.Parse(j.api.WebURL("/"))
	if err != nil || !strings.EqualFold(site.Host, ref.host) {
		return refuse("that address is at %s, which is another site; this one is %s", shorten(ref.host), j.api.WebURL("/"))
	}
	return nil
}

// within checks where a page really is.
func (j job) within(page confluence.Page) error {
	if page.SpaceKey != "" {
		*j.space = page.SpaceKey // for the audit log; the model is not told of one that it may not see
	}
	if j.call.Spaces == nil || page.SpaceKey != "" && tool.InSpaces(j.call.Spaces, page.SpaceKey) {
		return nil
	}
	return outside("page " + page.ID)
}

// options are how a page of this Confluence is written.
func (j job) options(kept storage.Kept) storage.Options {
	return storage.Options{Kept: kept, DataCenter: j.api.Kind() == confluence.DataCenter}
}

// person is the shortest way to name somebody. Cloud tells ids where it tells of
// pages; a name that cannot be had must not keep the page from being read.
func (j job) person(ctx context.Context, u confluence.User) string {
	id := cmp.Or(u.ID(), u.Name)
	name := u.DisplayName
	if name == "" && id != "" {
		known, asked := j.names[id]
		if !asked {
			if found, err := j.api.User(ctx, id); err == nil {
				known = found.DisplayName
			}
			j.names[id] = known
		}
		name = known
	}
	switch {
	case u.Name != "":
		id = u.Name
	case name == "":
		return cmp.Or(id, "somebody")
	}
	if name == "" || id == "" || name == id {
		return cmp.Or(name, id)
	}
	return name + " (" + id + ")"
}

func minute(t time.Time) string {
	if t.IsZero() {
		return "?"
	}
	return t.UTC().Format("2006-01-02 15:04 -0700")
}

// line makes one line of a text.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }

// row makes a row of a table.
func row(cells ...string) string {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(line(c), "|", "/")
	}
	return strings.Join(cells, " | ")
}

// table writes rows below a head, and how to go on. Rows that do not fit are left
// out, so that the token is not what gets cut off.
func table(head string, rows []string, next string) string {
	var b strings.Builder
	b.WriteString(head)
	for i, r := range rows {
		if b.Len()+len(r) > tool.MaxResult-1000 {
			fmt.Fprintf(&b, "\ntruncated: %d more rows; use a smaller limit", len(rows)-i)
			break
		}
		b.WriteString("\n" + r)
	}
	if next != "" {
		b.WriteString("\nnext: page_token " + next)
	}
	return b.String()
}

func bounded(n, otherwise, most int) int {
	if n <= 0 {
		return otherwise
	}
	return min(n, most)
}
