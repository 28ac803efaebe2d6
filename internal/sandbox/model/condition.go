package model

import (
	"regexp"
	"strings"
)

// conditionYAML is the written form of a condition; see the package comment.
type conditionYAML struct {
	SystemContains texts `yaml:"system_contains"`
	UserContains   texts `yaml:"user_contains"`
	DataContains   texts `yaml:"data_contains"`
	AllContains    texts `yaml:"all_contains"`
	SystemMatches  texts `yaml:"system_matches"`
	UserMatches    texts `yaml:"user_matches"`
	DataMatches    texts `yaml:"data_matches"`
	ToolAvailable  texts `yaml:"tool_available"`
	Called         texts `yaml:"called"`
	NotCalled      texts `yaml:"not_called"`
	AfterTool      texts `yaml:"after_tool"`
	Turn           int   `yaml:"turn"`
}

// condition is what must hold for a rule to apply.
type condition struct {
	conditionYAML
	system, user, data []*regexp.Regexp
}

func (y conditionYAML) compile() (condition, error) {
	c := condition{conditionYAML: y}
	for _, p := range []struct {
		from texts
		to   *[]*regexp.Regexp
	}{{y.SystemMatches, &c.system}, {y.UserMatches, &c.user}, {y.DataMatches, &c.data}} {
		compiled, err := compilePatterns(p.from)
		if err != nil {
			return condition{}, err
		}
		*p.to = compiled
	}
	return c, nil
}

// holds reports whether all of the condition holds for a conversation.
func (c *condition) holds(v *conversation) bool {
	return (c.Turn == 0 || c.Turn == v.turn) &&
		hasAll(v.available, c.ToolAvailable) &&
		hasAll(v.called, c.Called) &&
		hasNone(v.called, c.NotCalled) &&
		hasAll(v.answered, c.AfterTool) &&
		containsAll(v, scopeSystem, c.SystemContains) &&
		containsAll(v, scopeUser, c.UserContains) &&
		containsAll(v, scopeData, c.DataContains) &&
		containsAll(v, scopeAll, c.AllContains) &&
		matchesAll(v.text(scopeSystem), c.system) &&
		matchesAll(v.text(scopeUser), c.user) &&
		matchesAll(v.text(scopeData), c.data)
}

func hasAll(set map[string]bool, names texts) bool {
	for _, n := range names {
		if !set[n] {
			return false
		}
	}
	return true
}

func hasNone(set map[string]bool, names texts) bool {
	for _, n := range names {
		if set[n] {
			return false
		}
	}
	return true
}

func containsAll(v *conversation, in scope, parts texts) bool {
	for _, p := range parts {
		if !strings.Contains(v.lower(in), strings.ToLower(p)) {
			return false
		}
	}
	return true
}

func matchesAll(text string, patterns []*regexp.Regexp) bool {
	for _, p := range patterns {
		if !p.MatchString(text) {
			return false
		}
	}
	return true
}
