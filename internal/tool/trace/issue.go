package trace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
)

type createArgs struct {
	Page        toolconfluence.Ref  `json:"page_id"`
	Requirement string              `json:"requirement"`
	Project     tooljira.ProjectKey `json:"project_key"`
	Type        string              `json:"issue_type"`
	Summary     string              `json:"summary"`
	Description string              `json:"description"`
	Parent      tooljira.MaybeKey   `json:"parent"`
	Assignee    string              `json:"assignee"`
	Priority    string              `json:"priority"`
	Labels      []string            `json:"labels"`
	Fields      map[string]any      `json:"fields"`
}

type issueAnswer struct {
	Ref     string `json:"ref"`
	Title   string `json:"title"`
	Issue   string `json:"issue"`
	URL     string `json:"url"`
	Created bool   `json:"created"`
	// Outdated is true if the requirement changed since the issue was made.
	Outdated bool     `json:"outdated,omitempty"`
	Others   []string `json:"other_issues,omitempty"`
	Note     string   `json:"note,omitempty"`
}

func (t *Tools) createIssue() tool.Tool {
	s := spec("atlassian_create_issue", tool.Write,
		"Make the issue of a requirement, with its acceptance criteria and links both ways. If it has one, that is answered and none is made.",
		`{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"requirement":{"type":"string","description":"registered id; leave out for the page itself, as for its epic"},
"project_key":{"type":"string"},
"issue_type":{"type":"string"},
"summary":{"type":"string"},
"description":{"type":"string","description":"Markdown; the criteria are added"},
"parent":{"type":"string","description":"key of epic or parent"},
"assignee":{"type":"string"},
"priority":{"type":"string"},
"labels":{"type":"array","items":{"type":"string"}},
"fields":{"type":"object","description":"others by name or id"}},
"required":["page_id","project_key","issue_type","summary"]}`)
	s.DraftLabels = "labels"
	return handler[createArgs]{
		tools: t, spec: s,
		pages:    func(a createArgs) []toolconfluence.Ref { return []toolconfluence.Ref{a.Page} },
		issues:   func(a createArgs) []tooljira.Key { return []tooljira.Key{a.Parent.Key} },
		projects: func(a createArgs) []tooljira.ProjectKey { return []tooljira.ProjectKey{a.Project} },
		run:      runCreate,
	}
}

// subject is a page and the requirement that a call is about, or the page alone.
type subject struct {
	page loaded
	id   string
}

// requirement is the requirement in a register as it is now; nil for the page.
func (s subject) requirement(r *requirement.Register) (*requirement.Requirement, error) {
	if s.id == "" {
		return nil, nil //nolint:nilnil // the page itself
	}
	for i := range r.Requirements {
		if r.Requirements[i].ID == s.id {
			return &r.Requirements[i], nil
		}
	}
	return nil, refuse("page %s has no requirement %s any more", s.page.ID, s.id)
}

func (s subject) ref() requirement.Reference {
	return requirement.Reference{Page: s.page.ID, ID: s.id}
}

// about finds the requirement that a call names.
func (j job) about(ctx context.Context, ref toolconfluence.Ref, name string) (subject, error) {
	page, err := j.glance(ctx, ref)
	if err != nil || name == "" {
		return subject{page: page}, err
	}
	if r, ok := requirement.ParseReference(name); ok && r.ID != "" {
		if r.Page != page.ID {
			return subject{}, refuse("%s is a requirement of page %s, not of page %s", name, r.Page, page.ID)
		}
		name = r.ID
	}
	found := page.kept.Find(name)
	if found == nil {
		return subject{}, refuse("page %s has no registered requirement %q; %s", page.ID, clip(name, maxName), known(page.kept.Register))
	}
	return subject{page, found.ID}, nil
}

// known names the requirements that there are.
func known(r requirement.Register) string {
	if len(r.Requirements) == 0 {
		return "register its requirements with atlassian_register_requirements first"
	}
	text := "it has"
	for i, one := range r.Requirements {
		if i == 40 {
			return text + fmt.Sprintf(" and %d more", len(r.Requirements)-i)
		}
		text += " " + one.ID
	}
	return text
}

