package manifest

import (
	"regexp"
	"slices"
	"strings"
)

// GivenVersion is a version of a project.
type GivenVersion struct {
	Name, Description  string
	Released, Archived bool
	// ReleaseDate is a day such as 2026-03-02, or "".
	ReleaseDate string
}

// GivenRemoteLink is a link from an issue to something outside Jira: to a page of
// Confluence, named by title or id, or to an address.
type GivenRemoteLink struct {
	Page, URL, Title       string
	GlobalID, Relationship string
}

// GivenSpace is a space of Confluence. Nil Readers or Writers are everybody.
type GivenSpace struct {
	Key, Name        string
	Readers, Writers []string
}

// NewPage is a page of Confluence that is made.
type NewPage struct {
	// ID is "" for the next one.
	ID string
	// Space is "" for that of the parent, or of the default space.
	Space, Title string
	// Parent is a title or id; "" for the home page of the space.
	Parent string
	Text   PageText
	Labels []string
	Draft  bool
}

// PageText is a text in Markdown, or in Confluence's storage format.
type PageText struct{ Markdown, Storage string }

// GivenPage is a page that is there from the start.
type GivenPage struct {
	NewPage
	Line             int
	By               string
	Versions         []PageVersion
	Properties       map[string]any
	Comments         []PageComment
	Readers, Editors []string
}

// PageVersion is a further version of a page.
type PageVersion struct {
	By, Message string
	Text        PageText
}

// PageComment is a comment on a page; On is the piece of its text that it is on, ""
// for a comment below the page.
type PageComment struct{ As, Body, On string }

// VersionStep is what somebody does with a version of a project.
type VersionStep struct {
	// Project is "" for the one that has a version of that name.
	Name, Project string
	// Released and Archived are nil for what stays as it is.
	Released, Archived *bool
}

// WikiStep is what somebody does in Confluence.
type WikiStep struct {
	// Action is one of the Wiki constants; which of the fields below counts depends on
	// it.
	Action string
	// Page is a title or id; "" for the page that was made or named last.
	Page string
	New  NewPage
	// Text is a page's whole text or, for WikiSection and WikiAppend, what stands or
	// is added in Section; Words are those of a comment, a title, or a page's name.
	Text    PageText
	Section string
	Remove  bool
	Words   string
	// Selection is the piece of the page that a comment is on, "" for none.
	Selection  string
	Labels     []string
	Properties map[string]any
	Message    string
}

// The actions of a WikiStep.
const (
	WikiCreate       = "create"
	WikiEdit         = "edit"
	WikiSection      = "section"
	WikiAppend       = "append"
	WikiTouch        = "touch"
	WikiPublish      = "publish"
	WikiComment      = "comment"
	WikiReply        = "reply"
	WikiEditComment  = "edit_comment"
	WikiAddLabels    = "add_labels"
	WikiRemoveLabels = "remove_labels"
	WikiRename       = "rename"
	WikiMove         = "move"
	WikiProperty     = "property"
	WikiTrash        = "trash"
)

var (
	day    = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	pageID = regexp.MustCompile(`^[1-9]\d{0,17}$`)
)

func (b *builder) givenVersions(list []scenarioVersion) []GivenVersion {
	var out []GivenVersion
	for _, v := range list {
		b.require(v.Name, v.pos, "name")
		if v.ReleaseDate.set && !day.MatchString(v.ReleaseDate.value) {
			b.errorf(v.ReleaseDate.pos, "expected a day such as 2026-03-02, found %q", shorten(v.ReleaseDate.value))
		}
		out = append(out, GivenVersion{Name: v.Name.value, Description: v.Description.value, Released: v.Released.value, Archived: v.Archived.value, ReleaseDate: v.ReleaseDate.value})
	}
	return out
}

func (b *builder) givenRemoteLinks(list []scenarioRemoteLink) []GivenRemoteLink {
	var out []GivenRemoteLink
	for _, l := range list {
		if l.Page.set == l.URL.set {
			b.errorf(l.pos, "give one of page and url")
		}
		out = append(out, GivenRemoteLink{Page: l.Page.value, URL: l.URL.value, Title: l.Title.value, GlobalID: l.GlobalID.value, Relationship: l.Relationship.value})
	}
	return out
}

// givenWiki reads what is in Confluence.
func (b *builder) givenWiki(decl givenDecl, g *Given) {
	g.Confluence = b.oneOf(str{at: decl.Confluence.at, value: decl.Confluence.value, set: decl.Confluence.set}, "confluence", "cloud", "dc")
	for _, s := range decl.Spaces {
		b.require(s.Key, s.pos, "key")
		g.Spaces = append(g.Spaces, GivenSpace{Key: s.Key.value, Name: s.Name.value, Readers: s.Readers.values(), Writers: s.Writers.values()})
	}
	for _, p := range decl.Pages {
		one := GivenPage{NewPage: b.newPage(p.pageDecl), Line: p.pos.line, By: p.By.value, Properties: dataMap(p.Properties), Readers: p.Readers.values(), Editors: p.Editors.values()}
		for _, v := range p.Versions {
			one.Versions = append(one.Versions, PageVersion{By: v.By.value, Message: v.Message.value, Text: b.pageText(v.Body, v.Storage)})
		}
		for _, c := range p.Comments {
			b.require(c.Body, c.pos, "body")
			one.Comments = append(one.Comments, PageComment{As: c.As.value, Body: c.Body.value, On: c.On.value})
		}
		if one.Draft && len(p.Versions)+len(p.Comments) > 0 {
			b.errorf(p.Status.pos, "a draft has neither versions nor comments")
		}
		g.Pages = append(g.Pages, one)
	}
}

