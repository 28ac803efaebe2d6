package enrich

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
)

// Bounds of counting a sprint's issues.
const (
	reportPage  = 100
	reportPages = 50
)

type sprintIssues struct {
	Issues []struct {
		Fields struct {
			Type struct {
				Subtask bool `json:"subtask"`
			} `json:"issuetype"`
			Status struct {
				Category struct {
					Key string `json:"key"`
				} `json:"statusCategory"`
			} `json:"status"`
		} `json:"fields"`
	} `json:"issues"`
}

// report counts the issues of a sprint that are done and that are not, without
// sub-tasks, as Jira's own report does. Events carry no such numbers. Jira's
// report has no public API
// (https://developer.atlassian.com/cloud/jira/software/rest/api-group-sprint/).
func (e *Enricher) report(ctx context.Context, sprint string) (map[string]any, error) {
	done, open, start := int64(0), int64(0), 0
	for range reportPages {
		body, err := e.jira.Read(ctx, "agile/1.0/sprint/"+url.PathEscape(sprint)+"/issue", url.Values{
			"fields": {"status,issuetype"}, "startAt": {strconv.Itoa(start)}, "maxResults": {strconv.Itoa(reportPage)}})
		if err != nil {
			return nil, err
		}
		var page sprintIssues
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, fmt.Errorf("understand the answer: %w", err)
		}
		for _, issue := range page.Issues {
			switch {
			case issue.Fields.Type.Subtask:
			case issue.Fields.Status.Category.Key == "done":
				done++
			default:
				open++
			}
		}
		// The server may give fewer at once than it was asked for.
		if len(page.Issues) == 0 {
			return map[string]any{"issues_completed": done, "issues_incomplete": open}, nil
		}
		if start += len(page.Issues); len(page.Issues) < reportPage && lastOf(body, start) {
			return map[string]any{"issues_completed": done, "issues_incomplete": open}, nil
		}
	}
	return nil, fmt.Errorf("sprint %s has more than %d issues", sprint, reportPage*reportPages)
}

// lastOf reports whether a page says that nothing follows it.
func lastOf(body []byte, next int) bool {
	var page struct {
		Total  *int  `json:"total"`
		IsLast *bool `json:"isLast"`
	}
	if json.Unmarshal(body, &page) != nil {
		return false
	}
	return page.Total != nil && next >= *page.Total || page.IsLast != nil && *page.IsLast
}
