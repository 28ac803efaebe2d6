package jira

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// expand is what an operand stands for.
func (t *tx) expand(o operand) ([]string, error) {
	if !o.function {
		if o.empty {
			return nil, nil
		}
		return []string{o.text}, nil
	}
	if boundary, ok := boundaries()[o.text]; ok {
		return t.boundary(o, boundary)
	}
	switch o.text {
	case "releasedversions":
		return t.versionsBy(o.args, true), nil
	case "unreleasedversions":
		return t.versionsBy(o.args, false), nil
	case "linkedissues":
		return t.linkedIssues(o.args)
	}
	functions := map[string]func() []string{
		"currentuser":   t.currentUser,
		"now":           func() []string { return []string{t.now.Format(time.RFC3339)} },
		"opensprints":   func() []string { return t.sprintsBy(SprintActive) },
		"closedsprints": func() []string { return t.sprintsBy(SprintClosed) },
		"futuresprints": func() []string { return t.sprintsBy(SprintFuture) },
	}
	f, ok := functions[o.text]
	switch {
	case !ok:
		return nil, refuse(http.StatusBadRequest, "Unable to find JQL function '%s(%s)'.", o.name, strings.Join(o.args, ", "))
	case len(o.args) > 0:
		return nil, refuse(http.StatusBadRequest, "Function '%s' expected '0' arguments but received '%d'.", o.name, len(o.args))
	}
	return f(), nil
}

func (t *tx) currentUser() []string {
	if t.by == nil {
		return nil
	}
	return []string{t.by.id()}
}

// boundary is where a period begins that holds a moment; unit is what a bare
// number moves it by.
type boundary struct {
	unit  string
	start func(time.Time) time.Time
	end   bool
}

func boundaries() map[string]boundary {
	day := func(at time.Time) time.Time {
		y, m, d := at.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, at.Location())
	}
	week := func(at time.Time) time.Time { return day(at).AddDate(0, 0, -int(at.Weekday())) }
	month := func(at time.Time) time.Time { return day(at).AddDate(0, 0, 1-at.Day()) }
	year := func(at time.Time) time.Time { return day(at).AddDate(0, 0, 1-at.YearDay()) }
	out := map[string]boundary{}
	for name, b := range map[string]boundary{"day": {"d", day, false}, "week": {"w", week, false}, "month": {"M", month, false}, "year": {"y", year, false}} {
		out["startof"+name] = b
		b.end = true
		out["endof"+name] = b
	}
	return out
}

// distance is a way from a moment: a number with a unit, months as M.
func distance() *regexp.Regexp { return regexp.MustCompile(`^([+-]?\d{1,5})([yMwdhm]?)$`) }

func (t *tx) boundary(o operand, b boundary) ([]string, error) {
	at := b.start(t.now)
	if b.end {
		at = shift(at, 1, b.unit).Add(-time.Minute)
	}
	if len(o.args) > 0 {
		m := distance().FindStringSubmatch(o.args[0])
		if m == nil || len(o.args) > 1 {
			return nil, refuse(http.StatusBadRequest, "Duration for function '%s' should have the format (+/-)n(yMwdm), e.g -1M for 1 month earlier.", o.name)
		}
		n, _ := strconv.Atoi(m[1])
		unit := m[2]
		if unit == "" {
			unit = b.unit
		}
		at = shift(at, n, unit)
	}
	return []string{at.Format(time.RFC3339)}, nil
}

func shift(at time.Time, n int, unit string) time.Time {
	switch unit {
	case "y":
		return at.AddDate(n, 0, 0)
	case "M":
		return at.AddDate(0, n, 0)
	case "w":
		return at.AddDate(0, 0, 7*n)
	case "h":
		return at.Add(time.Duration(n) * time.Hour)
	case "m":
		return at.Add(time.Duration(n) * time.Minute)
	}
	return at.AddDate(0, 0, n)
}

func (t *tx) sprintsBy(state string) []string {
	var out []string
	for _, s := range t.st.sprints {
		if s.State == state {
			out = append(out, strconv.Itoa(s.ID))
		}
	}
	return out
}

// versionsBy lists versions by id, of all projects or of those that are named.
func (t *tx) versionsBy(projects []string, released bool) []string {
	var out []string
	for _, p := range t.st.projects {
		if len(projects) > 0 && !slices.ContainsFunc(projects, func(name string) bool { return t.st.project(name) == p }) {
			continue
		}
		for _, v := range p.versions {
			if v.Released == released {
				out = append(out, v.ID)
			}
		}
	}
	return out
}

// linkedIssues lists the issues that an issue has links with, all or those of
// one description, such as "blocks".
func (t *tx) linkedIssues(args []string) ([]string, error) {
	if len(args) == 0 || len(args) > 2 {
		return nil, refuse(http.StatusBadRequest, "Function 'linkedIssues' expected between '1' and '2' arguments but received '%d'.", len(args))
	}
	i, err := t.issue(args[0])
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "Issue '%s' could not be found in function 'linkedIssues'.", args[0])
	}
	var out []string
	for _, l := range i.links {
		other, how := l.outward, l.kind.Outward
		if other == i {
			other, how = l.inward, l.kind.Inward
		}
		if len(args) == 1 || strings.EqualFold(args[1], how) {
			out = append(out, other.key)
		}
	}
	return out, nil
}
