package confluence

import (
	"strconv"
	"strings"
	"testing"
)

// exchange is a request with its expected status. {p}, {c} and so on are ids of
// what was made before.
type exchange struct {
	method, path, body string
	status             int
}

func body(text string) string { return `{"representation":"storage","value":"` + text + `"}` }

func cloudExchanges() []exchange {
	return []exchange{
		{"GET", "/wiki/rest/api/user/current", "", 200},
		{"GET", "/wiki/rest/api/user?accountId=5b10a2844c20165700ede21a", "", 200},
		{"GET", "/wiki/rest/api/user?accountId=nobody", "", 404},
		{"GET", "/wiki/rest/api/settings/systemInfo", "", 200},
		{"GET", "/wiki/rest/api/search/user?cql=user.fullname+~+%22ali%22", "", 200},
		{"GET", "/wiki/api/v2/spaces?keys=DOC,TEAM&limit=1", "", 200},
		{"GET", "/wiki/api/v2/spaces/{s}", "", 200},
		{"GET", "/wiki/api/v2/spaces/1", "", 404},
		{"GET", "/wiki/api/v2/pages?space-id={s}&title=One&status=current&body-format=storage", "", 200},
		{"GET", "/wiki/api/v2/pages?id={p},{q}", "", 200},
		{"GET", "/wiki/api/v2/pages/{p}?body-format=storage", "", 200},
		{"GET", "/wiki/api/v2/pages/{p}?version=1&body-format=storage", "", 200},
		{"GET", "/wiki/api/v2/pages/{p}?version=9", "", 404},
		{"GET", "/wiki/api/v2/pages/1", "", 404},
		{"POST", "/wiki/api/v2/pages", `{"spaceId":"{s}","status":"current","title":"Two","parentId":"{p}","body":` + body("<p>x</p>") + `}`, 200},
		{"POST", "/wiki/api/v2/pages", `{"spaceId":"{s}","title":"Two","body":` + body("") + `}`, 400},
		{"POST", "/wiki/api/v2/pages", `{"spaceId":"{s}","title":"Three","body":` + body("<p>x") + `}`, 400},
		{"POST", "/wiki/api/v2/pages", `{"spaceId":"1","title":"Three","body":` + body("") + `}`, 404},
		{"PUT", "/wiki/api/v2/pages/{p}", `{"id":"{p}","status":"current","title":"One","body":` + body("<p>y</p>") + `,"version":{"number":2,"message":"why"}}`, 200},
		{"PUT", "/wiki/api/v2/pages/{p}", `{"id":"{p}","status":"current","title":"One","body":` + body("<p>y</p>") + `,"version":{"number":2}}`, 409},
		{"PUT", "/wiki/api/v2/pages/{p}", `{"id":"{p}","status":"draft","title":"One","body":` + body("<p>d</p>") + `,"version":{"number":1}}`, 200},
		{"GET", "/wiki/api/v2/pages/{p}?get-draft=true&body-format=storage", "", 200},
		{"DELETE", "/wiki/api/v2/pages/{p}?draft=true", "", 204},
		{"GET", "/wiki/api/v2/pages/{p}/versions?limit=1", "", 200},
		{"GET", "/wiki/api/v2/pages/{p}/versions/1", "", 200},
		{"GET", "/wiki/api/v2/pages/{p}/direct-children", "", 200},
		{"GET", "/wiki/api/v2/pages/{p}/descendants?depth=3", "", 200},
		{"GET", "/wiki/api/v2/pages/{p}/descendants?depth=11", "", 400},
		{"GET", "/wiki/api/v2/pages/{p}/ancestors", "", 200},
		{"POST", "/wiki/rest/api/content/{p}/label", `[{"prefix":"global","name":"a"},{"prefix":"global","name":"b"}]`, 200},
		{"GET", "/wiki/api/v2/pages/{p}/labels?limit=1", "", 200},
		{"DELETE", "/wiki/rest/api/content/{p}/label?name=a", "", 204},
		{"DELETE", "/wiki/rest/api/content/{p}/label/b", "", 204},
		{"POST", "/wiki/api/v2/pages/{p}/properties", `{"key":"k","value":{"a":[1]}}`, 200},
		{"POST", "/wiki/api/v2/pages/{p}/properties", `{"key":"k","value":1}`, 409},
		{"GET", "/wiki/api/v2/pages/{p}/properties?key=k", "", 200},
		{"POST", "/wiki/api/v2/footer-comments", `{"pageId":"{p}","body":` + body("<p>c</p>") + `}`, 201},
		{"GET", "/wiki/api/v2/pages/{p}/footer-comments?body-format=storage&sort=-created-date", "", 200},
		{"GET", "/wiki/api/v2/footer-comments/{c}?body-format=storage", "", 200},
		{"POST", "/wiki/api/v2/footer-comments", `{"parentCommentId":"{c}","body":` + body("<p>r</p>") + `}`, 201},
		{"GET", "/wiki/api/v2/footer-comments/{c}/children?body-format=storage", "", 200},
		{"PUT", "/wiki/api/v2/footer-comments/{c}", `{"version":{"number":2},"body":` + body("<p>e</p>") + `}`, 403},
		{"POST", "/wiki/api/v2/inline-comments", `{"pageId":"{p}","body":` + body("<p>i</p>") + `,"inlineCommentProperties":{"textSelection":"y","textSelectionMatchCount":1,"textSelectionMatchIndex":0}}`, 201},
		{"POST", "/wiki/api/v2/inline-comments", `{"pageId":"{p}","body":` + body("<p>i</p>") + `}`, 400},
		{"GET", "/wiki/api/v2/pages/{p}/inline-comments?body-format=storage", "", 200},
		{"GET", "/wiki/api/v2/inline-comments/{c}", "", 404},
		{"GET", "/wiki/api/v2/pages/{p}/attachments?filename=a.txt", "", 200},
		{"GET", "/wiki/rest/api/content/{p}/restriction/byOperation?expand=restrictions.user,restrictions.group", "", 200},
		{"GET", "/wiki/rest/api/search?cql=type%3Dpage&limit=1&excerpt=indexed&expand=content.space", "", 200},
		{"GET", "/wiki/rest/api/search?cql=nonsense", "", 400},
		{"GET", "/wiki/rest/api/content/{p}", "", 404},
		{"DELETE", "/wiki/api/v2/pages/{q}", "", 204},
		{"GET", "/wiki/api/v2/pages/{q}?status=trashed", "", 200},
		{"DELETE", "/wiki/api/v2/pages/{q}?purge=true", "", 204},
		{"GET", "/wiki/api/v2/pages/{q}", "", 404},
	}
}

