package confluence_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/confluence"
)

// odd is a text of which no byte may change.
const odd = "<h1>A &amp; B</h1>\r\n<p>x&nbsp;y \u00e9 \U0001F600</p>\t<ac:structured-macro ac:name=\"code\" ac:schema-version=\"1\"><ac:plain-text-body><![CDATA[if a < b && c {\n}]]></ac:plain-text-body></ac:structured-macro>" +
	"<table><tbody><tr><td>1</td></tr></tbody></table><ri:page ri:content-title='T' /><!-- kept -->  "

func TestPagesAreWrittenAndReadByteForByte(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		made := s.page(t, "Odd & <title>", odd, "")
		got := s.read(t, made.ID, confluence.PageRead{Body: true})
		if got.Body != odd || s.state(t, made.ID).Body != odd {
			t.Errorf("the text changed: %q", got.Body)
		}
		if got.Title != "Odd & <title>" || got.SpaceKey != "DOC" || got.Status != confluence.StatusCurrent || got.Version.Number != 1 ||
			got.Created.IsZero() || got.Version.When.IsZero() {
			t.Errorf("%+v", got)
		}
		if !strings.HasPrefix(got.URL, s.url) || got.CreatedBy.ID() == "" {
			t.Errorf("URL %q, by %+v", got.URL, got.CreatedBy)
		}
		if bare := s.read(t, made.ID, confluence.PageRead{}); bare.Body != "" {
			t.Errorf("a body that was not asked for: %q", bare.Body)
		}
	})
}

func TestAnEditMakesAVersionWithItsReason(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "<p>1</p>", "")
		got := ok(s.UpdatePage(t.Context(), confluence.PageUpdate{ID: page.ID, Title: "Q", Body: "<p>2</p>", Version: 1, Message: "because"}))(t)
		if got.Version.Number != 2 || got.Title != "Q" {
			t.Errorf("%+v", got)
		}
		for i := range 3 {
			u := confluence.PageUpdate{ID: page.ID, Title: "Q", Body: "<p>more</p>", Version: 2 + i, Message: "again"}
			ok(s.UpdatePage(t.Context(), u))(t)
		}
		first := ok(s.Versions(t.Context(), page.ID, confluence.Part{Limit: 3}))(t)
		rest := ok(s.Versions(t.Context(), page.ID, confluence.Part{Limit: 3, From: first.Next}))(t)
		var told []string
		for _, v := range append(first.Items, rest.Items...) {
			told = append(told, v.Message)
			if v.When.IsZero() || v.By.ID() == "" {
				t.Errorf("version %+v", v)
			}
		}
		if diff := cmp.Diff([]string{"again", "again", "again", "because", ""}, told); diff != "" || rest.Next != "" {
			t.Errorf("%s, next %q", diff, rest.Next)
		}
		for n, want := range map[int]string{1: "<p>1</p>", 2: "<p>2</p>", 5: "<p>more</p>"} {
			if old := s.read(t, page.ID, confluence.PageRead{Body: true, Version: n}); old.Body != want || old.Version.Number != n || old.ID != page.ID {
				t.Errorf("version %d: %+v", n, old)
			}
		}
		if _, err := s.API.Page(t.Context(), page.ID, confluence.PageRead{Version: 6}); !confluence.NotFound(err) {
			t.Errorf("a version that is not there: %v", err)
		}
	})
}

func TestALateEditIsAConflictAndChangesNothing(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "<p>1</p>", "")
		if err := s.As("alice").EditPage(page.ID, "<p>theirs</p>", "mine"); err != nil {
			t.Fatal(err)
		}
		_, err := s.UpdatePage(t.Context(), confluence.PageUpdate{ID: page.ID, Title: "P", Body: "<p>ours</p>", Version: 1})
		var late *confluence.ConflictError
		if !errors.As(err, &late) || late.Sent != 2 || !confluence.Conflict(err) || confluence.NotFound(err) {
			t.Fatalf("error %v", err)
		}
		var refusal *atlassian.Error
		if !errors.As(err, &refusal) || refusal.Status != 409 || !strings.Contains(err.Error(), "ersion") {
			t.Errorf("Confluence's words are lost: %v", err)
		}
		if got := s.state(t, page.ID); got.Body != "<p>theirs</p>" || got.Version != 2 {
			t.Errorf("%+v", got)
		}
		now := s.read(t, page.ID, confluence.PageRead{Body: true})
		again := confluence.PageUpdate{ID: page.ID, Title: "P", Body: now.Body + "<p>ours</p>", Version: now.Version.Number}
		if got := ok(s.UpdatePage(t.Context(), again))(t); got.Version.Number != 3 {
			t.Errorf("%+v", got)
		}
	})
}

