package flow

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/manifest"
)

// Needs names the context variables that the flow and all that it refers to read.
// Fleets tells it of a fleet.
func Needs(f *manifest.Flow, catalog *manifest.Catalog, fleets func(*manifest.Fleet) ([]string, error)) ([]string, error) {
	n := needs{catalog: catalog, fleets: fleets, found: map[string]bool{"project_key": true}, flows: map[string]bool{}}
	if err := n.flow(f); err != nil {
		return nil, fmt.Errorf("read flow %s: %w", f.Name, err)
	}
	return slices.Sorted(maps.Keys(n.found)), nil
}

type needs struct {
	catalog *manifest.Catalog
	fleets  func(*manifest.Fleet) ([]string, error)
	found   map[string]bool
	flows   map[string]bool
}

func (n *needs) flow(f *manifest.Flow) error {
	if n.flows[f.Name] {
		return nil
	}
	n.flows[f.Name] = true
	p := newPlan(f)
	for _, c := range f.Connections {
		if err := n.text(c.When, manifest.FormExpression, p.ids); err != nil {
			return err
		}
	}
	var problem error
	f.Each(func(node *manifest.FlowNode) {
		if problem == nil {
			problem = n.node(node, p.ids)
		}
	})
	return problem
}

func (n *needs) node(node *manifest.FlowNode, ids []string) error {
	if err := n.text(node.When, manifest.FormExpression, ids); err != nil {
		return err
	}
	switch c := node.Config.(type) {
	case *manifest.AgentNode:
		return n.agent(c, ids)
	case *manifest.FleetNode:
		if f := n.catalog.Fleets[c.Fleet]; f != nil && n.fleets != nil {
			list, err := n.fleets(f)
			if err != nil {
				return err
			}
			n.add(list)
		}
		return n.text(c.Input, manifest.FormTemplate, ids)
	case *manifest.SubflowNode:
		if f := n.catalog.Flows[c.Flow]; f != nil {
			if err := n.flow(f); err != nil {
				return err
			}
		}
		return n.tree(c.Inputs, ids)
	case *manifest.ConditionalNode:
		return n.text(c.Condition, manifest.FormExpression, ids)
	case *manifest.ForEachNode:
		if err := n.text(c.Items, manifest.FormExpression, ids); err != nil {
			return err
		}
		return n.tree(c.List, ids)
	}
	return n.tree(templatesOf(node), ids)
}

func (n *needs) agent(c *manifest.AgentNode, ids []string) error {
	a := c.Inline
	if a == nil {
		a = n.catalog.Agents[c.Agent]
	}
	if a != nil {
		list, err := agent.Needs(a)
		if err != nil {
			return err
		}
		n.add(list)
	}
	return n.text(c.Input, manifest.FormTemplate, ids)
}

// templatesOf are the templates of a node that runs nothing of the catalogue.
func templatesOf(node *manifest.FlowNode) []any {
	switch c := node.Config.(type) {
	case *manifest.ToolNode:
		return []any{c.Args}
	case *manifest.HTTPNode:
		list := []any{c.URL, c.Body}
		for _, h := range c.Headers {
			list = append(list, h)
		}
		return list
	case *manifest.ApprovalNode:
		list := []any{c.Message, c.Issue, c.Page}
		for _, a := range c.Approvers {
			list = append(list, a)
		}
		return list
	case *manifest.WaitNode:
		return []any{c.Duration, c.Until}
	case *manifest.TransformNode:
		return []any{c.Template, c.Value}
	case *manifest.ResponseNode:
		return []any{c.Message, c.Issue}
	case *manifest.EndNode:
		return []any{c.Message}
	}
	return nil
}

func (n *needs) tree(v any, ids []string) error {
	switch v := v.(type) {
	case string:
		return n.text(v, manifest.FormTemplate, ids)
	case []any:
		for _, item := range v {
			if err := n.tree(item, ids); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, item := range v {
			if err := n.tree(item, ids); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *needs) text(text string, form manifest.TextForm, ids []string) error {
	if text == "" {
		return nil
	}
	v, err := compile(text, form, ids)
	if err != nil {
		return err
	}
	for _, path := range v.Reads() {
		switch {
		case path[0] != "metadata" && path[0] != "event":
		case len(path) == 1:
			n.found["*"] = true
		default:
			n.found[path[1]] = true
		}
	}
	return nil
}

func (n *needs) add(list []string) {
	for _, name := range list {
		n.found[name] = true
	}
}
