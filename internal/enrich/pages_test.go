package enrich_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/enrich"
	"github.com/aofctl/aofctl/internal/event"
	eventconfluence "github.com/aofctl/aofctl/internal/event/confluence"
)

// wiki is a Confluence with one page, one comment and one person.
type wiki struct {
	page     confluence.Page
	comment  confluence.Comment
	versions []confluence.Version
	// fails are errors by what is asked for.
	fails map[string]error
	asked []string
}

func (w *wiki) ask(what string) error {
	w.asked = append(w.asked, what)
	return w.fails[what]
}

func (w *wiki) Page(_ context.Context, id string, r confluence.PageRead) (confluence.Page, error) {
	what := "page " + id
	if r.Body {
		what += " with body"
	}
	if r.Trashed {
		what += " from the trash"
	}
	return w.page, w.ask(what)
}

func (w *wiki) Labels(_ context.Context, id string) ([]confluence.Label, error) {
	return []confluence.Label{{Name: "ready", Prefix: "global"}, {Name: "mine", Prefix: "my"}}, w.ask("labels " + id)
}

func (w *wiki) Ancestors(_ context.Context, id string) ([]confluence.Node, error) {
	return []confluence.Node{{Title: "Home"}, {Title: "Specs"}}, w.ask("ancestors " + id)
}

func (w *wiki) Versions(_ context.Context, id string, _ confluence.Part) (confluence.List[confluence.Version], error) {
	return confluence.List[confluence.Version]{Items: w.versions}, w.ask("versions " + id)
}

func (w *wiki) Comment(_ context.Context, id string) (confluence.Comment, error) {
	return w.comment, w.ask("comment " + id)
}

func (w *wiki) Attachment(_ context.Context, id string) (confluence.Attachment, error) {
	return confluence.Attachment{ID: id, PageID: "5", Filename: "a.png", MediaType: "image/png", Size: 12, Version: confluence.Version{By: confluence.User{Key: "k2"}}}, w.ask("file " + id)
}

func (w *wiki) Space(_ context.Context, key string) (confluence.Space, error) {
	return confluence.Space{Key: key, Name: "Documentation"}, w.ask("space " + key)
}

func (w *wiki) User(_ context.Context, id string) (confluence.User, error) {
	return confluence.User{Key: id, Name: "bob", DisplayName: "Bob", Email: "bob@example.com"}, w.ask("user " + id)
}

func newWiki() *wiki {
	made := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	return &wiki{
		page: confluence.Page{ID: "5", Title: "Login", Status: "current", SpaceKey: "DOC", URL: "https://x/5", Body: "<p>x</p>", Created: made,
			CreatedBy: confluence.User{Key: "k1"}, Version: confluence.Version{Number: 3, When: made, Message: "typo", By: confluence.User{Key: "k2"}}},
		comment: confluence.Comment{ID: "7", PageID: "5", Body: "<p>c</p>", Version: confluence.Version{Number: 1, By: confluence.User{Key: "k2", Name: "bob", DisplayName: "Bob"}}},
		fails:   map[string]error{},
	}
}

func (w *wiki) pages() *enrich.Pages {
	return enrich.NewPages(func(context.Context) (enrich.Wiki, error) { return w, nil }, func(s string) string { return "md:" + s }, time.Now)
}

