// Package jira holds the tools with which a model works on Jira issues. They
// take names where Jira wants ids, answer in compact text, hand on Jira's own
// words when it refuses, and write each thing once.
package jira

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// Sites gives the client with which the tools of a run work: that of the user for
// whom the run is, or else the daemon's own of the run's site.
type Sites func(o tool.Origin) (*jira.Client, error)

// Converters translate between the Markdown that models write and the wiki
// markup that Jira keeps. A nil one leaves texts as they are.
type Converters struct {
	ToWiki     func(markdown string) string
	ToMarkdown func(wiki string) string
}

// Tools are the Jira tools.
type Tools struct {
	sites  Sites
	writer tool.Writer
	conv   Converters
}

// New makes the tools.
func New(sites Sites, writer tool.Writer, conv Converters) *Tools {
	same := func(s string) string { return s }
	if conv.ToWiki == nil {
		conv.ToWiki = same
	}
	if conv.ToMarkdown == nil {
		conv.ToMarkdown = same
	}
	return &Tools{sites: sites, writer: writer, conv: conv}
}

// client is the one way to a client: whose it is, and the mark on the context that
// keeps requests from being sent with other rights, come from the same origin.
func (t *Tools) client(ctx context.Context, o tool.Origin) (context.Context, *jira.Client, error) {
	ctx, err := tool.ActFor(ctx, o.OnBehalf)
	if err != nil {
		return ctx, nil, err
	}
	client, err := t.sites(o)
	return ctx, client, err
}

// All returns every tool, for a registry.
func (t *Tools) All() []tool.Tool {
	return []tool.Tool{
		t.getIssue(), t.search(), t.createIssue(), t.createSubtask(), t.updateIssue(), t.assignIssue(), t.addLabels(), t.removeLabel(),
		t.getChangelog(), t.getTransitions(), t.transitionIssue(),
		t.postComment(), t.getComments(), t.updateComment(), t.logWork(), t.getWorklogs(),
		t.linkIssues(), t.getLinkTypes(), t.removeLink(), t.addRemoteLink(), t.getRemoteLinks(),
		t.listBoards(), t.listSprints(), t.getSprint(), t.getSprintIssues(), t.addToSprint(), t.moveToBacklog(),
		t.listVersions(), t.updateVersion(), t.listProjects(), t.getCreateFields(),
		t.findUsers(), t.findFields(), t.getFieldOptions(),
		t.listAttachments(), t.getAttachment(), t.addAttachment(),
	}
}

// PostComment posts Markdown on behalf of the run itself and not of a model's
// call: a final text, an acknowledgement. It is the same as jira_post_comment
// with the call's id as the marker.
func (t *Tools) PostComment(ctx context.Context, call tool.Call, issueKey, markdown string) (tool.Result, error) {
	args, err := json.Marshal(map[string]string{"issue_key": issueKey, "body": markdown})
	if err != nil {
		return tool.Result{}, fmt.Errorf("encode comment on %s: %w", issueKey, err)
	}
	call.Args = args
	return t.postComment().Call(ctx, call)
}

// ReadIssue reads an issue by key or id, with the given fields (by id) or all of
// them. The answer has the shape of the "issue" in a webhook: id, key, fields.
func (t *Tools) ReadIssue(ctx context.Context, o tool.Origin, keyOrID string, fields []string) (json.RawMessage, error) {
	ctx, client, err := t.client(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("read issue %s: %w", keyOrID, err)
	}
	issue, err := client.GetIssue(ctx, keyOrID, fields, nil)
	if err != nil {
		return nil, fmt.Errorf("read issue %s: %w", keyOrID, err)
	}
	return issue.Raw, nil
}
