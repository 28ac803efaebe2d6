package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// homeSpace is where pages are made of which nobody says where.
const homeSpace = "DOC"

// usesWiki reports whether the case has to do with Confluence.
func usesWiki(s *manifest.Scenario) bool {
	g, wants := s.Given, len(s.Then.Pages)+len(s.Then.Spaces) > 0
	for _, step := range s.When {
		wants = wants || step.Verb == manifest.VerbConfluence || step.Verb == manifest.VerbWikiFault ||
			step.Then != nil && len(step.Then.Pages)+len(step.Then.Spaces) > 0
	}
	return wants || g.Confluence != "" || len(g.Spaces)+len(g.Pages) > 0
}

// wikiOptions are the Confluence beside the Jira, with the same people.
func (w *world) wikiOptions() confluence.Options {
	g := w.scenario.Given
	out := confluence.Options{Now: w.clock.now, LogSize: 10_000, Users: wikiUsers(g), Spaces: confluence.DefaultSpaces()}
	switch g.Confluence {
	case "cloud":
		out.Kind = confluence.Cloud
	case "dc":
		out.Kind = confluence.DataCenter
	}
	for _, s := range g.Spaces {
		one := confluence.Space{Key: s.Key, Name: or(s.Name, s.Key), Readers: s.Readers, Writers: s.Writers}
		if at := slices.IndexFunc(out.Spaces, func(old confluence.Space) bool { return old.Key == s.Key }); at >= 0 {
			out.Spaces[at] = one
			continue
		}
		out.Spaces = append(out.Spaces, one)
	}
	return out
}

// wikiUsers are the people of the Jira, as Confluence knows them.
func wikiUsers(g manifest.Given) []confluence.User {
	out := confluence.DefaultUsers()
	for _, u := range slices.Concat(jira.DefaultSeed().Users, seedOf(g).Users) {
		at := slices.IndexFunc(out, func(old confluence.User) bool { return old.Handle == u.Handle })
		if at < 0 {
			at = len(out)
			out = append(out, confluence.User{Handle: u.Handle, Key: "scenario-" + u.Handle})
		}
		one := &out[at]
		one.AccountID, one.DisplayName, one.Email, one.Token, one.App = u.AccountID, u.DisplayName, u.Email, u.Token, u.AccountType == jira.AccountApp
	}
	return out
}

// stored is a text in Confluence's storage format.
func (w *world) stored(text manifest.PageText) string {
	if text.Storage != "" {
		return w.addressed(text.Storage)
	}
	return markup.MarkdownToStorage(w.addressed(text.Markdown), w.writing())
}

func (w *world) writing() storage.Options {
	return storage.Options{DataCenter: w.box.Confluence.Kind() == confluence.DataCenter}
}

// addressed puts the address of the Jira into {{jira}}, and that of the Confluence
// without its scheme, as names of links have it, into {{confluence}}, where no other
// value is known yet.
func (w *world) addressed(text string) string {
	return slot.ReplaceAllStringFunc(text, func(found string) string {
		switch slot.FindStringSubmatch(found)[1] {
		case "jira":
			return w.box.JiraURL()
		case "confluence":
			return w.wikiSite()
		}
		return found
	})
}

// wikiSite is where people find the Confluence, without the scheme.
func (w *world) wikiSite() string {
	_, site, _ := strings.Cut(w.box.ConfluenceURL(), "://")
	if w.box.Confluence.Kind() == confluence.Cloud {
		site += "/wiki"
	}
	return strings.TrimSuffix(site, "/")
}

// fillWiki makes the pages that are there from the start.
func (w *world) fillWiki() error {
	for _, p := range w.scenario.Given.Pages {
		if err := w.furnishPage(p); err != nil {
			return fmt.Errorf("make page %q of line %d: %w", p.Title, p.Line, err)
		}
	}
	return nil
}

