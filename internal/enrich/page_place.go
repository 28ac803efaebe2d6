package enrich

import (
	"context"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/event"
	eventconfluence "github.com/aofctl/aofctl/internal/event/confluence"
)

// Unplaced reports whether Confluence has to be asked what an event is about, before
// it is known where it stands in line: the webhook of a comment or a file names no page. Of a
// comment that is there, its text and its author are asked for as well, since people
// give orders and decide in comments: what a body posted by a rule says of that is no
// proof. So is the author of an edit that names none.
func Unplaced(ev *event.Event) bool {
	switch {
	case ev.CommentID != "":
		return ev.Type != "comment_removed"
	case ev.String("attachment_id") != "" && ev.String("page_id") == "":
		return eventconfluence.Teller(ev, "attachment_name") != ""
	case ev.Actor.IsZero():
		return edited(ev) && ev.String("page_id") != ""
	}
	return false
}

// edited reports whether an event tells of a new version of a page.
func edited(ev *event.Event) bool {
	switch ev.Type {
	case "page_created", "page_updated", "page_published", "blog_created", "blog_updated":
		return true
	}
	return false
}

// Place asks what an event is about and puts it into the event. What cannot be read
// leaves the event as it is, and is the error.
func (p *Pages) Place(ctx context.Context, ev *event.Event) error {
	wiki, err := p.wiki(ctx)
	if err != nil {
		return err
	}
	if ev.CommentID != "" {
		return p.placeComment(ctx, wiki, ev)
	}
	if id := ev.String("attachment_id"); id != "" {
		return placeFile(ctx, wiki, ev, id)
	}
	v, found, err := newest(ctx, wiki, ev)
	if err == nil && found {
		ev.Actor = actorOf(v.By)
		eventconfluence.Identify(ev)
	}
	return err
}

// placeComment finds a comment's page, text and author.
func (p *Pages) placeComment(ctx context.Context, wiki Wiki, ev *event.Event) error {
	c, err := wiki.Comment(ctx, ev.CommentID)
	if err != nil {
		return &thingError{thing: eventconfluence.Comment, id: ev.CommentID, err: err}
	}
	vars, err := p.commentVars(ctx, wiki, c)
	if err != nil {
		return err
	}
	if c.PageID != "" {
		vars["page_id"], ev.Subject = c.PageID, eventconfluence.Subject(c.PageID)
	}
	ev.Learn(vars)
	if ev.Type == "comment_created" || ev.Type == "comment_updated" {
		ev.CommandText = ev.String("comment_body")
	}
	settleAuthor(ev, c)
	return nil
}

// placeFile finds the page that a file is at.
func placeFile(ctx context.Context, wiki Wiki, ev *event.Event, id string) error {
	file, err := wiki.Attachment(ctx, id)
	if err != nil {
		return &thingError{thing: eventconfluence.File, id: id, err: err}
	}
	ev.Learn(fileVars(file))
	if file.PageID != "" {
		ev.Vars["page_id"], ev.Subject = file.PageID, eventconfluence.Subject(file.PageID)
	}
	if ev.Actor.IsZero() {
		ev.Actor = actorOf(file.Version.By)
		eventconfluence.Identify(ev)
	}
	return nil
}

// settleAuthor says whose words a comment's are. What was never changed is its
// author's, and what was changed is that of whoever changed it last: if that is not
// who the event is of, they may not have said it.
func settleAuthor(ev *event.Event, c confluence.Comment) {
	by := actorOf(c.Version.By)
	switch {
	case by.IsZero():
	case c.Version.Number <= 1, ev.Actor.IsZero(), by.AccountID == ev.Actor.AccountID && by.Key == ev.Actor.Key:
		kind := ev.Actor.Type
		if by.AccountID != ev.Actor.AccountID || by.Key != ev.Actor.Key {
			kind = ""
		}
		by.Type = kind
		if name := ev.String("comment_author_name"); by.DisplayName == "" {
			by.DisplayName = name
		}
		ev.Actor = by
		eventconfluence.Identify(ev)
	default:
		ev.Reworded = true
	}
}

func actorOf(u confluence.User) event.Actor {
	return event.Actor{AccountID: u.AccountID, Name: u.Name, Key: u.Key, Email: u.Email, DisplayName: u.DisplayName}
}

// newest is the version of the event's page that the event tells of: that of its
// number, or else the newest of its actor's.
func newest(ctx context.Context, wiki Wiki, ev *event.Event) (confluence.Version, bool, error) {
	list, err := wiki.Versions(ctx, ev.String("page_id"), confluence.Part{Limit: 25})
	if err != nil {
		return confluence.Version{}, false, &thingError{thing: eventconfluence.Page, id: ev.String("page_id"), err: err}
	}
	number, told := ev.Vars["page_version"].(int64)
	for _, v := range list.Items {
		switch {
		case told && int64(v.Number) == number,
			!told && (ev.Actor.IsZero() || ev.Actor.AccountID == v.By.AccountID && ev.Actor.Key == v.By.Key):
			return v, true, nil
		}
	}
	return confluence.Version{}, false, nil
}

// Introduce asks who the actor is of whom a webhook tells a key alone: people are named
// in approvals and shown to each other by more than that. Nobody knows an account that
// is gone.
func (p *Pages) Introduce(ctx context.Context, ev *event.Event) error {
	a := &ev.Actor
	if a.Key == "" || a.Name != "" {
		return nil
	}
	wiki, err := p.wiki(ctx)
	if err != nil {
		return err
	}
	told, err := p.vars(ctx, wiki, ev, eventconfluence.User)
	if confluence.NotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for name, field := range map[string]*string{"user_name": &a.Name, "user_display_name": &a.DisplayName, "user_email": &a.Email} {
		if value, _ := told[name].(string); *field == "" {
			*field = value
		}
	}
	eventconfluence.Identify(ev)
	return nil
}

// Mark looks whether the edit that the event tells of was made by this program, be it
// another daemon with an account of its own: the version's message says so. A page
// that is gone has no mark.
func (p *Pages) Mark(ctx context.Context, ev *event.Event) (marked bool, err error) {
	if ev.CommentID != "" || !edited(ev) || ev.String("page_id") == "" {
		return false, nil
	}
	wiki, err := p.wiki(ctx)
	if err != nil {
		return false, err
	}
	v, found, err := newest(ctx, wiki, ev)
	if confluence.NotFound(err) {
		return false, nil
	}
	return found && eventconfluence.Marked(v.Message), err
}
