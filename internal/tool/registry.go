package tool

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Registry holds every tool of the program by name and knows how to check the
// arguments of each. It does not change after it is made.
type Registry struct {
	tools   map[string]Tool
	aliases map[string]string
	checks  map[string]*checker
}

// NewRegistry makes a Registry. Two tools of one name, an alias that is taken or
// a schema that cannot be compiled are errors.
func NewRegistry(tools ...Tool) (*Registry, error) {
	r := &Registry{tools: map[string]Tool{}, aliases: map[string]string{}, checks: map[string]*checker{}}
	for _, t := range tools {
		if err := r.add(t); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Registry) add(t Tool) error {
	spec := t.Spec()
	if spec.Name == "" {
		return errors.New("register tool: it has no name")
	}
	for _, name := range append([]string{spec.Name}, spec.Aliases...) {
		if _, taken := r.canonical(name); taken {
			return fmt.Errorf("register tool %s: the name %s is taken", spec.Name, name)
		}
	}
	check, err := newChecker(spec.Parameters)
	if err != nil {
		return fmt.Errorf("register tool %s: %w", spec.Name, err)
	}
	r.tools[spec.Name] = t
	r.checks[spec.Name] = check
	for _, alias := range spec.Aliases {
		r.aliases[alias] = spec.Name
	}
	return nil
}

func (r *Registry) canonical(name string) (string, bool) {
	if _, ok := r.tools[name]; ok {
		return name, true
	}
	name, ok := r.aliases[name]
	return name, ok
}

// Names returns the canonical names of all tools, sorted.
func (r *Registry) Names() []string { return slices.Sorted(maps.Keys(r.tools)) }

// Lookup returns the tool of that name or alias.
func (r *Registry) Lookup(name string) (Tool, bool) {
	canonical, ok := r.canonical(name)
	if !ok {
		return nil, false
	}
	return r.tools[canonical], true
}

// Resolve returns the tools that a manifest's list means, without repeats and
// sorted by name, so that a prompt that lists them is always the same. An entry
// is a name, an alias, a glob of names ("jira_get_*"), a toolset ("jira") or its
// reading half ("jira:read"). Entries that mean nothing are returned as unknown,
// in their order.
func (r *Registry) Resolve(patterns []string) (tools []Tool, unknown []string) {
	chosen := map[string]bool{}
	for _, pattern := range patterns {
		names := r.match(pattern)
		if len(names) == 0 {
			unknown = append(unknown, pattern)
		}
		for _, name := range names {
			chosen[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(chosen)) {
		tools = append(tools, r.tools[name])
	}
	return tools, unknown
}

func (r *Registry) match(pattern string) []string {
	if name, ok := r.canonical(pattern); ok {
		return []string{name}
	}
	set, access, narrowed := strings.Cut(pattern, ":")
	var names []string
	for name, t := range r.tools {
		spec := t.Spec()
		inSet := spec.Toolset != "" && spec.Toolset == set && (!narrowed || access == string(spec.Access))
		if inSet || globMatches(pattern, name) {
			names = append(names, name)
		}
	}
	return names
}

func globMatches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// Validate checks the arguments of a call against the tool's schema. The error
// is an *ArgumentError, made for the model, unless no tool has that name.
func (r *Registry) Validate(name string, args json.RawMessage) error {
	canonical, ok := r.canonical(name)
	if !ok {
		return fmt.Errorf("validate arguments: there is no tool %q", name)
	}
	return r.checks[canonical].check(canonical, args)
}