func (w *world) furnishPage(p manifest.GivenPage) error {
	site, by := w.box.Confluence, or(p.By, "alice")
	id, err := w.makePage(by, p.NewPage)
	if err != nil {
		return err
	}
	w.page = id
	for _, v := range p.Versions {
		err = errors.Join(err, site.As(or(v.By, by)).EditPage(id, w.stored(v.Text), v.Message))
	}
	for _, c := range p.Comments {
		_, failed := w.remark(or(c.As, "alice"), id, c.Body, c.On)
		err = errors.Join(err, failed)
	}
	err = errors.Join(err, w.setProperties(by, id, p.Properties))
	if p.Readers != nil || p.Editors != nil {
		err = errors.Join(err, site.As(by).Restrict(id, p.Readers, p.Editors))
	}
	return err
}

// makePage makes a page with its labels.
func (w *world) makePage(by string, p manifest.NewPage) (string, error) {
	who := w.box.Confluence.As(by)
	in := confluence.NewPage{ID: p.ID, Space: p.Space, Title: p.Title, Body: w.stored(p.Text), Draft: p.Draft}
	if p.Parent != "" {
		above, err := w.pageNamed(p.Parent, p.Space)
		if err != nil {
			return "", err
		}
		in.Parent, in.Space = above.ID, or(in.Space, above.Space)
	}
	in.Space = or(in.Space, homeSpace)
	id, err := who.CreatePage(in)
	if err != nil {
		return "", err
	}
	for _, name := range p.Labels {
		err = errors.Join(err, who.Label(id, name))
	}
	return id, err
}

// remark writes a comment, on a piece of the page's text if there is one.
func (w *world) remark(by, page, text, on string) (string, error) {
	who, body := w.box.Confluence.As(by), w.stored(manifest.PageText{Markdown: text})
	if on != "" {
		return who.CommentOn(page, on, body)
	}
	return who.Comment(page, body)
}

func (w *world) setProperties(by, page string, values map[string]any) error {
	var err error
	for _, key := range slices.Sorted(maps.Keys(values)) {
		raw, failed := json.Marshal(values[key])
		if failed == nil {
			failed = w.box.Confluence.As(by).SetProperty(page, key, raw)
		}
		err = errors.Join(err, failed)
	}
	return err
}

// noPage says that there is no page of a name.
type noPage struct{ name, space, there string }

// Error names the pages that there are.
func (e *noPage) Error() string {
	where := ""
	if e.space != "" {
		where = " in " + e.space
	}
	return fmt.Sprintf("there is no page %q%s: there are %s", e.name, where, e.there)
}

// pageNamed finds a page by its title or id, in a space or, with "", in any. One that
// people see comes before drafts, and those before what is in the trash.
func (w *world) pageNamed(name, space string) (confluence.PageState, error) {
	if _, err := strconv.ParseInt(name, 10, 64); err == nil {
		if p, ok := w.box.Confluence.Page(name); ok {
			return p, nil
		}
	}
	var found []confluence.PageState
	var titles []string
	for _, status := range []string{"current", "draft", "trashed"} {
		for _, id := range w.box.Confluence.Pages() {
			p, ok := w.box.Confluence.Page(id)
			if !ok || p.Status != status {
				continue
			}
			titles = append(titles, strconv.Quote(p.Title)+" ("+p.Space+" "+p.ID+")")
			if strings.EqualFold(p.Title, name) && (space == "" || p.Space == space) {
				found = append(found, p)
			}
		}
		if len(found) > 0 {
			break
		}
	}
	switch len(found) {
	case 0:
		return confluence.PageState{}, &noPage{name, space, names(titles)}
	case 1:
		return found[0], nil
	}
	return confluence.PageState{}, fmt.Errorf("%d pages have the title %q: say the space, or the id of the page: %s and %s", len(found), name, found[0].ID, found[1].ID)
}

// markdown is a text of Confluence as people read it.
func markdown(body string) string {
	text, _ := markup.StorageToMarkdown(body)
	return strings.TrimSpace(text)
}
