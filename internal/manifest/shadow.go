package manifest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxComparisons bounds the search for shadowed triggers. It is reached only
// where thousands of triggers have the same project, or none.
const maxComparisons = 2_000_000

// shadowed warns of triggers that can never run, since an earlier one takes all
// that they would. The triggers are in the order in which they are tried.
func shadowed(triggers []*Trigger) Problems {
	var out Problems
	byProject := map[string][]*Trigger{}
	left := maxComparisons
	for _, t := range triggers {
		if earlier := covering(t, byProject, &left); earlier != nil {
			out = append(out, shadowWarning(t, earlier))
			continue
		}
		if t.Default.IsZero() {
			continue
		}
		wide := len(t.Filters.Projects) == 0 || slices.ContainsFunc(t.Filters.Projects, isGlob)
		for _, p := range t.Filters.Projects {
			byProject[p] = append(byProject[p], t)
		}
		if wide {
			byProject[""] = append(byProject[""], t)
		}
	}
	return out
}

func shadowWarning(t, earlier *Trigger) Problem {
	path, line, _ := cutLast(t.Source)
	return Problem{
		Path: path, Line: line, Column: 1, Severity: Warning,
		Message: fmt.Sprintf("trigger %q is never reached: %q (%s) comes first and takes all its events", t.Name, earlier.Name, earlier.Source),
	}
}

func cutLast(source string) (path string, line int, ok bool) {
	i := strings.LastIndexByte(source, ':')
	if i < 0 {
		return source, 0, false
	}
	line, err := strconv.Atoi(source[i+1:])
	return source[:i], line, err == nil
}

// covering returns an earlier trigger that takes all events of t, or nil.
func covering(t *Trigger, byProject map[string][]*Trigger, left *int) *Trigger {
	candidates := [][]*Trigger{byProject[""]}
	if len(t.Filters.Projects) > 0 {
		candidates = append(candidates, byProject[t.Filters.Projects[0]])
	}
	for _, list := range candidates {
		for _, earlier := range list {
			if *left--; *left < 0 {
				return nil
			}
			if covers(earlier, t) {
				return earlier
			}
		}
	}
	return nil
}

// covers reports whether a, which has a default target, takes every event that b
// would.
func covers(a, b *Trigger) bool {
	af, bf := a.Filters, b.Filters
	if a.Type != b.Type || a.Type == TypeSchedule || a.Type == TypeHTTP {
		return false // what these get is theirs alone
	}
	return (a.SecretEnv == "" || a.SecretEnv == b.SecretEnv) &&
		(!a.IgnoreBots || b.IgnoreBots) &&
		(af.Expression == "" || af.Expression == bf.Expression) &&
		(af.JQL == "" || af.JQL == bf.JQL) &&
		within(bf.Projects, af.Projects, covered) &&
		within(bf.Repositories, af.Repositories, covered) &&
		within(bf.Spaces, af.Spaces, covered) &&
		within(bf.Titles, af.Titles, containsFold) &&
		within(b.Events, a.Events, coveredEvent) &&
		within(bf.IssueTypes, af.IssueTypes, containsFold) &&
		within(bf.Statuses, af.Statuses, containsFold) &&
		within(bf.Priorities, af.Priorities, containsFold) &&
		within(bf.Labels, af.Labels, containsFold) &&
		within(bf.Boards, af.Boards, containsFold) &&
		within(bf.ChangedFields, af.ChangedFields, containsFold) &&
		within(b.AllowedUsers, a.AllowedUsers, containsFold)
}

// within reports whether an any-of filter lets through no more than another. An
// empty one lets everything through.
func within(narrow, wide []string, has func([]string, string) bool) bool {
	if len(wide) == 0 {
		return true
	}
	if len(narrow) == 0 {
		return false
	}
	for _, n := range narrow {
		if !has(wide, n) {
			return false
		}
	}
	return true
}

// coveredEvent is covered for events, of which GitHub's have their action behind a
// dot: "pull_request" covers all of its actions.
func coveredEvent(wide []string, pattern string) bool {
	name, _, _ := strings.Cut(pattern, ".")
	return covered(wide, pattern) || covered(wide, name)
}

// covered reports whether a list of globs has one for all that another matches.
func covered(wide []string, pattern string) bool {
	return slices.Contains(wide, pattern) || slices.Contains(wide, "*") || !isGlob(pattern) && anyMatches(wide, pattern)
}
