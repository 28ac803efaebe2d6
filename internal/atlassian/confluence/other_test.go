package confluence_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/confluence"
)

// canned is a Confluence Cloud that knows a few answers, held against Atlassian's
// description, for what the simulated one does not have.
func canned(t *testing.T, answers map[string]string) confluence.API {
	t.Helper()
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		body, ok := answers[r.URL.Path]
		switch {
		case !ok:
			w.WriteHeader(http.StatusNotFound)
			body = `{"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found","detail":null}]}`
		case body == "":
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = io.WriteString(w, body)
	})
	if c := contracts[sandbox.Cloud](); c != nil {
		handler = c.Handler(handler, func(err error) { t.Error(err) })
	}
	web := httptest.NewServer(handler)
	t.Cleanup(web.Close)
	return connect(t, config(sandbox.Cloud, web.URL))
}

func TestPostsAndFoldersOfCloudAreKnown(t *testing.T) {
	const version = `"version":{"number":3,"createdAt":"2026-05-01T10:00:00.000Z","authorId":"a1","message":"m"}`
	api := canned(t, map[string]string{
		"/wiki/rest/api/user/current":             `{"type":"known","accountId":"a0","accountType":"app"}`,
		"/wiki/api/v2/spaces/7":                   `{"id":"7","key":"DOC","name":"Docs"}`,
		"/wiki/api/v2/blogposts/11":               `{"id":"11","status":"current","title":"News","spaceId":"7",` + version + `,"body":{"storage":{"representation":"storage","value":"<p>x</p>"}}}`,
		"/wiki/api/v2/folders/12":                 `{"id":"12","type":"folder","status":"current","title":"Specs","spaceId":"7",` + version + `}`,
		"/wiki/api/v2/folders/12/direct-children": `{"results":[{"id":"13","status":"current","title":"P","type":"page","spaceId":"7","childPosition":1},{"id":"14","status":"current","title":"W","type":"whiteboard","spaceId":"7","childPosition":null}],"_links":{"next":"/wiki/api/v2/folders/12/direct-children?limit=2&cursor=abc%3D"}}`,
		"/wiki/api/v2/folders/12/descendants":     `{"results":[{"id":"13","status":"archived","title":"P","type":"page","parentId":"12","depth":1}],"_links":{}}`,
		"/wiki/api/v2/blogposts/15":               "",
	})
	post := ok(api.Other(t.Context(), "11", true))(t)
	if post.Type != confluence.TypeBlogPost || post.Title != "News" || post.SpaceKey != "DOC" || post.Body != "<p>x</p>" || post.Version.Number != 3 {
		t.Errorf("%+v", post)
	}
	if folder := ok(api.Other(t.Context(), "12", true))(t); folder.Type != confluence.TypeFolder || folder.Title != "Specs" || folder.SpaceKey != "DOC" {
		t.Errorf("%+v", folder)
	}
	for _, id := range []string{"15", "16"} { // of 15 the token may know nothing
		if _, err := api.Other(t.Context(), id, false); !confluence.NotFound(err) {
			t.Errorf("%s: %v", id, err)
		}
	}
	children := ok(api.Children(t.Context(), "12", confluence.Part{Limit: 2}))(t)
	want := confluence.List[confluence.Node]{Next: "abc=", Items: []confluence.Node{
		{ID: "13", Title: "P", Type: "page", Status: "current", ParentID: "12", Depth: 1}, {ID: "14", Title: "W", Type: "whiteboard", Status: "current", ParentID: "12", Depth: 1},
	}}
	if diff := cmp.Diff(want, children); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if below := ok(api.Descendants(t.Context(), "12", 3, confluence.Part{}))(t); len(below.Items) != 1 || below.Items[0].Status != "archived" {
		t.Errorf("%+v", below)
	}
	if _, err := api.Children(t.Context(), "99", confluence.Part{}); !confluence.NotFound(err) {
		t.Errorf("%v", err)
	}
}

// TestCommentsOfEveryKindAreRead has a dangling comment, one on a file, and an answer.
func TestCommentsOfEveryKindAreRead(t *testing.T) {
	const body = `"version":{"number":1},"body":{"storage":{"representation":"storage","value":"<p>c</p>"}}`
	api := canned(t, map[string]string{
		"/wiki/rest/api/user/current":          `{"type":"known","accountId":"a0","accountType":"app"}`,
		"/wiki/api/v2/pages/1/inline-comments": `{"results":[{"id":"21","status":"current","title":"Re: P","pageId":"1","resolutionStatus":"dangling","properties":{"inlineMarkerRef":"r","inlineOriginalSelection":"gone"},` + body + `}],"_links":{}}`,
		"/wiki/api/v2/footer-comments/22":      `{"id":"22","status":"current","title":"Re: a.pdf","attachmentId":"att5",` + body + `}`,
		"/wiki/api/v2/inline-comments/23":      `{"id":"23","status":"current","title":"Re: P","pageId":"1","parentCommentId":"21","resolutionStatus":"resolved",` + body + `}`,
	})
	inline := ok(api.Comments(t.Context(), "1", confluence.CommentQuery{Inline: true}))(t)
	if len(inline.Items) != 1 || inline.Items[0].Resolution != confluence.ResolutionDangling || inline.Items[0].Selection != "gone" {
		t.Errorf("%+v", inline)
	}
	if c := ok(api.Comment(t.Context(), "22"))(t); c.PageID != "" || c.Inline || !strings.Contains(c.Body, "c") {
		t.Errorf("%+v", c)
	}
	if c := ok(api.Comment(t.Context(), "23"))(t); !c.Inline || c.ParentID != "21" || c.Resolution != confluence.ResolutionResolved {
		t.Errorf("%+v", c)
	}
}
