package trace

import (
	"context"
	"slices"
	"time"

	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
)

type linkArgs struct {
	Page        toolconfluence.Ref `json:"page_id"`
	Requirement string             `json:"requirement"`
	Issue       tooljira.Key       `json:"issue_key"`
	Rewrite     bool               `json:"update_criteria"`
}

// linkSchema is the schema of the arguments, with further ones.
func linkSchema(further string) string {
	return `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"requirement":{"type":"string","description":"registered id; leave out for the page itself"},
"issue_key":{"type":"string"}` + further + `},
"required":["page_id","issue_key"]}`
}

func (t *Tools) linkRequirement() tool.Tool {
	return handler[linkArgs]{
		tools: t,
		spec: spec("atlassian_link_requirement", tool.Write,
			"Link an issue that exists to a requirement, both ways; done again, it says that the issue is in step with the requirement as it is now.",
			linkSchema(`,
"update_criteria":{"type":"boolean","description":"put the requirement's criteria as they are now into the issue's description"}`)),
		pages:  func(a linkArgs) []toolconfluence.Ref { return []toolconfluence.Ref{a.Page} },
		issues: func(a linkArgs) []tooljira.Key { return []tooljira.Key{a.Issue} },
		run:    runLink,
	}
}

func runLink(ctx context.Context, j job, a linkArgs) (any, error) {
	s, err := j.about(ctx, a.Page, a.Requirement)
	if err != nil {
		return nil, err
	}
	if err := j.jira.Admit(ctx, a.Issue); err != nil {
		return nil, asJira(err)
	}
	one, err := s.requirement(&s.page.kept.Register)
	if err != nil {
		return nil, err
	}
	key := a.Issue.String()
	if a.Rewrite {
		if failed, err := j.rewrite(ctx, s, one, key); err != nil || failed.Failed {
			return failed, err
		}
	}
	if err := j.link(ctx, s, one, key); err != nil {
		return nil, err
	}
	now, err := j.change(ctx, j.call.ID+"#issue", s.page.ID, func(k *kept) error {
		r, err := s.requirement(&k.Register)
		if err != nil {
			return err
		}
		issues, _ := k.Slot(r)
		*issues = requirement.Put(*issues, made(key, r))
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := j.answer(s, one, key, false)
	one, err = s.requirement(&now.Register)
	if err != nil {
		return nil, err
	}
	issues, _ := now.Slot(one)
	for _, i := range *issues {
		if i.Key != key {
			out.Others = append(out.Others, i.Key)
		}
	}
	return out, nil
}

type unlinkAnswer struct {
	Ref    string   `json:"ref"`
	Issue  string   `json:"issue"`
	Linked bool     `json:"was_linked"`
	Known  bool     `json:"was_registered"`
	Others []string `json:"other_issues,omitempty"`
}

func (t *Tools) unlinkRequirement() tool.Tool {
	return handler[linkArgs]{
		tools:  t,
		spec:   spec("atlassian_unlink_requirement", tool.Write, "Take the links between an issue and a requirement away; the issue stays.", linkSchema("")),
		pages:  func(a linkArgs) []toolconfluence.Ref { return []toolconfluence.Ref{a.Page} },
		issues: func(a linkArgs) []tooljira.Key { return []tooljira.Key{a.Issue} },
		run:    runUnlink,
	}
}

func runUnlink(ctx context.Context, j job, a linkArgs) (any, error) {
	s, err := j.about(ctx, a.Page, a.Requirement)
	if err != nil {
		return nil, err
	}
	if err := j.jira.Admit(ctx, a.Issue); err != nil && !missing(err) {
		return nil, asJira(err)
	}
	key := a.Issue.String()
	out := unlinkAnswer{Ref: s.ref().String(), Issue: key}
	if out.Linked, err = j.unlink(ctx, s, key); err != nil {
		return nil, err
	}
	now, err := j.change(ctx, j.call.ID+"#issue", s.page.ID, func(k *kept) error {
		r, err := s.requirement(&k.Register)
		if err != nil {
			return err
		}
		issues, _ := k.Slot(r)
		out.Known = slices.ContainsFunc(*issues, func(i requirement.Issue) bool { return i.Key == key })
		*issues = requirement.Drop(*issues, key)
		return nil
	})
	if err != nil {
		return nil, err
	}
	one, err := s.requirement(&now.Register)
	if err != nil {
		return nil, err
	}
	issues, _ := now.Slot(one)
	for _, i := range *issues {
		out.Others = append(out.Others, i.Key)
	}
	return out, nil
}

// unlink removes the remote link, if there is one.
func (j job) unlink(ctx context.Context, s subject, key string) (bool, error) {
	name := requirement.GlobalID(j.site(), s.ref())
	removed := false
	_, err := j.jira.Once(ctx, j.call.ID+"#link", tool.Action{
		Kind: "remote link", Target: key, Repeatable: true,
		Find: func(context.Context, time.Time) (string, bool, error) { return "", false, nil },
		Send: func(ctx context.Context) (string, error) {
			err := j.jira.Client().RemoveRemoteLink(ctx, key, name)
			if missing(err) {
				return name, nil
			}
			removed = err == nil
			return name, err
		},
	})
	return removed, asJira(err)
}
