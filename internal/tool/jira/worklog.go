package jira

import (
	"context"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

type logWorkArgs struct {
	Issue   Key    `json:"issue_key"`
	Spent   string `json:"time_spent"`
	Comment string `json:"comment"`
	Started string `json:"started"`
}

func (t *Tools) logWork() tool.Tool {
	return handler[logWorkArgs]{
		tools: t,
		spec: spec("jira_log_work", tool.Write, "Log time spent on an issue.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"time_spent":{"type":"string","description":"e.g. 2h 30m, 1d, 1w"},
"comment":{"type":"string","description":"Markdown"},
"started":{"type":"string","description":"e.g. 2024-01-31T09:00:00Z; default now"}},
"required":["issue_key","time_spent"]}`, "jira_add_worklog"),
		keys: func(a logWorkArgs) []Key { return []Key{a.Issue} },
		run:  runLogWork,
	}
}

func runLogWork(ctx context.Context, j job, a logWorkArgs) (tool.Result, error) {
	spent, err := ParseSpent(a.Spent)
	if err != nil {
		return tool.Result{}, refuse("%v", err)
	}
	work := jira.Work{TimeSpent: spent.String(), Seconds: spent.Seconds(), Comment: j.conv.ToWiki(a.Comment)}
	if strings.TrimSpace(a.Started) != "" {
		if work.Started, err = parseTime(a.Started); err != nil {
			return tool.Result{}, refuse("started: %v", err)
		}
	}
	if length(work.Comment) > maxText {
		return tool.Result{}, refuse("the comment has %d characters, at most %d are possible", length(work.Comment), maxText)
	}
	key := a.Issue.String()
	id, err := j.once(ctx, j.call.ID, tool.Action{
		Kind: "worklog", Target: key,
		Find: func(ctx context.Context, since time.Time) (string, bool, error) {
			ref, err := j.client.FindWorklog(ctx, key, work, j.call.ID, since)
			return ref, ref != "", err
		},
		Send: func(ctx context.Context) (string, error) {
			entry, err := j.client.AddWorklog(ctx, key, work, j.marker(j.call.ID))
			return entry.ID, err
		},
	})
	if err != nil {
		return tool.Result{}, err
	}
	return ack("Logged %s on %s (worklog %s).", spent, key, id)
}

// parseTime reads a moment in the forms that models use. Without a time zone it
// is in UTC.
func parseTime(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04:05.999-0700", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly,
	} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, nil
		}
	}
	return time.Time{}, refuse("%q is not a time such as 2024-01-31T09:00:00Z", s)
}
