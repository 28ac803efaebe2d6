package confluence_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
)

func TestLabelsAreAddedAndRemoved(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "", "")
		var want []string
		for i := range 30 {
			want = append(want, "label-"+strconv.Itoa(i))
		}
		for range 2 {
			if err := s.AddLabels(t.Context(), page.ID, want); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for _, l := range ok(s.Labels(t.Context(), page.ID))(t) {
			got = append(got, l.Name)
			if l.Prefix != "global" {
				t.Errorf("%+v", l)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if err := s.RemoveLabel(t.Context(), page.ID, "label-3"); err != nil {
			t.Fatal(err)
		}
		if n := len(s.state(t, page.ID).Labels); n != 29 {
			t.Errorf("%d labels", n)
		}
		if err := s.AddLabels(t.Context(), page.ID, []string{"two words"}); err == nil {
			t.Error("a label with a blank")
		}
	})
}

func TestPropertiesHaveVersions(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "", "")
		ctx := t.Context()
		if _, err := s.Property(ctx, page.ID, "aof.state"); !confluence.NotFound(err) {
			t.Errorf("before: %v", err)
		}
		made := ok(s.SetProperty(ctx, page.ID, "aof.state", json.RawMessage(`{"n":1,"t":"<b>"}`), 0))(t)
		if made.Version != 1 || made.Key != "aof.state" {
			t.Errorf("%+v", made)
		}
		if _, err := s.SetProperty(ctx, page.ID, "aof.state", json.RawMessage(`2`), 0); !confluence.Conflict(err) {
			t.Errorf("made twice: %v", err)
		}
		if got := ok(s.SetProperty(ctx, page.ID, "aof.state", json.RawMessage(`[2]`), 1))(t); got.Version != 2 {
			t.Errorf("%+v", got)
		}
		if _, err := s.SetProperty(ctx, page.ID, "aof.state", json.RawMessage(`3`), 1); !confluence.Conflict(err) {
			t.Errorf("late: %v", err)
		}
		if _, err := s.SetProperty(ctx, page.ID, "gone", json.RawMessage(`3`), 4); !confluence.NotFound(err) {
			t.Errorf("gone: %v", err)
		}
		got := ok(s.Property(ctx, page.ID, "aof.state"))(t)
		if string(got.Value) != "[2]" || got.Version != 2 {
			t.Errorf("%+v", got)
		}
		ok(s.SetProperty(ctx, page.ID, "other", json.RawMessage(`null`), 0))(t)
		if all := ok(s.Properties(ctx, page.ID))(t); len(all) != 2 {
			t.Errorf("%+v", all)
		}
		if err := s.DeleteProperty(ctx, page.ID, "aof.state"); err != nil {
			t.Fatal(err)
		}
		if err := s.DeleteProperty(ctx, page.ID, "aof.state"); !confluence.NotFound(err) {
			t.Errorf("deleted twice: %v", err)
		}
	})
}

func TestFilesAreAttachedInVersions(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "", "")
		ctx, name := t.Context(), `Übersicht "1" & 2.html`
		file := confluence.File{Name: name, Type: "text/html", Content: []byte("<html><title>Log in</title></html>"), Comment: "first"}
		made := ok(s.Attach(ctx, page.ID, file))(t)
		if made.Filename != name || made.Version.Number != 1 || made.PageID != page.ID {
			t.Errorf("%+v", made)
		}
		if got := ok(s.Download(ctx, made))(t); string(got) != string(file.Content) {
			t.Errorf("%q", got)
		}
		file.Content, file.Comment = []byte("\x00\x01 second"), "second"
		if again := ok(s.Attach(ctx, page.ID, file))(t); again.Version.Number != 2 || again.ID != made.ID {
			t.Errorf("%+v", again)
		}
		ok(s.Attach(ctx, page.ID, confluence.File{Name: "b.bin"}))(t)
		list := ok(s.Attachments(ctx, page.ID, "", confluence.Part{Limit: 1}))(t)
		rest := ok(s.Attachments(ctx, page.ID, "", confluence.Part{Limit: 1, From: list.Next}))(t)
		if len(list.Items) != 1 || len(rest.Items) != 1 || rest.Next != "" || rest.Items[0].Filename != "b.bin" {
			t.Errorf("%+v, %+v", list, rest)
		}
		one := ok(s.Attachments(ctx, page.ID, name, confluence.Part{}))(t)
		if len(one.Items) != 1 || one.Items[0].Size != int64(len(file.Content)) || one.Items[0].Comment != "second" || one.Items[0].MediaType != "text/html" {
			t.Fatalf("%+v", one)
		}
		if got := ok(s.Download(ctx, one.Items[0]))(t); string(got) != string(file.Content) {
			t.Errorf("%q", got)
		}
		if known := ok(s.Attachment(ctx, one.Items[0].ID))(t); known.PageID != page.ID || known.Filename != name || known.Size != one.Items[0].Size || known.Version.Number != 2 {
			t.Errorf("%+v", known)
		}
		if _, err := s.Attachment(ctx, page.ID); !confluence.NotFound(err) {
			t.Errorf("a page is taken for a file: %v", err)
		}
		if _, err := s.Download(ctx, confluence.Attachment{ID: "att1", PageID: page.ID, Filename: "none"}); !confluence.NotFound(err) {
			t.Errorf("a file that is not there: %v", err)
		}
	})
}

