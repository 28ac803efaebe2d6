package jira

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

type linkArgs struct {
	Type    string `json:"type"`
	Inward  Key    `json:"inward_issue"`
	Outward Key    `json:"outward_issue"`
}

func (t *Tools) linkIssues() tool.Tool {
	return handler[linkArgs]{
		tools: t,
		spec: spec("jira_link_issues", tool.Write, "Link two issues, read as: inward_issue type outward_issue.", `{"type":"object","properties":{
"type":{"type":"string","description":"e.g. Blocks, relates to, is blocked by"},
"inward_issue":{"type":"string","description":"source key"},
"outward_issue":{"type":"string","description":"target key"}},
"required":["type","inward_issue","outward_issue"]}`, "jira_create_issue_link"),
		keys: func(a linkArgs) []Key { return []Key{a.Inward, a.Outward} },
		run:  runLink,
	}
}

func runLink(ctx context.Context, j job, a linkArgs) (tool.Result, error) {
	source, target := a.Inward.String(), a.Outward.String()
	if source == target {
		return tool.Result{}, refuse("an issue cannot be linked to itself")
	}
	kind, swapped, err := j.linkType(ctx, a.Type)
	if err != nil {
		return tool.Result{}, err
	}
	if swapped {
		source, target = target, source
	}
	already := false
	_, err = j.once(ctx, j.call.ID, tool.Action{
		Kind: "link", Target: source, Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			there, err := j.linked(ctx, kind, source, target)
			return target, there, err
		},
		Send: func(ctx context.Context) (string, error) {
			there, err := j.linked(ctx, kind, source, target)
			if err != nil {
				return "", err
			}
			if already = there; there {
				return target, nil
			}
			return target, j.client.Link(ctx, kind.Name, source, target)
		},
	})
	if err != nil {
		return tool.Result{}, err
	}
	if already {
		return ack("%s %s %s already; nothing was changed.", source, kind.Outward, target)
	}
	return ack("Linked: %s %s %s.", source, kind.Outward, target)
}

// linkType finds a type of link by its name or by one of its readings. swapped is
// true if it was the reading from the target's side.
func (j job) linkType(ctx context.Context, name string) (kind jira.LinkType, swapped bool, err error) {
	types, err := j.client.LinkTypes(ctx)
	if err != nil {
		return jira.LinkType{}, false, err
	}
	wanted := letters(name)
	for _, t := range types {
		if letters(t.Name) == wanted || letters(t.Outward) == wanted {
			return t, false, nil
		}
	}
	for _, t := range types {
		if letters(t.Inward) == wanted {
			return t, true, nil
		}
	}
	var valid []string
	for _, t := range types {
		valid = append(valid, fmt.Sprintf("%s (%s / %s)", t.Name, t.Outward, t.Inward))
	}
	return jira.LinkType{}, false, refuse("there is no link type %q; there are %s", name, strings.Join(valid, ", "))
}

// linked reports whether the link is there. One that reads the same from both
// sides may have been made from the other.
func (j job) linked(ctx context.Context, kind jira.LinkType, source, target string) (bool, error) {
	links, err := j.client.Links(ctx, source)
	if err != nil {
		return false, err
	}
	for _, link := range links {
		if link.Type.Name != kind.Name {
			continue
		}
		if link.Outward != nil && strings.EqualFold(link.Outward.Key, target) {
			return true, nil
		}
		if kind.Inward == kind.Outward && link.Inward != nil && strings.EqualFold(link.Inward.Key, target) {
			return true, nil
		}
	}
	return false, nil
}
