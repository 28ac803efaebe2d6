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
	if got := string(placeOf(thread, "").with("x")); got != `{"body":"x","number":7,"repository":"acme/shop"}` {
		t.Error(got)
	}
}
