package flow

import (
	"maps"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/prompt"
)

// scope are the variables that the texts of one node see.
type scope struct {
	base map[string]any
	// results are those of nodes by their ids, and before the nodes whose ways led
	// here.
	results map[string]any
	before  []string
	// own are the variables of a body.
	own map[string]any
	// path is the way to the node, for what has to differ between nodes.
	path string
}

// scope makes the variables for a node that sees these results.
func (c *course) scope(visible map[string]bool, before []string) *scope {
	if c.values == nil {
		c.values = c.base()
	}
	s := &scope{base: c.values, results: map[string]any{}, before: before, path: c.path}
	for id := range visible {
		if n := c.nodes[id]; n != nil {
			s.results[id] = n.outcome.vars(n.status)
		}
	}
	return s
}

// base are the variables that are the same for all nodes.
func (c *course) base() map[string]any {
	job := c.job.Start
	out := map[string]any{
		"command": job.Command, "args": job.Args, "args_list": job.ArgsList, "args_body": job.Body, "params": c.params(), "inputs": c.inputs,
		"flow": map[string]any{"name": c.job.Flow.Name}, "run": map[string]any{"id": job.Origin.Run}, "now": job.Now,
	}
	if job.Event != nil {
		metadata := job.Event.Metadata()
		out["metadata"], out["event"] = metadata, metadata
	}
	return out
}

// params are the operator's with those that a person typed over them, as agents
// see them: only text gives way to text.
func (c *course) params() map[string]any {
	out := maps.Clone(c.job.Start.Params)
	for name, typed := range c.job.Start.Typed {
		if _, isText := out[name].(string); out[name] != nil && !isText {
			continue
		}
		if out == nil {
			out = map[string]any{}
		}
		out[name] = typed
	}
	return out
}

// within makes the scope of a body, with variables of its own.
func (s *scope) within(own map[string]any, path string) *scope {
	return &scope{base: s.base, results: maps.Clone(s.results), before: s.before, own: own, path: path}
}

// result is what came of a node, as templates see it.
func (s *scope) result(id string) any { return s.results[id] }

// others are the variables that agents do not have by themselves.
func (s *scope) others() map[string]any {
	out := map[string]any{"nodes": s.results, "inputs": s.base["inputs"], "flow": s.base["flow"], "run": s.base["run"]}
	if len(s.before) == 1 {
		out["previous"] = s.results[s.before[0]]
	}
	maps.Copy(out, s.own)
	return out
}

func (s *scope) vars() map[string]any {
	out := maps.Clone(s.base)
	maps.Copy(out, s.others())
	return out
}

// holds reports whether a condition is true.
func (s *scope) holds(text string, ids []string) (bool, error) {
	v, err := s.value(text, manifest.FormExpression, ids)
	return truth(v), err
}

// value evaluates a text.
func (s *scope) value(text string, form manifest.TextForm, ids []string) (any, error) {
	v, err := compile(text, form, ids)
	if err != nil {
		return nil, err
	}
	return v.Eval(s.vars())
}

// text renders a template.
func (s *scope) text(text string, ids []string) (string, error) {
	if text == "" {
		return "", nil
	}
	v, err := s.value(text, manifest.FormTemplate, ids)
	return prompt.Display(v), err
}

// tree evaluates the texts in a tree.
func (s *scope) tree(v any, ids []string) (any, error) {
	switch v := v.(type) {
	case string:
		return s.value(v, manifest.FormTemplate, ids)
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			value, err := s.tree(item, ids)
			if err != nil {
				return nil, err
			}
			out[k] = value
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			value, err := s.tree(item, ids)
			if err != nil {
				return nil, err
			}
			out[i] = value
		}
		return out, nil
	}
	return v, nil
}
