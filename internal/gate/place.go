package gate

import "github.com/aofctl/aofctl/internal/tool"

// The tools by which people are told of questions.
const (
	issueTool = "jira_post_comment"
	pageTool  = "confluence_add_comment"
)

// place is where people are asked.
type place struct {
	// name is how it is called in records; "" for none.
	name string
	// tool posts a comment there, and argument is the name of the argument that tells
	// it where: value.
	tool, argument, value string
}

// placeOf is where those are who wait for a run: on its issue, else on its page. A
// run that has neither is asked about on the command line alone.
func placeOf(o tool.Origin) place {
	switch {
	case o.IssueKey != "":
		return place{name: o.IssueKey, tool: issueTool, argument: "issue_key", value: o.IssueKey}
	case o.Page != "":
		return pagePlace(o.Page)
	}
	return place{}
}

func pagePlace(id string) place {
	return place{name: "page:" + id, tool: pageTool, argument: "page_id", value: id}
}