func dcExchanges() []exchange {
	put := `{"type":"page","status":"current","title":"One","body":{"storage":` + body("<p>y</p>") + `},"version":{"number":2,"message":"why","minorEdit":true}}`
	return []exchange{
		{"GET", "/rest/api/user/current", "", 200},
		{"GET", "/rest/api/user?key=ff80808192b0a1ce0192b0a2f1b30001", "", 200},
		{"GET", "/rest/api/user?username=alice", "", 200},
		{"GET", "/rest/api/server-information", "", 200},
		{"GET", "/rest/api/space?spaceKey=DOC&spaceKey=TEAM&limit=1&expand=homepage", "", 200},
		{"GET", "/rest/api/space/DOC?expand=homepage", "", 200},
		{"GET", "/rest/api/space/NOPE", "", 404},
		{"GET", "/rest/api/content?spaceKey=DOC&title=One&type=page&expand=space,version,history,ancestors,body.storage", "", 200},
		{"GET", "/rest/api/content/{p}?expand=space,version,history,ancestors,body.storage,metadata.labels", "", 200},
		{"GET", "/rest/api/content/1", "", 404},
		{"GET", "/rest/api/content/{p}/history", "", 200},
		{"POST", "/rest/api/content", `{"type":"page","title":"Two","space":{"key":"DOC"},"ancestors":[{"id":"{p}"}],"body":{"storage":` + body("<p>x</p>") + `}}`, 200},
		{"POST", "/rest/api/content", `{"type":"page","title":"Two","space":{"key":"DOC"},"body":{"storage":` + body("") + `}}`, 400},
		{"POST", "/rest/api/content", `{"type":"page","title":"Three","space":{"key":"DOC"},"body":{"storage":` + body("<p>x") + `}}`, 400},
		{"PUT", "/rest/api/content/{p}", put, 200},
		{"PUT", "/rest/api/content/{p}", put, 409},
		{"GET", "/rest/api/content/{p}?status=historical&version=1&expand=version,body.storage", "", 200},
		{"PUT", "/rest/api/content/{p}?status=draft", `{"type":"page","status":"draft","title":"One","body":{"storage":` + body("<p>d</p>") + `},"version":{"number":1}}`, 200},
		{"GET", "/rest/api/content/{p}?status=draft&expand=body.storage", "", 200},
		{"DELETE", "/rest/api/content/{p}?status=draft", "", 204},
		{"GET", "/rest/api/content/{p}/child/page?limit=1&expand=version", "", 200},
		{"GET", "/rest/api/content/{p}/descendant/page?expand=ancestors", "", 200},
		{"POST", "/rest/api/content/{p}/label", `[{"prefix":"global","name":"a"}]`, 200},
		{"GET", "/rest/api/content/{p}/label?limit=5", "", 200},
		{"DELETE", "/rest/api/content/{p}/label?name=a", "", 204},
		{"DELETE", "/rest/api/content/{p}/label?name=a", "", 404},
		{"POST", "/rest/api/content/{p}/property", `{"key":"k","value":{"a":[1]}}`, 200},
		{"POST", "/rest/api/content/{p}/property", `{"key":"k","value":1}`, 409},
		{"GET", "/rest/api/content/{p}/property/k?expand=version", "", 200},
		{"GET", "/rest/api/content/{p}/property?expand=version", "", 200},
		{"PUT", "/rest/api/content/{p}/property/k", `{"key":"k","value":2,"version":{"number":2}}`, 200},
		{"PUT", "/rest/api/content/{p}/property/k", `{"key":"k","value":2,"version":{"number":2}}`, 409},
		{"DELETE", "/rest/api/content/{p}/property/k", "", 204},
		{"GET", "/rest/api/content/{p}/property/k", "", 404},
		{"POST", "/rest/api/content", `{"type":"comment","container":{"id":"{p}","type":"page"},"body":{"storage":` + body("<p>c</p>") + `}}`, 200},
		{"POST", "/rest/api/content", `{"type":"comment","container":{"id":"{p}","type":"page"},"ancestors":[{"id":"{c}"}],"body":{"storage":` + body("<p>r</p>") + `}}`, 200},
		{"GET", "/rest/api/content/{p}/child/comment?location=footer&expand=body.storage,version,ancestors,container,extensions.inlineProperties,extensions.resolution", "", 200},
		{"GET", "/rest/api/content/{c}/child/comment", "", 200},
		{"GET", "/rest/api/content/{p}/child/attachment?filename=a.txt&expand=version", "", 200},
		{"GET", "/rest/api/content/{p}/restriction/byOperation?expand=read.restrictions.user", "", 200},
		{"GET", "/rest/api/search?cql=type%3Dpage&limit=1&start=1&excerpt=none&expand=content.space", "", 200},
		{"GET", "/rest/api/search?cql=type%3Duser+and+user.fullname+~+%22ali%22", "", 200},
		{"GET", "/rest/api/search?cql=nonsense", "", 400},
		{"GET", "/rest/api/webhooks", "", 401},
		{"DELETE", "/rest/api/content/{q}", "", 204},
		{"GET", "/rest/api/content/{q}", "", 404},
		{"GET", "/rest/api/content/{q}?status=any", "", 200},
		{"DELETE", "/rest/api/content/{q}?status=trashed", "", 204},
	}
}

