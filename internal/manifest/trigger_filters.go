package manifest

import (
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/spell"
)

// filters merges the three places in which filters may stand. All must hold, so
// what two of them say of one field is intersected.
func (b *builder) filters(config triggerConfig) Filters {
	own := config.Filters.byName
	f := Filters{
		Projects:      b.globs(own.Projects),
		Repositories:  b.repositories(own.Repositories),
		Spaces:        b.globs(own.Spaces),
		Titles:        b.titles(own.Titles),
		Boards:        values(own.Boards),
		IssueTypes:    values(own.IssueTypes),
		Statuses:      values(own.Statuses),
		Priorities:    values(own.Priorities),
		Labels:        values(own.Labels),
		ChangedFields: values(own.ChangedFields),
		Expression:    strings.TrimSpace(own.Expression.value),
	}
	b.checkExpression(own.Expression)
	f.JQL = b.jql(config.JQLFilter)
	f.Projects = b.both("projects", f.Projects, b.globs(config.Projects), config.Projects)
	f.Repositories = b.both("repositories", f.Repositories, b.repositories(config.Repositories), config.Repositories)
	f.Spaces = b.both("spaces", f.Spaces, b.globs(config.Spaces), config.Spaces)
	f.IssueTypes = b.both("issue_types", f.IssueTypes, values(config.IssueTypes), config.IssueTypes)
	f.Boards = b.both("boards", f.Boards, values(config.Boards), config.Boards)
	b.filterList(&f, config.Filters.list)
	return f
}

// filterList adds AOF's list of {field, value}.
func (b *builder) filterList(f *Filters, list []filterItem) {
	var seen []string
	for _, item := range list {
		if !item.Field.set {
			b.errorf(item.pos, `field "field" is missing`)
			continue
		}
		target, name := f.byField(item.Field.value)
		switch {
		case target == nil:
			b.errorf(item.Field.pos, "a filter on field %q is not offered by this version%s: use filters.expression",
				shorten(item.Field.value), meant(item.Field.value, filterFields()))
		case slices.Contains(seen, name):
			b.errorf(item.Field.pos, "a second filter on field %q: give it once, with a list of values", item.Field.value)
		case len(values(item.Value.list)) == 0:
			b.errorf(item.pos, "the filter on field %q has no value", item.Field.value)
		default:
			if name == "projects" || name == "spaces" {
				b.globs(item.Value.list)
			}
			*target = b.both(name, *target, values(item.Value.list), item.Value.list)
		}
		seen = append(seen, name)
	}
}

func filterFields() []string {
	return []string{"project", "issuetype", "status", "priority", "labels", "board", "space", "title"}
}

// byField returns the filter that an issue's field is for.
func (f *Filters) byField(field string) (target *[]string, name string) {
	switch spell.Plain(field) {
	case "project", "projects", "projectkey":
		return &f.Projects, "projects"
	case "issuetype", "issuetypes", "type":
		return &f.IssueTypes, "issue_types"
	case "status", "statuses", "issuestatus":
		return &f.Statuses, "statuses"
	case "priority", "priorities", "issuepriority":
		return &f.Priorities, "priorities"
	case "label", "labels", "issuelabels":
		return &f.Labels, "labels"
	case "board", "boards", "boardname":
		return &f.Boards, "boards"
	case "space", "spaces", "spacekey":
		return &f.Spaces, "spaces"
	case "title", "titles", "pagetitle":
		return &f.Titles, "titles"
	}
	return nil, field
}

// both returns what passes two filters on one field. An empty one lets
// everything pass.
func (b *builder) both(name string, first, second []string, at []str) []string {
	if len(first) == 0 {
		return second
	}
	if len(second) == 0 {
		return first
	}
	var out []string
	for _, s := range second {
		switch {
		case contains(name, first, s):
			out = append(out, s)
		case exact(name) && isGlob(s):
			out = append(out, literalsMatching(first, s)...)
		}
	}
	if len(out) == 0 {
		b.errorf(at[0].pos, "the two filters on %s leave nothing: %s and %s", name,
			shorten(strings.Join(first, ", ")), shorten(strings.Join(second, ", ")))
	}
	return out
}

// contains reports whether a filter lets a value pass: keys are exact or globs,
// names that people type ignore case.
func contains(name string, filter []string, s string) bool {
	if exact(name) {
		return slices.Contains(filter, s) || !isGlob(s) && anyMatches(filter, s)
	}
	return containsFold(filter, s)
}

// exact reports whether a filter is one of keys, which are exact or globs.
func exact(name string) bool {
	return name == "projects" || name == "repositories" || name == "spaces"
}

func literalsMatching(list []string, pattern string) []string {
	var out []string
	for _, l := range list {
		if !isGlob(l) && matches(pattern, l) {
			out = append(out, l)
		}
	}
	return out
}