func TestATitleThatIsTakenIsToldApart(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "Taken", "", "")
		_, err := s.CreatePage(t.Context(), confluence.NewPage{SpaceKey: "DOC", Title: "taken"})
		if !confluence.TitleTaken(err) || confluence.Conflict(err) {
			t.Errorf("create: %v", err)
		}
		other := s.page(t, "Free", "", "")
		_, err = s.UpdatePage(t.Context(), confluence.PageUpdate{ID: other.ID, Title: "Taken", Version: 1})
		if !confluence.TitleTaken(err) {
			t.Errorf("rename: %v", err)
		}
		_, err = s.CreatePage(t.Context(), confluence.NewPage{SpaceKey: "DOC", Title: "Bad", Body: "<p>"})
		if err == nil || confluence.TitleTaken(err) || !strings.Contains(err.Error(), "xhtml") {
			t.Errorf("malformed: %v", err)
		}
		got := ok(s.PageByTitle(t.Context(), "DOC", "Taken", confluence.PageRead{Body: true}))(t)
		if got.ID != page.ID {
			t.Errorf("%+v", got)
		}
		for _, where := range [][2]string{{"DOC", "Nothing"}, {"NOPE", "Taken"}, {"SECRET", "Board Home"}} {
			if _, err := s.PageByTitle(t.Context(), where[0], where[1], confluence.PageRead{}); !confluence.NotFound(err) {
				t.Errorf("%v: %v", where, err)
			}
		}
	})
}

func TestDraftsAreSeenOnlyWhenAskedFor(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "<p>published</p>", "")
		draft := confluence.PageUpdate{ID: page.ID, Title: "P", Body: "<p>draft</p>", Save: confluence.SaveDraft}
		for range 2 {
			if got := ok(s.UpdatePage(t.Context(), draft))(t); got.Status != confluence.StatusDraft {
				t.Errorf("%+v", got)
			}
		}
		if got := s.read(t, page.ID, confluence.PageRead{Body: true}); got.Body != "<p>published</p>" || got.Version.Number != 1 {
			t.Errorf("%+v", got)
		}
		if got := s.read(t, page.ID, confluence.PageRead{Body: true, Draft: true}); got.Body != "<p>draft</p>" || got.Status != confluence.StatusDraft {
			t.Errorf("%+v", got)
		}
		if err := s.DeletePage(t.Context(), page.ID, confluence.Deletion{Draft: true}); err != nil {
			t.Fatal(err)
		}
		if got := s.state(t, page.ID); got.Draft != "" || got.Status != "current" {
			t.Errorf("%+v", got)
		}
		if got := s.read(t, page.ID, confluence.PageRead{Body: true, Draft: true}); got.Body != "<p>published</p>" || got.Status != confluence.StatusCurrent {
			t.Errorf("without a draft: %+v", got)
		}
	})
}

func TestAPageIsPublishedFromItsDraft(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		made := ok(s.CreatePage(t.Context(), confluence.NewPage{SpaceKey: "DOC", Title: "New", Body: "<p>1</p>", Draft: true}))(t)
		if made.Status != confluence.StatusDraft {
			t.Errorf("%+v", made)
		}
		if _, err := s.API.Page(t.Context(), made.ID, confluence.PageRead{}); !confluence.NotFound(err) {
			t.Errorf("a draft is seen: %v", err)
		}
		got := ok(s.UpdatePage(t.Context(), confluence.PageUpdate{ID: made.ID, Title: "New", Body: "<p>2</p>", Save: confluence.Publish}))(t)
		if got.Status != confluence.StatusCurrent || got.Version.Number != 1 {
			t.Errorf("%+v", got)
		}
		if got := s.read(t, made.ID, confluence.PageRead{Body: true}); got.Body != "<p>2</p>" {
			t.Errorf("%+v", got)
		}
	})
}

func TestDeletedPagesGoToTheTrashFirst(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "<p>x</p>", "")
		if err := s.DeletePage(t.Context(), page.ID, confluence.Deletion{}); err != nil {
			t.Fatal(err)
		}
		if got := s.read(t, page.ID, confluence.PageRead{Body: true, Trashed: true}); got.Status != confluence.StatusTrashed || got.Body != "<p>x</p>" {
			t.Errorf("%+v", got)
		}
		if err := s.DeletePage(t.Context(), page.ID, confluence.Deletion{Purge: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.API.Page(t.Context(), page.ID, confluence.PageRead{Trashed: true}); !confluence.NotFound(err) {
			t.Errorf("after the purge: %v", err)
		}
	})
}