// ofWiki makes an event of a payload.
func ofWiki(t *testing.T, body string) *event.Event {
	t.Helper()
	ev, err := eventconfluence.Normalize(eventconfluence.Payload{Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

const edit = `{"timestamp":5,"event":"page_updated","userKey":"k2","page":{"id":5}}`

func TestOfAPageOnlyIsReadWhatIsNeeded(t *testing.T) {
	for name, c := range map[string]struct {
		body  string
		names []string
		asked []string
		want  map[string]any
	}{
		"its space and title": {edit, []string{"space_key", "page_title", "page_version"}, []string{"page 5"},
			map[string]any{"space_key": "DOC", "page_title": "Login", "page_version": int64(3)}},
		"its text, and so all of it": {edit, []string{"page_title", "page_body"}, []string{"page 5 with body"},
			map[string]any{"space_key": "DOC", "page_title": "Login", "page_body": "md:<p>x</p>"}},
		"its labels":      {edit, []string{"page_labels"}, []string{"labels 5"}, map[string]any{"page_labels": []string{"ready"}}},
		"what is above":   {edit, []string{"page_ancestors"}, []string{"ancestors 5"}, map[string]any{"page_ancestors": []string{"Home", "Specs"}}},
		"its space":       {edit, []string{"space_name"}, []string{"page 5", "space DOC"}, map[string]any{"space_key": "DOC", "space_name": "Documentation"}},
		"who did it":      {edit, []string{"user_name", "user_email"}, []string{"user k2"}, map[string]any{"user_name": "bob", "user_email": "bob@example.com"}},
		"from the trash":  {`{"timestamp":5,"event":"page_trashed","page":{"id":5}}`, []string{"page_title"}, []string{"page 5 from the trash"}, map[string]any{"page_title": "Login", "space_key": "DOC"}},
		"what is removed": {`{"timestamp":5,"event":"page_removed","userKey":"k","page":{"id":5}}`, []string{"page_title", "space_key", "page_labels", "page_body"}, nil, map[string]any{}},
		"nothing":         {edit, []string{"issue_key", "label", "comment_body"}, nil, map[string]any{}},
	} {
		t.Run(name, func(t *testing.T) {
			w, ev := newWiki(), ofWiki(t, c.body)
			askable := enrich.AskableOfPage(ev, c.names)
			if (len(askable) > 0) != (c.asked != nil) {
				t.Errorf("askable: %q", askable)
			}
			got, err := w.pages().Variables(t.Context(), ev, askable)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.asked, w.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPageIsReadOnceForAnEventAndItsTextIsNotKept(t *testing.T) {
	w := newWiki()
	p := w.pages()
	for range 2 {
		for _, names := range [][]string{{"page_title"}, {"space_key"}, {"page_body"}} {
			if _, err := p.Variables(t.Context(), ofWiki(t, edit), names); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff([]string{"page 5", "page 5 with body", "page 5 with body"}, w.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestAConfluenceThatIsAwayStopsAllAndARefusalTheRest(t *testing.T) {
	w := newWiki()
	w.fails["labels 5"] = &atlassian.Error{Status: 404, Method: "GET"}
	got, err := w.pages().Variables(t.Context(), ofWiki(t, edit), []string{"page_labels", "page_title"})
	if err == nil || got["page_title"] != "Login" {
		t.Errorf("%v, %v", got, err)
	}
	w.fails["page 5"] = &atlassian.Error{Status: 503, Method: "GET"}
	got, err = w.pages().Variables(t.Context(), ofWiki(t, edit), []string{"page_title", "page_labels"})
	var again interface{ Temporary() bool }
	if !errors.As(err, &again) || !again.Temporary() || got != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestACommentIsPlacedWithTheWordsOfItsAuthor(t *testing.T) {
	const created = `{"timestamp":5,"event":"comment_created","userKey":"k2","comment":{"id":7}}`
	bob := event.Actor{Key: "k2", Name: "bob", DisplayName: "Bob"}
	for name, c := range map[string]struct {
		body     string
		version  confluence.Version
		actor    event.Actor
		reworded bool
	}{
		"as it was written":             {created, confluence.Version{Number: 1}, bob, false},
		"of whom a body makes somebody": {`{"timestamp":5,"event":"comment_created","userAccountId":"boss","accountType":"atlassian","comment":{"id":7}}`, confluence.Version{Number: 1}, bob, false},
		"edited by its author":          {created, confluence.Version{Number: 2}, bob, false},
		"edited by another":             {`{"timestamp":5,"event":"comment_created","userKey":"k9","comment":{"id":7}}`, confluence.Version{Number: 2}, event.Actor{Key: "k9"}, true},
		"of nobody that is told":        {`{"timestamp":5,"event":"comment_created","comment":{"id":7}}`, confluence.Version{Number: 2}, bob, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, ev := newWiki(), ofWiki(t, c.body)
			c.version.By, w.comment.Version = w.comment.Version.By, c.version
			w.comment.Version.By = confluence.User{Key: "k2", Name: "bob", DisplayName: "Bob"}
			if !enrich.Unplaced(ev) {
				t.Fatal("nobody asks")
			}
			if err := w.pages().Place(t.Context(), ev); err != nil {
				t.Fatal(err)
			}
			if ev.Subject != "page:5" || ev.CommandText != "md:<p>c</p>" || ev.Reworded != c.reworded || ev.Actor != c.actor {
				t.Errorf("%+v", ev)
			}
			if ev.Vars["page_id"] != "5" || ev.Vars["comment_body"] != "md:<p>c</p>" || ev.Vars["comment_author_name"] != "Bob" {
				t.Errorf("variables %v", ev.Vars)
			}
		})
	}
}

func TestACommentThatIsGoneStaysWhatItIs(t *testing.T) {
	w, ev := newWiki(), ofWiki(t, `{"timestamp":5,"event":"comment_updated","userKey":"k2","comment":{"id":7}}`)
	w.fails["comment 7"] = &atlassian.Error{Status: 404, Method: "GET"}
	if err := w.pages().Place(t.Context(), ev); !confluence.NotFound(err) {
		t.Errorf("%v", err)
	}
	if ev.Subject != "comment:7" || ev.CommandText != "" {
		t.Errorf("%+v", ev)
	}
	if enrich.Unplaced(ofWiki(t, `{"event":"comment_removed","comment":{"id":7}}`)) {
		t.Error("a removed comment is asked for")
	}
}

func TestAFileIsPlacedAtItsPage(t *testing.T) {
	w, ev := newWiki(), ofWiki(t, `{"timestamp":5,"event":"attachment_created","attachment":{"id":9}}`)
	if !enrich.Unplaced(ev) || enrich.Unplaced(ofWiki(t, `{"event":"attachment_removed","attachment":{"id":9}}`)) {
		t.Error("the wrong events are asked about")
	}
	if err := w.pages().Place(t.Context(), ev); err != nil || ev.Subject != "page:5" || ev.Actor.Key != "k2" {
		t.Errorf("%+v, %v", ev, err)
	}
	if ev.Vars["page_id"] != "5" || ev.Vars["attachment_name"] != "a.png" || ev.Vars["attachment_size"] != int64(12) {
		t.Errorf("variables %v", ev.Vars)
	}
	told := ofWiki(t, `{"timestamp":5,"event":"attachment_created","userAccountId":"a","attachments":[{"id":"att9","fileName":"b.png"}],"attachedTo":{"id":5}}`)
	if enrich.Unplaced(told) {
		t.Error("a page that is told is asked for")
	}
}

func TestWhoMadeAnEditIsAskedForWhereNobodyIsNamed(t *testing.T) {
	w, ev := newWiki(), ofWiki(t, `{"timestamp":5,"event":"page_updated","page":{"id":5}}`)
	w.versions = []confluence.Version{{Number: 3, By: confluence.User{Key: "k2", Name: "bob"}}, {Number: 2, By: confluence.User{Key: "k1"}}}
	if !enrich.Unplaced(ev) || enrich.Unplaced(ofWiki(t, edit)) || enrich.Unplaced(ofWiki(t, `{"event":"page_removed","page":{"id":5}}`)) {
		t.Error("the wrong events are asked about")
	}
	if err := w.pages().Place(t.Context(), ev); err != nil || ev.Actor.Name != "bob" || ev.Vars["user_key"] != "k2" {
		t.Errorf("%+v, %v", ev, err)
	}
}

func TestTheMarkOfAnEditIsThatOfTheVersionItTellsOf(t *testing.T) {
	ours, theirs := "why (w, aofctl:0123456789ab)", "why"
	versions := []confluence.Version{
		{Number: 4, Message: theirs, By: confluence.User{Key: "k3"}}, {Number: 3, Message: ours, By: confluence.User{Key: "k2"}}, {Number: 2, Message: theirs, By: confluence.User{Key: "k2"}},
	}
	for name, c := range map[string]struct {
		body  string
		want  bool
		asked int
	}{
		"the actor's newest":    {edit, true, 1},
		"another's newer one":   {`{"event":"page_updated","userKey":"k3","page":{"id":5}}`, false, 1},
		"the version told":      {`{"event":"page_updated","userKey":"k2","page":{"id":5,"version":2}}`, false, 1},
		"a version told, ours":  {`{"event":"page_updated","userKey":"k9","page":{"id":5,"version":3}}`, true, 1},
		"somebody without any":  {`{"event":"page_updated","userKey":"k9","page":{"id":5}}`, false, 1},
		"no edit":               {`{"event":"label_added","userKey":"k2","page":{"id":5}}`, false, 0},
		"a comment on the page": {`{"event":"comment_created","userKey":"k2","comment":{"id":7,"parent":{"id":5}}}`, false, 0},
	} {
		w := newWiki()
		w.versions = versions
		if got, err := w.pages().Mark(t.Context(), ofWiki(t, c.body)); err != nil || got != c.want || len(w.asked) != c.asked {
			t.Errorf("%s: %v, %v, asked %q", name, got, err, w.asked)
		}
	}
	w := newWiki()
	w.fails["versions 5"] = &atlassian.Error{Status: 404, Method: "GET"}
	if got, err := w.pages().Mark(t.Context(), ofWiki(t, edit)); got || err != nil {
		t.Errorf("of a page that is gone: %v, %v", got, err)
	}
}

func TestWhoDidItIsKnownByMoreThanAKey(t *testing.T) {
	w, ev := newWiki(), ofWiki(t, edit)
	if err := w.pages().Introduce(t.Context(), ev); err != nil || ev.Actor != (event.Actor{Key: "k2", Name: "bob", DisplayName: "Bob", Email: "bob@example.com"}) {
		t.Errorf("%+v, %v", ev.Actor, err)
	}
	w.fails["user k2"] = &atlassian.Error{Status: 404, Method: "GET"}
	if err := w.pages().Introduce(t.Context(), ofWiki(t, edit)); err != nil {
		t.Error(err)
	}
	w.asked = nil
	if err := w.pages().Introduce(t.Context(), ofWiki(t, `{"event":"page_updated","userAccountId":"a","page":{"id":5}}`)); err != nil || len(w.asked) > 0 {
		t.Errorf("%v, asked %q", err, w.asked)
	}
	if !slices.Contains(enrich.AskableOfPage(ev, []string{"user_email"}), "user_email") {
		t.Error("an address cannot be asked for")
	}
}
