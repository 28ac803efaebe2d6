package confluence

import (
	"net/http"
	"strings"
	"testing"
)

func TestVersionsGoUpByOne(t *testing.T) {
	s := newSite(t, Options{})
	p := s.page("P", "<p>1</p>")
	put := func(number string) reply {
		return s.do("PUT", "/wiki/api/v2/pages/"+p, `{"id":"`+p+`","status":"current","title":"P","body":`+body("<p>x</p>")+`,"version":{"number":`+number+`}}`)
	}
	for _, wrong := range []string{"0", "1", "3", "99"} {
		if a := put(wrong); a.status != 409 || !strings.Contains(a.raw, "Current Version: [1]") {
			t.Errorf("number %s: %d %s", wrong, a.status, a.raw)
		}
	}
	if a := put("2"); a.status != 200 || dig(a.body, "version", "number") != 2.0 {
		t.Errorf("%d %s", a.status, a.raw)
	}
}

func TestOnlyAUserOfTheKindOfSiteGetsIn(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		path := "/wiki/rest/api/user/current"
		if s.Kind() == DataCenter {
			path = "/rest/api/user/current"
		}
		for name, e := range map[string]struct {
			login, token string
			cloud, dc    int
		}{
			"e-mail address": {BotEmail, BotToken, 200, 401},
			"user name":      {"bot", BotToken, 401, 200},
			"wrong token":    {BotEmail, "x", 401, 401},
			"no token":       {BotEmail, "", 401, 401},
		} {
			r := s.send("GET", path, "", func(r *http.Request) { r.SetBasicAuth(e.login, e.token) })
			want := e.cloud
			if s.Kind() == DataCenter {
				want = e.dc
			}
			if r.status != want {
				t.Errorf("%s: %d, want %d", name, r.status, want)
			}
		}
		if a := s.send("GET", path, "", nil); a.status != 401 || a.header.Get("X-Seraph-LoginReason") == "" {
			t.Errorf("nobody: %d", a.status)
		}
	})
}

func TestCommentsDangleWhenTheirTextIsGone(t *testing.T) {
	s := newSite(t, Options{})
	p := s.page("P", "<p>keep this</p>")
	c, err := s.As("bob").CommentOn(p, "this", "<p>?</p>")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.As("alice").EditPage(p, "<p>keep</p>", ""); err != nil {
		t.Fatal(err)
	}
	got := s.want(200, "GET", "/wiki/api/v2/inline-comments/"+c, "")
	if got["resolutionStatus"] != "dangling" {
		t.Errorf("%v", got)
	}
	if _, err := s.As("bob").CommentOn(p, "this", "<p>?</p>"); err == nil {
		t.Error("a comment on what is not there")
	}
}