func runCreate(ctx context.Context, j job, a createArgs) (any, error) {
	if a.Project == "" {
		return nil, refuse("project_key is empty")
	}
	s, err := j.about(ctx, a.Page, a.Requirement)
	if err != nil {
		return nil, err
	}
	if err := j.claim(ctx, s, a.Project.String()); err != nil {
		return nil, err
	}
	now, err := j.register(ctx, s.page.ID)
	if err != nil {
		return nil, err
	}
	s.page.kept = now
	one, err := s.requirement(&now.Register)
	if err != nil {
		return nil, err
	}
	issues, claim := now.Slot(one)
	if len(*issues) > 0 {
		return j.existing(ctx, s, one, *issues)
	}
	if one != nil && one.State == requirement.Removed {
		return nil, errors.Join(refuse("%s was removed from the page; no issue is made for it", one.ID), j.release(ctx, s))
	}
	if key, err := j.adopted(ctx, s, *claim); err != nil || key != "" {
		if err != nil {
			return nil, err
		}
		return j.finish(ctx, s, one, key, false)
	}
	made, err := j.create(ctx, s, one, a)
	if err != nil || made.Failed {
		if err == nil && !made.InDoubt {
			err = j.release(ctx, s)
		}
		return made, err
	}
	return j.finish(ctx, s, one, made.Target, true)
}

// create makes the issue with the arguments of jira_create_issue.
func (j job) create(ctx context.Context, s subject, r *requirement.Requirement, a createArgs) (tool.Result, error) {
	args := map[string]any{
		"project_key": a.Project, "issue_type": a.Type, "summary": a.Summary,
		"description": describe(a.Description, r, s.ref(), j.linkOf(s.page, r).Object.URL, s.page.Title),
	}
	for name, text := range map[string]string{"assignee": a.Assignee, "priority": a.Priority} {
		if text != "" {
			args[name] = text
		}
	}
	if a.Parent.Key != (tooljira.Key{}) {
		args["parent"] = a.Parent.String()
	}
	if len(a.Labels) > 0 {
		args["labels"] = a.Labels
	}
	if len(a.Fields) > 0 {
		args["fields"] = a.Fields
	}
	raw, err := json.Marshal(args)
	if err != nil {
		return tool.Result{}, fmt.Errorf("encode arguments: %w", err)
	}
	call := j.call
	call.Args = raw
	return j.Tools.jira.Create(ctx, call)
}

// finish links an issue and registers it.
func (j job) finish(ctx context.Context, s subject, r *requirement.Requirement, key string, created bool) (any, error) {
	if err := j.link(ctx, s, r, key); err != nil {
		return nil, err
	}
	_, err := j.change(ctx, j.call.ID+"#issue", s.page.ID, func(k *kept) error {
		one, err := s.requirement(&k.Register)
		if err != nil {
			return err
		}
		issues, claim := k.Slot(one)
		*issues, *claim = requirement.Put(*issues, made(key, r)), nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return j.answer(s, r, key, created), nil
}

// made is a new issue of a requirement as it is now.
func made(key string, r *requirement.Requirement) requirement.Issue {
	if r == nil {
		return requirement.Issue{Key: key}
	}
	told := requirement.State("")
	if r.State == requirement.Removed {
		told = requirement.Removed
	}
	return requirement.Issue{Key: key, Hash: r.Hash, Told: told}
}

func (j job) answer(s subject, r *requirement.Requirement, key string, created bool) issueAnswer {
	out := issueAnswer{Ref: s.ref().String(), Title: s.page.Title, Issue: key, URL: j.jira.Client().BrowseURL(key), Created: created}
	if r != nil {
		out.Title = clip(r.Name(), maxName)
	}
	return out
}

// link makes the remote link from an issue, or brings it up to date.
func (j job) link(ctx context.Context, s subject, r *requirement.Requirement, key string) error {
	want := j.linkOf(s.page, r)
	_, err := j.jira.Once(ctx, j.call.ID+"#link", tool.Action{
		Kind: "remote link", Target: key, Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			same, err := j.linked(ctx, key, want)
			return want.GlobalID, same, err
		},
		Send: func(ctx context.Context) (string, error) {
			if same, err := j.linked(ctx, key, want); err != nil || same {
				return want.GlobalID, err
			}
			_, err := j.jira.Client().PutRemoteLink(ctx, key, want)
			return want.GlobalID, err
		},
	})
	return asJira(err)
}