func TestCommentsAreReadNewestFirst(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page, ctx := s.page(t, "P", "<p>some words here</p>", ""), t.Context()
		for i := range 5 {
			ok(s.AddComment(ctx, confluence.NewComment{PageID: page.ID, Body: "<p>" + strconv.Itoa(i) + "</p>"}))(t)
		}
		if _, err := s.As("alice").CommentOn(page.ID, "words", "<p>inline</p>"); err != nil {
			t.Fatal(err)
		}
		var got []string
		q := confluence.CommentQuery{Part: confluence.Part{Limit: 2}}
		for {
			list := ok(s.Comments(ctx, page.ID, q))(t)
			for _, c := range list.Items {
				got = append(got, c.Body)
				if c.Inline || c.PageID != page.ID || c.Version.Number != 1 || c.Version.By.ID() == "" {
					t.Errorf("%+v", c)
				}
			}
			if q.From = list.Next; list.Next == "" {
				break
			}
		}
		if diff := cmp.Diff([]string{"<p>4</p>", "<p>3</p>", "<p>2</p>", "<p>1</p>", "<p>0</p>"}, got); diff != "" {
			t.Error(diff)
		}
		inline := ok(s.Comments(ctx, page.ID, confluence.CommentQuery{Inline: true}))(t)
		if len(inline.Items) != 1 || !inline.Items[0].Inline || inline.Items[0].Selection != "words" || inline.Items[0].Resolution != confluence.ResolutionOpen {
			t.Errorf("%+v", inline)
		}
	})
}

func TestCommentsAreAnsweredAndEdited(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page, ctx := s.page(t, "P", "<p>some words here</p>", ""), t.Context()
		top := ok(s.AddComment(ctx, confluence.NewComment{PageID: page.ID, Body: "<p>top</p>"}))(t)
		onText := ok(s.As("alice").CommentOn(page.ID, "words", "<p>inline</p>"))(t)
		for _, to := range []string{top.ID, onText} {
			for _, text := range []string{"<p>a</p>", "<p>b</p>"} {
				answer := ok(s.AddComment(ctx, confluence.NewComment{ParentID: to, Body: text}))(t)
				if answer.ParentID != to || answer.PageID != page.ID || answer.Inline != (to == onText) {
					t.Errorf("%+v", answer)
				}
			}
			parent := ok(s.Comment(ctx, to))(t)
			list := ok(s.Replies(ctx, parent, confluence.Part{}))(t)
			if len(list.Items) != 2 || list.Items[0].Body != "<p>a</p>" || list.Items[1].ParentID != to {
				t.Errorf("%+v", list)
			}
		}
		edited := ok(s.UpdateComment(ctx, top, "<p>better</p>"))(t)
		if edited.Body != "<p>better</p>" || edited.Version.Number != 2 || edited.PageID != page.ID {
			t.Errorf("%+v", edited)
		}
		if _, err := s.UpdateComment(ctx, top, "<p>late</p>"); !confluence.Conflict(err) {
			t.Errorf("late: %v", err)
		}
		if err := s.DeleteComment(ctx, edited); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Comment(ctx, top.ID); !confluence.NotFound(err) {
			t.Errorf("deleted: %v", err)
		}
		if _, err := s.AddComment(ctx, confluence.NewComment{ParentID: top.ID, Body: "<p>x</p>"}); !confluence.NotFound(err) {
			t.Errorf("an answer to what is gone: %v", err)
		}
	})
}