func TestTreesAreReadInParts(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		top := s.page(t, "Top", "", "")
		mid := s.page(t, "Mid", "", top.ID)
		for _, title := range []string{"A", "B", "C"} {
			s.page(t, title, "", mid.ID)
		}
		leaf := ok(s.PageByTitle(t.Context(), "DOC", "B", confluence.PageRead{}))(t)
		if leaf.ParentID != mid.ID {
			t.Errorf("parent %q", leaf.ParentID)
		}
		var names []string
		part := confluence.Part{Limit: 2}
		for {
			list := ok(s.Children(t.Context(), mid.ID, part))(t)
			for _, n := range list.Items {
				names = append(names, n.Title)
				if n.ParentID != mid.ID || n.Type != "page" || n.Depth != 1 {
					t.Errorf("%+v", n)
				}
			}
			if part.From = list.Next; list.Next == "" {
				break
			}
		}
		if diff := cmp.Diff([]string{"A", "B", "C"}, names); diff != "" {
			t.Error(diff)
		}
		for depth, want := range map[int]int{1: 1, 2: 4} {
			list := ok(s.Descendants(t.Context(), top.ID, depth, confluence.Part{}))(t)
			if len(list.Items) != want || list.Items[0].Title != "Mid" || list.Items[0].ParentID != top.ID || list.Items[0].Depth != 1 {
				t.Errorf("depth %d: %+v", depth, list.Items)
			}
		}
		above := ok(s.Ancestors(t.Context(), leaf.ID))(t)
		if n := len(above); n < 2 || above[n-1].Title != "Mid" || above[n-2].Title != "Top" || above[n-1].ParentID != top.ID {
			t.Errorf("%+v", above)
		}
		moved := confluence.PageUpdate{ID: leaf.ID, Title: "B", Version: 1, ParentID: top.ID}
		ok(s.UpdatePage(t.Context(), moved))(t)
		if got := s.state(t, leaf.ID); got.Parent != top.ID {
			t.Errorf("%+v", got)
		}
	})
}

func TestSpacesAreFoundByTheirKeys(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		var keys []string
		q := confluence.SpaceQuery{Part: confluence.Part{Limit: 2}}
		for {
			list := ok(s.Spaces(t.Context(), q))(t)
			for _, space := range list.Items {
				keys = append(keys, space.Key)
				if space.HomepageID == "" || space.ID == "" || space.URL == "" || space.Type != "global" {
					t.Errorf("%+v", space)
				}
			}
			if q.From = list.Next; list.Next == "" {
				break
			}
		}
		if diff := cmp.Diff([]string{"DOC", "TEAM", "POLICY"}, keys); diff != "" {
			t.Error(diff)
		}
		two := ok(s.Spaces(t.Context(), confluence.SpaceQuery{Keys: []string{"TEAM", "DOC", "NOPE"}, Type: "global"}))(t)
		if len(two.Items) != 2 {
			t.Errorf("%+v", two)
		}
		if got := ok(s.Space(t.Context(), "DOC"))(t); got.Name != "Documentation" {
			t.Errorf("%+v", got)
		}
		if _, err := s.Space(t.Context(), "SECRET"); !confluence.NotFound(err) {
			t.Errorf("a space that we may not see: %v", err)
		}
	})
}

func TestWhatWeMayNotSeeIsNotFoundAndWhatWeMayNotWriteIsRefused(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "<p>x</p>", "")
		if err := s.As("alice").Restrict(page.ID, nil, []string{"alice"}); err != nil {
			t.Fatal(err)
		}
		got := ok(s.Restrictions(t.Context(), page.ID))(t)
		if !got.Read.Empty() || len(got.Update.Users) != 1 || got.Update.Users[0].DisplayName != "Alice Developer" {
			t.Errorf("%+v", got)
		}
		_, err := s.UpdatePage(t.Context(), confluence.PageUpdate{ID: page.ID, Title: "P", Version: 1})
		var refusal *atlassian.Error
		if !errors.As(err, &refusal) || refusal.Status != 403 || confluence.Conflict(err) {
			t.Errorf("write: %v", err)
		}
		if err := s.As("alice").Restrict(page.ID, []string{"alice"}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.API.Page(t.Context(), page.ID, confluence.PageRead{}); !confluence.NotFound(err) {
			t.Errorf("read: %v", err)
		}
		if _, err := s.CreatePage(t.Context(), confluence.NewPage{SpaceKey: "POLICY", Title: "X"}); err == nil {
			t.Error("a page in a space that we may only read")
		}
	})
}

func TestMinorEditsAreOfDataCenterAlone(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "", "")
		before := len(s.Requests())
		_, err := s.UpdatePage(t.Context(), confluence.PageUpdate{ID: page.ID, Title: "P", Version: 1, Minor: true})
		var cannot *confluence.UnsupportedError
		if s.Kind() == confluence.Cloud {
			if !errors.As(err, &cannot) || len(s.Requests()) != before {
				t.Errorf("error %v, %d requests", err, len(s.Requests())-before)
			}
			return
		}
		if v := ok(s.Versions(t.Context(), page.ID, confluence.Part{Limit: 1}))(t); err != nil || !v.Items[0].Minor {
			t.Errorf("%+v, %v", v, err)
		}
	})
}

func TestTokensOfOthersAreRefused(t *testing.T) {
	s := open(t, sandbox.Options{Kind: sandbox.DataCenter})
	home := ok(s.Space(t.Context(), "DOC"))(t).HomepageID
	for _, token := range []string{"x", "-1", "1;drop"} {
		var bad *confluence.TokenError
		if _, err := s.Children(t.Context(), home, confluence.Part{From: token}); !errors.As(err, &bad) {
			t.Errorf("children from %q: %v", token, err)
		}
		if _, err := s.Search(t.Context(), confluence.Query{CQL: "type = page", Part: confluence.Part{From: token}}); !errors.As(err, &bad) {
			t.Errorf("search from %q: %v", token, err)
		}
	}
}
