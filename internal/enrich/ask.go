package enrich

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/event"
	eventjira "github.com/aofctl/aofctl/internal/event/jira"
)

// Matches asks whether the event's issue meets a condition in JQL.
func (e *Enricher) Matches(ctx context.Context, ev *event.Event, jql string) (bool, error) {
	if issueOf(ev) == (object{}) {
		return false, errors.New("ask Jira for a condition: the event has no issue")
	}
	cloud, err := e.jira.Cloud(ctx)
	if err != nil {
		return false, fmt.Errorf("ask Jira for a condition: %w", err)
	}
	path, query := "api/2/search", url.Values{
		"jql": {"issue = " + issueTerm(ev) + " AND (" + jql + ")"}, "fields": {"id"}, "maxResults": {"1"}}
	if cloud {
		// Cloud's index runs behind; what was just changed has to be named.
		path = "api/2/search/jql"
		if ev.IssueID != "" {
			query.Set("reconcileIssues", ev.IssueID)
		}
	}
	body, err := e.jira.Read(ctx, path, query)
	if err != nil {
		return false, fmt.Errorf("ask Jira for a condition: %w", err)
	}
	var found struct {
		Issues []json.RawMessage `json:"issues"`
	}
	if err := json.Unmarshal(body, &found); err != nil {
		return false, fmt.Errorf("ask Jira for a condition: understand the answer: %w", err)
	}
	return len(found.Issues) > 0, nil
}

// issueTerm writes the event's issue in JQL. Its key and id come from a payload,
// so that what is no number is quoted.
func issueTerm(ev *event.Event) string {
	if ev.IssueKey == "" && strings.Trim(ev.IssueID, "0123456789") == "" {
		return ev.IssueID
	}
	ref := ev.IssueKey
	if ref == "" {
		ref = ev.IssueID
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(ref) + `"`
}

// Mark looks whether the event's comment carries our mark, which webhooks do not
// tell, and returns the causal depth in it. A comment that is gone has none.
func (e *Enricher) Mark(ctx context.Context, ev *event.Event) (depth int, marked bool, err error) {
	if ev.CommentID == "" || ev.Type == "comment_deleted" {
		return 0, false, nil
	}
	body, err := e.jira.Read(ctx, "api/2/comment/"+url.PathEscape(ev.CommentID)+"/properties/"+eventjira.CommentMarker, nil)
	var refused *atlassian.Error
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read mark of comment %s: %w", ev.CommentID, err)
	}
	var property struct {
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(body, &property); err != nil {
		return 0, false, fmt.Errorf("read mark of comment %s: %w", ev.CommentID, err)
	}
	return eventjira.ReadMarker(property.Value), true, nil
}
