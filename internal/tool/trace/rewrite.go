package trace

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
)

// rewrite puts the criteria as they are now into the description of an issue, in place
// of those that are there, and leaves the rest of it as it is. A failed result says
// why Jira did not take it.
func (j job) rewrite(ctx context.Context, s subject, r *requirement.Requirement, key string) (tool.Result, error) {
	issue, err := j.jira.Client().GetIssue(ctx, key, []string{"description"}, nil)
	if err != nil {
		return tool.Result{}, asJira(err)
	}
	var before string
	_ = json.Unmarshal(issue.Fields["description"], &before)
	part := markup.MarkdownToWiki(criteriaPart(r, s.ref(), j.linkOf(s.page, r).Object.URL, s.page.Title))
	after := replaced(before, part, s.ref())
	if after == before {
		return tool.Result{}, nil
	}
	args, err := json.Marshal(map[string]any{"issue_key": key, "fields": map[string]any{"description": after}, "format": "wiki"})
	if err != nil {
		return tool.Result{}, fmt.Errorf("encode arguments: %w", err)
	}
	call := j.call
	call.ID, call.Args = call.ID+"#criteria", args
	return j.Tools.jira.Update(ctx, call)
}

// replaced puts a part into a description, in wiki markup, in place of the part that
// ends with the line of the source, or at its end if there is none.
func replaced(text, part string, ref requirement.Reference) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	end, begin := -1, -1
	for i, line := range lines {
		if strings.HasPrefix(line, "Source: ") && strings.Contains(line, "{{"+ref.String()+"}}") {
			end = i
		}
	}
	for i := end; i >= 0 && begin < 0; i-- {
		if strings.TrimSpace(lines[i]) == "h2. "+criteriaHeading {
			begin = i
		}
	}
	switch {
	case end < 0:
		return strings.TrimSpace(text + "\n\n" + part)
	case begin < 0:
		begin = end
	}
	return strings.Join(append(append(lines[:begin:begin], part), lines[end+1:]...), "\n")
}