func TestInlineCommentsAreMadeOnAPieceOfText(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page, ctx := s.page(t, "P", "<p>a &amp; b, then a &amp; b</p>", ""), t.Context()
		made := ok(s.AddComment(ctx, confluence.NewComment{
			PageID: page.ID, Body: "<p>why?</p>", Inline: &confluence.Selection{Text: "a & b", Index: 1, Count: 2},
		}))(t)
		if !made.Inline || made.Selection != "a & b" || made.Resolution != confluence.ResolutionOpen || made.Body != "<p>why?</p>" {
			t.Errorf("%+v", made)
		}
		got := ok(s.Comment(ctx, made.ID))(t)
		if !got.Inline || got.Selection != "a & b" || got.PageID != page.ID {
			t.Errorf("%+v", got)
		}
		now := s.read(t, page.ID, confluence.PageRead{Body: true})
		if !strings.HasPrefix(now.Body, "<p>a &amp; b, then <ac:inline-comment-marker ac:ref=") || now.Version.Number != 1 {
			t.Errorf("%+v", now)
		}
		_, err := s.AddComment(ctx, confluence.NewComment{PageID: page.ID, Body: "<p>x</p>", Inline: &confluence.Selection{Text: "nowhere"}})
		if err == nil || confluence.NotFound(err) {
			t.Errorf("a text that is not there: %v", err)
		}
	})
}

func TestInlineCommentsAreResolvedOnCloudAlone(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page, ctx := s.page(t, "P", "<p>some words here</p>", ""), t.Context()
		made := ok(s.AddComment(ctx, confluence.NewComment{PageID: page.ID, Body: "<p>why?</p>", Inline: &confluence.Selection{Text: "words"}}))(t)
		var cannot *confluence.UnsupportedError
		if s.Kind() == confluence.DataCenter {
			if _, err := s.ResolveComment(ctx, made, true); !errors.As(err, &cannot) || !strings.Contains(err.Error(), "Data Center") {
				t.Errorf("%v", err)
			}
			return
		}
		closed := ok(s.ResolveComment(ctx, made, true))(t)
		if closed.Resolution != confluence.ResolutionResolved || closed.Body != "<p>why?</p>" {
			t.Errorf("%+v", closed)
		}
		if again := ok(s.ResolveComment(ctx, closed, false))(t); again.Resolution != confluence.ResolutionReopened {
			t.Errorf("%+v", again)
		}
		below := ok(s.AddComment(ctx, confluence.NewComment{PageID: page.ID, Body: "<p>x</p>"}))(t)
		if _, err := s.ResolveComment(ctx, below, true); !errors.As(err, &cannot) {
			t.Errorf("a comment below the page: %v", err)
		}
	})
}

func TestSearchesArePagedAndReadable(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		for _, title := range []string{"Alpha & one", "Alpha two", "Alpha three", "Beta"} {
			s.page(t, title, "<p>the <b>quick</b> &amp; brown fox</p>", "")
		}
		q := confluence.Query{CQL: `type = page and title ~ "alpha" order by title`, Part: confluence.Part{Limit: 2}, Excerpts: true}
		var titles []string
		for {
			list := ok(s.Search(t.Context(), q))(t)
			for _, h := range list.Items {
				titles = append(titles, h.Title)
				if h.Type != "page" || h.SpaceKey != "DOC" || h.ID == "" || h.Modified.IsZero() || !strings.HasPrefix(h.URL, s.url) {
					t.Errorf("%+v", h)
				}
				if h.Excerpt != "the quick & brown fox" {
					t.Errorf("excerpt %q", h.Excerpt)
				}
			}
			if q.From = list.Next; list.Next == "" {
				break
			}
		}
		if diff := cmp.Diff([]string{"Alpha & one", "Alpha three", "Alpha two"}, titles); diff != "" {
			t.Error(diff)
		}
		if _, err := s.Search(t.Context(), confluence.Query{CQL: "colour = red"}); err == nil || !strings.Contains(err.Error(), "cql") {
			t.Errorf("a wrong question: %v", err)
		}
		none := ok(s.Search(t.Context(), confluence.Query{CQL: "text ~ " + confluence.Quote(`say "no" \ more`)}))(t)
		if len(none.Items) != 0 {
			t.Errorf("%+v", none)
		}
	})
}

func TestPeopleAreFound(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		me := ok(s.Me(t.Context()))(t)
		if me.DisplayName != "AOF Bot" || me.ID() == "" || (me.AccountID != "") != (s.Kind() == confluence.Cloud) {
			t.Errorf("%+v", me)
		}
		found := ok(s.FindUsers(t.Context(), "ali", 5))(t)
		if len(found) != 1 || found[0].DisplayName != "Alice Developer" || found[0].Same(me) {
			t.Fatalf("%+v", found)
		}
		if got := ok(s.User(t.Context(), found[0].ID()))(t); !got.Same(found[0]) {
			t.Errorf("%+v", got)
		}
		if _, err := s.User(t.Context(), "nobody"); !confluence.NotFound(err) {
			t.Errorf("nobody: %v", err)
		}
	})
}