func TestEveryOperationFitsAtlassiansDescription(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		p, q := s.page("One", "<p>y</p>"), s.page("Other", "<p>o</p>")
		c, err := s.As("alice").Comment(p, "<p>hello</p>")
		if err != nil {
			t.Fatal(err)
		}
		list, root := cloudExchanges(), "/wiki/rest/api/content/"
		if s.Kind() == DataCenter {
			list, root = dcExchanges(), "/rest/api/content/"
		}
		if a := s.upload("POST", root+p+"/child/attachment", "a.txt", "text"); a.status != 200 {
			t.Fatalf("upload: %d %s", a.status, a.raw)
		}
		if a := s.upload("POST", root+p+"/child/attachment", "a.txt", "text"); a.status != 400 {
			t.Errorf("the same name again: %d", a.status)
		}
		space := strconv.FormatInt(s.st.spaces[0].id, 10)
		fill := strings.NewReplacer("{p}", p, "{q}", q, "{c}", c, "{s}", space)
		for _, e := range list {
			path := fill.Replace(e.path)
			if a := s.do(e.method, path, fill.Replace(e.body)); a.status != e.status {
				t.Errorf("%s %s: %d, want %d: %.300s", e.method, path, a.status, e.status, a.raw)
			}
		}
	})
}

func TestAdministratorsManageWebhooksOfDataCenter(t *testing.T) {
	s := newSite(t, Options{Kind: DataCenter})
	hook := `{"name":"aof","url":"http://127.0.0.1:1/x","events":["page_created"],"active":true,"configuration":{"secret":"s"}}`
	for _, e := range []exchange{
		{"POST", "/rest/api/webhooks", hook, 201},
		{"POST", "/rest/api/webhooks", strings.Replace(hook, "page_created", "page_eaten", 1), 400},
		{"POST", "/rest/api/webhooks", strings.Replace(hook, "http:", "ftp:", 1), 400},
		{"GET", "/rest/api/webhooks", "", 200},
		{"GET", "/rest/api/webhooks/1", "", 200},
		{"PUT", "/rest/api/webhooks/1", strings.Replace(hook, "true", "false", 1), 200},
		{"POST", "/rest/api/webhooks/test?url=http%3A%2F%2F127.0.0.1%3A1%2Fx", "", 200},
		{"DELETE", "/rest/api/webhooks/1", "", 204},
		{"GET", "/rest/api/webhooks/1", "", 404},
	} {
		if a := s.as("alice", e.method, e.path, e.body); a.status != e.status {
			t.Errorf("%s %s: %d, want %d: %.300s", e.method, e.path, a.status, e.status, a.raw)
		}
	}
	if a := s.do("POST", "/rest/api/webhooks", hook); a.status != 401 {
		t.Errorf("somebody else: %d", a.status)
	}
}
