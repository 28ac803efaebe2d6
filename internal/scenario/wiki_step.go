package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// wiki lets a person do something in Confluence, which sends its webhooks.
func (w *world) wiki(s *manifest.Step) error {
	do := s.Wiki
	if do.Action == manifest.WikiCreate {
		id, err := w.makePage(s.As, do.New)
		if err == nil {
			w.page = id
		}
		return err
	}
	if do.Page != "" {
		p, err := w.pageNamed(do.Page, "")
		if err != nil {
			return err
		}
		w.page = p.ID
	}
	p, there := w.box.Confluence.Page(w.page)
	if !there {
		return errors.New("there is no page yet: name one with page, or make one first")
	}
	words, err := w.filled(do.Words)
	if err != nil {
		return err
	}
	switch do.Action {
	case manifest.WikiComment, manifest.WikiReply, manifest.WikiEditComment:
		return w.talkOnPage(s, p, words)
	case manifest.WikiEdit, manifest.WikiSection, manifest.WikiAppend, manifest.WikiTouch:
		return w.editPage(s.As, p, do)
	}
	return w.arrange(s.As, p, do, words)
}

// talkOnPage writes comments.
func (w *world) talkOnPage(s *manifest.Step, p confluence.PageState, words string) error {
	mine := "page " + s.As
	switch s.Wiki.Action {
	case manifest.WikiComment:
		id, err := w.remark(s.As, p.ID, words, s.Wiki.Selection)
		w.comments[mine] = placed{p.ID, id}
		return err
	case manifest.WikiReply:
		for _, c := range slices.Backward(p.Remarks) {
			if c.By != s.As {
				id, err := w.box.Confluence.As(s.As).Reply(or(c.ReplyTo, c.ID), w.stored(manifest.PageText{Markdown: words}))
				w.comments[mine] = placed{p.ID, id}
				return err
			}
		}
		return fmt.Errorf("nobody but %s has commented on %q", s.As, p.Title)
	}
	last, ok := w.comments[mine]
	if !ok {
		return fmt.Errorf("%s has posted no comment on a page", s.As)
	}
	return w.box.Confluence.As(s.As).EditComment(last.id, w.stored(manifest.PageText{Markdown: words}))
}

// editPage makes a new version of a page's text.
func (w *world) editPage(by string, p confluence.PageState, do *manifest.WikiStep) error {
	body, err := w.edited(p.Body, do)
	if err != nil {
		return err
	}
	return w.box.Confluence.As(by).EditPage(p.ID, body, do.Message)
}

func (w *world) edited(body string, do *manifest.WikiStep) (string, error) {
	switch {
	case do.Action == manifest.WikiTouch:
		return body, nil
	case do.Action == manifest.WikiEdit:
		return w.stored(do.Text), nil
	case do.Section == "":
		return storage.AppendTo(body, w.stored(do.Text)), nil
	}
	e := storage.Edit{Heading: do.Section, Place: storage.Replace}
	switch {
	case do.Remove:
		e.Place = storage.Remove
	case do.Action == manifest.WikiAppend:
		e.Place = storage.Append
	}
	o := w.writing()
	_, o.Kept = markup.StorageToMarkdown(body)
	return markup.EditStorage(body, e, w.addressed(do.Text.Markdown), o)
}

// arrange does what changes no text.
func (w *world) arrange(by string, p confluence.PageState, do *manifest.WikiStep, words string) error {
	who := w.box.Confluence.As(by)
	var err error
	switch do.Action {
	case manifest.WikiAddLabels:
		for _, name := range do.Labels {
			err = errors.Join(err, who.Label(p.ID, name))
		}
		return err
	case manifest.WikiRemoveLabels:
		for _, name := range do.Labels {
			err = errors.Join(err, who.Unlabel(p.ID, name))
		}
		return err
	case manifest.WikiRename:
		return who.RenamePage(p.ID, words)
	case manifest.WikiMove:
		above, err := w.pageNamed(words, p.Space)
		if err != nil {
			return err
		}
		return who.MovePage(p.ID, above.ID)
	case manifest.WikiProperty:
		return w.setProperties(by, p.ID, do.Properties)
	case manifest.WikiPublish:
		return who.PublishPage(p.ID, do.Message)
	case manifest.WikiTrash:
		return who.TrashPage(p.ID)
	}
	return fmt.Errorf("%s is not known here", do.Action)
}

// wikiFault makes requests to Confluence fail from now on; a status alone is enough
// to say how.
func (w *world) wikiFault(fields map[string]any) error {
	var f confluence.Fault
	if err := readFault(fields, string(confluence.Answer), &f); err != nil {
		return err
	}
	_, err := w.box.Confluence.AddFault(f)
	return err
}

// readFault reads a fault strictly, so that a misspelt name does not pass.
func readFault(fields map[string]any, answer string, into any) error {
	fields = maps.Clone(fields)
	if _, said := fields["effect"]; !said && fields["status"] != nil {
		fields["effect"] = answer
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

// changeVersion releases, makes or changes a version of a project.
func (w *world) changeVersion(by string, v *manifest.VersionStep) error {
	who, has := w.box.Jira.As(by), w.box.Jira.Versions(v.Name)
	project := v.Project
	if project == "" {
		if len(has) != 1 {
			return fmt.Errorf("the version %s is one of %s: name the project", v.Name, names(slices.Sorted(maps.Keys(has))))
		}
		project = slices.Collect(maps.Keys(has))[0]
	}
	id := has[project].ID
	if id == "" {
		var err error
		if id, err = who.CreateVersion(project, v.Name); err != nil {
			return err
		}
	}
	if v.Released == nil && v.Archived == nil {
		return nil
	}
	return who.ChangeVersion(id, jira.VersionChange{Released: v.Released, Archived: v.Archived})
}
