package model

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"
)

//go:embed default.yaml
var defaultRules []byte

// Rules decide what the model answers. They are immutable.
type Rules struct {
	let   map[string]*value
	rules []*rule
}

// Default gives the rules of the demo: triage of bugs, estimation of stories,
// and obedience to whoever writes "ignore all previous instructions" into an
// issue, so that what protects Jira is seen to be the policy and not the model.
func Default() (*Rules, error) { return Parse(defaultRules) }

// rule is one compiled rule.
type rule struct {
	name  string
	when  condition
	calls []callRule
	say   string
	says  bool
}

type callRule struct {
	tool string
	args any
}

// The YAML forms.
type rulesYAML struct {
	Let   map[string]valueYAML `yaml:"let"`
	Rules []ruleYAML           `yaml:"rules"`
}

type ruleYAML struct {
	Name string        `yaml:"name"`
	When conditionYAML `yaml:"when"`
	Call []callYAML    `yaml:"call"`
	Say  *string       `yaml:"say"`
}

type callYAML struct {
	Tool string         `yaml:"tool"`
	Args map[string]any `yaml:"args"`
}

// texts is a list that may be written as a single text.
type texts []string

// UnmarshalYAML reads a text or a list of texts.
func (t *texts) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*t = texts{n.Value}
		return nil
	}
	return n.Decode((*[]string)(t))
}

// Parse reads rules. Unknown fields, patterns that do not compile and values
// that no let defines are errors that name the rule.
func Parse(data []byte) (*Rules, error) {
	var file rulesYAML
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("parse rules: there are none")
		}
		return nil, fmt.Errorf("parse rules: %w", err)
	}
	if len(file.Rules) == 0 {
		return nil, errors.New("parse rules: there are none")
	}
	out := &Rules{let: map[string]*value{}}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(file.Let)) {
		v, err := file.Let[name].compile(name)
		if err != nil {
			problems = append(problems, fmt.Errorf("parse rules: let %s: %w", name, err))
		}
		out.let[name] = v
	}
	for i, y := range file.Rules {
		r, err := y.compile(out.let)
		if err != nil {
			problems = append(problems, fmt.Errorf("parse rules: rule %d (%s): %w", i+1, y.Name, err))
		}
		out.rules = append(out.rules, r)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return out, nil
}

func (y ruleYAML) compile(let map[string]*value) (*rule, error) {
	r := &rule{name: y.Name}
	if y.Say != nil {
		r.say, r.says = *y.Say, true
	}
	if len(y.Call) == 0 && r.say == "" {
		return nil, errors.New("it neither calls nor says anything")
	}
	when, err := y.When.compile()
	if err != nil {
		return nil, err
	}
	r.when = when
	used := namesIn(r.say)
	for _, c := range y.Call {
		if c.Tool == "" {
			return nil, errors.New("a call has no tool")
		}
		args := any(map[string]any{})
		if c.Args != nil {
			args = any(c.Args)
		}
		if args, err = plain(args); err != nil {
			return nil, fmt.Errorf("args of %s: %w", c.Tool, err)
		}
		used = append(used, namesIn(args)...)
		r.calls = append(r.calls, callRule{tool: c.Tool, args: args})
	}
	for _, name := range used {
		if _, ok := let[name]; !ok && name != systemValue {
			return nil, fmt.Errorf("no let defines ${%s}", name)
		}
	}
	return r, nil
}

// compilePatterns compiles regular expressions in RE2's syntax.
func compilePatterns(list []string) ([]*regexp.Regexp, error) {
	var out []*regexp.Regexp
	for _, p := range list {
		re, err := regexp.Compile(p)
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", p, err)
		}
		out = append(out, re)
	}
	return out, nil
}
