package enrich

import (
	"context"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/event"
	eventconfluence "github.com/aofctl/aofctl/internal/event/confluence"
)

// maxPageText bounds what is kept of a page's text and of a comment's, in bytes.
const maxPageText = 1 << 20

func (p *Pages) read(ctx context.Context, wiki Wiki, ev *event.Event, thing eventconfluence.Thing) (map[string]any, error) {
	id := idOf(ev, thing)
	switch thing {
	case eventconfluence.Page, eventconfluence.Body:
		r := confluence.PageRead{Body: thing == eventconfluence.Body, Trashed: ev.Type == "page_trashed" || ev.Type == "blog_trashed"}
		page, err := wiki.Page(ctx, id, r)
		if err != nil {
			return nil, err
		}
		vars := pageVars(page)
		if r.Body {
			vars["page_body"] = event.Clip(p.markdown(page.Body), maxPageText)
		}
		return vars, nil
	case eventconfluence.Labels:
		return labels(ctx, wiki, id)
	case eventconfluence.Ancestors:
		return ancestors(ctx, wiki, id)
	case eventconfluence.Space:
		return p.space(ctx, wiki, ev)
	case eventconfluence.Comment:
		comment, err := wiki.Comment(ctx, id)
		if err != nil {
			return nil, err
		}
		return p.commentVars(ctx, wiki, comment)
	case eventconfluence.User:
		return user(ctx, wiki, id)
	case eventconfluence.File:
		file, err := wiki.Attachment(ctx, id)
		if err != nil {
			return nil, err
		}
		return fileVars(file), nil
	}
	return map[string]any{}, nil
}

// fileVars are the variables of a file.
func fileVars(file confluence.Attachment) map[string]any {
	vars := map[string]any{"attachment_name": file.Filename, "attachment_mime_type": file.MediaType, "attachment_size": file.Size}
	if by := file.Version.By.ID(); by != "" {
		vars["attachment_author_id"] = by
	}
	if !file.Version.When.IsZero() {
		vars["attachment_created"] = eventconfluence.Moment(file.Version.When)
	}
	return vars
}

// pageVars are the variables of a page.
func pageVars(page confluence.Page) map[string]any {
	vars := map[string]any{"page_type": page.Type, "page_title": page.Title, "page_status": page.Status, "page_url": page.URL, "page_version": int64(page.Version.Number)}
	for name, value := range map[string]string{
		"space_key": page.SpaceKey, "page_parent_id": page.ParentID, "page_author_id": page.CreatedBy.ID(),
		"page_updater_id": page.Version.By.ID(), "page_version_message": page.Version.Message,
	} {
		if value != "" {
			vars[name] = value
		}
	}
	if !page.Created.IsZero() {
		vars["page_created"] = eventconfluence.Moment(page.Created)
	}
	if !page.Version.When.IsZero() {
		vars["page_updated"] = eventconfluence.Moment(page.Version.When)
	}
	return vars
}

// labels are those that everybody sees: personal ones are nobody else's matter.
func labels(ctx context.Context, wiki Wiki, page string) (map[string]any, error) {
	list, err := wiki.Labels(ctx, page)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, l := range list {
		if l.Prefix != "my" {
			names = append(names, l.Name)
		}
	}
	return map[string]any{"page_labels": names}, nil
}

func ancestors(ctx context.Context, wiki Wiki, page string) (map[string]any, error) {
	list, err := wiki.Ancestors(ctx, page)
	if err != nil {
		return nil, err
	}
	titles := []string{}
	for _, n := range list {
		titles = append(titles, n.Title)
	}
	return map[string]any{"page_ancestors": titles}, nil
}

// space reads a space's name, after its key where that is not told.
func (p *Pages) space(ctx context.Context, wiki Wiki, ev *event.Event) (map[string]any, error) {
	key := ev.String("space_key")
	if key == "" {
		page, err := p.vars(ctx, wiki, ev, eventconfluence.Page)
		if err != nil {
			return nil, err
		}
		if key, _ = page["space_key"].(string); key == "" {
			return map[string]any{}, nil // the space is hidden from us
		}
	}
	space, err := wiki.Space(ctx, key)
	if err != nil {
		return nil, err
	}
	return map[string]any{"space_key": space.Key, "space_name": space.Name}, nil
}

// commentVars are the variables of a comment. Cloud tells its author's id alone.
func (p *Pages) commentVars(ctx context.Context, wiki Wiki, c confluence.Comment) (map[string]any, error) {
	vars := map[string]any{"comment_body": event.Clip(p.markdown(c.Body), maxPageText), "comment_author_id": c.Version.By.ID()}
	name := c.Version.By.DisplayName
	if name == "" && c.Version.By.ID() != "" {
		who, err := wiki.User(ctx, c.Version.By.ID())
		if temporary(err) {
			return nil, err
		}
		name = who.DisplayName // of an account that is gone there is none
	}
	for key, value := range map[string]string{"comment_author_name": name, "comment_parent_id": c.ParentID, "comment_selection": c.Selection, "comment_url": c.URL} {
		if value != "" {
			vars[key] = value
		}
	}
	if !c.Version.When.IsZero() {
		vars["comment_updated"] = eventconfluence.Moment(c.Version.When)
	}
	return vars, nil
}

// user reads what is known of the person behind the event.
func user(ctx context.Context, wiki Wiki, id string) (map[string]any, error) {
	who, err := wiki.User(ctx, id)
	if err != nil {
		return nil, err
	}
	vars := map[string]any{"user_account_id": who.ID()}
	for name, value := range map[string]string{"user_display_name": who.DisplayName, "user_name": who.Name, "user_key": who.Key, "user_email": who.Email} {
		if value != "" {
			vars[name] = value
		}
	}
	return vars, nil
}