func TestAMarkThatAnEditLosesLetsItsCommentDangle(t *testing.T) {
	for name, keep := range map[string]bool{"kept": true, "lost": false} {
		s := newSite(t, Options{})
		p := s.page("P", `<p title="this">in this<b>this</b><![CDATA[this]]></p>`)
		c, err := s.As("bob").CommentOn(p, "this", "<p>?</p>")
		if err != nil {
			t.Fatal(err)
		}
		state, _ := s.Page(p)
		if !strings.HasPrefix(state.Body, `<p title="this">in <ac:inline-comment-marker ac:ref="0000`) || state.Version != 1 {
			t.Errorf("%+v", state)
		}
		edited := "<p>in this, again</p>"
		if keep {
			edited = state.Body + "<p>more</p>"
		}
		if err := s.As("alice").EditPage(p, edited, ""); err != nil {
			t.Fatal(err)
		}
		got := s.want(200, "GET", "/wiki/api/v2/inline-comments/"+c, "")
		if (got["resolutionStatus"] == "open") != keep {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDataCenterWantsAllOfAnInlineCommentsProperties(t *testing.T) {
	s := newSite(t, Options{Kind: DataCenter})
	p := s.page("P", "<p>some words</p>")
	whole := `"originalSelection":"words","numMatches":1,"matchIndex":0,"lastFetchTime":"1","serializedHighlights":"[]"`
	send := func(properties string) int {
		return s.do("POST", "/rest/api/content", `{"type":"comment","container":{"id":"`+p+`","type":"page"},"body":{"storage":`+body("<p>c</p>")+
			`},"extensions":{"location":"inline","inlineProperties":{`+properties+`}}}`).status
	}
	for _, part := range strings.Split(whole, ",") {
		less := strings.Trim(strings.Replace(","+whole+",", ","+part+",", ",", 1), ",")
		if status := send(less); status != 400 {
			t.Errorf("without %s: %d", part, status)
		}
	}
	if status := send(whole); status != 200 {
		t.Errorf("whole: %d", status)
	}
}

func TestChildrenOfATrashedPageMoveUp(t *testing.T) {
	s := newSite(t, Options{})
	top := s.page("Top", "")
	mid, err := s.As("alice").CreatePage(NewPage{Space: "DOC", Title: "Mid", Parent: top})
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := s.As("alice").CreatePage(NewPage{Space: "DOC", Title: "Leaf", Parent: mid})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.As("alice").TrashPage(mid); err != nil {
		t.Fatal(err)
	}
	if p, _ := s.Page(leaf); p.Parent != top {
		t.Errorf("%+v", p)
	}
	if p, _ := s.Page(mid); p.Status != trashed {
		t.Errorf("%+v", p)
	}
}

func TestAPageCannotGoBelowItself(t *testing.T) {
	s := newSite(t, Options{Kind: DataCenter})
	top := s.page("Top", "")
	leaf, err := s.As("alice").CreatePage(NewPage{Space: "DOC", Title: "Leaf", Parent: top})
	if err != nil {
		t.Fatal(err)
	}
	for _, above := range []string{top, leaf} {
		a := s.do("PUT", "/rest/api/content/"+top, `{"type":"page","title":"Top","version":{"number":2},"ancestors":[{"id":"`+above+`"}]}`)
		if a.status != 400 {
			t.Errorf("below %s: %d %s", above, a.status, a.raw)
		}
	}
}

func TestCursorsAreTheSitesOwn(t *testing.T) {
	s := newSite(t, Options{})
	for _, cursor := range []string{"x", "MQ==", "c2FuZGJveC1hdC14"} {
		if a := s.do("GET", "/wiki/api/v2/spaces?cursor="+cursor, ""); a.status != 400 {
			t.Errorf("%q: %d", cursor, a.status)
		}
	}
	first := s.do("GET", "/wiki/api/v2/spaces?limit=2", "")
	next, _ := dig(first.body, "_links", "next").(string)
	if !strings.Contains(first.header.Get("Link"), next) || next == "" {
		t.Errorf("Link %q, next %q", first.header.Get("Link"), next)
	}
	if a := s.do("GET", next, ""); a.status != 200 || dig(a.body, "results", 0, "key") != "POLICY" {
		t.Errorf("%d %s", a.status, a.raw)
	}
	for _, limit := range []string{"0", "251", "x", "-1"} {
		if a := s.do("GET", "/wiki/api/v2/spaces?limit="+limit, ""); a.status != 400 {
			t.Errorf("limit %s: %d", limit, a.status)
		}
	}
}

func TestResetForgetsWhatWasDone(t *testing.T) {
	s := newSite(t, Options{Pages: []NewPage{{Space: "DOC", Title: "Seed", Body: "<p>x</p>"}}})
	before := len(s.Pages())
	s.page("P", "")
	s.want(200, "GET", "/wiki/api/v2/spaces", "")
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	if len(s.Pages()) != before || len(s.Requests()) != 0 {
		t.Errorf("%d pages, %d requests", len(s.Pages()), len(s.Requests()))
	}
}

func TestWrongOptionsAreRefused(t *testing.T) {
	for name, o := range map[string]Options{
		"no users":      {Users: []User{}},
		"unknown space": {Pages: []NewPage{{Space: "NOPE", Title: "x"}}},
		"bad page":      {Pages: []NewPage{{Space: "DOC", Title: "x", Body: "<p>"}}},
	} {
		if s, err := New(o); err == nil {
			s.Close()
			t.Errorf("%s: accepted", name)
		}
	}
}
