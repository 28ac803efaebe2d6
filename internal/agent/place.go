package agent

import (
	"encoding/json"
	"strconv"

	"github.com/aofctl/aofctl/internal/tool"
)

// threadTool posts on GitHub what commentTool posts on issues of Jira.
const threadTool = "github_comment"

// pageTool comments on pages of Confluence.
const pageTool = "confluence_add_comment"

// place is where a job's texts are posted.
type place struct {
	// tool posts them; "" if there is nowhere to.
	tool, name string
	args       map[string]any
}

// placeOf says where a job's texts belong: on its issue; for an event of GitHub or
// Confluence that has none, or in which somebody gave a command, on the pull request
// or page.
func placeOf(o tool.Origin, command string) place {
	switch {
	case o.Repository != "" && o.Thread > 0 && (o.IssueKey == "" || command != ""):
		return place{tool: threadTool, name: o.Repository + "#" + strconv.Itoa(o.Thread),
			args: map[string]any{"repository": o.Repository, "number": o.Thread}}
	case o.Page != "" && (o.IssueKey == "" || command != ""):
		return place{tool: pageTool, name: "page " + o.Page, args: onPage(o, command)}
	case o.IssueKey != "":
		return place{tool: commentTool, name: o.IssueKey, args: map[string]any{"issue_key": o.IssueKey}}
	}
	return place{}
}

// onPage says where on a page: what answers a command belongs below the comment with it.
func onPage(o tool.Origin, command string) map[string]any {
	args := map[string]any{"page_id": o.Page}
	if command != "" && o.PageComment != "" {
		args[inThread] = o.PageComment
	}
	return args
}

// inThread is the argument that names a comment to be answered.
const inThread = "parent_comment_id"

// wide is the place without the thread; false if it is in none.
func (p place) wide() (place, bool) {
	if _, threaded := p.args[inThread]; !threaded {
		return p, false
	}
	delete(p.args, inThread)
	return p, true
}

func (p place) with(markdown string) json.RawMessage {
	p.args["body"] = markdown
	return mustJSON(p.args)
}

// speaks reports whether a tool tells people something where they expect it: the
// place itself, or, unless they asked there by a command, any other. Who watches a
// page is told of nothing by a comment elsewhere.
func (p place) speaks(name, command string) bool {
	if p.tool == pageTool {
		return name == pageTool
	}
	return name == p.tool || command == "" && (name == commentTool || name == threadTool)
}
