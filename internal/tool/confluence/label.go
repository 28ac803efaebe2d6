package confluence

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/tool"
)

type pageArgs struct {
	Page Ref `json:"page_id"`
}

const pageSchema = `{"type":"object","properties":{"page_id":{"type":"string","description":"id or address"}},"required":["page_id"]}`

func labelNames(list []confluence.Label) []string {
	names := make([]string, 0, len(list))
	for _, l := range list {
		names = append(names, l.Name)
	}
	slices.Sort(names)
	return names
}

func (t *Tools) getLabels() tool.Tool {
	return handler[pageArgs]{
		tools: t, spec: spec("confluence_get_labels", tool.Read, "List the labels of a page.", pageSchema),
		page: func(a pageArgs) Ref { return a.Page },
		run: func(ctx context.Context, j job, a pageArgs) (tool.Result, error) {
			page, err := j.load(ctx, a.Page, confluence.PageRead{})
			if err != nil {
				return tool.Result{}, err
			}
			list, err := j.api.Labels(ctx, page.ID)
			text := "no labels"
			if len(list) > 0 {
				text = "labels: " + strings.Join(labelNames(list), ", ")
			}
			return tool.Result{Text: text, Target: target(page.ID)}, err
		},
	}
}

type addLabelsArgs struct {
	Page   Ref      `json:"page_id"`
	Labels []string `json:"labels"`
}

func (t *Tools) addLabels() tool.Tool {
	return handler[addLabelsArgs]{
		tools: t,
		spec: spec("confluence_add_labels", tool.Write, "Add labels to a page.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"labels":{"type":"array","items":{"type":"string"}}},
"required":["page_id","labels"]}`, "confluence_add_label"),
		page: func(a addLabelsArgs) Ref { return a.Page },
		run: func(ctx context.Context, j job, a addLabelsArgs) (tool.Result, error) {
			names, err := checkLabels(a.Labels)
			if err != nil {
				return tool.Result{}, err
			}
			if len(names) == 0 {
				return tool.Result{}, refuse("labels is empty")
			}
			page, err := j.load(ctx, a.Page, confluence.PageRead{})
			if err != nil {
				return tool.Result{}, err
			}
			if err := j.label(ctx, j.call.ID, page.ID, names); err != nil {
				return tool.Result{}, err
			}
			return ack(page.ID, "Page %s has the labels %s now.", page.ID, strings.Join(names, ", "))
		},
	}
}

// label adds labels once.
func (j job) label(ctx context.Context, id, page string, names []string) error {
	_, err := j.once(ctx, id, tool.Action{
		Kind: "page labels", Target: target(page), Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			list, err := j.api.Labels(ctx, page)
			has := labelNames(list)
			return page, err == nil && !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(has, n) }), err
		},
		Send: func(ctx context.Context) (string, error) { return page, j.api.AddLabels(ctx, page, names) },
	})
	return err
}

// checkLabels makes labels as Confluence keeps them, in lower case, and refuses what
// it would take apart.
func checkLabels(labels []string) ([]string, error) {
	var names []string
	for _, l := range labels {
		name := strings.ToLower(strings.TrimSpace(l))
		if name == "" || len(name) > 255 || strings.ContainsAny(name, " \t\r\n!#&()*,.:;<>?@[]^\"'/\\") {
			return nil, refuse("%q is not a label: labels have no spaces and none of ! # & ( ) * , . : ; < > ? @ [ ] ^", shorten(l))
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

type removeLabelArgs struct {
	Page  Ref    `json:"page_id"`
	Label string `json:"label"`
}

func (t *Tools) removeLabel() tool.Tool {
	return handler[removeLabelArgs]{
		tools: t,
		spec: spec("confluence_remove_label", tool.Write, "Take a label away from a page.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"label":{"type":"string"}},
"required":["page_id","label"]}`),
		page: func(a removeLabelArgs) Ref { return a.Page },
		run: func(ctx context.Context, j job, a removeLabelArgs) (tool.Result, error) {
			names, err := checkLabels([]string{a.Label})
			if err != nil {
				return tool.Result{}, err
			}
			page, err := j.load(ctx, a.Page, confluence.PageRead{})
			if err != nil {
				return tool.Result{}, err
			}
			gone := func(ctx context.Context) (bool, error) {
				list, err := j.api.Labels(ctx, page.ID)
				return err == nil && !slices.Contains(labelNames(list), names[0]), err
			}
			_, err = j.once(ctx, j.call.ID, tool.Action{
				Kind: "page labels", Target: target(page.ID), Repeatable: true,
				Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
					done, err := gone(ctx)
					return page.ID, done, err
				},
				Send: func(ctx context.Context) (string, error) {
					if done, err := gone(ctx); done || err != nil {
						return page.ID, err
					}
					return page.ID, j.api.RemoveLabel(ctx, page.ID, names[0])
				},
			})
			if err != nil {
				return tool.Result{}, err
			}
			return ack(page.ID, "Page %s does not have the label %s any more.", page.ID, names[0])
		},
	}
}
