package jira

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// getLinkTypes tells the site's types of links, which belong to no project.
func (t *Tools) getLinkTypes() tool.Tool {
	return handler[struct{}]{
		tools: t,
		spec:  spec("jira_get_link_types", tool.Read, "List the types of links between issues.", `{"type":"object","properties":{}}`),
		run: func(ctx context.Context, j job, _ struct{}) (tool.Result, error) {
			types, err := j.client.LinkTypes(ctx)
			if err != nil {
				return tool.Result{}, err
			}
			rows := make([]string, 0, len(types))
			for _, t := range types {
				rows = append(rows, row(t.Name, t.Outward, t.Inward))
			}
			return tool.Result{Text: entries("link types (name | outward | inward)", rows, 0, 0), Target: "link types"}, nil
		},
	}
}

type removeLinkArgs struct {
	Issue Key      `json:"issue_key"`
	Other MaybeKey `json:"other_issue"`
	Type  string   `json:"type"`
	Link  string   `json:"link_id"`
}

func (t *Tools) removeLink() tool.Tool {
	return handler[removeLinkArgs]{
		tools: t,
		spec: spec("jira_remove_link", tool.Write, "Remove the link between two issues.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"other_issue":{"type":"string"},
"type":{"type":"string","description":"if there are several"},
"link_id":{"type":"string"}},
"required":["issue_key"]}`, "jira_delete_issue_link"),
		keys: func(a removeLinkArgs) []Key { return []Key{a.Issue, a.Other.Key} },
		run:  runRemoveLink,
	}
}

func runRemoveLink(ctx context.Context, j job, a removeLinkArgs) (tool.Result, error) {
	if !a.Other.given() && strings.TrimSpace(a.Link) == "" {
		return tool.Result{}, refuse("give other_issue or link_id")
	}
	key, already := a.Issue.String(), false
	id, err := j.once(ctx, j.call.ID, tool.Action{
		Kind: "remove link", Target: key, Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			found, err := j.linksLike(ctx, a)
			return "", err == nil && len(found) == 0, err
		},
		Send: func(ctx context.Context) (string, error) {
			found, err := j.linksLike(ctx, a)
			if err != nil {
				return "", err
			}
			if already = len(found) == 0; already {
				return "", nil
			}
			if len(found) > 1 {
				return "", refuse("%s has several such links; give link_id: %s", key, linkList(found))
			}
			return found[0].ID, j.removable(ctx, found[0])
		},
	})
	switch {
	case err != nil:
		return tool.Result{}, err
	case already:
		return ack("%s has no such link; nothing was changed.", key)
	case id == "":
		return ack("Removed the link from %s.", key)
	default:
		return ack("Removed link %s from %s.", id, key)
	}
}

// removable removes a link if its other end is within the scope, too.
func (j job) removable(ctx context.Context, link jira.IssueLink) error {
	other, err := ParseKey(otherEnd(link).Key)
	if err != nil {
		return err
	}
	if !tool.InProjects(j.call.Projects, other.Project()) {
		return refuse("the other end of link %s is in a project outside the scope of this run", link.ID)
	}
	return j.client.RemoveLink(ctx, link.ID)
}

func otherEnd(link jira.IssueLink) jira.LinkedIssue {
	switch {
	case link.Outward != nil:
		return *link.Outward
	case link.Inward != nil:
		return *link.Inward
	default:
		return jira.LinkedIssue{}
	}
}

// linksLike finds the links that the arguments describe.
func (j job) linksLike(ctx context.Context, a removeLinkArgs) ([]jira.IssueLink, error) {
	links, err := j.client.Links(ctx, a.Issue.String())
	if err != nil {
		return nil, err
	}
	kind := letters(a.Type)
	return filter(links, func(l jira.IssueLink) bool {
		return (a.Link == "" || l.ID == strings.TrimSpace(a.Link)) &&
			(!a.Other.given() || strings.EqualFold(otherEnd(l).Key, a.Other.String())) &&
			(kind == "" || letters(l.Type.Name) == kind || letters(l.Type.Inward) == kind || letters(l.Type.Outward) == kind)
	}), nil
}

func linkList(links []jira.IssueLink) string {
	parts := make([]string, 0, len(links))
	for _, l := range links {
		reading := l.Type.Inward
		if l.Outward != nil {
			reading = l.Type.Outward
		}
		parts = append(parts, fmt.Sprintf("%s (%s %s)", l.ID, reading, otherEnd(l).Key))
	}
	return strings.Join(parts, ", ")
}