func (b *builder) newPage(decl pageDecl) NewPage {
	b.require(decl.Title, decl.pos, "title")
	status := b.oneOf(str{at: decl.Status.at, value: decl.Status.value, set: decl.Status.set}, "status", "current", "draft")
	if decl.ID.set && !pageID.MatchString(decl.ID.value) {
		b.errorf(decl.ID.pos, "expected a number of 1 to 18 digits, found %q", shorten(decl.ID.value))
	}
	return NewPage{ID: decl.ID.value, Space: decl.Space.value, Title: decl.Title.value, Parent: decl.Parent.value, Text: b.pageText(decl.Body, decl.Storage),
		Labels: decl.Labels.values(), Draft: status == "draft"}
}

func (b *builder) pageText(body, storage rawStr) PageText {
	if body.set && storage.set {
		b.errorf(storage.pos, "give one of body and storage")
	}
	return PageText{Markdown: body.value, Storage: storage.value}
}

func (b *builder) versionStep(decl changeVersionDecl, release bool) *VersionStep {
	b.require(decl.Name, decl.pos, "name")
	v := &VersionStep{Name: decl.Name.value, Project: decl.Project.value, Released: pointer(decl.Released), Archived: pointer(decl.Archived)}
	if release && v.Released == nil {
		v.Released = &release
	}
	return v
}

// wikiStep takes the one action that there is.
func (b *builder) wikiStep(decl wikiDecl) *WikiStep {
	s := &WikiStep{Page: decl.Page.value, Section: decl.Section.value, Selection: decl.Selection.value, Message: decl.Message.value}
	var given []string
	take := func(is bool, action string, set func()) {
		if is {
			given = append(given, action)
			s.Action = action
			set()
		}
	}
	b.takeWords(decl, s, take)
	take(decl.Create != nil, WikiCreate, func() { s.New = b.newPage(*decl.Create) })
	take(decl.Edit.set || decl.Storage.set, WikiEdit, func() { s.Text = b.pageText(decl.Edit, decl.Storage) })
	take(decl.Section.set, WikiSection, func() { b.wikiSection(decl, s) })
	take(decl.Append.set && !decl.Section.set, WikiAppend, func() { s.Text.Markdown = decl.Append.value })
	take(decl.Touch.value, WikiTouch, func() {})
	take(decl.Publish.value, WikiPublish, func() {})
	take(decl.Trash.value, WikiTrash, func() {})
	take(decl.AddLabels.list != nil, WikiAddLabels, func() { s.Labels = decl.AddLabels.values() })
	take(decl.RemoveLabels.list != nil, WikiRemoveLabels, func() { s.Labels = decl.RemoveLabels.values() })
	take(len(decl.Property.entries) > 0, WikiProperty, func() { s.Properties = dataMap(decl.Property) })
	switch {
	case len(given) == 0:
		b.errorf(decl.pos, "what is done? give one of %s", strings.Join(wikiActions(), ", "))
	case len(given) > 1:
		slices.Sort(given)
		b.errorf(decl.pos, "the step has %s: give one, and the others as steps of their own", strings.Join(given, " and "))
	}
	b.wikiStrays(decl, s.Action)
	return s
}

// takeWords takes the actions that have words.
func (b *builder) takeWords(decl wikiDecl, s *WikiStep, take func(bool, string, func())) {
	for _, one := range []struct {
		action string
		words  rawStr
	}{{WikiComment, decl.Comment}, {WikiReply, decl.Reply}, {WikiEditComment, decl.EditComment}, {WikiRename, decl.Rename}, {WikiMove, decl.Move}} {
		take(one.words.set, one.action, func() {
			s.Words = one.words.value
			if strings.TrimSpace(s.Words) == "" {
				b.errorf(one.words.pos, "%s needs a text", one.action)
			}
		})
	}
}

// wikiSection reads how a section is edited.
func (b *builder) wikiSection(decl wikiDecl, s *WikiStep) {
	ways := 0
	for _, is := range []bool{decl.Text.set, decl.Append.set, decl.Remove.value} {
		if is {
			ways++
		}
	}
	if ways != 1 {
		b.errorf(decl.Section.pos, "what becomes of the section? give one of text, append and remove")
	}
	s.Text.Markdown, s.Remove = decl.Text.value, decl.Remove.value
	if decl.Append.set {
		s.Action, s.Text.Markdown = WikiAppend, decl.Append.value
	}
}

// wikiStrays reports what belongs to another action.
func (b *builder) wikiStrays(decl wikiDecl, action string) {
	stray := func(set bool, at pos, field string, with ...string) {
		if set && !slices.Contains(with, action) {
			b.errorf(at, "%q belongs to %s", field, strings.Join(with, " or "))
		}
	}
	stray(decl.Text.set, decl.Text.pos, "text", WikiSection)
	stray(decl.Remove.value, decl.Remove.pos, "remove", WikiSection)
	stray(decl.Selection.set, decl.Selection.pos, "selection", WikiComment)
	stray(decl.Message.set, decl.Message.pos, "message", WikiEdit, WikiSection, WikiAppend, WikiTouch, WikiPublish)
	if decl.Page.set && action == WikiCreate {
		b.errorf(decl.Page.pos, "the page is made in this step: leave out %q", "page")
	}
}

// wikiActions are the actions as they are written.
func wikiActions() []string {
	return []string{WikiCreate, WikiEdit, WikiSection, WikiAppend, WikiTouch, WikiPublish, WikiComment, WikiReply, WikiEditComment, WikiAddLabels, WikiRemoveLabels,
		WikiRename, WikiMove, WikiProperty, WikiTrash}
}
