package agent

import (
	"testing"

	"github.com/aofctl/aofctl/internal/tool"
)

func TestTextsGoWhereSomebodyExpectsThem(t *testing.T) {
	issue := tool.Origin{IssueKey: "PROJ-1"}
	thread := tool.Origin{Repository: "acme/shop", Thread: 7}
	both := tool.Origin{IssueKey: "PROJ-1", Repository: "acme/shop", Thread: 7}
	for _, c := range []struct {
		origin        tool.Origin
		command, want string
	}{
		{issue, "", "PROJ-1"}, {issue, "review", "PROJ-1"}, {thread, "", "acme/shop#7"}, {both, "", "PROJ-1"}, {both, "review", "acme/shop#7"},
		{tool.Origin{Page: "5"}, "", "page 5"}, {tool.Origin{Page: "5", IssueKey: "PROJ-1"}, "", "PROJ-1"}, {tool.Origin{Page: "5", IssueKey: "PROJ-1"}, "trace", "page 5"},
		{tool.Origin{Repository: "acme/shop"}, "review", ""}, {tool.Origin{}, "", ""},
	} {
		if got := placeOf(c.origin, c.command); got.name != c.want || (got.tool == "") != (c.want == "") {
			t.Errorf("%+v with %q: %q by %q, want %q", c.origin, c.command, got.name, got.tool, c.want)
		}
	}
	if p := placeOf(both, "review"); p.speaks(commentTool, "review") || !p.speaks(threadTool, "review") {
		t.Error("who asked on the pull request is not answered on the issue")
	}
	if p := placeOf(both, ""); !p.speaks(threadTool, "") || p.speaks("jira_add_labels", "") {
		t.Error("an agent that commented anywhere has said what it had to say")
	}
	page := tool.Origin{Page: "5", PageComment: "7"}
	if p := placeOf(page, ""); p.speaks(commentTool, "") || !p.speaks(pageTool, "") {
		t.Error("who watches a page is told by a comment elsewhere")
	}
	if got := string(placeOf(page, "").with("x")); got != `{"body":"x","page_id":"5"}` {
		t.Error(got)
	}
	below := placeOf(page, "trace")
	if got := string(below.with("x")); got != `{"body":"x","page_id":"5","parent_comment_id":"7"}` {
		t.Error(got)
	}
	if around, threaded := below.wide(); !threaded || string(around.with("x")) != `{"body":"x","page_id":"5"}` {
		t.Errorf("beside the thread: %v %s", threaded, around.with("x"))
	}
	if _, threaded := placeOf(page, "").wide(); threaded {
		t.Error("a place is taken for a thread")
	}
	if got := string(placeOf(thread, "").with("x")); got != `{"body":"x","number":7,"repository":"acme/shop"}` {
		t.Error(got)
	}
}
